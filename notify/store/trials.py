"""Trial messages: notes that a resident has sent to a browser, to see whether they come."""

from datetime import timedelta
from typing import LiteralString
from uuid import UUID

from notify.store.database import Connection, Row

SEND: LiteralString = """
WITH there AS (
  SELECT a.id, a.version, a.resident_id, r.language
  FROM addresses a JOIN residents r ON r.id = a.resident_id
  WHERE a.channel = 'push' AND a.value = %(endpoint)s AND a.live AND r.id = %(resident)s
), noted AS (
  INSERT INTO notes (kind, valid_until) SELECT 'trial', now() + %(life)s FROM there RETURNING id
)
INSERT INTO deliveries (note_id, resident_id, address_id, address_version, channel, lane, language)
SELECT noted.id, t.resident_id, t.id, t.version, 'push', 'note',
  coalesce(%(language)s::text, t.language)
FROM there t CROSS JOIN noted
RETURNING id
"""

LATELY: LiteralString = """
SELECT count(*) AS n FROM deliveries d JOIN notes n ON n.id = d.note_id
WHERE d.resident_id = %(resident)s AND n.kind = 'trial' AND d.created_at > now() - %(within)s
"""

LOOK: LiteralString = """
SELECT d.status, extract(epoch FROM now() - d.created_at)::float AS age,
  coalesce(d.reason, (SELECT t.reason FROM attempts t WHERE t.delivery_id = d.id
    ORDER BY t.number DESC LIMIT 1)) AS reason
FROM deliveries d JOIN notes n ON n.id = d.note_id
WHERE d.id = %(delivery)s AND d.resident_id = %(resident)s AND n.kind = 'trial'
"""


async def send(
    connection: Connection, resident: UUID, *, endpoint: str, language: str | None, life: timedelta
) -> int | None:
    """The delivery of a trial that is on its way; None where the browser is not the resident's."""
    row = await connection.row(
        SEND, resident=resident, endpoint=endpoint, language=language, life=life
    )
    return row["id"] if row else None


async def lately(connection: Connection, resident: UUID, *, within: timedelta) -> int:
    """How many trials the resident had sent."""
    row = await connection.row(LATELY, resident=resident, within=within)
    return int(row["n"]) if row else 0


async def look(connection: Connection, resident: UUID, delivery: int) -> Row | None:
    """The trial's `status`, the last `reason` there was, and its `age` in seconds."""
    return await connection.row(LOOK, resident=resident, delivery=delivery)
