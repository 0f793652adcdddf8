"""Freezes recipients as rows: one set-based statement a slice, under the broadcast's row lock."""

from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from notify.store.database import Connection, Row
from notify.store.judging import JUDGED, LEFT_AGAIN, LEFT_OUT, READ_IN, REJUDGED

CHOOSE: LiteralString = """
-- The next broadcast of a lane that has something left to plan, locked for one slice.
SELECT b.id, b.kind, b.drill, b.status, b.group_ids, b.audience, b.thread_id, b.sequence, b.relation,
  b.planned_through, b.planned_address, b.plan_phase, b.texts, b.asks, b.valid_until, b.restored_at,
  extract(epoch FROM now() - greatest(b.send_at, b.approved_at))::float AS late
FROM broadcasts b
WHERE b.planned_at IS NULL AND b.cancelled_at IS NULL AND b.superseded_at IS NULL
  AND b.held_at IS NULL
  AND (b.valid_until IS NULL OR b.valid_until > now())
  AND (b.kind = 'alert') = %(alert)s
  -- What had no end of its own is worth telling for three days.
  AND (b.valid_until IS NOT NULL OR b.status = 'dispatching'
       OR greatest(b.send_at, b.approved_at) > now() - interval '72 hours')
  AND (b.status IN ('approved', 'dispatching')
       OR (b.status = 'scheduled' AND b.send_at <= now()))
ORDER BY b.advanced_at NULLS FIRST, b.created_at
LIMIT 1 FOR UPDATE OF b SKIP LOCKED
"""

BEGIN: LiteralString = """
UPDATE broadcasts SET status = 'dispatching', dispatching_at = now(), audience = %(audience)s,
  plan_phase = %(phase)s, latecomers_through = now()
WHERE id = %(id)s AND status = ANY(%(allowed)s) AND (valid_until IS NULL OR valid_until > now())
"""

REPLACE: LiteralString = """
-- A follow-up takes the place of what came before it. What was let go and never began ends here;
-- what waits for approval stays, and takes its place once it has that. This waits for
-- a planner that is at work on the earlier ones. From here on none of theirs is claimed or started;
-- the claim and the sweeper end their deliveries in batches, it may be a whole town.
UPDATE broadcasts SET superseded_at = now(),
  status = CASE WHEN dispatching_at IS NULL THEN 'cancelled' ELSE status END,
  cancelled_at = CASE WHEN dispatching_at IS NULL THEN now() ELSE cancelled_at END
WHERE thread_id = %(thread_id)s AND sequence < %(sequence)s AND superseded_at IS NULL
  AND status IN ('approved', 'scheduled', 'dispatching', 'dispatched')
  -- How it ends is scheduled and still to be said, unless it is said now.
  AND (status <> 'scheduled' OR relation = 'update' OR %(relation)s::text = 'all_clear')
"""

_PLANNED: LiteralString = (
    """
planned AS (
  -- Who was there before the restore may have it from then: the next attempt is a repeat.
  INSERT INTO deliveries (broadcast_id, resident_id, address_id, address_version, channel, lane,
    due_at, reason, repeats, language)
  SELECT %(id)s, resident_id, address_id, version, channel, %(lane)s,
    coalesce(quiet_until, now()), CASE WHEN quiet_until IS NOT NULL THEN 'quiet' END,
    coalesce(joined_at <= %(restored_at)s::timestamptz, false)::int,
    """
    + READ_IN
    + """
  FROM judged WHERE skip IS NULL
  ORDER BY resident_id, channel, address_id
  ON CONFLICT (broadcast_id, address_id) DO NOTHING
  RETURNING 1
)"""
)

_JUDGE: LiteralString = (
    JUDGED
    + ", "
    + _PLANNED
    + """, left_out AS ("""
    + LEFT_OUT
    + """
), skipped AS (
  INSERT INTO skips (broadcast_id, resident_id, channel, reason)
  SELECT %(id)s, l.resident_id, l.channel, l.reason FROM left_out l
  -- A scalar over a fence, so that it stays one look into the index of residents for each one left
  -- out: statistics know nothing of a new broadcast, and would have all of its rows read each time.
  WHERE (SELECT count(*) FROM (
      SELECT broadcast_id, channel FROM deliveries WHERE resident_id = l.resident_id OFFSET 0) AS d
    WHERE d.broadcast_id = %(id)s AND d.channel = l.channel) = 0
  ON CONFLICT DO NOTHING
)
"""
)

FOLLOWERS: LiteralString = (
    """
-- Followers in the order of their ids: who is reached where, and who is left out and why. A slice
-- spans so many subscriptions of whomever, so that finding it costs the same at every cursor.
WITH span AS MATERIALIZED (
  SELECT resident_id FROM subscriptions WHERE resident_id > %(after)s
  ORDER BY resident_id LIMIT %(span)s
), slice AS MATERIALIZED (
  SELECT DISTINCT resident_id FROM subscriptions
  WHERE group_id = ANY(%(audience)s) AND state = 'active' AND resident_id > %(after)s
    AND resident_id <= (SELECT resident_id FROM span ORDER BY resident_id DESC LIMIT 1)
), """
    + _JUDGE
    + """
SELECT (SELECT count(*) FROM slice) AS seen, (SELECT count(*) FROM planned) AS planned,
  (SELECT resident_id FROM span ORDER BY resident_id DESC LIMIT 1) AS through,
  (SELECT count(*) FROM span) < %(span)s AS last
"""
)

LATECOMERS: LiteralString = (
    """
-- Who joined, or proved an address, since an alert in force was planned.
WITH slice AS MATERIALIZED (
  SELECT s.resident_id FROM subscriptions s
  WHERE s.group_id = ANY(%(audience)s) AND s.state = 'active' AND s.created_at >= %(since)s
  UNION
  SELECT s.resident_id FROM addresses a JOIN subscriptions s USING (resident_id)
  WHERE s.group_id = ANY(%(audience)s) AND s.state = 'active' AND a.proven_at >= %(since)s
), """
    + _JUDGE
    + """
SELECT (SELECT count(*) FROM slice) AS seen, (SELECT count(*) FROM planned) AS planned
"""
)

REACHED: LiteralString = (
    """
-- Who a follow-up must reach: whoever has the thread, over the same addresses, unless they left.
WITH had AS MATERIALIZED (
  SELECT DISTINCT d.address_id, d.resident_id
  FROM broadcasts e CROSS JOIN LATERAL (
    SELECT address_id, resident_id FROM deliveries
    -- Whoever waits for a repeat may have it already.
    WHERE broadcast_id = e.id AND address_id > %(after)s
      AND (status = ANY(%(reached)s) OR (repeats > 0 AND status <> 'failed'))
    ORDER BY address_id LIMIT %(size)s) AS d
  WHERE e.thread_id = %(thread_id)s AND e.sequence < %(sequence)s
  ORDER BY d.address_id LIMIT %(size)s
), judged AS MATERIALIZED ("""
    + REJUDGED
    + """
), """
    + _PLANNED
    + """, skipped AS (
  INSERT INTO skips (broadcast_id, resident_id, channel, reason)
  SELECT %(id)s, * FROM ("""
    + LEFT_AGAIN
    + """) AS left_again
  ON CONFLICT DO NOTHING
)
SELECT (SELECT count(*) FROM had) AS seen, (SELECT count(*) FROM planned) AS planned,
  (SELECT max(address_id) FROM had) AS through, (SELECT count(*) FROM had) < %(size)s AS last
"""
)

THREAD_GROUPS: LiteralString = """
-- Not what only waits for approval, came back, or ended before it began; but what was waiting in a
-- backup may have begun since.
SELECT DISTINCT unnest(group_ids) AS id FROM broadcasts
WHERE thread_id = %(thread_id)s AND (%(sequence)s::int IS NULL OR sequence <= %(sequence)s)
  AND (status IN ('approved', 'scheduled') OR dispatching_at IS NOT NULL OR restored_at IS NOT NULL)
"""

ADVANCE: LiteralString = """
UPDATE broadcasts SET planned_through = %(resident)s, planned_address = %(address)s,
  plan_phase = %(phase)s, advanced_at = clock_timestamp(),
  planned_at = CASE WHEN %(phase)s = 'done' THEN now() END
WHERE id = %(id)s
"""

NEXT_TURN: LiteralString = """
-- Another broadcast's turn, unless some planner is at work on this one.
UPDATE broadcasts SET advanced_at = clock_timestamp()
WHERE id = (SELECT id FROM broadcasts WHERE id = %(id)s FOR UPDATE SKIP LOCKED)
"""

IN_FORCE: LiteralString = """
-- Alerts that whoever joins now must still get: the latest word of each thread, no all-clear.
-- The look goes back a minute behind the last one: rows bear the time their transaction began.
SELECT b.id, b.drill, b.audience, b.texts, b.asks, b.restored_at, b.latecomers_through - interval '1 min' AS since,
  now() AS looked_at
FROM broadcasts b
WHERE b.kind = 'alert' AND b.status IN ('dispatching', 'dispatched') AND b.valid_until > now()
  AND b.planned_at IS NOT NULL AND b.superseded_at IS NULL
  AND b.relation IS DISTINCT FROM 'all_clear' AND b.cancelled_at IS NULL AND b.held_at IS NULL
ORDER BY b.id FOR UPDATE OF b SKIP LOCKED
"""


@dataclass(frozen=True, slots=True)
class Slice:
    """What one slice did: residents (or addresses reached before) looked at, deliveries made, the
    new cursor, and whether nothing lies beyond it."""

    seen: int
    planned: int
    through: UUID | int | None
    last: bool


def _slice(row: Row | None) -> Slice:
    row = row or {}
    return Slice(
        row.get("seen", 0), row.get("planned", 0), row.get("through"), row.get("last", True)
    )


async def choose(connection: Connection, *, alert: bool) -> Row | None:
    return await connection.row(CHOOSE, alert=alert)


async def begin(connection: Connection, **values: Any) -> int:
    return await connection.run(BEGIN, **values)


async def supersede(
    connection: Connection, *, thread_id: UUID, sequence: int, relation: str
) -> int:
    return await connection.run(REPLACE, thread_id=thread_id, sequence=sequence, relation=relation)


async def plan_followers(connection: Connection, **values: Any) -> Slice:
    return _slice(await connection.row(FOLLOWERS, **values))


async def plan_reached(connection: Connection, **values: Any) -> Slice:
    return _slice(await connection.row(REACHED, **values))


async def plan_latecomers(connection: Connection, **values: Any) -> Slice:
    return _slice(await connection.row(LATECOMERS, **values))


async def advance(connection: Connection, **values: Any) -> None:
    await connection.run(ADVANCE, **values)


async def pass_over(connection: Connection, broadcast_id: UUID) -> None:
    await connection.run(NEXT_TURN, id=broadcast_id)


async def thread_groups(
    connection: Connection, thread_id: UUID, sequence: int | None = None
) -> list[int]:
    """Every group a thread has gone to so far, or is let go to, up to a place in it where one is
    given: who a follow-up may have reached."""
    rows = await connection.rows(THREAD_GROUPS, thread_id=thread_id, sequence=sequence)
    return [row["id"] for row in rows]


async def cut_short(connection: Connection, thread_id: UUID, sequence: int) -> bool:
    """Whether a restore cut a thread's planning short, or it is forgotten whom it reached: others
    may have been reached."""
    row = await connection.row(
        "SELECT EXISTS (SELECT FROM broadcasts WHERE thread_id = %(thread_id)s"
        " AND sequence < %(sequence)s AND (forgotten_at IS NOT NULL"
        " OR (restored_at IS NOT NULL AND planned_at IS NULL))) AS cut",
        thread_id=thread_id,
        sequence=sequence,
    )
    return bool(row and row["cut"])


async def in_force(connection: Connection) -> list[Row]:
    return await connection.rows(IN_FORCE)


async def looked_for_latecomers(connection: Connection, broadcast_id: UUID, at: Any) -> None:
    await connection.run(
        "UPDATE broadcasts SET latecomers_through = %(at)s WHERE id = %(id)s",
        id=broadcast_id,
        at=at,
    )
