"""Holds what a restored database may have sent already, and lets it go again.

The state of a backup is older than the world: what was open in it may have gone out since. Planner,
claim and latecomers leave alone what is held.
"""

from typing import LiteralString
from uuid import UUID

from notify.store.database import Connection, Row

SETTLE_OPEN: LiteralString = """
-- Attempts that were under way. Started: nobody knows. Only claimed: they may have been started
-- since, but that goes for all that was pending.
WITH closed AS (
  UPDATE attempts SET settled_at = now(),
    outcome = CASE WHEN started_at IS NULL THEN 'released' ELSE 'unknown' END,
    reason = CASE WHEN started_at IS NOT NULL THEN 'restored' END
  WHERE outcome IS NULL
  RETURNING id, delivery_id, started_at)
UPDATE deliveries d SET
  status = CASE WHEN c.started_at IS NULL THEN 'pending' ELSE 'unknown' END,
  reason = CASE WHEN c.started_at IS NULL THEN d.reason ELSE 'restored' END, due_at = now()
FROM closed c WHERE d.id = c.delivery_id AND d.attempt_id = c.id AND d.status = 'sending'
"""

HOLD: LiteralString = """
-- Whatever was not over. A schedule that comes due in a moment counts as due: a person must have
-- time to look. An alert in force would still go to whoever joins, and may have been called off.
WITH open AS MATERIALIZED (
  SELECT broadcast_id FROM deliveries WHERE status = 'pending'
  UNION
  SELECT broadcast_id FROM deliveries WHERE status = 'unknown' AND closed_at IS NULL
)
UPDATE broadcasts SET held_at = now(), restored_at = now(),
  held_why = CASE WHEN status = 'dispatching' THEN 'under_way'
    WHEN status <> 'dispatched' THEN 'waiting'
    WHEN id IN (SELECT broadcast_id FROM open) THEN 'open' ELSE 'in_force' END
WHERE held_at IS NULL AND cancelled_at IS NULL AND superseded_at IS NULL
  AND coalesce(valid_until, dispatching_at + interval '72 hours', 'infinity') > now()
  AND (status IN ('submitted', 'approved', 'dispatching')
    OR (status = 'scheduled' AND send_at <= now() + %(soon)s * interval '1 s')
    OR (status = 'dispatched' AND (id IN (SELECT broadcast_id FROM open)
      OR (kind = 'alert' AND relation IS DISTINCT FROM 'all_clear'))))
"""

MARK: LiteralString = """
-- Of what was held in this transaction: the next attempt may be the second one, and says so.
UPDATE deliveries d SET repeats = d.repeats + 1
FROM broadcasts b WHERE d.broadcast_id = b.id AND b.held_at = now() AND d.status = 'pending'
"""

END_NOTES: LiteralString = """
-- A code is of no use any more by the time somebody could decide about it.
UPDATE deliveries SET status = 'cancelled', reason = 'restored', ended_at = now()
WHERE note_id IS NOT NULL AND status = 'pending'
"""

CLOSE_NOTES: LiteralString = """
UPDATE deliveries SET closed_at = now()
WHERE note_id IS NOT NULL AND status = 'unknown' AND closed_at IS NULL
"""

DROP_RINGS: LiteralString = """
-- Their notes end here, which says nothing of the channel. Today's is rung anew.
DELETE FROM rings WHERE result IS NULL
"""

TELL_NO_RESULTS: LiteralString = """
-- Of polls that were over: who took part may have been told the result since. Nobody is told twice.
UPDATE polls SET told_at = now(), told_through = NULL
WHERE told_at IS NULL AND (closed_at IS NOT NULL OR close_at <= now())
"""

NEW_NUMBERS: LiteralString = """
-- Receipts, bounces and links made after the backup are still out there and name rows by numbers
-- that this database would give away a second time. No row was ever numbered a million a second,
-- so the microseconds since 1970 lie beyond every number used so far, also by an earlier restore.
SELECT setval(format('%%I.%%I', schemaname, sequencename)::regclass,
  greatest(coalesce(last_value, 1), (extract(epoch FROM clock_timestamp()) * 1000000)::bigint))
FROM pg_sequences WHERE schemaname = current_schema() AND data_type = 'bigint'::regtype
"""

_WHAT: LiteralString = """
  (SELECT jsonb_object_agg(key, value -> 'title') FROM jsonb_each(b.texts)) AS titles,
  ARRAY(SELECT g.slug FROM groups g WHERE g.id = ANY(b.group_ids) ORDER BY g.slug) AS groups"""

OPEN: LiteralString = (
    """
-- From the counters. `unplanned`: whom else it reaches was not found out yet.
SELECT b.id, b.kind, b.status, b.severity, b.created_at, b.send_at, b.valid_until, b.held_at,
  b.held_why, b.planned_at IS NULL AS unplanned, """
    + _WHAT
    + """,
  coalesce(sum(p.n) FILTER (WHERE p.status = 'pending'), 0)::bigint AS pending,
  coalesce(sum(p.n) FILTER (WHERE p.status = 'unknown'), 0)::bigint AS unknown
FROM broadcasts b LEFT JOIN progress p ON p.broadcast_id = b.id
WHERE b.held_at IS NOT NULL AND b.cancelled_at IS NULL AND b.superseded_at IS NULL
GROUP BY b.id ORDER BY b.kind <> 'alert', b.created_at
"""
)

AHEAD: LiteralString = (
    """
SELECT b.id, b.kind, b.status, b.send_at, b.valid_until, """
    + _WHAT
    + """ FROM broadcasts b
WHERE b.status = 'scheduled' AND b.held_at IS NULL ORDER BY b.send_at
"""
)

RELEASE: LiteralString = """
UPDATE broadcasts SET held_at = NULL, held_why = NULL
WHERE id = %(id)s AND held_at IS NOT NULL AND cancelled_at IS NULL AND superseded_at IS NULL
RETURNING kind, status
"""

HURRY: LiteralString = """
-- Doubts were put off while it was held.
UPDATE deliveries SET due_at = now()
WHERE broadcast_id = %(id)s AND (status = 'pending' OR (status = 'unknown' AND closed_at IS NULL))
"""

RECALL: LiteralString = """
-- One that was dispatched has a rest that could still go out, or would still find latecomers.
UPDATE broadcasts SET cancelled_at = now()
WHERE id = %(id)s AND status = 'dispatched' AND held_at IS NOT NULL AND cancelled_at IS NULL
"""

END_HOLDS: LiteralString = """
-- What is recalled, replaced or past its time has nothing left that could go out.
UPDATE broadcasts b SET held_at = NULL, held_why = NULL
WHERE held_at IS NOT NULL AND (cancelled_at IS NOT NULL OR superseded_at IS NOT NULL
    OR coalesce(valid_until, dispatching_at + interval '72 hours') <= now())
  AND coalesce((SELECT sum(n) FROM progress p WHERE p.broadcast_id = b.id
    AND p.status = 'pending'), 0) <= 0
"""


async def hold(connection: Connection, *, soon: float) -> int:
    """Hold what was in flight, and number anew from here on; returns the notes that ended.
    `soon`: seconds within which a schedule counts as due."""
    await connection.run("SET LOCAL statement_timeout = 0")
    await connection.run(SETTLE_OPEN)
    await connection.run(HOLD, soon=soon)
    await connection.run(MARK)
    notes = await connection.run(END_NOTES)
    await connection.run(CLOSE_NOTES)
    await connection.run(DROP_RINGS)
    await connection.run(TELL_NO_RESULTS)
    await connection.run("DELETE FROM workers")
    await connection.rows(NEW_NUMBERS)
    return notes


async def held(connection: Connection) -> list[Row]:
    """What is held, alerts first, with its open deliveries."""
    return await connection.rows(OPEN)


async def ahead(connection: Connection) -> list[Row]:
    """Schedules that stand, the nearest first."""
    return await connection.rows(AHEAD)


async def release(connection: Connection, broadcast_id: UUID) -> Row | None:
    """Let one go; gives its kind, status and how many deliveries were `open`."""
    await connection.run("SET LOCAL statement_timeout = 0")
    row = await connection.row(RELEASE, id=broadcast_id)
    if row is None:
        return None
    return {**row, "open": await connection.run(HURRY, id=broadcast_id)}


async def recall(connection: Connection, broadcast_id: UUID) -> int:
    return await connection.run(RECALL, id=broadcast_id)


async def end_holds(connection: Connection) -> int:
    return await connection.run(END_HOLDS)
