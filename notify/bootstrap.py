"""The one place that wires: settings in, a service ready for use out."""

from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from channels.dkim import DkimKey
from channels.email import EmailChannel
from channels.push import PushChannel
from channels.push_hosts import PushHosts
from channels.relay import relay
from channels.sms import TwilioSms, receives
from channels.twilio_inbox import TwilioInbox
from notify.domain.groups import readable_colour
from notify.domain.keyring import Keyring
from notify.domain.words import Channel, Lane
from notify.embedded.secrets import with_secrets
from notify.embedded.servers import Embedded
from notify.errors import Invalid, Misconfigured
from notify.log import get
from notify.queue import Bell
from notify.rates import Rates
from notify.services.senders import Sender
from notify.settings import Settings
from notify.store.database import Database, room
from notify.store.migrate import migrate, pending

log = get(__name__)

API_CONNECTIONS = 16  # to PostgreSQL, at most
_PASSING = 4  # connections of health checks and of commands that somebody gives
MAIL_TIMEOUT = 15.0  # a mail may take two of these and a little, within the pump's own bound


@dataclass(frozen=True, slots=True)
class App:
    """What every use case may need; handed down, never global."""

    settings: Settings
    db: Database
    keyring: Keyring
    bell: Bell
    push_hosts: PushHosts
    rates: Rates = field(default_factory=Rates)


@contextmanager
def prepared(settings: Settings) -> Iterator[Settings]:
    """Settings that name a database at the schema of this version, and every secret.

    With no DATABASE_URL the embedded servers run for the length of the block (shared with other
    processes of this installation) and secrets are made and kept. Raises Misconfigured.
    """
    with prepared_with_servers(settings) as (ready, _):
        yield ready


@contextmanager
def prepared_with_servers(settings: Settings) -> Iterator[tuple[Settings, Embedded | None]]:
    """The same, with the embedded servers for whoever looks after them."""
    if not settings.embedded:
        _check_secrets(settings)
        yield settings, None
        return
    with Embedded(settings.data_dir) as servers:
        settings = with_secrets(settings)  # after the start, which ends a restore that was cut off
        migrate(servers.database_url)
        yield (
            settings.model_copy(
                update={
                    "database_url": servers.database_url,
                    "redis_url": settings.redis_url or servers.redis_url,
                }
            ),
            servers,
        )


@asynccontextmanager
async def running(settings: Settings, *, pool: int = 8, check: bool = False) -> AsyncIterator[App]:
    """The service for the length of a block. `settings` come from `prepared`."""
    if settings.database_url is None:
        raise Misconfigured("NOTIFY_DATABASE_URL is not set.")
    _check_colour(settings)
    db = Database(settings.database_url, size=pool, check=check)
    bell, rates = Bell(settings.redis_url), Rates(settings.redis_url)
    await db.open()
    try:
        keys = [key.get_secret_value() for key in settings.secret_keys]
        yield App(settings, db, Keyring(keys), bell, push_hosts(settings), rates)
    finally:
        await rates.close()
        await bell.close()
        await db.close()


def check_schema(settings: Settings) -> None:
    """Raises Misconfigured when migrations have not run."""
    missing = pending(settings.database_url or "")
    if missing:
        raise Misconfigured(
            f"The database lacks {len(missing)} migration(s). Run `notify migrate` first."
        )


def worker_connections(lanes: Collection[Lane]) -> int:
    """How many connections to PostgreSQL one worker process uses at most."""
    return 4 + 6 * len(lanes)


def everything(processes: int) -> int:
    """The connections of a whole installation: the HTTP server, so many workers for each lane by
    itself, and some for whoever looks in."""
    lanes = sum(worker_connections([lane]) for lane in Lane)
    return API_CONNECTIONS + processes * lanes + _PASSING


def check_connections(settings: Settings, needed: int) -> None:
    """Raises Misconfigured where PostgreSQL does not allow as many connections as may be used."""
    allowed = room(settings.database_url or "")
    if needed > allowed:
        raise Misconfigured(
            f"What is to run may use {needed} connections, and PostgreSQL allows {allowed}. "
            "Lower NOTIFY_WORKER_PROCESSES, or raise max_connections there."
        )


async def tell_of_connections(app: App, needed: int) -> None:
    """Log it where PostgreSQL has not the room for the `needed` connections of this process just
    now, or never for the whole installation.

    Nothing is refused for it: others that are about to end may hold them still, and who comes too
    late waits for one.
    """
    installation = everything(app.settings.worker_processes)
    allowed, taken = await app.db.room()
    if needed > allowed - taken or installation > allowed:
        log.error(
            "connections.scarce",
            needed=needed, free=max(0, allowed - taken), allowed=allowed, installation=installation,
        )  # fmt: skip


def push_hosts(settings: Settings) -> PushHosts:
    try:
        return PushHosts(settings.push_hosts)
    except ValueError as problem:
        raise Misconfigured(f"NOTIFY_PUSH_HOSTS: {problem}") from None


def open_channels(settings: Settings) -> tuple[Channel, ...]:
    """The channels this installation can send on."""
    on = {
        Channel.EMAIL: bool(settings.smtp_urls),
        Channel.SMS: settings.twilio_account_sid is not None,
        Channel.PUSH: settings.vapid_private_key is not None,
    }
    return tuple(channel for channel, is_on in on.items() if is_on)


def senders(settings: Settings) -> dict[Channel, list[Sender]]:
    """Every sender of every open channel, in the order they take over from each other.

    Raises Misconfigured, naming the setting.
    """
    return {
        Channel.EMAIL: _relays(settings),
        Channel.SMS: _twilio(settings),
        Channel.PUSH: _push(settings),
    }


def _relays(settings: Settings) -> list[Sender]:
    dkim = _dkim(settings)
    try:
        return [
            Sender(
                Channel.EMAIL,
                EmailChannel(
                    url.get_secret_value(),
                    connections=settings.mail_concurrency,
                    timeout=MAIL_TIMEOUT,
                    dkim=dkim,
                ),
                rate=relay(url.get_secret_value()).rate,
            )
            for url in settings.smtp_urls
        ]
    except ValueError as problem:
        raise Misconfigured(f"NOTIFY_SMTP_URLS: {problem}") from None


def _dkim(settings: Settings) -> DkimKey | None:
    if settings.dkim_selector is None or settings.dkim_private_key is None:
        return None
    key = settings.dkim_private_key.get_secret_value()
    try:
        if "-----BEGIN" not in key:
            key = Path(key).read_text()
        return DkimKey(
            domain=settings.mail_from.rpartition("@")[2],
            selector=settings.dkim_selector,
            private_key_pem=key,
        )
    except (OSError, ValueError) as problem:
        raise Misconfigured(f"NOTIFY_DKIM_PRIVATE_KEY: {type(problem).__name__}") from None


def _twilio(settings: Settings) -> list[Sender]:
    if settings.twilio_account_sid is None:
        return []
    found = []
    for entry in settings.twilio_senders:
        name, _, rate = entry.partition("@")
        try:
            per_second = float(rate) if rate else None
        except ValueError:
            per_second = -1.0
        if per_second is not None and per_second <= 0:
            raise Misconfigured(
                f"NOTIFY_TWILIO_SENDERS: {rate!r} is no rate; write segments per second, like "
                "+4915112345678@1"
            )
        carrier = TwilioSms(
            account_sid=settings.twilio_account_sid,
            auth_token=_secret(settings.twilio_auth_token),
            sender=name,
            api_url=settings.twilio_api_url,
            concurrency=settings.sms_concurrency,
        )
        found.append(Sender(Channel.SMS, carrier, rate=per_second, hears=receives(name)))
    return found


def inbox(settings: Settings) -> TwilioInbox | None:
    """Where residents' texts are read; None without SMS."""
    if settings.twilio_account_sid is None:
        return None
    return TwilioInbox(
        account_sid=settings.twilio_account_sid,
        auth_token=_secret(settings.twilio_auth_token),
        senders=[entry.partition("@")[0] for entry in settings.twilio_senders],
        api_url=settings.twilio_api_url,
    )


def _push(settings: Settings) -> list[Sender]:
    if settings.vapid_private_key is None:
        return []
    try:
        carrier = PushChannel(
            vapid_private_key=_secret(settings.vapid_private_key),
            subject=settings.vapid_subject or f"mailto:{settings.mail_from}",
            hosts=push_hosts(settings),
            concurrency=settings.push_concurrency,
        )
    except ValueError as problem:
        raise Misconfigured(f"NOTIFY_VAPID_PRIVATE_KEY or _SUBJECT: {problem}") from None
    return [Sender(Channel.PUSH, carrier)]


def _secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value else ""


def _check_colour(settings: Settings) -> None:
    if settings.colour is None:
        return
    try:
        readable_colour(settings.colour, field="colour")
    except Invalid as refusal:
        raise Misconfigured(f"NOTIFY_COLOUR: {refusal.message}") from None


def _check_secrets(settings: Settings) -> None:
    missing = [
        name
        for name, there in (
            ("NOTIFY_SECRET_KEYS", bool(settings.secret_keys)),
            ("NOTIFY_VAPID_PRIVATE_KEY", settings.vapid_private_key is not None),
        )
        if not there
    ]
    if missing:
        raise Misconfigured(
            f"{' and '.join(missing)} must be set when NOTIFY_DATABASE_URL is. "
            "`notify secrets` prints fresh ones to put into the environment or .env."
        )
