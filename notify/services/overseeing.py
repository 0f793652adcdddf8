"""Lets staff see what was, is and is to be sent within their reach, and decide about it.

A decision is bound to a fingerprint of what stood before whoever took it: had anything of it changed
since, it is refused. Who recalls needs no second person; who approves is one.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from notify import clock
from notify.domain.broadcast import (
    Broadcast,
    BroadcastStatus,
    Identity,
    broadcast_from,
    fingerprint,
)
from notify.domain.grants import Deed, OutOfReach, Reach
from notify.domain.lines import many_lines
from notify.errors import Conflict, Forbidden, Invalid, NotFound
from notify.services import auditing, letting_go, submitting, telling_staff
from notify.services.groups import check_reaches, identity
from notify.services.staff_sessions import Officer
from notify.services.telling_staff import Told
from notify.settings import Settings
from notify.store import broadcasts, decisions, drafts, progress, staff_notes
from notify.store.database import Connection, Database, Row
from notify.store.progress import Progress
from notify.store.rows import to_broadcast

SHOWN = 100  # of each part of the list
AT_ONCE = 5  # of each of them on the first page
AT_ONCE_IN_FORCE = 20  # warnings in force there: each of them is still to be ended
LONGEST_REASON = 2_000


@dataclass(frozen=True, slots=True)
class Listed:
    """A broadcast in a list; `group_names` are by language, `part` is the one of the list, and
    `total` how many there are of that part, 0 where nobody counted."""

    broadcast: Broadcast
    group_names: Sequence[Mapping[str, str]]
    row: Row
    part: str = ""
    total: int = 0

    @property
    def held(self) -> bool:
        """As in `Overseen`."""
        return _is_held(self.row)


@dataclass(frozen=True, slots=True)
class Overseen:
    """A broadcast with who speaks in it, its counters and what was decided about it. `seen` is the
    fingerprint that a decision about it has to name; `drafted` whether its draft is still there."""

    broadcast: Broadcast
    group_names: Sequence[Mapping[str, str]]
    identity: Identity
    row: Row
    progress: Progress
    decisions: list[Row]
    seen: str
    drafted: bool

    @property
    def held(self) -> bool:
        """Whether it waits, since a backup was restored, for somebody to say what is to become of it."""
        return _is_held(self.row)


def _is_held(row: Row) -> bool:
    over = row["cancelled_at"] is not None or row["superseded_at"] is not None
    return row["held_at"] is not None and not over


class OwnWork(Forbidden):
    """Whoever wrote any of it does not approve it."""

    def __init__(self) -> None:
        super().__init__("You wrote this, or part of it. Somebody else has to approve it.")


async def every(db: Database, *, within: Reach) -> list[Listed]:
    """What is within reach, by part: warnings "in_force", "waiting" for a decision, "running",
    "scheduled" (the next first), and the "rest"; of each the latest, at most SHOWN."""
    return await _listed(db, within, limit=SHOWN, in_force=SHOWN, rest=True)


async def glance(db: Database, *, within: Reach) -> list[Listed]:
    """The first of each part but the rest, as `every` lists them: what is to be seen at once."""
    return await _listed(db, within, limit=AT_ONCE, in_force=AT_ONCE_IN_FORCE, rest=False)


async def _listed(
    db: Database, within: Reach, *, limit: int, in_force: int, rest: bool
) -> list[Listed]:
    async with db.statement() as connection:
        rows = await decisions.overseen(
            connection, tops=within.tops, now=clock.now(), limit=limit, in_force=in_force, rest=rest
        )
    return [
        Listed(to_broadcast(row), row["group_names"], row, row["part"], row["total"] or 0)
        for row in rows
    ]


async def look(db: Database, broadcast_id: UUID, *, settings: Settings, within: Reach) -> Overseen:
    """Raises NotFound, also where the grants do not reach."""
    async with db.transaction() as connection:
        row = await visible(connection, broadcast_id, within=within)
        broadcast = to_broadcast(row)
        names = await decisions.group_names(connection, row["group_ids"])
        return Overseen(
            broadcast=broadcast,
            group_names=[one["names"] or {settings.default_language: one["slug"]} for one in names],
            identity=await identity(connection, row["group_ids"], settings=settings),
            row=row,
            progress=await progress.read(connection, broadcast_id),
            decisions=await decisions.of(connection, broadcast_id),
            seen=fingerprint(broadcast),
            drafted=await drafts.get(connection, broadcast_id) is not None,
        )


async def nobody_approves(db: Database, found: Overseen) -> bool:
    """Whether it waits, and nobody who did not write it may approve it for all of its groups."""
    if found.broadcast.status is not BroadcastStatus.SUBMITTED:
        return False
    async with db.statement() as connection:
        but = await staff_notes.editors(connection, found.broadcast.id)
        return not await telling_staff.approvers(connection, found.broadcast.group_ids, but=but)


async def unreached(db: Database, found: Overseen) -> list[Row]:
    """`name` of those who may approve what waits and whom no note about it reached, and whether it
    `came_back`."""
    if found.broadcast.status is not BroadcastStatus.SUBMITTED:
        return []
    async with db.statement() as connection:
        ids = found.broadcast.group_ids
        but = found.row["editors"]
        return await telling_staff.unreached(connection, found.broadcast.id, ids, but=but)


async def told(db: Database, found: Overseen, *, settings: Settings) -> Told | None:
    """Who was told that it waits; None where it does not."""
    if found.broadcast.status is not BroadcastStatus.SUBMITTED:
        return None
    return await telling_staff.told_of(db, found.broadcast.id, settings=settings)


async def approve(
    db: Database, officer: Officer, broadcast_id: UUID, *, seen: str, at_once: bool = False
) -> Row:
    """Let a submitted broadcast go; past its time only where they say `at_once`. Raises NotFound,
    OutOfReach, OwnWork, Held, Overtaken, Grown, Late, Brief, and Conflict where it waits for nothing, or
    is not what was seen."""
    async with db.transaction() as connection:
        await broadcasts.lock_thread_of(connection, broadcast_id)
        row = await _decidable(connection, officer, broadcast_id, deed=Deed.APPROVE, seen=seen)
        if officer.id in row["editors"]:
            raise OwnWork
        await letting_go.let_go(connection, row, at_once=at_once)
        await _note(connection, officer, broadcast_id, "approved", seen=seen)
    return row


async def send_back(
    db: Database, officer: Officer, broadcast_id: UUID, *, seen: str, reason: str
) -> None:
    """Not like this: its authors write on. Raises NotFound, OutOfReach, Conflict as `approve` does,
    and Invalid where no reason is given."""
    reason = many_lines(reason, field="reason", limit=LONGEST_REASON)
    if not reason:
        raise Invalid("Say what has to change.", field="reason")
    async with db.transaction() as connection:
        row = await _decidable(connection, officer, broadcast_id, deed=Deed.APPROVE, seen=seen)
        allowed = broadcast_from(BroadcastStatus.RETURNED)
        if not await decisions.send_back(connection, broadcast_id, allowed=allowed):
            raise Conflict(f"It is {row['status']}, not waiting for approval.")
        await drafts.reopen(connection, broadcast_id)
        await _note(connection, officer, broadcast_id, "returned", seen=seen, reason=reason)


async def take_back(db: Database, officer: Officer, broadcast_id: UUID) -> None:
    """Have what waits for approval back, to write on. Raises NotFound, OutOfReach, and Conflict where
    it waits no more, or was not written here."""
    async with db.transaction() as connection:
        row = await visible(connection, broadcast_id, within=officer.reach(Deed.LOOK), hold=True)
        await check_reaches(connection, row["group_ids"], within=officer.require(Deed.WRITE))
        if await drafts.get(connection, broadcast_id) is None:
            raise Conflict("A program wrote it. Return it, or recall it.")
        allowed = broadcast_from(BroadcastStatus.RETURNED)
        if not await decisions.send_back(connection, broadcast_id, allowed=allowed):
            raise Conflict(f"It is {row['status']}, not waiting for approval.")
        await drafts.reopen(connection, broadcast_id)
        seen = fingerprint(to_broadcast(row))
        await _note(connection, officer, broadcast_id, "returned", seen=seen)


async def recall(db: Database, officer: Officer, broadcast_id: UUID) -> Row:
    """What is not handed over yet stays unsent: also by whoever wrote it, or may approve it, for they
    may be the only ones there. Raises NotFound, OutOfReach, Conflict.

    It holds before it is written down: nothing that holds up the audit log keeps messages going.
    """
    async with db.transaction() as connection:
        row = await visible(connection, broadcast_id, within=officer.reach(Deed.LOOK))
        await check_reaches(connection, row["group_ids"], within=recalls(officer, row))
        fresh = await submitting.recall(connection, row)

    async def note(connection: Connection) -> None:
        seen = fingerprint(to_broadcast(row))
        await _note(connection, officer, broadcast_id, "recalled", seen=seen)

    await auditing.afterwards(
        db, note, deed="broadcast.recalled", broadcast=str(broadcast_id), staff=str(officer.id)
    )
    return fresh


def recalls(officer: Officer, row: Row) -> Reach:
    """Where they may recall it. Raises OutOfReach where that is nowhere."""
    own = [Deed.WRITE] if officer.id in row["editors"] else []
    held = [officer.reach(deed) for deed in (Deed.OPERATE, Deed.APPROVE, *own)]
    found = Reach(
        any(one.everywhere for one in held), frozenset().union(*(one.groups for one in held))
    )
    if not found:
        raise OutOfReach
    return found


async def _decidable(
    connection: Connection, officer: Officer, broadcast_id: UUID, *, deed: Deed, seen: str
) -> Row:
    """The broadcast, for somebody whose grants reach all of it, as they saw it."""
    # Held: or between this look and the decision it could be returned, changed and come again.
    row = await visible(connection, broadcast_id, within=officer.reach(Deed.LOOK), hold=True)
    await check_reaches(connection, row["group_ids"], within=officer.require(deed))
    if not hmac.compare_digest(fingerprint(to_broadcast(row)).encode(), seen.encode()):
        raise Conflict("It is not what you saw. Read it again, then decide.")
    return row


async def _note(
    connection: Connection,
    officer: Officer,
    broadcast_id: UUID,
    decision: str,
    *,
    seen: str,
    reason: str | None = None,
) -> None:
    await decisions.add(
        connection, broadcast_id, staff=officer.id, decision=decision, seen=bytes.fromhex(seen),
        reason=reason,
    )  # fmt: skip
    await auditing.record(
        connection, officer.id, f"broadcast.{decision}", broadcast=broadcast_id, seen=seen
    )


async def visible(
    connection: Connection, broadcast_id: UUID, *, within: Reach, hold: bool = False
) -> Row:
    """The row of a broadcast, held against changes if wished. Raises NotFound, also where the
    grants do not reach."""
    read = broadcasts.hold if hold else broadcasts.get
    row = await read(connection, broadcast_id)
    if row is None:
        raise NotFound("There is no such broadcast.")
    try:
        await check_reaches(connection, row["group_ids"], within=within)
    except OutOfReach:
        raise NotFound("There is no such broadcast.") from None
    return row
