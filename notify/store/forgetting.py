"""Lets go of who got what, long after it is over. The broadcast and its counters stay.

A thread is forgotten as a whole, because a follow-up goes to those whom any part of it reached.
"""

from collections.abc import Sequence
from typing import LiteralString
from uuid import UUID

from notify.domain.delivery import OVER
from notify.store.database import Connection, Row

TURN: LiteralString = """
-- One process at a time, and none while an alert is on its way.
SELECT pg_try_advisory_xact_lock(hashtextextended('forgetting', 0))
  AND NOT EXISTS (SELECT FROM broadcasts WHERE kind = 'alert' AND held_at IS NULL
    AND status IN ('approved', 'dispatching'))
  AND NOT EXISTS (SELECT FROM deliveries WHERE status = 'pending' AND lane = 'alert')
  AND NOT EXISTS (SELECT FROM attempts t JOIN deliveries d ON d.id = t.delivery_id
    WHERE t.outcome IS NULL AND d.lane = 'alert') AS ours
"""

_OPEN: LiteralString = """
SELECT FROM broadcasts o WHERE o.thread_id = b.thread_id AND NOT (
  o.status IN ('dispatched', 'cancelled', 'expired') AND o.held_at IS NULL
  AND (o.dispatching_at IS NULL OR o.dispatched_at IS NOT NULL)
  AND greatest(o.created_at, o.approved_at, o.valid_until, o.dispatched_at, o.cancelled_at,
    o.superseded_at, o.dispatching_at + interval '72 hours') < now() - %(days)s * interval '1 day')
"""

RIPE: LiteralString = (
    """
-- A thread of which every part came to rest, and ran out, longer ago than that.
SELECT b.thread_id FROM broadcasts b
WHERE b.forgotten_at IS NULL AND b.created_at < now() - %(days)s * interval '1 day'
  AND b.thread_id <> ALL(%(but)s) AND NOT EXISTS ("""
    + _OPEN
    + """)
ORDER BY b.created_at LIMIT 1
"""
)

LOCK: LiteralString = """
-- As whoever adds a follow-up does: it comes before us, and is seen below, or is refused.
SELECT id FROM broadcasts WHERE id = %(thread_id)s FOR UPDATE SKIP LOCKED
"""

FORGET: LiteralString = (
    """
UPDATE broadcasts b SET forgotten_at = now(), forgotten_through = 0
WHERE b.thread_id = %(thread_id)s AND b.forgotten_at IS NULL AND NOT EXISTS ("""
    + _OPEN
    + ")"
)

UNDER_WAY: LiteralString = """
SELECT id, forgotten_through AS through FROM broadcasts
WHERE forgotten_through IS NOT NULL AND id <> ALL(%(but)s) ORDER BY forgotten_at, id LIMIT 1
"""

ADVANCE: LiteralString = """
UPDATE broadcasts SET forgotten_through = %(through)s WHERE id = %(id)s
"""

_AT_END: LiteralString = """
  -- As long as a receipt may still change it, it is not at its end.
  AND (status = ANY(%(over)s) OR (status IN ('sent', 'unknown') AND closed_at IS NOT NULL))
  AND greatest(created_at, handed_over_at, ended_at, closed_at) < now() - interval '72 hours'
ORDER BY id LIMIT %(size)s FOR UPDATE SKIP LOCKED
"""

OF_BROADCAST: LiteralString = (
    """
SELECT id FROM deliveries WHERE broadcast_id = %(id)s AND id > %(after)s"""
    + _AT_END
)

OF_NOTES: LiteralString = (
    """
SELECT id FROM deliveries WHERE note_id = ANY(%(notes)s)"""
    + _AT_END
)

LEFT: LiteralString = "SELECT FROM deliveries WHERE broadcast_id = %(id)s LIMIT 1"

SKIPS: LiteralString = """
SELECT resident_id FROM skips WHERE broadcast_id = %(id)s ORDER BY resident_id LIMIT %(size)s
"""

NOTES: LiteralString = """
SELECT id FROM notes WHERE valid_until < now() - %(days)s * interval '1 day'
ORDER BY valid_until LIMIT %(size)s FOR UPDATE SKIP LOCKED
"""

STRAYS: LiteralString = """
-- Reports that belong to no delivery, or came after it was gone.
DELETE FROM receipts WHERE id IN (SELECT id FROM receipts
  WHERE delivery_id IS NULL AND received_at < now() - %(days)s * interval '1 day'
  ORDER BY received_at LIMIT %(size)s)
"""


async def turn(connection: Connection) -> bool:
    """Whether this transaction, and no other, may delete now."""
    row = await connection.row(TURN)
    return bool(row and row["ours"])


async def ripe(connection: Connection, *, days: int, but: Sequence[UUID]) -> UUID | None:
    """The oldest thread that was kept long enough, except `but`."""
    row = await connection.row(RIPE, days=days, but=list(but))
    return row["thread_id"] if row else None


async def forget(connection: Connection, thread_id: UUID, *, days: int) -> int:
    """Forget a thread, unless it is in use; returns how many broadcasts it has."""
    if await connection.row(LOCK, thread_id=thread_id) is None:
        return 0
    return await connection.run(FORGET, thread_id=thread_id, days=days)


async def under_way(connection: Connection, *, but: Sequence[UUID]) -> Row | None:
    """A forgotten broadcast, except `but`, that may have rows left behind the delivery `through`."""
    return await connection.row(UNDER_WAY, but=list(but))


async def advance(connection: Connection, broadcast_id: UUID, through: int | None) -> None:
    await connection.run(ADVANCE, id=broadcast_id, through=through)


async def delete_of_broadcast(
    connection: Connection, broadcast_id: UUID, *, after: int, size: int
) -> list[int]:
    """Delete up to `size` deliveries behind `after` that are at their end; returns their ids."""
    rows = await connection.rows(
        OF_BROADCAST, id=broadcast_id, after=after, size=size, over=list(map(str, OVER))
    )
    return await _delete(connection, rows)


async def delete_skips(connection: Connection, broadcast_id: UUID, *, size: int) -> int:
    rows = await connection.rows(SKIPS, id=broadcast_id, size=size)
    if not rows:
        return 0
    return await connection.run(
        "DELETE FROM skips WHERE broadcast_id = %(id)s AND resident_id <= %(last)s",
        id=broadcast_id,
        last=rows[-1]["resident_id"],
    )


async def is_empty(connection: Connection, broadcast_id: UUID) -> bool:
    return await connection.row(LEFT, id=broadcast_id) is None


async def delete_notes(connection: Connection, *, days: int, size: int) -> int:
    """Delete notes that ran out so long ago, with all that became of them; returns how many."""
    notes = [row["id"] for row in await connection.rows(NOTES, days=days, size=size)]
    rows = await connection.rows(OF_NOTES, notes=notes, size=10 * size, over=list(map(str, OVER)))
    await _delete(connection, rows)
    return await connection.run(
        "DELETE FROM notes n WHERE id = ANY(%(notes)s)"
        " AND NOT EXISTS (SELECT FROM deliveries WHERE note_id = n.id)",
        notes=notes,
    )


async def delete_strays(connection: Connection, *, days: int, size: int) -> int:
    return await connection.run(STRAYS, days=days, size=size)


async def _delete(connection: Connection, deliveries: Sequence[Row]) -> list[int]:
    ids = [row["id"] for row in deliveries]
    await connection.run("DELETE FROM deliveries WHERE id = ANY(%(ids)s)", ids=ids)
    await connection.run("DELETE FROM attempts WHERE delivery_id = ANY(%(ids)s)", ids=ids)
    await connection.run("DELETE FROM receipts WHERE delivery_id = ANY(%(ids)s)", ids=ids)
    return ids
