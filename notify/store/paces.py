"""How fast messages were handed over of late, by channel."""

from typing import LiteralString

from notify.store.database import Connection

MEASURED: LiteralString = """
-- Of the last broadcasts the latest one that was big enough, while it moved; of each a bounded
-- number of its seconds is looked at.
SELECT DISTINCT ON (c.channel) c.channel, (sum(h.n) / count(DISTINCT h.second))::float AS rate
FROM (SELECT id, created_at FROM broadcasts WHERE dispatching_at IS NOT NULL
  ORDER BY created_at DESC LIMIT 20) AS b
CROSS JOIN unnest(%(channels)s::text[]) AS c (channel)
CROSS JOIN LATERAL (
  SELECT second, n FROM handovers WHERE broadcast_id = b.id AND channel = c.channel
  ORDER BY second LIMIT 1000) AS h
GROUP BY b.id, b.created_at, c.channel HAVING sum(h.n) >= %(enough)s
ORDER BY c.channel, b.created_at DESC
"""


async def measured(connection: Connection, channels: list[str], *, enough: int) -> dict[str, float]:
    """Messages a second by channel, of the latest broadcast with `enough` of them."""
    rows = await connection.rows(MEASURED, channels=channels, enough=enough)
    return {row["channel"]: row["rate"] for row in rows}
