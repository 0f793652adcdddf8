"""Says what was said in a thread, and which groups it speaks to: what follows goes to all that it ever
went to, so whoever writes, approves or pays for it has to know all of them. And in what order: no
update after its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from notify.domain.broadcast import Broadcast
from notify.domain.following import Bar
from notify.domain.grants import Reach
from notify.domain.words import Relation
from notify.errors import Conflict, Invalid
from notify.store import broadcasts, decisions, ordering, planning
from notify.store.database import Connection, Database, Row
from notify.store.rows import to_broadcast

LONGEST: Final = 500  # places shown of one thread


@dataclass(frozen=True, slots=True)
class Said:
    """One place of a thread: when it was let go, or else written; whether it may be looked at;
    whether it is the `latest` that went out; and whether it was `overtaken`, and never sent."""

    broadcast: Broadcast
    at: datetime
    within: bool
    latest: bool
    overtaken: bool


async def said(db: Database, thread_id: UUID, *, within: Reach) -> list[Said]:
    """What was said in a thread, the first first; of what is out of reach only what went out."""
    async with db.statement() as connection:
        rows = await decisions.thread(connection, thread_id, tops=within.tops, limit=LONGEST)
    return [
        Said(to_broadcast(row), row["at"], row["within"], row["latest"], row["overtaken"])
        for row in rows
        if row["within"] or row["dispatching_at"] is not None
    ]


def successor(thread: Sequence[Said], broadcast_id: UUID) -> Said | None:
    """What took the place of this one: the latest that went out, where that came after it."""
    places = [one.broadcast.id for one in thread]
    if broadcast_id not in places:
        return None
    later = thread[places.index(broadcast_id) + 1 :]
    return next((one for one in later if one.latest), None)


class Ended(Conflict):
    """An all-clear ends its thread: an update would call it off to everybody who has it."""

    def __init__(self) -> None:
        super().__init__("The all-clear was given. Write a new warning instead of an update.")


class Forgotten(Conflict):
    """Nobody knows any more whom it reached."""

    def __init__(self) -> None:
        super().__init__(
            "It is too long ago: who got what this follows was deleted since. Send a new broadcast "
            "instead."
        )


async def place(connection: Connection, thread_id: UUID) -> int:
    """The next place in a thread, held until the transaction ends."""
    thread = await broadcasts.last_in_thread(connection, thread_id)
    return int(thread["last"]) + 1


async def bar(
    connection: Connection, row: Row, relation: str | None, *, send_at: datetime | None = None
) -> Bar | None:
    """Why nothing follows this broadcast by this relation, whoever writes it: what submitting goes
    by, and pages before they offer it. What is in force can be ended also where it is forgotten whom
    it reached: it then goes to who follows today."""
    # What was waiting in a backup may have begun since.
    if row["dispatching_at"] is None and row["restored_at"] is None:
        return Bar.UNSENT
    thread = await broadcasts.thread(connection, row["thread_id"])
    if thread["forgotten"] and not thread["in_force"]:
        return Bar.FORGOTTEN
    if await ended(connection, row["thread_id"], relation, send_at):
        return Bar.ENDED
    return None


async def refuse(
    connection: Connection, row: Row, relation: str | None, *, send_at: datetime | None = None
) -> None:
    """Raises Invalid, Forgotten or Ended where there is a bar."""
    match await bar(connection, row, relation, send_at=send_at):
        case Bar.UNSENT:
            raise Invalid(
                f"The broadcast it follows has reached nobody yet ({row['status']}). Cancel that "
                "one instead.",
                field="in_reply_to",
            )
        case Bar.FORGOTTEN:
            raise Forgotten
        case Bar.ENDED:
            raise Ended


async def ended(
    connection: Connection, thread_id: UUID, relation: str | None, send_at: datetime | None
) -> bool:
    """Whether this is an update, and an all-clear was let go that begins before it. A correction may
    follow, and an all-clear again."""
    return relation == Relation.UPDATE and await ordering.ended(connection, thread_id, send_at)


async def adds(
    connection: Connection,
    thread_id: UUID,
    sequence: int,
    relation: str | None,
    *,
    begun: UUID | None = None,
) -> bool:
    """Whether a follow-up at this place also goes to those who follow today: an update does; a
    correction of what was still being sent, so that nobody is left with neither; and one whose
    thread may have reached more people than is known: after a restore, or once forgotten. `begun`
    is its id once it has taken the place of what it follows."""
    if relation == Relation.UPDATE or await planning.cut_short(connection, thread_id, sequence):
        return True
    return relation == Relation.CORRECTION and await ordering.left_waiting(
        connection, thread_id, sequence, by=begun
    )


async def groups_of(connection: Connection, thread_id: UUID, first: Sequence[int]) -> list[int]:
    """The groups that a follow-up in this thread goes to, by id: those of what it follows `first`,
    for the first of all says who speaks, then the others in a fixed order."""
    named = await planning.thread_groups(connection, thread_id)
    return list(dict.fromkeys([*first, *sorted(named)]))


async def groups_behind(connection: Connection, broadcast_id: UUID) -> list[int]:
    """The same for what follows this broadcast; none where there is no such broadcast."""
    row = await broadcasts.get(connection, broadcast_id)
    if row is None:
        return []
    return await groups_of(connection, row["thread_id"], row["group_ids"])
