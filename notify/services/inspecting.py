"""Shows staff how the service itself is, and lets them use a stopped sender again.

Senders are the installation's and carry for all towns in it: this needs a grant everywhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from notify.domain.grants import Deed, OutOfReach
from notify.domain.words import Lane
from notify.errors import NotFound
from notify.services import auditing, holding, noticing, watching
from notify.services.staff_sessions import Officer
from notify.store import receipts, senders
from notify.store.database import Database, Row

SPAN: Final = 60.0  # seconds that "lately" is


@dataclass(frozen=True, slots=True)
class Inspected:
    """Alarms and warnings that are on; senders, each with what it handed over `lately` a second;
    what is due and not gone, by lane and channel; workers by lane; what is held after a restore;
    and when each provider last reported something."""

    alarms: Sequence[Row]
    senders: Sequence[Row]
    lately: Mapping[str, float]
    queue: Sequence[Row]
    workers: Mapping[Lane, int]
    held: Sequence[Row]
    receipts: Sequence[Row]
    seen: datetime | None


async def look(db: Database, officer: Officer) -> Inspected:
    """Raises OutOfReach."""
    _check(officer)
    health = await watching.health(db)
    async with db.transaction() as connection:
        lately = await senders.lately(connection, seconds=SPAN)
        reported = await receipts.latest(connection)
    return Inspected(
        alarms=await noticing.in_force(db),
        senders=health.senders,
        lately=lately,
        queue=health.queue,
        workers={lane: health.lanes.get(lane, 0) for lane in Lane},
        held=await holding.held(db),
        receipts=reported,
        seen=health.seen,
    )


async def resume(db: Database, officer: Officer, name: str) -> bool:
    """Use a stopped sender again, after somebody mended what it stopped for; False where it is not
    stopped. Raises OutOfReach, NotFound."""
    _check(officer)
    async with db.transaction() as connection:
        if not await senders.known(connection, name):
            raise NotFound("There is no such sender.")
        resumed = await senders.resume(connection, name)
        if resumed:
            await auditing.record(connection, officer.id, "sender.resumed", sender=name)
    return resumed


def _check(officer: Officer) -> None:
    if not officer.require(Deed.OPERATE).everywhere:
        raise OutOfReach
