"""Reads deliveries one by one, with what was tried and what was reported."""

from typing import LiteralString
from uuid import UUID

from notify.store.database import Connection, Row

PAGE: LiteralString = """
SELECT d.id, d.broadcast_id, d.resident_id, d.address_id, d.channel, d.language, d.status,
  d.reason, d.tries, d.repeats, d.created_at, d.handed_over_at, d.ended_at, d.closed_at,
  a.value AS address
FROM deliveries d LEFT JOIN addresses a ON a.id = d.address_id
WHERE d.broadcast_id = %(broadcast_id)s AND d.id > %(after)s
  AND (%(channel)s::text IS NULL OR d.channel = %(channel)s)
  AND (%(status)s::text IS NULL OR d.status = %(status)s)
ORDER BY d.id LIMIT %(limit)s
"""

ONE: LiteralString = """
SELECT d.id, d.broadcast_id, d.note_id, d.resident_id, d.address_id, d.channel, d.lane,
  d.language, d.status, d.reason, d.tries, d.repeats, d.due_at, d.created_at, d.handed_over_at,
  d.ended_at, d.closed_at, a.value AS address
FROM deliveries d LEFT JOIN addresses a ON a.id = d.address_id
WHERE d.id = %(id)s
"""

ATTEMPTS: LiteralString = """
SELECT id, number, sender, repeat, claimed_at, started_at, settled_at, outcome, reason, code,
  provider_id, parts
FROM attempts WHERE delivery_id = %(id)s ORDER BY number
"""

RECEIPTS: LiteralString = """
SELECT id, provider, attempt_id, report, reason, code, provider_id, reported_at, received_at
FROM receipts WHERE delivery_id = %(id)s ORDER BY id
"""

TABULATED: LiteralString = """
-- With what the latest attempt was made by, and was answered.
SELECT d.id, d.resident_id, d.channel, d.language, d.status, d.reason, d.created_at,
  d.handed_over_at, d.ended_at, a.value AS address, t.sender, t.code, coalesce(t.number, 0) AS attempts
FROM deliveries d LEFT JOIN addresses a ON a.id = d.address_id
LEFT JOIN LATERAL (SELECT sender, code, number FROM attempts WHERE delivery_id = d.id
  ORDER BY number DESC LIMIT 1) AS t ON true
WHERE d.broadcast_id = %(broadcast_id)s AND d.id > %(after)s ORDER BY d.id LIMIT %(limit)s
"""

SKIPPED: LiteralString = """
-- Whole residents: as many as `limit`, each with all channels.
SELECT resident_id, channel, reason FROM skips
WHERE broadcast_id = %(broadcast_id)s AND resident_id IN (
  SELECT DISTINCT resident_id FROM skips
  WHERE broadcast_id = %(broadcast_id)s AND resident_id > %(after)s
  ORDER BY resident_id LIMIT %(limit)s)
ORDER BY resident_id, channel
"""


async def page(
    connection: Connection,
    broadcast_id: UUID,
    *,
    channel: str | None,
    status: str | None,
    after: int,
    limit: int,
) -> list[Row]:
    return await connection.rows(
        PAGE, broadcast_id=broadcast_id, channel=channel, status=status, after=after, limit=limit
    )


async def tabulated(
    connection: Connection, broadcast_id: UUID, *, after: int, limit: int
) -> list[Row]:
    """Deliveries behind `after`, each with its address, its latest sender and code, and how many
    `attempts` were made."""
    return await connection.rows(TABULATED, broadcast_id=broadcast_id, after=after, limit=limit)


async def skipped(
    connection: Connection, broadcast_id: UUID, *, after: UUID, limit: int
) -> list[Row]:
    """Who was left out and why, in the order of the residents' ids."""
    return await connection.rows(SKIPPED, broadcast_id=broadcast_id, after=after, limit=limit)


async def one(connection: Connection, delivery_id: int) -> Row | None:
    return await connection.row(ONE, id=delivery_id)


async def attempts(connection: Connection, delivery_id: int) -> list[Row]:
    return await connection.rows(ATTEMPTS, id=delivery_id)


async def receipts(connection: Connection, delivery_id: int) -> list[Row]:
    return await connection.rows(RECEIPTS, id=delivery_id)
