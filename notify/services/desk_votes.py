"""Takes the votes of those who fill in a paper: staff find who it is, and enter what it says.

What it says is in no log; that it was entered, and for whom, is.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from notify import clock
from notify.domain.addresses import HostList
from notify.domain.broadcast import Broadcast
from notify.domain.grants import Deed
from notify.domain.poll import How
from notify.errors import Conflict, NotFound
from notify.services import answering_pages, auditing, caring, overseeing
from notify.services.answering_pages import NoAnswer, Standing, Voter
from notify.services.staff_sessions import Officer
from notify.services.voting import Closed, Voted
from notify.settings import Settings
from notify.store import polls, voters
from notify.store.database import Connection, Database
from notify.store.rows import to_broadcast


class NotAsked(Conflict):
    """Found, but not among those who may answer."""

    def __init__(self) -> None:
        super().__init__("They are not asked: they did not follow the group when this was sent.")


@dataclass(frozen=True, slots=True)
class Paper:
    """Whose paper lies at the desk, and how they stand to what is asked; `how` their vote came that
    is there already."""

    resident: UUID
    standing: Standing
    how: How | None


async def asks(db: Database, officer: Officer, broadcast_id: UUID) -> Broadcast:
    """What asks. Raises NotFound, also where nothing is asked, and OutOfReach."""
    async with db.transaction() as connection:
        return await _asks(connection, officer, broadcast_id)


async def find(
    db: Database, officer: Officer, broadcast_id: UUID, typed: str, *, settings: Settings,
    hosts: HostList,
) -> int:  # fmt: skip
    """The voter who has exactly this address, number or id. That somebody was looked for is kept.

    Raises NotFound and Invalid as `caring.find` does, and NotAsked.
    """
    await asks(db, officer, broadcast_id)
    resident = await caring.find(db, officer, typed, settings=settings, hosts=hosts)
    async with db.statement() as connection:
        voter = await polls.voter_of(connection, broadcast_id, resident)
    if voter is None:
        raise NotAsked
    return voter


async def look(db: Database, officer: Officer, broadcast_id: UUID, voter: int) -> Paper:
    """Raises NotFound, also beyond reach, and OutOfReach."""
    async with db.transaction() as connection:
        return await _look(connection, officer, broadcast_id, voter)


async def enter(
    db: Database, officer: Officer, broadcast_id: UUID, voter: int,
    chosen: Mapping[int, Collection[int]],
) -> Voted:  # fmt: skip
    """Count what a paper says: all of it or nothing. Raises what `look` does, NoAnswer, and Closed."""
    async with db.transaction() as connection:
        paper = await _look(connection, officer, broadcast_id, voter)
        if not paper.standing.open:
            raise Closed
        wrong = answering_pages.judge(paper.standing.ask, chosen)
        if wrong:
            raise NoAnswer(wrong)
        voted = await answering_pages.count(
            connection, broadcast_id, paper.standing.voter, chosen, at=clock.now()
        )
        await auditing.record(
            connection, officer.id, "ballot.entered", broadcast=broadcast_id,
            resident=paper.resident,
        )  # fmt: skip
    return voted


async def _look(connection: Connection, officer: Officer, broadcast_id: UUID, voter: int) -> Paper:
    await _asks(connection, officer, broadcast_id)
    row = await voters.standing(connection, voter)
    if row is None or row["broadcast_id"] != broadcast_id or row["resident_id"] is None:
        raise NotFound("There is no such voter.")
    await caring.check(connection, officer, row["resident_id"])
    standing = await answering_pages.stand(connection, Voter(voter, How.DESK))
    if standing is None:
        raise NotFound("There is no such voter.")
    return Paper(row["resident_id"], standing, How(row["how"]) if row["how"] else None)


async def _asks(connection: Connection, officer: Officer, broadcast_id: UUID) -> Broadcast:
    row = await overseeing.visible(connection, broadcast_id, within=officer.reach(Deed.LOOK))
    officer.require(Deed.OPERATE)
    broadcast = to_broadcast(row)
    if broadcast.ask is None:
        raise NotFound("This message asks nothing.")
    return broadcast
