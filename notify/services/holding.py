"""Keeps what a restored database may have sent already from going out a second time by itself."""

from dataclasses import dataclass
from uuid import UUID

from notify.errors import Conflict, NotFound
from notify.log import get
from notify.services.watching import health
from notify.store import broadcasts, holding
from notify.store.database import Database, Row

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


async def release(db: Database, broadcast_id: UUID) -> Row:
    """Let a held broadcast go on: what was open is sent, each marked as a repeat.

    Raises NotFound, or Conflict when it is not held.
    """
    async with db.transaction() as connection:
        if await broadcasts.get(connection, broadcast_id) is None:
            raise NotFound("There is no such broadcast.")
        row = await holding.release(connection, broadcast_id)
    if row is None:
        raise Conflict("It is not held.")
    log.warning("broadcast.released", broadcast=str(broadcast_id), deliveries=row["open"])
    return row
