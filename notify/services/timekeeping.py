"""Notices that the clock jumped. What is due by one that went ahead comes due sooner, which needs
nothing; but what is long ago by it may be of today, so that nothing is deleted for a day.

PostgreSQL's clock is the one that counts. Where it goes back, all that was due by it would wait
until it is that late again: an alert planned a minute before would leave an hour late.
"""

from notify.log import get
from notify.store import clock_mark
from notify.store.database import Connection, Database

log = get(__name__)

NOTICED = 5.0  # seconds; less is no harm, and clocks are set by less every day
_BATCH = 20_000
_LEAP = 3600.0  # seconds; less makes nothing old
_STEADY = 86_400.0  # seconds in which somebody notices that the date is wrong


async def keep_time(db: Database) -> bool:
    """Look at the clock; True when it had gone back and everything was put right.

    The mark moves last: whoever is ended in the middle leaves it to the next look, which at worst
    makes a retry come early. It is held throughout, so that no two do this at once.
    """
    if not await _went_back(db):
        return False
    async with db.transaction() as connection:
        back = await clock_mark.look(connection)
        if back is None or back <= NOTICED:
            return False
        await _move_deliveries(db, connection, back=back)
        await clock_mark.put_right(connection, back=back)
        await clock_mark.mark(connection, leap=_LEAP)
    log.error("clock.went_back", seconds=round(back))
    return True


async def is_steady(connection: Connection) -> bool:
    """Whether the clock may be believed that something is long ago: it was looked at for a day
    without a break, and did not jump."""
    return await clock_mark.steady(connection, leap=_LEAP, during=_STEADY)


async def _move_deliveries(db: Database, holding: Connection, *, back: float) -> None:
    made = _BATCH
    while made == _BATCH:
        async with db.transaction() as connection:
            made = await clock_mark.make_due(connection, size=_BATCH)
        await clock_mark.look(holding)  # or the database takes us for dead
    after: int | None = 0
    while after is not None:
        async with db.transaction() as connection:
            after = await clock_mark.move(connection, back=back, after=after, size=_BATCH)
        await clock_mark.look(holding)


async def _went_back(db: Database) -> bool:
    async with db.transaction() as connection:
        back = await clock_mark.look(connection)
        if back is None:
            return False
        if back <= NOTICED:
            await clock_mark.mark(connection, leap=_LEAP)
    if back < -_LEAP:  # it went ahead, or nobody was there to look
        log.warning("clock.leapt", seconds=round(-back))
    return back > NOTICED
