"""Begins anew what was left out just before it was handed over, once its reader can be reached again."""

from typing import Any, LiteralString

from notify.store.database import Connection

BEGIN_ANEW: LiteralString = """
-- Those of one alert in force whose address was proven, or whose wishes changed, since the last
-- look. They were never handed over; the claim looks at everything once more.
WITH late AS MATERIALIZED (
  SELECT id FROM addresses WHERE proven_at >= %(since)s
  UNION
  SELECT a.id FROM subscriptions s JOIN addresses a USING (resident_id)
  WHERE s.group_id = ANY(%(audience)s) AND s.created_at >= %(since)s
), again AS MATERIALIZED (
  SELECT d.id FROM late JOIN addresses a USING (id)
  JOIN deliveries d ON d.broadcast_id = %(id)s AND d.address_id = a.id
  WHERE d.status = 'cancelled' AND a.state = 'proven' AND a.channel = ANY(%(channels)s)
    AND NOT EXISTS (SELECT FROM suppressions x WHERE x.channel = a.channel AND x.hash = a.hash)
    AND EXISTS (SELECT FROM subscriptions s WHERE s.resident_id = a.resident_id
      AND s.group_id = ANY(%(audience)s) AND s.state = 'active' AND a.channel = ANY(s.alerts))
  FOR UPDATE OF d SKIP LOCKED
)
UPDATE deliveries d SET status = 'pending', reason = NULL, due_at = now(), ended_at = NULL,
  closed_at = NULL
FROM again WHERE d.id = again.id
"""


async def begin_anew(connection: Connection, **values: Any) -> int:
    """How many deliveries of the alert `id` wait again, for its `audience` over its `channels`."""
    return await connection.run(BEGIN_ANEW, **values)
