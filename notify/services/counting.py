"""Counts polls from the stored ballots: people, not messages, and the same result each time.

Before the close staff alone see how it stands, unless the poll says otherwise; after it, whom the
poll says.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from notify.domain.grants import Deed, Reach
from notify.domain.keyring import Keyring
from notify.domain.poll import How, from_json
from notify.domain.results import Reader, Result, Turnout, may_see
from notify.domain.tally import Pile, tally, told_apart, withhold
from notify.domain.words import Kind
from notify.errors import Conflict, NotFound
from notify.services import auditing, overseeing, watching
from notify.services.staff_sessions import Officer
from notify.store import poll_counting, polls
from notify.store.database import Connection, Database, Row

SHOWN: Final = 200
"""Polls in a list."""

_LONGEST_RECEIPT: Final = 40
_PURPOSE: Final = "result"
_NO_RESULT: Final = "This broadcast asks nothing, or it has not begun yet."


async def count(db: Database, broadcast_id: UUID) -> Result:
    """The result for whoever runs the service. Raises NotFound where there is no such poll."""
    async with db.transaction() as connection:
        await poll_counting.one_moment(connection)
        return await _count(connection, await _poll(connection, broadcast_id))


async def for_staff(db: Database, broadcast_id: UUID, *, within: Reach) -> Result:
    """The same for staff. Raises NotFound, also where the grants do not reach."""
    async with db.transaction() as connection:
        await poll_counting.one_moment(connection)
        await overseeing.visible(connection, broadcast_id, within=within)
        return await _count(connection, await _poll(connection, broadcast_id))


async def take_along(db: Database, officer: Officer, broadcast_id: UUID) -> Result:
    """The same to take along, which the audit log keeps. Raises NotFound."""
    within = officer.reach(Deed.LOOK)
    async with db.transaction() as connection:
        await overseeing.visible(connection, broadcast_id, within=within)
        await _poll(connection, broadcast_id)
        await auditing.record(connection, officer.id, "result.exported", broadcast=broadcast_id)
    return await for_staff(db, broadcast_id, within=within)


async def for_key(db: Database, broadcast_id: UUID, *, within: int | None) -> Result:
    """The same for a program. Raises NotFound, also where its key does not reach, and Conflict
    where the broadcast is there and has no result."""
    async with db.transaction() as connection:
        await poll_counting.one_moment(connection)
        await watching.visible(connection, broadcast_id, within=within)
        row = await poll_counting.poll(connection, broadcast_id)
        if row is None:
            raise Conflict(_NO_RESULT)
        return await _count(connection, row)


async def published(db: Database, broadcast_id: UUID, *, asked: bool = False) -> Result | None:
    """The result as anybody, or somebody who proved to be `asked`, may see it; None where they may
    not, or there is no such poll."""
    async with db.transaction() as connection:
        await poll_counting.one_moment(connection)
        row = await poll_counting.poll(connection, broadcast_id)
        if row is None:
            return None
        withdrawn = row["cancelled_at"] is not None or row["forgotten_at"] is not None
        if not may_see(
            from_json(row["asks"]), Reader.ASKED if asked else Reader.ANYBODY,
            closed=row["closed_at"] is not None, withdrawn=withdrawn,
        ):  # fmt: skip
            return None
        return await _count(connection, row)


def pass_(keyring: Keyring, voter: int) -> str:
    """What shows, in a link, that its reader was asked."""
    return keyring.mark(_PURPOSE, voter)


async def was_asked(db: Database, keyring: Keyring, broadcast_id: UUID, shown: str) -> bool:
    """Whether what a link has is the pass of somebody who was asked in this poll."""
    voter = keyring.unmark(_PURPOSE, shown)
    if voter is None:
        return False
    async with db.statement() as connection:
        return await poll_counting.is_voter(connection, broadcast_id, voter)


async def is_asked(db: Database, broadcast_id: UUID, resident: UUID) -> bool:
    """Whether a resident was asked in this poll."""
    async with db.statement() as connection:
        return await polls.voter_of(connection, broadcast_id, resident) is not None


async def is_counted(db: Database, broadcast_id: UUID, receipt: str) -> bool:
    """Whether the vote of a receipt, as somebody typed it, is counted."""
    typed = "".join(sign for sign in receipt[:_LONGEST_RECEIPT].upper() if sign.isalnum())
    async with db.statement() as connection:
        return bool(typed) and await poll_counting.has_receipt(connection, broadcast_id, typed)


async def every(db: Database) -> list[Row]:
    """The latest polls with how many were `asked` and `answered`, the newest first."""
    async with db.statement() as connection:
        return await poll_counting.every(connection, limit=SHOWN)


async def _poll(connection: Connection, broadcast_id: UUID) -> Row:
    row = await poll_counting.poll(connection, broadcast_id)
    if row is None:
        raise NotFound(_NO_RESULT)
    return row


async def _count(connection: Connection, row: Row) -> Result:
    broadcast_id, ask = row["broadcast_id"], from_json(row["asks"])
    found = await poll_counting.piles(connection, broadcast_id)
    voters = await poll_counting.asked(connection, broadcast_id)
    questions = tally(
        ask,
        [Pile(one["question"], tuple(one["choices"]), one["group_id"], one["n"]) for one in found],
    )
    if ask.secret and row["closed_at"] is None:
        questions = tuple(map(withhold, questions))
    by_group = _by_group(voters)
    told = {part.group for counted in questions for part in counted.groups}
    told |= {one.group for one in by_group}
    names = await poll_counting.group_names(connection, [id_ for id_ in told if id_ is not None])
    return Result(
        broadcast_id=broadcast_id, kind=Kind(row["kind"]), drill=row["drill"], ask=ask,
        titles={language: text["title"] for language, text in row["texts"].items()},
        opened_at=row["opened_at"], close_at=row["close_at"], closed_at=row["closed_at"],
        cancelled=row["cancelled_at"] is not None, turnout=_turnout(None, voters),
        by_group=by_group, how=_how(voters), questions=questions, names=names,
        capped=row["capped"],
    )  # fmt: skip


def _turnout(group: int | None, voters: Sequence[Row]) -> Turnout:
    return Turnout(
        group, sum(row["n"] for row in voters), sum(row["n"] for row in voters if row["answered"])
    )


def _by_group(voters: Sequence[Row]) -> tuple[Turnout, ...]:
    answered: Counter[int | None] = Counter()
    for row in voters:
        answered[row["group_id"]] += row["n"] if row["answered"] else 0
    apart = told_apart(answered)
    parts = [_turnout(id_, [row for row in voters if row["group_id"] == id_]) for id_ in apart]
    parts.sort(key=lambda part: (-part.answered, part.group))
    if rest := [row for row in voters if row["group_id"] not in apart]:
        parts.append(_turnout(None, rest))
    return tuple(parts) if len(parts) > 1 else ()


def _how(voters: Sequence[Row]) -> dict[How, int]:
    took_part = [row for row in voters if row["answered"]]
    return {how: sum(row["n"] for row in took_part if row["how"] == how) for how in How}
