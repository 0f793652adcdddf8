"""The order of a thread: what is said after what, and whether that may still be said."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from notify.store import broadcasts
from notify.store.database import Connection
from notify.store.reach import REACHED

ENDED: LiteralString = """
-- One that is scheduled ends what begins after it.
SELECT EXISTS (SELECT FROM broadcasts WHERE thread_id = %(thread_id)s AND relation = 'all_clear'
  AND (status = 'approved' OR dispatching_at IS NOT NULL
    OR (status = 'scheduled' AND send_at <= greatest(%(at)s::timestamptz, now())))) AS yes
"""

OVERTAKEN: LiteralString = """
-- Whoever is let go takes a place behind all that was submitted by then. An ending that is scheduled
-- said nothing yet, and is still said after this.
SELECT EXISTS (SELECT FROM broadcasts b JOIN broadcasts e USING (thread_id)
  WHERE b.id = %(id)s AND e.sequence > b.sequence
  AND (e.status = 'approved' OR e.dispatching_at IS NOT NULL OR (e.status = 'scheduled'
    AND (e.relation = 'update' OR e.send_at <= now())))) AS yes
"""

LAST_PLACE: LiteralString = """
UPDATE broadcasts b SET sequence = 1 + (SELECT max(e.sequence) FROM broadcasts e
  WHERE e.thread_id = b.thread_id)
WHERE id = %(id)s RETURNING sequence
"""

LEFT_WAITING: LiteralString = """
-- What this took the place of bears the time it began; what it would take the place of bears none.
-- Where that is an all-clear, what that took the place of counts. What was recalled or out of date would
-- have gone no further.
WITH begun AS (SELECT (SELECT dispatching_at FROM broadcasts WHERE id = %(id)s::uuid) AS at)
SELECT EXISTS (SELECT FROM broadcasts e WHERE e.thread_id = %(thread_id)s
  AND e.sequence < %(sequence)s AND e.dispatching_at IS NOT NULL AND e.cancelled_at IS NULL
  AND e.relation IS DISTINCT FROM 'all_clear'
  AND (e.superseded_at IS NOT DISTINCT FROM (SELECT at FROM begun)
    OR e.superseded_at IN (SELECT c.dispatching_at FROM broadcasts c
      WHERE c.thread_id = e.thread_id AND c.relation = 'all_clear'
      AND c.superseded_at IS NOT DISTINCT FROM (SELECT at FROM begun)))
  AND (e.valid_until IS NULL OR e.valid_until > coalesce(e.superseded_at, now()))
  AND (e.planned_at IS NULL OR (SELECT sum(n) FROM progress p WHERE p.broadcast_id = e.id
    AND p.status IN ('pending', 'superseded')) > 0)) AS yes
"""

WITHIN: LiteralString = (
    REACHED
    + """
-- A follow-up goes to all groups that its thread ever went to.
SELECT b.id FROM broadcasts b WHERE b.id = ANY(%(ids)s) AND (%(tops)s::bigint[] IS NULL
  OR NOT EXISTS (SELECT FROM broadcasts e WHERE e.thread_id = b.thread_id
    AND (e.id = b.id OR e.status IN ('approved', 'scheduled') OR e.dispatching_at IS NOT NULL
      OR e.restored_at IS NOT NULL)
    AND NOT e.group_ids <@ ARRAY(SELECT id FROM reached)))
"""
)


async def within(
    connection: Connection, ids: Sequence[UUID], *, tops: Sequence[int] | None
) -> set[UUID]:
    """Of these broadcasts those whose follow-up goes to groups only that `tops` reach."""
    rows = await connection.rows(WITHIN, ids=list(ids), tops=tops)
    return {row["id"] for row in rows}


async def ended(connection: Connection, thread_id: UUID, at: datetime | None) -> bool:
    """Whether an all-clear of this thread was let go that begins before `at`, or now."""
    row = await connection.row(ENDED, thread_id=thread_id, at=at)
    return bool(row and row["yes"])


async def overtaken(connection: Connection, broadcast_id: UUID) -> bool:
    """Whether anything in its thread was let go since this was submitted."""
    row = await connection.row(OVERTAKEN, id=broadcast_id)
    return bool(row and row["yes"])


async def left_waiting(
    connection: Connection, thread_id: UUID, sequence: int, *, by: UUID | None
) -> bool:
    """Whether some were still to get what the broadcast `by` took the place of, at `sequence`; with
    None, what a follow-up would take the place of now."""
    row = await connection.row(LEFT_WAITING, thread_id=thread_id, sequence=sequence, id=by)
    return bool(row and row["yes"])


async def move_last(connection: Connection, broadcast_id: UUID) -> int:
    """Give a follow-up the last place in its thread; which one that is."""
    await broadcasts.lock_thread_of(connection, broadcast_id)
    row = await connection.row(LAST_PLACE, id=broadcast_id)
    assert row is not None  # noqa: S101 - the caller holds it
    return int(row["sequence"])
