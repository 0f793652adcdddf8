"""Gives a broadcast out as a table: a row for each delivery, and for each person left out on a channel.

It comes a page at a time and holds nothing in between, so that a million rows cost no more memory than
a thousand, and a slow reader holds up nobody.
"""

from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

from notify.domain.grants import Deed
from notify.services import auditing, overseeing
from notify.services.groups import check_reaches
from notify.services.staff_sessions import Officer
from notify.store import deliveries
from notify.store.database import Database, Row

PAGE: Final = 1_000
_NOBODY: Final = UUID(int=0)


async def begin(db: Database, officer: Officer, broadcast_id: UUID) -> None:
    """Note that somebody takes it. Raises NotFound, OutOfReach."""
    async with db.transaction() as connection:
        row = await overseeing.visible(connection, broadcast_id, within=officer.reach(Deed.LOOK))
        await check_reaches(connection, row["group_ids"], within=officer.require(Deed.OPERATE))
        await auditing.record(connection, officer.id, "broadcast.exported", broadcast=broadcast_id)


async def pages(db: Database, broadcast_id: UUID) -> AsyncIterator[list[Row]]:
    """What there is, for whom `begin` let: deliveries in their order, then those left out, whose
    `status` is `skipped`. A page is as it was when it was read."""
    last = 0
    while True:
        async with db.statement() as connection:
            rows = await deliveries.tabulated(connection, broadcast_id, after=last, limit=PAGE)
        if not rows:
            break
        yield rows
        last = rows[-1]["id"]
    behind = _NOBODY
    while True:
        async with db.statement() as connection:
            rows = await deliveries.skipped(connection, broadcast_id, after=behind, limit=PAGE)
        if not rows:
            return
        yield [{**row, "status": "skipped"} for row in rows]
        behind = rows[-1]["resident_id"]
