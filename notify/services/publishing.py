"""Answers what the public may read: one thread, the alerts in force, the latest of the rest."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from notify.domain.broadcast import PUBLIC, Broadcast, BroadcastStatus, Identity
from notify.domain.words import Kind, Relation
from notify.services import groups
from notify.settings import Settings
from notify.store import pages
from notify.store.database import Database, Row
from notify.store.rows import to_broadcast

READABLE = (*PUBLIC, BroadcastStatus.EXPIRED)
"""PUBLIC, and what ran out while it was being sent: its link is in people's hands."""

_ALERTS = 50
_LATEST = 20


class State(StrEnum):
    """What a reader must know first about a broadcast."""

    IN_FORCE = "in_force"
    ALL_CLEAR = "all_clear"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"
    NEWS = "news"


@dataclass(frozen=True, slots=True)
class Published:
    """A broadcast as the public sees it. `group_names` are names by language."""

    broadcast: Broadcast
    published_at: datetime
    cancelled_at: datetime | None
    group_names: tuple[Mapping[str, str], ...]

    def state(self, now: datetime) -> State:
        """Its state by itself, not knowing what followed."""
        broadcast = self.broadcast
        if broadcast.status == BroadcastStatus.CANCELLED:
            return State.WITHDRAWN
        if broadcast.relation == Relation.ALL_CLEAR:
            return State.ALL_CLEAR
        if broadcast.status == BroadcastStatus.EXPIRED or (
            broadcast.valid_until is not None and broadcast.valid_until <= now
        ):
            return State.ENDED
        return State.IN_FORCE if broadcast.kind == Kind.ALERT else State.NEWS


@dataclass(frozen=True, slots=True)
class Thread:
    """One line in time. `current` is what applies; `earlier` the rest, the newest first.
    `identity` is who answers for it."""

    opened: UUID
    identity: Identity
    current: Published
    earlier: tuple[Published, ...]


async def page(db: Database, broadcast_id: UUID, *, settings: Settings) -> Thread | None:
    """The thread around a broadcast; None when the broadcast is unknown or not yet public."""
    async with db.transaction() as connection:
        rows = await pages.thread(connection, broadcast_id, public=[*map(str, READABLE)])
        entries = [_published(row) for row in rows]
        if all(entry.broadcast.id != broadcast_id for entry in entries):
            return None
        asked = entries[-1].broadcast.group_ids
        identity = await groups.identity(connection, asked, settings=settings)
    standing = [e for e in entries if e.broadcast.status != BroadcastStatus.CANCELLED]
    current = (standing or entries)[-1]
    earlier = tuple(entry for entry in reversed(entries) if entry is not current)
    return Thread(opened=broadcast_id, identity=identity, current=current, earlier=earlier)


async def in_force(db: Database, now: datetime) -> list[Published]:
    """Alerts that apply now, the worst first, each by the newest message of its thread."""
    async with db.transaction() as connection:
        rows = await pages.in_force(connection, now, limit=_ALERTS)
    return [_published(row) for row in rows]


async def latest(db: Database, now: datetime) -> list[Published]:
    """Announcements, all-clears and alerts that are over, the newest first."""
    async with db.transaction() as connection:
        rows = await pages.latest(connection, now, limit=_LATEST)
    return [_published(row) for row in rows]


def _published(row: Row) -> Published:
    return Published(
        broadcast=to_broadcast(row),
        published_at=row["published_at"],
        cancelled_at=row["cancelled_at"],
        group_names=tuple(row["group_names"]),
    )
