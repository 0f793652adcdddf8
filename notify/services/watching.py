"""What staff and machines look at: progress of a broadcast, health of the service."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from notify.domain.delivery import DeliveryStatus
from notify.errors import Forbidden, NotFound
from notify.services.groups import check_reach
from notify.services.planning import NOTABLY_LATE
from notify.store import broadcasts, deliveries, groups, progress, senders, workers
from notify.store.database import Connection, Database, Row
from notify.store.progress import Progress

LATELY = 20.0  # seconds; four heartbeats


@dataclass(frozen=True, slots=True)
class Watched:
    """A broadcast's row with its counters and the slugs of its groups."""

    row: Row
    groups: list[str]
    progress: Progress

    @property
    def late(self) -> int | None:
        """Seconds it began behind its time, because the service was down; None when in time."""
        began, due = self.row["dispatching_at"], self.row["approved_at"]
        if began is None or due is None:
            return None
        late = (began - max(due, self.row["send_at"] or due)).total_seconds()
        return round(late) if late > NOTABLY_LATE else None


async def broadcast(db: Database, broadcast_id: UUID, *, within: int | None) -> Watched:
    """Raises NotFound, also where the grant does not reach."""
    async with db.transaction() as connection:
        row = await visible(connection, broadcast_id, within=within)
        every = {group.id: group.slug for group in await groups.tree(connection)}
        return Watched(
            row=row,
            groups=[every[group_id] for group_id in row["group_ids"]],
            progress=await progress.read(connection, broadcast_id),
        )


async def visible(connection: Connection, broadcast_id: UUID, *, within: int | None) -> Row:
    """Raises NotFound, also where the grant does not reach: what it may not see is not there."""
    row = await broadcasts.get(connection, broadcast_id)
    if row is None:
        raise NotFound("There is no such broadcast.")
    if within is not None:
        try:
            await check_reach(connection, row["group_ids"], within=within)
        except Forbidden:
            raise NotFound("There is no such broadcast.") from None
    return row


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a broadcast's rows; fewer than there were, or none, once it is forgotten."""

    rows: list[Row]
    forgotten_at: datetime | None


async def delivery_page(
    db: Database,
    broadcast_id: UUID,
    *,
    within: int | None,
    channel: str | None,
    status: str | None,
    after: int,
    limit: int,
) -> Page:
    async with db.transaction() as connection:
        broadcast = await visible(connection, broadcast_id, within=within)
        rows = await deliveries.page(
            connection, broadcast_id, channel=channel, status=status, after=after, limit=limit
        )
        return Page(rows, broadcast["forgotten_at"])


async def skip_page(
    db: Database, broadcast_id: UUID, *, within: int | None, after: UUID, limit: int
) -> Page:
    """Who was left out of a broadcast, and why: up to `limit` residents behind `after`."""
    async with db.transaction() as connection:
        broadcast = await visible(connection, broadcast_id, within=within)
        rows = await deliveries.skipped(connection, broadcast_id, after=after, limit=limit)
        return Page(rows, broadcast["forgotten_at"])


async def delivery(db: Database, delivery_id: int, *, within: int | None) -> Mapping[str, Any]:
    """One delivery with its attempts and receipts. Raises NotFound."""
    async with db.transaction() as connection:
        row = await deliveries.one(connection, delivery_id)
        if row is None or (within is not None and row["broadcast_id"] is None):
            raise NotFound("There is no such delivery, or it was deleted since.")
        if row["broadcast_id"] is not None:
            await visible(connection, row["broadcast_id"], within=within)
        return {
            **row,
            "attempts": await deliveries.attempts(connection, delivery_id),
            "receipts": await deliveries.receipts(connection, delivery_id),
        }


async def reasons(db: Database, broadcast_id: UUID) -> list[Row]:
    """Why deliveries of a broadcast failed, expired or were stopped, and what keeps those that are
    pending or unknown, counted a channel."""
    async with db.transaction() as connection:
        return await reasons_of(connection, broadcast_id)


async def reasons_of(connection: Connection, broadcast_id: UUID) -> list[Row]:
    """The same in the caller's transaction."""
    ended = (DeliveryStatus.FAILED, DeliveryStatus.EXPIRED, DeliveryStatus.CANCELLED)
    open_ = (DeliveryStatus.PENDING, DeliveryStatus.UNKNOWN)
    return await progress.reasons(
        connection, broadcast_id, ended=list(map(str, ended)), open_=list(map(str, open_))
    )


@dataclass(frozen=True, slots=True)
class Health:
    """Lanes with a worker seen lately, queue ages in seconds, senders, and when this was."""

    lanes: Mapping[str, int]
    hosts: frozenset[tuple[str, str]]
    queue: list[Row]
    senders: list[Row]
    seen: datetime | None


async def health(db: Database) -> Health:
    async with db.transaction() as connection:
        lately = await workers.lately(connection, seconds=LATELY)
        lanes: dict[str, int] = {}
        for row in lately:
            lanes[row["lane"]] = lanes.get(row["lane"], 0) + int(row["n"])
        return Health(
            lanes=lanes,
            hosts=frozenset((row["lane"], row["host"]) for row in lately),
            queue=await progress.queue_ages(connection),
            senders=await senders.every(connection),
            seen=max((row["seen_at"] for row in lately), default=None),
        )


@dataclass(frozen=True, slots=True)
class Totals:
    """Over all broadcasts: deliveries by (channel, status), and handed over by channel."""

    outcomes: Mapping[tuple[str, str], int]
    handed_over: Mapping[str, int]


async def totals(db: Database) -> Totals:
    async with db.transaction() as connection:
        return Totals(
            outcomes=await progress.totals(connection),
            handed_over=await progress.handed_over(connection),
        )
