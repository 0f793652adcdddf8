"""What was overtaken in its thread: by what, who is shown it, and how it is written anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from notify.domain.broadcast import Broadcast, BroadcastStatus
from notify.domain.draft import Content
from notify.domain.following import sensible
from notify.domain.grants import Deed
from notify.domain.words import Relation
from notify.errors import Conflict
from notify.rendering import follow_ups
from notify.rendering.templates import templates
from notify.services import drafting, following, letting_go, overseeing, threads
from notify.services.drafting import Draft
from notify.services.overseeing import Listed, Overseen
from notify.services.staff_sessions import Officer
from notify.services.threads import Said
from notify.settings import Settings
from notify.store import ordering, overtaken
from notify.store.database import Database, Row
from notify.store.rows import to_broadcast

SHOWN_FOR: Final = timedelta(days=2)
"""On the first page: by then whoever wrote it has seen it, or it matters no more."""
SHOWN: Final = 20
_LET_GO: Final = frozenset(
    {BroadcastStatus.APPROVED, BroadcastStatus.SCHEDULED, BroadcastStatus.DISPATCHING,
     BroadcastStatus.DISPATCHED, BroadcastStatus.EXPIRED}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Overtake:
    """That something later was said first: what did it, None where that is not known; whether this
    still `waits` for a decision; and what it can be written anew as, by whoever looks."""

    by: Said | None
    waits: bool
    anew: "Anew | None"


@dataclass(frozen=True, slots=True)
class Anew:
    """How it would follow, and what; a new thread where it follows nothing."""

    follows: UUID | None = None
    relation: Relation | None = None


async def lately(db: Database, officer: Officer) -> list[Listed]:
    """What was let go, overtaken and never sent in the last days, and concerns this officer: they
    wrote, approved or may approve it."""
    within = officer.reach(Deed.LOOK)
    if not within:
        return []
    async with db.statement() as connection:
        rows = await overtaken.lately(
            connection, tops=within.tops, may=officer.reach(Deed.APPROVE).tops, staff=officer.id,
            since=SHOWN_FOR, limit=SHOWN,
        )  # fmt: skip
    return [Listed(to_broadcast(row), row["group_names"], row, "overtaken") for row in rows]


async def of(
    db: Database, officer: Officer, found: Overseen, thread: Sequence[Said], *, now: datetime
) -> Overtake | None:
    """None where nothing overtook it. `thread` is as `threads.said` gives it."""
    waits = found.broadcast.status is BroadcastStatus.SUBMITTED
    if waits:
        async with db.statement() as connection:
            overtakes = await letting_go.overtaken(connection, found.row)
    else:
        overtakes = is_overtaken(found.row)
    if not overtakes:
        return None
    anew = await _anew(db, officer, found.broadcast, thread, now=now)
    return Overtake(_by(found, thread), waits, anew)


def is_overtaken(row: Row) -> bool:
    """Whether it was let go and ended unsent by what came later in its thread."""
    return bool(
        row["status"] == BroadcastStatus.CANCELLED
        and row["superseded_at"]
        and row["dispatching_at"] is None
    )


async def write_anew(
    db: Database, officer: Officer, broadcast_id: UUID, *, settings: Settings, now: datetime
) -> Draft:
    """A draft that says what was overtaken, after what overtook it; a new thread where that is ended.
    Raises NotFound, OutOfReach, and Conflict where it was not overtaken, or says nothing new."""
    within = officer.reach(Deed.LOOK)
    found = await overseeing.look(db, broadcast_id, settings=settings, within=within)
    thread = await threads.said(db, found.row["thread_id"], within=within)
    officer.require(Deed.WRITE)
    known = await of(db, officer, found, thread, now=now)
    if known is None or known.anew is None:
        raise Conflict("There is nothing to write anew. Follow the last broadcast of its thread.")
    before, anew = found.broadcast, known.anew
    words = templates(settings).words
    content = Content(
        kind=str(before.kind), severity=str(before.severity or ""), drill=before.drill,
        texts=follow_ups.again(before, anew.relation, words=words),
        valid_until=following.valid_until(before, settings=settings, now=now),
        follows=str(anew.follows or ""), relation=str(anew.relation or ""),
        groups=tuple(await drafting.slugs(db, before.group_ids)),
    )  # fmt: skip
    return await drafting.begin(db, officer, content)


def _by(found: Overseen, thread: Sequence[Said]) -> Said | None:
    """What took its place began in the moment in which this ended; of what overtook what still waits,
    the last."""
    at, mine = found.row["superseded_at"], found.broadcast
    others = [one for one in thread if one.broadcast.id != mine.id]
    if at is not None:
        return next((one for one in others if one.at == at), None)
    later = [
        one for one in others
        if one.broadcast.status in _LET_GO
        and (one.broadcast.sequence > mine.sequence or one.broadcast.relation is Relation.ALL_CLEAR)
    ]  # fmt: skip
    return later[-1] if later else None


async def _anew(
    db: Database, officer: Officer, broadcast: Broadcast, thread: Sequence[Said], *, now: datetime
) -> Anew | None:
    """None where their grants do not reach it, or an all-clear was given that it would repeat."""
    within = officer.reach(Deed.WRITE)
    latest = next((one.broadcast for one in thread if one.latest), None)
    async with db.statement() as connection:
        if not within or not await ordering.within(connection, [broadcast.id], tops=within.tops):
            return None
        ended = await threads.ended(connection, broadcast.thread_id, broadcast.relation, None)
    if latest is None or broadcast.relation is None or ended:
        return Anew()
    if broadcast.relation not in sensible(latest, now=now):
        return None
    return Anew(latest.id, broadcast.relation)
