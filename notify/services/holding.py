"""Keeps what a restored database may have sent already from going out a second time by itself."""

from dataclasses import dataclass
from uuid import UUID

from notify.domain.grants import Deed, OutOfReach
from notify.errors import Conflict, NotFound
from notify.log import get
from notify.services import auditing, threads
from notify.services.groups import check_reaches
from notify.services.overseeing import visible
from notify.services.staff_sessions import Officer
from notify.services.watching import health
from notify.store import broadcasts, holding
from notify.store.database import Connection, Database, Row

log = get(__name__)

SOON = 15 * 60.0  # seconds a person has to look before a schedule of the restored state is due


@dataclass(frozen=True, slots=True)
class Holding:
    """What is held, which schedules stand, and how many open notes ended with the restore."""

    held: list[Row]
    ahead: list[Row]
    notes: int = 0


async def check_idle(db: Database) -> None:
    """Raises Conflict while workers are at work: what is to be held may be going out."""
    if (await health(db)).lanes:
        raise Conflict(
            "Workers were at work on this database a moment ago. Stop them, wait 20 seconds, and "
            "do this before they start again."
        )


async def hold(db: Database) -> Holding:
    """Hold whatever was in flight in a database that was brought back. Twice is fine."""
    async with db.transaction() as connection:
        notes = await holding.hold(connection, soon=SOON)
        found = Holding(await holding.held(connection), await holding.ahead(connection), notes)
    log.warning("broadcasts.held", broadcasts=len(found.held), notes_ended=notes)
    return found


async def held(db: Database) -> list[Row]:
    """What waits for a person's decision, alerts first."""
    async with db.transaction() as connection:
        return await holding.held(connection)


async def may_release(db: Database, officer: Officer, row: Row) -> bool:
    """Whether an officer decides about what is held: they operate all groups that it goes to."""
    async with db.transaction() as connection:
        try:
            await _check_may(connection, officer, row)
        except OutOfReach:
            return False
    return True


async def _check_may(connection: Connection, officer: Officer, row: Row) -> None:
    ids = row["group_ids"]
    if row["dispatching_at"] is None:  # goes to all that its thread may have gone to since
        ids = await threads.groups_of(connection, row["thread_id"], ids)
    await check_reaches(connection, ids, within=officer.require(Deed.OPERATE))


async def release(db: Database, broadcast_id: UUID, *, officer: Officer | None = None) -> Row:
    """Let a held broadcast go on: what was open is sent, each marked as a repeat. `officer` is None
    on the command line.

    Raises NotFound, OutOfReach, or Conflict when it is not held.
    """
    async with db.transaction() as connection:
        if officer is not None:
            found = await visible(connection, broadcast_id, within=officer.reach(Deed.LOOK))
            await _check_may(connection, officer, found)
        elif await broadcasts.get(connection, broadcast_id) is None:
            raise NotFound("There is no such broadcast.")
        row = await holding.release(connection, broadcast_id)
        if row is None:
            raise Conflict("It is not held.")
        who = officer.id if officer else None
        await auditing.record(connection, who, "broadcast.released", broadcast=broadcast_id)
    log.warning("broadcast.released", broadcast=str(broadcast_id), deliveries=row["open"])
    return row
