"""Takes a person out of every table. What is counted stays, as figures without anybody."""

from collections.abc import Sequence
from typing import LiteralString
from uuid import UUID

from notify.store.database import Connection
from notify.store.own import OWN

LOCK: LiteralString = "SELECT id FROM residents WHERE id = %(resident)s FOR UPDATE"

OWNER: LiteralString = """
SELECT resident_id FROM addresses WHERE channel = %(channel)s AND value = %(value)s AND live
"""

OUT_OF_REACH: LiteralString = """
-- Whoever follows nothing is within nobody's reach but the whole town's.
SELECT NOT EXISTS (SELECT FROM subscriptions WHERE resident_id = %(resident)s)
  OR EXISTS (SELECT FROM subscriptions WHERE resident_id = %(resident)s
    AND group_id <> ALL(%(groups)s)) AS beyond
"""

DELIVERIES: LiteralString = """
-- Locked before attempts, in the order of their ids, as everywhere.
SELECT id, note_id FROM deliveries WHERE resident_id = %(resident)s ORDER BY id FOR UPDATE
"""

NOTES: LiteralString = """
DELETE FROM notes n WHERE id = ANY(%(notes)s)
  AND NOT EXISTS (SELECT FROM deliveries WHERE note_id = n.id)
"""

GONE: tuple[LiteralString, ...] = (
    "DELETE FROM deliveries WHERE id = ANY(%(deliveries)s)",
    "DELETE FROM attempts WHERE delivery_id = ANY(%(deliveries)s)",
    "DELETE FROM receipts WHERE delivery_id = ANY(%(deliveries)s)",
    NOTES,
)

TEXTS: LiteralString = f"""
-- What came from their numbers. The row stays without its content: a provider that tells it once
-- more tells nothing new.
WITH own AS ({OWN})
UPDATE inbound i
SET sender = '', body = '', word = NULL, handled_at = coalesce(handled_at, now())
WHERE EXISTS (SELECT FROM own
  WHERE channel = 'sms' AND value = i.sender AND since <= i.received_at)
"""

CURSORS: LiteralString = """
-- How far planning came; once it is done nobody asks.
UPDATE broadcasts SET planned_through = NULL
WHERE planned_through = %(resident)s AND planned_at IS NOT NULL
"""

PERSON: tuple[LiteralString, ...] = (
    "DELETE FROM skips WHERE resident_id = %(resident)s",
    CURSORS,
    # Addresses, subscriptions, consents, codes and sessions go with it.
    "DELETE FROM residents WHERE id = %(resident)s",
)


async def lock(connection: Connection, resident: UUID) -> bool:
    """Hold the resident for this transaction; False where there is none."""
    return await connection.row(LOCK, resident=resident) is not None


async def owner(connection: Connection, *, channel: str, value: str) -> UUID | None:
    """Whose a live address is."""
    row = await connection.row(OWNER, channel=channel, value=value)
    return row["resident_id"] if row else None


async def beyond(connection: Connection, resident: UUID, *, groups: Sequence[int]) -> bool:
    """Whether the resident follows anything but these groups, or nothing at all."""
    row = await connection.row(OUT_OF_REACH, resident=resident, groups=list(groups))
    return bool(row and row["beyond"])


async def erase(connection: Connection, resident: UUID) -> None:
    """Delete all there is of a resident who is locked. Suppressions are keyed hashes, and stay."""
    rows = await connection.rows(DELIVERIES, resident=resident)
    deliveries = [row["id"] for row in rows]
    notes = [row["note_id"] for row in rows if row["note_id"] is not None]
    for statement in GONE:
        await connection.run(statement, deliveries=deliveries, notes=notes)
    await connection.run(TEXTS, resident=resident)
    for statement in PERSON:
        await connection.run(statement, resident=resident)
