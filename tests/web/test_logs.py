"""No log line ever holds an address, a text, a token or a secret, whatever goes wrong."""

import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Any, cast

import pytest
from aiohttp import ClientSession
from pydantic import SecretStr
from typing_extensions import override

from channels.base import AddressGone, OutcomeUnknown, Rejected, Sent
from channels.memory import MemoryChannel
from channels.messages import Email
from channels.vapid import make_vapid_key
from notify import bootstrap, log, on_watch
from notify.bootstrap import App
from notify.domain.broadcast import Text
from notify.domain.scopes import Scope
from notify.queue import Bell
from notify.services.composing import Composer
from notify.services.sweeping import Sweeper
from notify.settings import Settings
from notify.store.database import Database
from tests.town import Town
from tests.web.caller import Caller, alert, is_problem

AWAY = "127.0.0.1:1"  # nobody listens at port 1
MAIL = "erika.geheim"
PHONE = "15199887766"
ENDPOINT = "send/geheimes-abonnement"
TEXT = "Streng geheimer Wortlaut"
SECRETS = ("a-secret-of-the-keyring", "the-token-of-twilio", "the-password-of-the-relay")


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(
        database_url=database_url,
        secret_keys=(SecretStr(SECRETS[0]),),
        mail_from="warnung@musterstadt.example",
        smtp_urls=(SecretStr(f"smtp://town:{SECRETS[2]}@{AWAY}?tls=none"),),
        twilio_account_sid="AC" + "0" * 32,
        twilio_auth_token=SecretStr(SECRETS[1]),
        twilio_senders=("Musterstadt",),
        twilio_api_url=f"http://{AWAY}",
        vapid_private_key=SecretStr(make_vapid_key()),
        push_hosts=(f"http://{AWAY}",),
    )


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[list[str]]:
    """Everything logged at DEBUG, by us and by every library, as an operator would see it."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    taken: list[str] = []
    log.configure(level="DEBUG", form="json")

    class Keep(logging.Handler):
        @override
        def emit(self, record: logging.LogRecord) -> None:
            taken.append(root.handlers[0].format(record))

    root.addHandler(Keep())
    server = logging.getLogger("uvicorn")
    apart, server.propagate = server.propagate, True
    yield taken
    server.propagate = apart
    root.handlers[:] = before
    root.setLevel(level)


def _check(lines: list[str], *private: str) -> None:
    assert lines
    for line in lines:
        for word in (MAIL, PHONE, ENDPOINT, TEXT, *SECRETS, *private):
            assert word not in line, json.loads(line)["event"]


async def _reader(town: Town) -> None:
    await town.resident(
        await town.group(), email=f"{MAIL}@example.org", phone=f"+49{PHONE}",
        push=[f"http://{AWAY}/{ENDPOINT}"],
    )  # fmt: skip
    await town.broadcast("town", texts={"de": Text(TEXT, TEXT)})
    await town.plan()


def test_a_planted_line_would_be_found(lines: list[str]) -> None:
    logging.getLogger("somewhere").warning("sending %s", TEXT)

    with pytest.raises(AssertionError):
        _check(lines)


def test_an_address_is_blanked_also_where_it_should_not_have_been_logged(lines: list[str]) -> None:
    logging.getLogger("somewhere").warning("to %s or +49%s", f"{MAIL}@example.org", PHONE)

    _check(lines)


async def test_not_while_every_provider_is_away(town: Town, lines: list[str]) -> None:
    await _reader(town)
    every = bootstrap.senders(town.settings)

    for channel, senders in every.items():
        carriers = [cast(Any, sender.carrier) for sender in senders]
        assert await (await town.pump(*carriers, channel=channel)).round()
        for carrier in carriers:
            await carrier.close()

    attempts = await town.rows("SELECT outcome FROM attempts")
    assert len(attempts) == 3
    assert "sent" not in {row["outcome"] for row in attempts}
    _check(lines)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Sent("id"), id="taken"),
        pytest.param(Rejected("policy", code="550 5.7.1"), id="refused"),
        pytest.param(AddressGone("no_mailbox", code="550 5.1.1"), id="gone"),
        pytest.param(OutcomeUnknown("timeout"), id="unknown"),
    ],
)
async def test_not_whatever_a_provider_answers(town: Town, lines: list[str], answer: Any) -> None:
    await _reader(town)

    await (await town.pump(MemoryChannel[Email](script=lambda _: answer))).round()
    await town.change("UPDATE deliveries SET due_at = now() WHERE status = 'unknown'")
    composer = Composer(settings=town.settings, keyring=town.keyring)
    await Sweeper(town.db, senders=[], composer=composer).sweep()
    logging.getLogger("test").warning("the end")

    _check(lines)


async def test_not_when_an_exception_quotes_what_it_choked_on(town: Town, lines: list[str]) -> None:
    def choke(mail: Email) -> None:
        raise RuntimeError(f"cannot send {mail.form.text} to {mail.to}")

    await _reader(town)

    await (await town.pump(MemoryChannel[Email](script=choke))).round()
    logging.getLogger("test").warning("the end")

    _check(lines)


async def test_not_when_requests_are_refused_or_break(
    site: ClientSession, town: Town, db: Database, lines: list[str]
) -> None:
    api = await Caller(site, db, None).with_key(*Scope)
    await town.group()
    erika = {"addresses": [{"channel": "email", "value": f"{MAIL}@example.org"}]}
    texts = {"de": {"title": TEXT, "body": TEXT}}
    await api.post("/residents", erika)
    assert is_problem(await api.post("/residents", erika), 409)
    await api.post("/broadcasts", alert() | {"texts": texts}, Idempotency_Key="k")
    async with site.post("/hooks/twilio/status?attempt=1-x", data={"To": PHONE}) as forged:
        assert forged.status == 403
    async with site.post("/hooks/mail/bounce", data=f"To: {MAIL}@example.org\n\nx") as bounce:
        assert bounce.status == 403
    # a table that is not there breaks what no route expects
    await town.change("ALTER TABLE broadcasts RENAME TO gone")
    assert is_problem(await api.post("/broadcasts", alert() | {"texts": texts}), 500)
    await db.close()
    assert is_problem(await api.post("/broadcasts", alert() | {"texts": texts}), 503)

    assert any("web.broke" in line for line in lines)
    _check(lines, str(api.token))


async def test_not_when_somebody_outside_is_told_in_vain(town: Town, lines: list[str]) -> None:
    settings = town.settings.model_copy(
        update={
            "duty": (f"{MAIL}@example.org",),
            "ring_at": "00:00",
            "alarm_mail": (f"{MAIL}@example.org",),
            "alarm_webhook": SecretStr(f"http://{AWAY}/{ENDPOINT}"),
            "heartbeat_url": SecretStr(f"http://{AWAY}/{ENDPOINT}"),
        }
    )
    await town.resident(email=f"{MAIL}@example.org", phone=f"+49{PHONE}")
    await town.change(
        "INSERT INTO workers (id, lane, host) SELECT gen_random_uuid(), lane, 'h'"
        " FROM unnest(ARRAY['alert', 'note', 'bulk']) AS lane"
    )
    await town.change(
        "INSERT INTO senders (name, channel, stopped_at, reason)"
        f" VALUES ('smtp://{AWAY}', 'email', now(), 'bad_credentials')"
    )
    app = App(settings, town.db, town.keyring, Bell(None), bootstrap.push_hosts(settings))

    async with on_watch.watch(app, tells_of_database=True) as watch:
        standing = asyncio.create_task(watch.stand())
        async with asyncio.timeout(60):
            while len([line for line in lines if "alarm.not_told" in line]) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            for word in ("heartbeat.failed", "ring.rung"):
                while not [line for line in lines if word in line]:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        standing.cancel()
        await asyncio.wait([standing])

    _check(lines)
