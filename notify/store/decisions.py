"""What staff decided about broadcasts, and those they have to decide about."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from notify.store.broadcasts import COLUMNS
from notify.store.database import Connection, Row
from notify.store.overtaken import IS_OVERTAKEN
from notify.store.pages import IN_FORCE, NEWEST
from notify.store.reach import REACHED

_FROM: LiteralString = """ AS part, count(*) OVER () AS total FROM (SELECT * FROM broadcasts WHERE %(tops)s::bigint[] IS NULL
  OR group_ids <@ ARRAY(SELECT id FROM reached)) b
WHERE status """

_LATEST: LiteralString = " ORDER BY created_at DESC, id LIMIT %(limit)s"

# Of the many that are done nobody counts all, and not everybody asks for them.
_REST: LiteralString = (
    _FROM.replace("count(*) OVER ()", "NULL::bigint").replace("WHERE status ", "WHERE %(rest)s")
    + " AND status "
)

_IN_FORCE: LiteralString = IN_FORCE + " AND " + NEWEST

_NOT_IN_FORCE: LiteralString = (
    " AND (status IN ('dispatching', 'dispatched') AND " + _IN_FORCE + ") IS NOT TRUE"
)

OVERSEEN: LiteralString = (
    REACHED
    + """
-- Those whose groups are all reached: warnings in force, what waits, what is under way, what waits for
-- its time, and the rest, each with its own bound, so that none of them is pushed out by many of another;
-- nor a warning in force by many drills.
-- total: how many there are of a part.
SELECT """
    + COLUMNS
    + """, part, total, (SELECT coalesce(jsonb_agg(g.names ORDER BY g.slug), '[]') FROM groups g
    WHERE g.id = ANY(b.group_ids)) AS group_names
FROM ((SELECT *, 'in_force'"""
    + _FROM
    + "IN ('dispatching', 'dispatched') AND "
    + _IN_FORCE
    + " ORDER BY drill, created_at DESC, id LIMIT %(in_force)s"
    + ") UNION ALL (SELECT *, 'waiting'"
    + _FROM
    + "= 'submitted'"
    + _LATEST
    + ") UNION ALL (SELECT *, 'running'"
    + _FROM
    + "IN ('approved', 'dispatching')"
    + _NOT_IN_FORCE
    + _LATEST
    + ") UNION ALL (SELECT *, 'scheduled'"
    + _FROM
    + "= 'scheduled' ORDER BY send_at, id LIMIT %(limit)s"
    + ") UNION ALL (SELECT *, 'rest'"
    + _REST
    + "NOT IN ('submitted', 'approved', 'scheduled', 'dispatching')"
    + _NOT_IN_FORCE
    + _LATEST
    + """)) b
ORDER BY array_position(ARRAY['in_force', 'waiting', 'running', 'scheduled', 'rest'], part),
  CASE part WHEN 'scheduled' THEN send_at END, part = 'in_force' AND b.drill, b.created_at DESC, b.id
"""
)

THREAD: LiteralString = (
    REACHED
    + """
-- within: whether all of its groups are reached. latest: whether residents read this one, of those
-- that left the house.
SELECT """
    + COLUMNS
    + """, coalesce(dispatching_at, approved_at, created_at) AS at,
  %(tops)s::bigint[] IS NULL OR group_ids <@ ARRAY(SELECT id FROM reached) AS within,
  (status IN ('dispatching', 'dispatched') OR status = 'expired' AND dispatching_at IS NOT NULL)
    AND """
    + NEWEST
    + """ AS latest, """
    + IS_OVERTAKEN
    + """ AS overtaken
FROM broadcasts b WHERE thread_id = %(thread)s ORDER BY sequence LIMIT %(limit)s
"""
)

RETURN: LiteralString = """
UPDATE broadcasts SET status = 'returned' WHERE id = %(id)s AND status = ANY(%(allowed)s)
"""


async def overseen(
    connection: Connection, *, tops: Sequence[int] | None, now: datetime, limit: int, in_force: int,
    rest: bool,
) -> list[Row]:  # fmt: skip
    """Broadcasts within reach of groups `tops`, all where it is None, with their `group_names` and the
    `part` that they belong to: in_force (at most `in_force`), waiting, running, scheduled, and where it
    is asked for rest (at most `limit` of each). `total` is how many there are of the part, None of
    the rest."""
    return await connection.rows(
        OVERSEEN, tops=tops, now=now, limit=limit, in_force=in_force, rest=rest
    )


async def thread(
    connection: Connection, thread_id: UUID, *, tops: Sequence[int] | None, limit: int
) -> list[Row]:
    """All broadcasts of a thread in their order, at most `limit`, with the time `at` which they were
    let go or written, whether groups `tops` reach them, and which is the `latest` that went out."""
    return await connection.rows(THREAD, thread=thread_id, tops=tops, limit=limit)


async def group_names(connection: Connection, ids: Sequence[int]) -> list[Row]:
    return await connection.rows(
        "SELECT names, slug FROM groups WHERE id = ANY(%(ids)s) ORDER BY slug", ids=list(ids)
    )


async def add(
    connection: Connection,
    broadcast_id: UUID,
    *,
    staff: UUID,
    decision: str,
    seen: bytes,
    reason: str | None = None,
) -> None:
    await connection.run(
        "INSERT INTO decisions (broadcast_id, staff_id, decision, seen, reason)"
        " VALUES (%(id)s, %(staff)s, %(decision)s, %(seen)s, %(reason)s)",
        id=broadcast_id,
        staff=staff,
        decision=decision,
        seen=seen,
        reason=reason,
    )


async def of(connection: Connection, broadcast_id: UUID) -> list[Row]:
    """What was decided about a broadcast and by whom, the first first."""
    return await connection.rows(
        "SELECT d.decision, d.reason, d.decided_at, d.staff_id, s.name FROM decisions d"
        " JOIN staff s ON s.id = d.staff_id WHERE d.broadcast_id = %(id)s ORDER BY d.id",
        id=broadcast_id,
    )


async def send_back(connection: Connection, broadcast_id: UUID, *, allowed: list[str]) -> bool:
    """False where it waits no more."""
    return await connection.run(RETURN, id=broadcast_id, allowed=allowed) > 0
