"""Lets staff see who answered what in a poll that is not secret.

Only residents within reach are shown: whoever looks is in the audit log, and for which answer. Of a
secret poll, and of one whose names are gone, there is nothing to see.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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
from notify.store import poll_counting, votes
from notify.store.database import Connection, Database, Row
from notify.store.rows import to_broadcast

SHOWN: Final = 500
"""People on one page; all of them are in the table to take along."""

Chosen = tuple[int, int]
"""The number of a question, and that of a choice."""


@dataclass(frozen=True, slots=True)
class Votes:
    """Who answered what: `rows` are people by name, `total` is how many there are in all, `names` those of
    their groups, `page` says which of them these are. `chosen` is the answer that all of them gave, None where it is not asked for, or is
    none of this poll. `unnamed_at`: since when nobody is named any more."""

    broadcast: Broadcast
    ask: Ask
    chosen: Chosen | None
    unnamed_at: datetime | None
    page: Page
    names: Mapping[int, Mapping[str, str]]

    @property
    def rows(self) -> Sequence[Row]:
        return self.page.rows

    @property
    def total(self) -> int:
        return self.page.total


async def look(
    db: Database, officer: Officer, broadcast_id: UUID, *, chosen: Chosen | None,
    mark: Mark[int] | None = None,
) -> Votes:  # fmt: skip
    """A page of them; `mark` is of a voter. Raises NotFound, also where the grants do not reach, the poll is secret or
    has not begun, and OutOfReach."""
    async with db.transaction() as connection:
        found = await _votes(
            connection, officer, broadcast_id, chosen=chosen, limit=SHOWN, mark=mark
        )
    if found.unnamed_at is None:
        await auditing.looked(db, officer.id, "votes.viewed", **_about(found))
    return found


async def take_along(
    db: Database, officer: Officer, broadcast_id: UUID, *, chosen: Chosen | None
) -> Votes:
    """All of them. Raises as `look` does, and NotFound where nobody is named any more."""
    async with db.transaction() as connection:
        found = await _votes(connection, officer, broadcast_id, chosen=chosen, limit=None)
        if found.unnamed_at is not None:
            raise NotFound("It is not kept any more who answered what.")
        await auditing.record(connection, officer.id, "votes.exported", **_about(found))
    return found


async def _votes(
    connection: Connection, officer: Officer, broadcast_id: UUID, *, chosen: Chosen | None,
    limit: int | None, mark: Mark[int] | None = None,
) -> Votes:  # fmt: skip
    row = await overseeing.visible(connection, broadcast_id, within=officer.reach(Deed.LOOK))
    broadcast = to_broadcast(row)
    ask = broadcast.ask
    begun = await poll_counting.poll(connection, broadcast_id) is not None
    if broadcast.kind is not Kind.POLL or ask is None or ask.secret or not begun:
        raise NotFound("There is no poll here that keeps who answered what.")
    within = await caring.reached_by(connection, officer)
    if chosen and not _is_of(ask, chosen):
        chosen = None
    unnamed_at = await votes.unnamed_at(connection, broadcast_id)

    async def find(at: Mark[int] | None) -> list[Row]:
        return await votes.every(
            connection, broadcast_id, groups=within, chosen=chosen, limit=limit,
            mark=at.key if at else None, back=bool(at and at.back),
        )  # fmt: skip

    page = Page([]) if unnamed_at else await paging.turn(find, mark, size=SHOWN)
    ids = list({one["group_id"] for one in page.rows})
    names = await poll_counting.group_names(connection, ids)
    return Votes(broadcast, ask, chosen, unnamed_at, page, names)


def _is_of(ask: Ask, chosen: Chosen) -> bool:
    question, choice = chosen
    return 0 < question <= len(ask.questions) and choice in ask.questions[question - 1].choices


def _about(found: Votes) -> Mapping[str, object]:
    question, choice = found.chosen or (None, None)
    return {"broadcast": found.broadcast.id, "question": question, "choice": choice}
