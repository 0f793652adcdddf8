"""What still waits to be handed over, by lane and channel and broadcast: the queue that one more joins."""

from typing import LiteralString
from uuid import UUID

from notify.store.database import Connection, Row

QUEUED: LiteralString = """
-- From the counters. An SMS counts its segments, in the language that takes most of them. What is
-- held goes nowhere, and what the new one follows ends once that is planned.
SELECT l.lane, c.channel, sum(p.n)::bigint * CASE WHEN c.channel = 'sms' THEN greatest(1, (
    SELECT max(value::int) FROM jsonb_each_text(b.sms_segments))) ELSE 1 END AS units
FROM unnest(%(lanes)s::text[]) AS l (lane) CROSS JOIN unnest(%(channels)s::text[]) AS c (channel)
CROSS JOIN LATERAL waiting_broadcasts(l.lane, c.channel) AS w (id)
JOIN broadcasts b ON b.id = w.id AND b.held_at IS NULL AND b.cancelled_at IS NULL
  AND b.superseded_at IS NULL AND coalesce(b.valid_until, 'infinity') > now()
  AND b.thread_id IS DISTINCT FROM (SELECT thread_id FROM broadcasts WHERE id = %(follows)s)
JOIN progress p ON p.broadcast_id = b.id AND p.channel = c.channel AND p.status = 'pending'
GROUP BY l.lane, c.channel, b.id HAVING sum(p.n) > 0
"""


async def units(
    connection: Connection, lanes: list[str], channels: list[str], *, follows: UUID | None
) -> list[Row]:
    """`units` that each broadcast still has to send in a `lane` over a `channel`, but those of the
    thread of `follows`."""
    return await connection.rows(QUEUED, lanes=lanes, channels=channels, follows=follows)
