"""Makes, for one claimed delivery, the message its channel carries.

What is the same for many readers is rendered once a broadcast and language and kept.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from channels.messages import Email, MailForm, Push, Sms
from notify.domain.broadcast import Broadcast, Identity
from notify.domain.keyring import Keyring
from notify.domain.words import Channel, Lane
from notify.log import get
from notify.rendering import rings
from notify.rendering.messages import Letter, Notice, Renderer, SmsText
from notify.services import confirming, leaving
from notify.services.groups import identity
from notify.settings import Settings
from notify.store import broadcasts, notes
from notify.store.claiming import Claimed
from notify.store.database import Connection, Database
from notify.store.notes import Note
from notify.store.rows import to_broadcast

log = get(__name__)

Message = Email | Sms | Push
Rendered = MailForm | SmsText | Notice

_KEPT = 64
_LONGEST_TTL = 72 * 3600
_LONGEST_VALIDITY = 36_000  # seconds; Twilio 90007


class Compose(Protocol):
    """Gives the complete message for one reader."""

    def __call__(self, claimed: Claimed, *, channel: Channel, now: datetime) -> Message: ...


@dataclass(frozen=True, slots=True)
class _Source:
    """A broadcast ready to be put into words."""

    broadcast: Broadcast
    identity: Identity


class Composer:
    """Composes messages. `prepare` reads what a batch needs, what it gives only computes."""

    def __init__(self, *, settings: Settings, keyring: Keyring) -> None:
        self._settings = settings
        self._keyring = keyring
        self._renderer = Renderer(settings)
        self._sources: OrderedDict[UUID, _Source] = OrderedDict()
        self._rendered: OrderedDict[tuple[UUID, str, str], Rendered] = OrderedDict()
        self._mail_domain = settings.mail_from.rpartition("@")[2]
        self._bounce_domain = settings.bounce_domain or self._mail_domain

    @property
    def zone(self) -> ZoneInfo:
        """The town's."""
        return self._settings.zone

    def warm(self) -> None:
        """Get ready for the first message, so that it does not wait."""
        self._renderer.warm()

    async def prepare(self, db: Database, batch: Sequence[Claimed]) -> Compose:
        """Read the broadcasts and notes of a batch; gives what composes each of its messages.

        Composing raises LookupError for a delivery whose broadcast or note is gone.
        """
        wanted = {claimed.broadcast_id for claimed in batch if claimed.broadcast_id}
        note_ids = [claimed.note_id for claimed in batch if claimed.note_id]
        sources = {one: self._sources[one] for one in wanted if one in self._sources}
        noted: dict[int, Note] = {}
        if len(sources) < len(wanted) or note_ids:
            async with db.transaction() as connection:
                for broadcast_id in wanted - set(sources):
                    source = await self._source(connection, broadcast_id)
                    if source is not None:
                        sources[broadcast_id] = source
                noted = await notes.by_ids(connection, note_ids) if note_ids else {}

        def compose(claimed: Claimed, *, channel: Channel, now: datetime) -> Message:
            if claimed.note_id is not None:
                return self._note(noted[claimed.note_id], claimed, channel, now)
            assert claimed.broadcast_id is not None  # noqa: S101 - a database CHECK
            source = sources[claimed.broadcast_id]
            if channel is Channel.EMAIL:
                return self._email(source, claimed)
            if channel is Channel.SMS:
                return self._sms(source, claimed, now)
            return self._push(source, claimed, now)

        return compose

    async def _source(self, connection: Connection, broadcast_id: UUID) -> _Source | None:
        """One that cannot be read must not hold up the others of the batch."""
        try:
            return await self._read(connection, broadcast_id)
        except (TypeError, ValueError, LookupError) as problem:
            log.error("compose.unreadable", broadcast=str(broadcast_id), why=type(problem).__name__)
            return None

    async def _read(self, connection: Connection, broadcast_id: UUID) -> _Source | None:
        row = await broadcasts.get(connection, broadcast_id)
        if row is None:
            return None
        broadcast = to_broadcast(row)
        who = await identity(connection, list(broadcast.group_ids), settings=self._settings)
        source = self._sources[broadcast_id] = _Source(broadcast, who)
        while len(self._sources) > _KEPT:
            self._sources.popitem(last=False)
        return source

    def _render(self, source: _Source, language: str, channel: Channel) -> Rendered:
        key = (source.broadcast.id, language, str(channel))
        found = self._rendered.get(key)
        if found is None:
            makers: dict[Channel, Callable[..., Rendered]] = {
                Channel.EMAIL: self._form,
                Channel.SMS: self._renderer.sms,
                Channel.PUSH: self._renderer.push,
            }
            found = makers[channel](source.broadcast, language=language, identity=source.identity)
            self._rendered[key] = found
            while len(self._rendered) > _KEPT:
                self._rendered.popitem(last=False)
        return found

    def _form(self, broadcast: Broadcast, *, language: str, identity: Identity) -> MailForm:
        letter = self._renderer.letter(broadcast, language=language, identity=identity)
        return letter.form(identity, urgent=broadcast.lane is Lane.ALERT)

    def _email(self, source: _Source, claimed: Claimed) -> Email:
        form = self._render(source, claimed.language, Channel.EMAIL)
        assert isinstance(form, MailForm)  # noqa: S101 - narrows the union
        broadcast = source.broadcast
        first = broadcast.sequence == 0
        mark = self._keyring.mark("bounce", claimed.attempt_id)
        return Email(
            form=form,
            to=claimed.value,
            envelope_from=self._bounce_address(mark),
            message_id=self._message_id(broadcast.id, claimed),
            unsubscribe_url=f"{self._settings.public_url}/leave/{self._leave_token(source, claimed)}",
            in_reply_to=None if first else self._message_id(broadcast.thread_id, claimed),
            envelope_id=mark,
        )

    def _sms(self, source: _Source, claimed: Claimed, now: datetime) -> Sms:
        text = self._render(source, claimed.language, Channel.SMS)
        assert isinstance(text, SmsText)  # noqa: S101 - narrows the union
        return Sms(
            to=claimed.value,
            body=text.body,
            status_callback=self._callback(claimed),
            validity=_seconds_left(claimed, now, longest=_LONGEST_VALIDITY),
        )

    def _push(self, source: _Source, claimed: Claimed, now: datetime) -> Push:
        notice = self._render(source, claimed.language, Channel.PUSH)
        assert isinstance(notice, Notice)  # noqa: S101 - narrows the union
        return self._notification(
            notice, claimed, ttl=_seconds_left(claimed, now, longest=_LONGEST_TTL),
            urgency="high" if source.broadcast.lane is Lane.ALERT else "normal",
            topic=source.broadcast.thread_id.hex,
        )  # fmt: skip

    def _notification(
        self, notice: Notice, claimed: Claimed, *, ttl: int, topic: str, urgency: str = "high"
    ) -> Push:
        keys = claimed.keys or {}
        beacon = self._keyring.mark("beacon", claimed.attempt_id)
        return Push(
            endpoint=claimed.value,
            p256dh=keys.get("p256dh", ""),
            auth=keys.get("auth", ""),
            payload=notice.payload(f"{self._settings.public_url}/hooks/push/{beacon}"),
            ttl=ttl,
            urgency=urgency,
            topic=topic,
        )

    def _note(self, note: Note, claimed: Claimed, channel: Channel, now: datetime) -> Message:
        """A test ring, or the request to confirm an address."""
        if note.kind == "ring":
            return self._ring(note, claimed, channel, now)
        token = confirming.seal(self._keyring, address_id=claimed.address_id)
        url = f"{self._settings.public_url}/confirm/{token}"
        who = Identity(sender_name=self._settings.town, mail_from=self._settings.mail_from)
        if channel is Channel.SMS:
            text = self._renderer.confirm_sms(language=claimed.language, identity=who, url=url)
            return Sms(to=claimed.value, body=text.body, status_callback=self._callback(claimed))
        letter = self._renderer.confirm_letter(language=claimed.language, identity=who, url=url)
        return self._plain_mail(letter, note, claimed, who)

    def _plain_mail(self, letter: Letter, note: Note, claimed: Claimed, who: Identity) -> Email:
        mark = self._keyring.mark("bounce", claimed.attempt_id)
        return Email(
            form=letter.form(who),
            to=claimed.value,
            envelope_from=self._bounce_address(mark),
            message_id=f"note.{note.id}@{self._mail_domain}",
            envelope_id=mark,
        )

    def _ring(self, note: Note, claimed: Claimed, channel: Channel, now: datetime) -> Message:
        who = Identity(sender_name=self._settings.town, mail_from=self._settings.mail_from)
        renderer, language, at = self._renderer, claimed.language, claimed.created_at
        if channel is Channel.SMS:
            text = rings.sms(renderer, language=language, identity=who, at=at)
            return Sms(
                to=claimed.value, body=text.body, status_callback=self._callback(claimed),
                validity=_seconds_left(claimed, now, longest=_LONGEST_VALIDITY),
            )  # fmt: skip
        if channel is Channel.PUSH:
            url = self._settings.public_url
            notice = rings.push(
                renderer, language=language, identity=who, at=at, number=note.id, url=url
            )
            ttl = _seconds_left(claimed, now, longest=_LONGEST_TTL)
            return self._notification(notice, claimed, ttl=ttl, topic=rings.TAG)
        letter = rings.letter(renderer, language=language, identity=who, at=at)
        return self._plain_mail(letter, note, claimed, who)

    def _bounce_address(self, mark: str) -> str:
        return f"bounce+{mark}@{self._bounce_domain}"

    def _callback(self, claimed: Claimed) -> str:
        mark = self._keyring.mark("twilio", claimed.attempt_id)
        return f"{self._settings.public_url}/hooks/twilio/status?attempt={mark}"

    def _message_id(self, broadcast_id: UUID, claimed: Claimed) -> str:
        return f"{broadcast_id.hex}.{claimed.address_id}@{self._mail_domain}"

    def _leave_token(self, source: _Source, claimed: Claimed) -> str:
        return leaving.seal(
            self._keyring,
            resident=claimed.resident_id,
            address_id=claimed.address_id,
            broadcast=source.broadcast.id,
        )


def _seconds_left(claimed: Claimed, now: datetime, *, longest: int) -> int:
    if claimed.valid_until is None:
        return longest
    return max(1, min(longest, int((claimed.valid_until - now).total_seconds())))
