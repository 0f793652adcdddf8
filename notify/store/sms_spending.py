"""What SMS cost, by group and month. The cap on news is checked by the claim, that on results of polls
before they are put in the way."""

from datetime import date
from typing import LiteralString
from uuid import UUID

from notify.store.database import Connection, Row

COUNT: LiteralString = """
-- The first group of a broadcast pays, and with it each group above, also for what is said to answers.
-- What may have been taken counts as one segment, so that a cap errs on the side of the town's purse.
WITH paid AS (
  SELECT b.group_ids[1] AS group_id,
    sum(CASE t.outcome WHEN 'sent' THEN coalesce(t.parts, 1) ELSE 1 END) AS n
  FROM attempts t JOIN deliveries d ON d.id = t.delivery_id
  LEFT JOIN notes n ON n.id = d.note_id
  JOIN broadcasts b ON b.id = coalesce(d.broadcast_id, (n.data ->> 'poll')::uuid)
  WHERE t.id = ANY(%(attempts)s) AND d.channel = 'sms' AND t.outcome IN ('sent', 'unknown')
  GROUP BY 1
)
INSERT INTO sms_spent AS s (group_id, month, segments)
SELECT l.id, %(month)s, sum(paid.n) FROM paid CROSS JOIN LATERAL group_line(paid.group_id) AS l (id)
GROUP BY 1 ORDER BY 1
ON CONFLICT (group_id, month) DO UPDATE SET segments = s.segments + excluded.segments
"""

PAY: LiteralString = """
-- As above, before anything is sent: what stays unsent after all counts nevertheless.
INSERT INTO sms_spent AS s (group_id, month, segments)
SELECT l.id, %(month)s, %(n)s FROM broadcasts b CROSS JOIN LATERAL group_line(b.group_ids[1]) AS l (id)
WHERE b.id = %(broadcast)s ORDER BY 1
ON CONFLICT (group_id, month) DO UPDATE SET segments = s.segments + excluded.segments
"""

LEFT: LiteralString = """
-- Less what is in hand just now, of whatever group.
SELECT sms_left(b.group_ids[1], %(month)s) - (
  SELECT coalesce(sum(coalesce((o.sms_segments ->> h.language)::int, 1)), 0)
  FROM attempts t JOIN deliveries h ON h.id = t.delivery_id
  JOIN broadcasts o ON o.id = h.broadcast_id
  WHERE t.outcome IS NULL AND h.channel = 'sms' AND h.lane = 'bulk') AS n
FROM broadcasts b WHERE b.id = %(broadcast)s
"""

SPENT: LiteralString = """
SELECT g.slug, g.sms_cap AS cap, coalesce(s.segments, 0) AS segments
FROM groups g LEFT JOIN sms_spent s ON s.group_id = g.id AND s.month = %(month)s
WHERE g.sms_cap IS NOT NULL OR s.segments > 0 ORDER BY g.slug
"""

CAP: LiteralString = """
UPDATE groups SET sms_cap = %(cap)s WHERE slug = %(slug)s
"""


async def count(connection: Connection, *, attempts: list[int], month: date) -> None:
    """Add what these settled attempts cost to `month` (its first day)."""
    await connection.run(COUNT, attempts=attempts, month=month)


async def pay(connection: Connection, broadcast: UUID, *, segments: int, month: date) -> None:
    """Add this to what the group that pays for a broadcast spent. From here to the end of the
    transaction nobody else adds to it."""
    await connection.run(PAY, broadcast=broadcast, month=month, n=segments)


async def left(connection: Connection, broadcast: UUID, *, month: date) -> int | None:
    """Segments that the group that pays for a broadcast may still spend; None without a cap."""
    row = await connection.row(LEFT, broadcast=broadcast, month=month)
    return row["n"] if row else None


async def spent(connection: Connection, *, month: date) -> list[Row]:
    """Groups with a cap or with costs in `month`, the groups below each included."""
    return await connection.rows(SPENT, month=month)


async def cap(connection: Connection, slug: str, segments: int | None) -> bool:
    """Set or lift a group's cap; False where there is no such group."""
    return await connection.run(CAP, slug=slug, cap=segments) > 0
