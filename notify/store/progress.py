"""Reads the counters kept beside the deliveries; never counts the deliveries themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString
from uuid import UUID

from notify.domain.delivery import DeliveryStatus
from notify.domain.words import Channel
from notify.store.database import Connection, Row

COUNTS: LiteralString = """
SELECT channel, status, sum(n)::bigint AS n FROM progress WHERE broadcast_id = %(id)s
GROUP BY channel, status
"""

SKIPS: LiteralString = """
SELECT channel, reason, n FROM skip_counts WHERE broadcast_id = %(id)s AND n > 0
"""

SPAN: LiteralString = """
-- Both ends by the index: a broadcast that takes days has a row for each of its seconds.
SELECT min(first.at) AS first_at, max(last.at) AS last_at
FROM unnest(%(channels)s::text[]) AS c (channel)
CROSS JOIN LATERAL (
  SELECT min(first_at) AS at FROM handovers
  WHERE broadcast_id = %(id)s AND channel = c.channel AND second = (
    SELECT min(second) FROM handovers WHERE broadcast_id = %(id)s AND channel = c.channel)) AS first
CROSS JOIN LATERAL (
  SELECT max(last_at) AS at FROM handovers
  WHERE broadcast_id = %(id)s AND channel = c.channel AND second = (
    SELECT max(second) FROM handovers WHERE broadcast_id = %(id)s AND channel = c.channel)) AS last
"""

CURVE: LiteralString = """
SELECT c.channel, h.second, h.n FROM unnest(%(channels)s::text[]) AS c (channel)
CROSS JOIN LATERAL (
  SELECT second, sum(n)::bigint AS n FROM handovers
  WHERE broadcast_id = %(id)s AND channel = c.channel AND second > %(since)s GROUP BY second) AS h
ORDER BY c.channel, h.second
"""

WHOLE_CURVE: LiteralString = """
-- From the first hand-over to the last, in equal steps of whole seconds.
WITH span AS (
  SELECT min(second) AS begins, extract(epoch FROM max(second) - min(second)) + 1 AS seconds
  FROM handovers WHERE broadcast_id = %(id)s
), stepped AS (
  SELECT begins, greatest(1, ceil(seconds / %(steps)s))::int AS width FROM span
)
SELECT h.channel, s.begins, s.width,
  (extract(epoch FROM h.second - s.begins)::bigint / s.width)::int AS step, sum(h.n)::bigint AS n
FROM handovers h CROSS JOIN stepped s WHERE h.broadcast_id = %(id)s
GROUP BY 1, 2, 3, 4 ORDER BY 1, 4
"""

BY_GROUP: LiteralString = """
-- Somebody in two of the groups counts in both.
SELECT g.slug, g.names, d.channel, count(*) AS planned,
  count(*) FILTER (WHERE d.status IN ('sent', 'delivered')) AS reached
FROM broadcasts b
JOIN deliveries d ON d.broadcast_id = b.id
JOIN subscriptions s ON s.resident_id = d.resident_id AND s.group_id = ANY(b.audience)
JOIN groups g ON g.id = s.group_id
WHERE b.id = %(id)s GROUP BY g.slug, g.names, d.channel ORDER BY g.slug, d.channel
"""

RECENT = timedelta(minutes=15)
"""What a curve shows: however long a broadcast takes, looking at it costs the same."""

REASONS: LiteralString = """
SELECT channel, status, coalesce(reason, 'other') AS reason, count(*) AS n FROM deliveries
WHERE broadcast_id = %(id)s AND (status = ANY(%(ended)s)
  OR (status = ANY(%(open)s) AND reason IS NOT NULL))
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""

TOTALS: LiteralString = """
SELECT channel, status, sum(n)::bigint AS n FROM progress GROUP BY channel, status
"""

HANDED_OVER: LiteralString = """
SELECT channel, sum(n)::bigint AS n FROM handovers GROUP BY channel
"""

HEADS: LiteralString = """
-- What waits a lane, channel and broadcast (null: notes): when its next delivery is due, and since
-- when one waits that was tried already. A retry is due ever later, so its wait counts from when it
-- was planned. The first hundred stand for all: whatever is left of many is among them in the end.
WITH RECURSIVE step AS (
  -- From one broadcast to the next in the index, over all lanes and channels.
  (SELECT lane, channel, broadcast_id FROM deliveries
   WHERE status = 'pending' AND broadcast_id IS NOT NULL
   ORDER BY lane, channel, broadcast_id LIMIT 1)
  UNION ALL
  SELECT next.* FROM step CROSS JOIN LATERAL (
    SELECT d.lane, d.channel, d.broadcast_id FROM deliveries d
    WHERE d.status = 'pending' AND d.broadcast_id IS NOT NULL
      AND (d.lane, d.channel, d.broadcast_id) > (step.lane, step.channel, step.broadcast_id)
    ORDER BY d.lane, d.channel, d.broadcast_id LIMIT 1) AS next
), turns AS (
  SELECT s.lane, s.channel, s.broadcast_id AS id FROM step s
  LEFT JOIN broadcasts b ON b.id = s.broadcast_id WHERE b.held_at IS NULL
), parts AS (
  SELECT t.lane, t.channel, t.id, d.* FROM turns t CROSS JOIN LATERAL (
    -- What waits for the end of quiet hours waits because its reader wants it to.
    SELECT due_at, created_at, CASE WHEN reason = 'quiet' THEN 0 ELSE claims END AS claims
    FROM deliveries
    WHERE status = 'pending' AND lane = t.lane AND channel = t.channel AND broadcast_id = t.id
    ORDER BY due_at LIMIT 100) AS d
  UNION ALL
  SELECT 'note', c.channel, NULL, d.* FROM unnest(ARRAY['email', 'sms', 'push']) AS c (channel)
  CROSS JOIN LATERAL (
    SELECT due_at, created_at, claims FROM deliveries
    WHERE status = 'pending' AND lane = 'note' AND channel = c.channel AND broadcast_id IS NULL
    ORDER BY due_at LIMIT 100) AS d
  UNION ALL
  -- A retry under way waits no less.
  SELECT d.lane, d.channel, d.broadcast_id, NULL, d.created_at, d.claims
  FROM attempts t JOIN deliveries d ON d.id = t.delivery_id AND d.attempt_id = t.id
  WHERE t.outcome IS NULL AND d.status = 'sending' AND d.claims > 1
), heads AS MATERIALIZED (
  SELECT lane, channel, id, min(due_at) AS due_at,
    min(least(due_at, created_at)) FILTER (WHERE claims > 0) AS tried_since
  FROM parts GROUP BY lane, channel, id
)"""

QUEUE: LiteralString = (
    HEADS
    + """
SELECT lane, channel, extract(epoch FROM now() - min(least(due_at, tried_since)))::float AS age
FROM heads WHERE least(due_at, tried_since) <= now() GROUP BY lane, channel ORDER BY lane, channel
"""
)


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts a channel and status (each of both present), skips a channel and reason, and the
    hand-overs of each second in the RECENT time before the last one."""

    counts: dict[str, dict[str, int]]
    skips: dict[str, dict[str, int]]
    curve: dict[str, list[tuple[datetime, int]]]
    first_handover_at: datetime | None
    last_handover_at: datetime | None


@dataclass(frozen=True, slots=True)
class Curve:
    """Hand-overs by channel in each of the steps, of `width` seconds, since `begins`."""

    begins: datetime | None
    width: int
    steps: Mapping[str, Sequence[int]]


async def curve(connection: Connection, broadcast_id: UUID, *, steps: int) -> Curve:
    """All hand-overs of a broadcast, in at most so many steps. From counters, of which a broadcast
    that takes days has many: for a picture, not for every second."""
    rows = await connection.rows(WHOLE_CURVE, id=broadcast_id, steps=steps)
    if not rows:
        return Curve(None, 1, {})
    length = max(row["step"] for row in rows) + 1
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row["channel"], [0] * length)[row["step"]] = int(row["n"])
    return Curve(rows[0]["begins"], rows[0]["width"], found)


async def by_group(connection: Connection, broadcast_id: UUID) -> list[Row]:
    """How many were to be reached, and were, for each group asked and channel. Counts rows."""
    return await connection.rows(BY_GROUP, id=broadcast_id)


async def read(connection: Connection, broadcast_id: UUID) -> Progress:
    counts = {str(channel): dict.fromkeys(map(str, DeliveryStatus), 0) for channel in Channel}
    for row in await connection.rows(COUNTS, id=broadcast_id):
        counts[row["channel"]][row["status"]] = int(row["n"])
    skips: dict[str, dict[str, int]] = {}
    for row in await connection.rows(SKIPS, id=broadcast_id):
        skips.setdefault(row["channel"], {})[row["reason"]] = int(row["n"])
    channels = list(map(str, Channel))
    span = await connection.row(SPAN, id=broadcast_id, channels=channels)
    first_at, last_at = (span["first_at"], span["last_at"]) if span else (None, None)
    curve: dict[str, list[tuple[datetime, int]]] = {}
    if last_at is not None:
        for row in await connection.rows(
            CURVE, id=broadcast_id, channels=channels, since=last_at - RECENT
        ):
            curve.setdefault(row["channel"], []).append((row["second"], int(row["n"])))
    return Progress(
        counts=counts,
        skips=skips,
        curve=curve,
        first_handover_at=first_at,
        last_handover_at=last_at,
    )


async def reasons(
    connection: Connection, broadcast_id: UUID, *, ended: list[str], open_: list[str]
) -> list[Row]:
    """Why deliveries ended as they did, and what keeps those that are open, where something does.
    Counts rows: for reports, not for dashboards."""
    return await connection.rows(REASONS, id=broadcast_id, ended=ended, open=open_)


async def queue_ages(connection: Connection) -> list[Row]:
    """Seconds since the oldest open delivery was first due, for each lane and channel."""
    return await connection.rows(QUEUE)


async def totals(connection: Connection) -> dict[tuple[str, str], int]:
    """Over all broadcasts, by (channel, status)."""
    return {(row["channel"], row["status"]): int(row["n"]) for row in await connection.rows(TOTALS)}


async def handed_over(connection: Connection) -> dict[str, int]:
    """Deliveries ever handed over, by channel."""
    return {row["channel"]: int(row["n"]) for row in await connection.rows(HANDED_OVER)}
