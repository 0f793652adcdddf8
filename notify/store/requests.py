"""Requests to join closed groups, as rows, and the note that answers one."""

from collections.abc import Mapping
from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from notify.store.database import Connection, Row

WAITING: LiteralString = """
SELECT s.resident_id, r.name AS resident_name, r.language, g.slug, g.names, s.alerts, s.news,
  s.created_at FROM subscriptions s
JOIN groups g ON g.id = s.group_id JOIN residents r ON r.id = s.resident_id
WHERE s.state = 'requested' AND (%(within)s::bigint[] IS NULL OR s.group_id = ANY(%(within)s))
ORDER BY s.created_at, s.resident_id LIMIT %(most)s
"""

APPROVE: LiteralString = """
-- From now on: what is in force reaches them as a latecomer.
UPDATE subscriptions SET state = 'active', created_at = now()
WHERE resident_id = %(resident)s AND group_id = %(group)s AND state = 'requested'
"""

REFUSE: LiteralString = """
DELETE FROM subscriptions
WHERE resident_id = %(resident)s AND group_id = %(group)s AND state = 'requested'
"""

TELL: LiteralString = """
-- Over one proven address that may be used: by mail rather than by SMS.
WITH reached AS (
  SELECT a.id, a.resident_id, a.version, a.channel, r.language
  FROM addresses a JOIN residents r ON r.id = a.resident_id
  WHERE a.resident_id = %(resident)s AND a.state = 'proven' AND a.channel = ANY(%(channels)s)
    AND NOT EXISTS (SELECT FROM suppressions x WHERE x.channel = a.channel AND x.hash = a.hash)
  ORDER BY a.channel LIMIT 1
), noted AS (
  INSERT INTO notes (kind, data, valid_until)
  SELECT 'request', %(data)s, now() + interval '7 days' FROM reached RETURNING id
)
INSERT INTO deliveries (note_id, resident_id, address_id, address_version, channel, lane, language)
SELECT noted.id, a.resident_id, a.id, a.version, a.channel, 'note', a.language
FROM reached a CROSS JOIN noted
"""


async def waiting(connection: Connection, *, within: list[int] | None, most: int) -> list[Row]:
    """Requests for these groups, or all, that nobody has decided, the oldest first."""
    return await connection.rows(WAITING, within=within, most=most)


async def approve(connection: Connection, resident: UUID, *, group: int) -> bool:
    """Let somebody in; False where no request waits."""
    return await connection.run(APPROVE, resident=resident, group=group) == 1


async def refuse(connection: Connection, resident: UUID, *, group: int) -> bool:
    return await connection.run(REFUSE, resident=resident, group=group) == 1


async def tell(connection: Connection, resident: UUID, data: Mapping[str, Any]) -> bool:
    """Put the answer in the way of the resident; False where they cannot be told."""
    told = await connection.run(
        TELL, resident=resident, data=Jsonb(dict(data)), channels=["email", "sms"]
    )
    return told == 1
