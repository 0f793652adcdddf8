"""Lets staff work through the answers to an alert that asks: who needs help comes first.

Only residents within reach are shown, with their names and numbers: whoever looks is in the audit log.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from notify.domain.broadcast import Broadcast
from notify.domain.grants import Deed
from notify.domain.poll import Ask
from notify.domain.words import Kind
from notify.errors import NotFound
from notify.services import auditing, caring, overseeing, paging
from notify.services.paging import Mark, Page
from notify.services.staff_sessions import Officer
from notify.store import helping
from notify.store.database import Connection, Database, Row
from notify.store.rows import to_broadcast

SHOWN: Final = 500
"""People on one page; all of them are in the table to take along."""
MOST: Final = 100_000


class Show(StrEnum):
    """Whom a list shows: who asks for help and is not seen to yet, or is, or both; or all others."""

    OPEN = "open"
    DONE = "done"
    ALL = "all"
    REST = "rest"


_HELPED: Final = {Show.OPEN: False, Show.DONE: True}


@dataclass(frozen=True, slots=True)
class Answers:
    """Who answered. `page` has some of those whom `show` names: whoever waits longest first, and then
    those whom somebody has seen to. The numbers are of people."""

    broadcast: Broadcast
    ask: Ask
    asked: int
    answered: int
    needing: int
    open: int
    page: Page

    @property
    def silent(self) -> int:
        """Who has not answered."""
        return self.asked - self.answered


async def look(
    db: Database, officer: Officer, broadcast_id: UUID, *, show: Show,
    mark: Mark[helping.Place] | None = None,
) -> Answers:  # fmt: skip
    """A page of them. Raises NotFound, also where the grants do not reach or nothing is asked, and OutOfReach."""
    async with db.transaction() as connection:
        broadcast, ask = await _asking(connection, officer, broadcast_id)
        within = await caring.reached_by(connection, officer)
        numbers = await helping.counts(connection, broadcast_id, urgent=ask.urgent, groups=within)

        async def find(at: Mark[helping.Place] | None) -> list[Row]:
            return await helping.answers(
                connection, broadcast_id, urgent=ask.urgent, groups=within, limit=SHOWN,
                urgent_only=show is not Show.REST, helped=_HELPED.get(show),
                behind=at.key if at and not at.back else None,
                before=at.key if at and at.back else None,
            )  # fmt: skip

        page = await paging.turn(find, mark, size=SHOWN)
    await auditing.looked(db, officer.id, "answers.viewed", broadcast=broadcast_id)
    return Answers(
        broadcast, ask, numbers["asked"], numbers["answered"], numbers["urgent"], numbers["open"],
        page,
    )  # fmt: skip


async def take_along(db: Database, officer: Officer, broadcast_id: UUID) -> tuple[Ask, list[Row]]:
    """All who answered, to keep where there is no network. Raises as `look` does."""
    async with db.transaction() as connection:
        _, ask = await _asking(connection, officer, broadcast_id)
        rows = await helping.answers(
            connection, broadcast_id, urgent=ask.urgent, groups=await caring.reached_by(connection, officer),
            limit=MOST,
        )  # fmt: skip
        await auditing.record(connection, officer.id, "answers.exported", broadcast=broadcast_id)
    return ask, rows


async def settle(
    db: Database, officer: Officer, broadcast_id: UUID, voter: int, *, done: bool
) -> None:
    """Note that somebody's call for help is dealt with, or that it is not. Whoever noted it first
    stays, so that to say it twice changes nothing. Raises as `look` does."""
    async with db.transaction() as connection:
        _, ask = await _asking(connection, officer, broadcast_id)
        within = await caring.reached_by(connection, officer)
        if done:
            resident = await helping.settle(
                connection, broadcast_id, voter, urgent=ask.urgent, groups=within,
                staff=officer.id,
            )  # fmt: skip
        else:
            resident = await helping.reopen(connection, broadcast_id, voter, groups=within)
        if resident is not None:
            await auditing.record(
                connection, officer.id, "answer.settled" if done else "answer.reopened",
                broadcast=broadcast_id, resident=resident,
            )  # fmt: skip


async def _asking(
    connection: Connection, officer: Officer, broadcast_id: UUID
) -> tuple[Broadcast, Ask]:
    row = await overseeing.visible(connection, broadcast_id, within=officer.reach(Deed.LOOK))
    broadcast = to_broadcast(row)
    if broadcast.kind is not Kind.ALERT or broadcast.ask is None:
        raise NotFound("This message asks nobody whether they need help.")
    return broadcast, broadcast.ask
