"""Shows the audit log to administrators of everything, and keeps that they looked.

Whoever administers a village sees none of it: its lines are about all.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from notify.domain.audit import Line
from notify.domain.grants import Deed, OutOfReach
from notify.services import auditing
from notify.services.auditing import Whole
from notify.services.staff_sessions import Officer
from notify.store import audit
from notify.store.database import Database, Row

PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines to see: of whom, which deed, on which day of the town, that name which id, and
    those before which line. None leaves it open."""

    staff: UUID | None = None
    deed: str | None = None
    day: date | None = None
    thing: str | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A page of the log, the newest line first. `names` are of the staff in it, as they are called
    now; `older` is where the page before it goes on, None at the beginning."""

    lines: Sequence[Line]
    names: Mapping[UUID, str]
    older: int | None
    deeds: Sequence[str]
    staff: Sequence[Row]


async def read(db: Database, officer: Officer, wanted: Wanted, *, zone: ZoneInfo) -> Shown:
    """A page of the log; that it was looked at is its next line. Raises OutOfReach."""
    _check(officer)
    begin, until = _bounds(wanted.day, zone)
    async with db.transaction() as connection:
        rows = await audit.latest(
            connection, staff=wanted.staff, deed=wanted.deed, begin=begin, until=until,
            thing=wanted.thing, before=wanted.before, limit=PAGE + 1,
        )  # fmt: skip
        lines = [audit.to_line(row) for row in rows[:PAGE]]
        shown = Shown(
            lines=lines,
            names=await audit.names(connection, {line.staff_id for line in lines if line.staff_id}),
            older=lines[-1].id if len(rows) > PAGE else None,
            deeds=await audit.deeds(connection),
            staff=await audit.everybody(connection),
        )
        await auditing.record(
            connection, officer.id, "audit.viewed", staff=wanted.staff, before=wanted.before,
            day=wanted.day,
        )  # fmt: skip
    return shown


async def verify(db: Database, officer: Officer) -> Whole:
    """Go over the whole chain. Raises OutOfReach, and `auditing.Broken`."""
    _check(officer)
    whole = await auditing.verify(db)
    async with db.transaction() as connection:
        await auditing.record(connection, officer.id, "audit.verified", lines=whole.lines)
    return whole


async def export(db: Database, officer: Officer) -> AsyncIterator[tuple[Line, bytes]]:
    """Every line with its hash, the first first; the last says who took this copy.

    Raises OutOfReach before it gives any.
    """
    _check(officer)
    async with db.transaction() as connection:
        await auditing.record(connection, officer.id, "audit.exported")
    return auditing.lines(db)


def _check(officer: Officer) -> None:
    if not officer.require(Deed.ADMINISTER).everywhere:
        raise OutOfReach


def _bounds(day: date | None, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """A day on the town's clocks, which has 23 to 25 hours."""
    if day is None:
        return None, None
    begin, until = (datetime.combine(one, time(), zone) for one in (day, day + timedelta(days=1)))
    return begin, until
