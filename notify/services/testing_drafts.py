"""Sends a draft to whoever writes it, marked as a test, in each language that it is written in: by mail
to where they sign in, and over the phone and browsers of the resident whose address that is. Nobody
else gets it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from notify.domain.broadcast import Broadcast, Identity
from notify.domain.draft import Content
from notify.domain.submission import MOST_SEGMENTS
from notify.domain.words import Channel, NoteKind
from notify.errors import Conflict, Invalid
from notify.rendering import own_tests
from notify.rendering.messages import Renderer
from notify.services import auditing, previewing
from notify.services.staff_sessions import Officer
from notify.settings import Settings
from notify.store import staff_notes
from notify.store.database import Connection, Database

MOST: Final = 10  # an hour, over each way and in each language
WORTH: Final = timedelta(minutes=30)
"""How long a test is worth sending: whoever asked for it sits and waits."""


@dataclass(frozen=True, slots=True)
class Tested:
    """Over how many `ways` it goes, and in which languages."""

    ways: int
    languages: tuple[str, ...]


class Enough(Conflict):
    """As many tests as there may be within an hour."""

    def __init__(self) -> None:
        super().__init__(f"You sent yourself {MOST} tests within the hour. Wait a little.")


async def send(
    db: Database, officer: Officer, draft_id: UUID, content: Content, *, settings: Settings,
    channels: Sequence[Channel], now: datetime,
) -> Tested:  # fmt: skip
    """By SMS only in languages in which it has no more parts than may be sent.

    Raises OutOfReach, Invalid where there is nothing to send yet, and Enough.
    """
    broadcast, who = await previewing.arriving(
        db, officer, draft_id, content, settings=settings, now=now
    )
    if broadcast is None:
        raise Invalid("Choose what it is, and write a title or a text.", field="kind")
    async with db.transaction() as connection:
        sent = {
            language: await _tell(connection, officer, broadcast, who, over, language=language)
            for language, over in _ways(broadcast, who, settings, channels).items()
        }
        ways, went = max(sent.values()), tuple(tag for tag, number in sent.items() if number)
        if not went:
            raise Enough
        await auditing.record(
            connection, officer.id, "draft.tested", draft=draft_id, ways=ways,
            languages=",".join(went),
        )  # fmt: skip
    return Tested(ways, went)


def _ways(
    broadcast: Broadcast, who: Identity, settings: Settings, channels: Sequence[Channel]
) -> Mapping[str, list[str]]:
    """The channels over which each language can be sent."""
    renderer, found = Renderer(settings), {}
    for language in broadcast.texts:
        sms = renderer.sms(broadcast, language=language, identity=who, test=True)
        short = sms.segments <= MOST_SEGMENTS
        found[language] = [str(one) for one in channels if one is not Channel.SMS or short]
    return found


async def _tell(
    connection: Connection, officer: Officer, broadcast: Broadcast, who: Identity,
    channels: Sequence[str], *, language: str,
) -> int:  # fmt: skip
    sent, _ = await staff_notes.tell(
        connection, [officer.id], str(NoteKind.TEST),
        own_tests.kept(broadcast, who, language=language), channels=channels, worth=WORTH,
        most=MOST, most_sms=MOST, source=f"staff.{officer.id}.{language}",
    )  # fmt: skip
    return sent
