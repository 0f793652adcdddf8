"""Answers what the public may read: one thread, the alerts in force, the latest of the rest."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from notify.domain.broadcast import PUBLIC, Broadcast, BroadcastStatus, Identity
from notify.domain.words import Kind, Relation
from notify.services import groups
from notify.settings import Settings
from notify.store import pages, poll_counting
from notify.store.database import Connection, Database, Row
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
    """A broadcast as the public sees it. `group_names` are names by language; `replaced` is told
    only where broadcasts stand by themselves."""

    broadcast: Broadcast
    published_at: datetime
    cancelled_at: datetime | None
    group_names: tuple[Mapping[str, str], ...]
    replaced: bool = False

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

    def in_force(self, now: datetime) -> bool:
        return self.state(now) == State.IN_FORCE


@dataclass(frozen=True, slots=True)
class Front:
    """The alerts in force, the worst first, and the rest, the newest first. `ends_at` is when the
    next of all that is out runs out."""

    alerts: tuple[Published, ...]
    latest: tuple[Published, ...]
    ends_at: datetime | None

    @property
    def languages(self) -> tuple[str, ...]:
        """Beyond those of the town: none, its words are about many."""
        return ()

    def at(self, now: datetime) -> "Front":
        """The same as it stands later, nothing having happened since but time."""
        alerts = tuple(entry for entry in self.alerts if entry.in_force(now))
        over = (entry for entry in self.alerts if not entry.in_force(now))
        rest = sorted((*over, *self.latest), key=lambda entry: entry.published_at, reverse=True)
        return replace(self, alerts=alerts, latest=tuple(rest[:_LATEST]))

    def holds_until(self, now: datetime) -> datetime | None:
        """When time alone changes what is shown. All being calm, the page tells the minute."""
        end = next_end(now, self.ends_at, self.alerts)
        if any(entry.in_force(now) for entry in self.alerts):
            return end
        minute = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
        return min(minute, end) if end else minute


@dataclass(frozen=True, slots=True)
class Thread:
    """One line in time. `current` is what applies; `earlier` the rest, the newest first.
    `identity` is who answers for it, `alerts` are those of other threads that were in force,
    `ends_at` is when the next of all that is out runs out. `results` are those of its broadcasts that
    asked something and whose result anybody may see. `answers_until`: until when what is asked now
    is, or was, answered."""

    opened: UUID
    identity: Identity
    current: Published
    earlier: tuple[Published, ...]
    alerts: tuple[Published, ...]
    ends_at: datetime | None
    results: frozenset[UUID] = frozenset()
    answers_until: datetime | None = None

    @property
    def languages(self) -> tuple[str, ...]:
        """Those of its texts, the current one's first."""
        told = (self.current, *self.earlier)
        return tuple(dict.fromkeys(tag for entry in told for tag in entry.broadcast.texts))

    def at(self, now: datetime) -> "Thread":
        """The same as it stands later, nothing having happened since but time."""
        return replace(self, alerts=tuple(e for e in self.alerts if e.in_force(now)))

    def holds_until(self, now: datetime) -> datetime | None:
        """When time alone changes what is shown."""
        end = next_end(now, self.ends_at, (self.current, *self.earlier, *self.alerts))
        ends = [one for one in (end, self.answers_until) if one is not None and one > now]
        return min(ends, default=None)


def next_end(
    now: datetime, ends_at: datetime | None, entries: Iterable[Published]
) -> datetime | None:
    """The next moment at which one of them runs out."""
    ends = (ends_at, *(entry.broadcast.valid_until for entry in entries))
    return min((end for end in ends if end is not None and end > now), default=None)


async def front(db: Database, now: datetime) -> Front:
    """What applies now, each alert by the newest message of its thread, and the latest of the
    rest: announcements, all-clears and alerts that are over."""
    async with db.transaction() as connection:
        alerts = await pages.in_force(connection, now, limit=_ALERTS)
        latest = await pages.latest(connection, now, limit=_LATEST)
        ends_at = await pages.next_end(connection, now)
    return Front(tuple(map(published, alerts)), tuple(map(published, latest)), ends_at)


async def page(
    db: Database, broadcast_id: UUID, now: datetime, *, settings: Settings
) -> Thread | None:
    """The thread around a broadcast; None when the broadcast is unknown or not yet public."""
    async with db.transaction() as connection:
        rows = await pages.thread(connection, broadcast_id, public=[*map(str, READABLE)])
        entries = [published(row) for row in rows]
        if all(entry.broadcast.id != broadcast_id for entry in entries):
            return None
        asked = entries[-1].broadcast
        identity = await groups.identity(connection, asked.group_ids, settings=settings)
        alerts = await pages.in_force(connection, now, limit=_ALERTS)
        ends_at = await pages.next_end(connection, now)
        results = await poll_counting.shown(connection, [e.broadcast.id for e in entries])
        standing = [e for e in entries if e.broadcast.status != BroadcastStatus.CANCELLED]
        current = (standing or entries)[-1]
        answers_until = await poll_counting.end(connection, current.broadcast.id)
    return Thread(
        opened=broadcast_id,
        identity=identity,
        current=current,
        earlier=tuple(entry for entry in reversed(entries) if entry is not current),
        alerts=tuple(published(row) for row in alerts if row["thread_id"] != asked.thread_id),
        ends_at=ends_at,
        results=results,
        answers_until=answers_until,
    )


async def readable(db: Database, ids: Sequence[UUID]) -> frozenset[UUID]:
    """Those of these broadcasts that have a page: one question for all."""
    async with db.transaction() as connection:
        return await pages.readable(connection, ids, public=[*map(str, READABLE)])


async def in_force(
    connection: Connection, now: datetime
) -> tuple[tuple[Published, ...], datetime | None]:
    """The alerts in force, the worst first, and when the next of all that is out runs out."""
    alerts = await pages.in_force(connection, now, limit=_ALERTS)
    return tuple(map(published, alerts)), await pages.next_end(connection, now)


async def stamp(db: Database) -> UUID | None:
    """A mark that is another one as soon as anything was committed that changes a page."""
    async with db.transaction() as connection:
        return await pages.stamp(connection)


def published(row: Row) -> Published:
    """The broadcast of a row of `notify.store.pages`."""
    return Published(
        broadcast=to_broadcast(row),
        published_at=row["published_at"],
        cancelled_at=row["cancelled_at"],
        group_names=tuple(row["group_names"]),
        replaced=row.get("replaced", False),
    )
