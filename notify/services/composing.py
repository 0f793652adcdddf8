"""Makes, for one claimed delivery, the message its channel carries.

What is the same for many readers is rendered once a broadcast and language and kept.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from channels.messages import Email, MailForm, Push, Sms
from notify.domain.broadcast import Broadcast, Identity
from notify.domain.keyring import Keyring
from notify.domain.words import Channel, Lane
from notify.log import get
from notify.rendering.messages import Renderer
from notify.rendering.notices import Notice
from notify.rendering.sms_text import SmsText
from notify.services import leaving
from notify.services.addressing import Addressing
from notify.services.composing_notes import NoteComposer
from notify.services.groups import identity
from notify.settings import Settings
from notify.store import broadcasts, notes, polls
from notify.store.claiming import Claimed
from notify.store.database import Connection, Database
from notify.store.notes import Note
from notify.store.rows import to_broadcast

log = get(__name__)

Message = Email | Sms | Push
Rendered = MailForm | SmsText | Notice

_KEPT = 64


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
        self._addressing = Addressing(settings=settings, keyring=keyring)
        self._notes = NoteComposer(
            settings=settings, keyring=keyring, renderer=self._renderer, addressing=self._addressing
        )

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
                return self._notes.compose(noted[claimed.note_id], claimed, channel, now)
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
        if broadcast.ask is not None:
            broadcast = replace(broadcast, code=await polls.code_of(connection, broadcast_id))
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
        return self._addressing.mail(
            form,
            claimed,
            message_id=f"{broadcast.id.hex}.{claimed.address_id}",
            reply_to=None if first else f"{broadcast.thread_id.hex}.{claimed.address_id}",
            own=self._leave_token(source, claimed),
        )

    def _sms(self, source: _Source, claimed: Claimed, now: datetime) -> Sms:
        text = self._render(source, claimed.language, Channel.SMS)
        assert isinstance(text, SmsText)  # noqa: S101 - narrows the union
        return self._addressing.sms(text.body, claimed, now=now)

    def _push(self, source: _Source, claimed: Claimed, now: datetime) -> Push:
        notice = self._render(source, claimed.language, Channel.PUSH)
        assert isinstance(notice, Notice)  # noqa: S101 - narrows the union
        urgency = "high" if source.broadcast.lane is Lane.ALERT else "normal"
        topic = source.broadcast.thread_id.hex
        return self._addressing.push(notice, claimed, now=now, topic=topic, urgency=urgency)

    def _leave_token(self, source: _Source, claimed: Claimed) -> str:
        return leaving.seal(
            self._keyring,
            resident=claimed.resident_id,
            address_id=claimed.address_id,
            broadcast=source.broadcast.id,
        )
