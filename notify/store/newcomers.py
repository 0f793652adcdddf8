"""Lets go of newcomers who proved no address, and of addresses that nobody proved."""

from typing import LiteralString

from notify.store.database import Connection

OVER: LiteralString = """
-- Whoever proves an address just now holds the row, and is passed by; so is what is in flight.
SELECT id FROM residents r WHERE newcomer_until < now() AND NOT EXISTS (
  SELECT FROM deliveries d WHERE d.resident_id = r.id AND d.status IN ('pending', 'sending'))
ORDER BY newcomer_until LIMIT %(size)s FOR UPDATE SKIP LOCKED
"""

SENT: LiteralString = "SELECT id, note_id FROM deliveries WHERE resident_id = ANY(%(ids)s)"

TRACES: tuple[LiteralString, ...] = (
    "DELETE FROM deliveries WHERE id = ANY(%(deliveries)s)",
    "DELETE FROM attempts WHERE delivery_id = ANY(%(deliveries)s)",
    "DELETE FROM receipts WHERE delivery_id = ANY(%(deliveries)s)",
    "DELETE FROM notes WHERE id = ANY(%(notes)s)",
)

NEWCOMERS: LiteralString = """
-- With their addresses, wishes, consents, codes and sessions.
DELETE FROM residents WHERE id = ANY(%(ids)s)
"""

LEFT_OVER: LiteralString = """
-- Of residents, who have proven another one.
DELETE FROM addresses WHERE id IN (SELECT a.id FROM addresses a JOIN residents r ON r.id = a.resident_id
  WHERE a.state = 'asked' AND a.created_at < now() - %(hours)s * interval '1 hour'
    AND r.newcomer_until IS NULL AND NOT EXISTS (SELECT FROM deliveries d
      WHERE d.address_id = a.id AND d.resident_id = r.id AND d.status IN ('pending', 'sending'))
  ORDER BY a.created_at LIMIT %(size)s)
"""


async def forget(connection: Connection, *, size: int) -> int:
    """Delete newcomers whose time is over, with all that was sent to them; returns how many."""
    ids = [row["id"] for row in await connection.rows(OVER, size=size)]
    if not ids:
        return 0
    sent = await connection.rows(SENT, ids=ids)
    for statement in TRACES:
        await connection.run(
            statement,
            deliveries=[row["id"] for row in sent],
            notes=[row["note_id"] for row in sent if row["note_id"] is not None],
        )
    return await connection.run(NEWCOMERS, ids=ids)


async def forget_left_over(connection: Connection, *, hours: int, size: int) -> int:
    """Delete addresses that residents asked for so long ago and did not prove; returns how many."""
    return await connection.run(LEFT_OVER, hours=hours, size=size)
