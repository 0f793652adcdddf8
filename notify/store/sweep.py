"""Tidies what workers left behind: lapsed leases, time that passed, silence."""

from typing import LiteralString

from notify.store.database import Connection, Row

LAPSED: LiteralString = """
-- Not started: never handed over, goes back. Started: nobody knows; never simply retried.
-- Deliveries are locked before attempts, in the order of their ids, as everywhere.
WITH late AS MATERIALIZED (
  SELECT id, delivery_id FROM attempts WHERE outcome IS NULL AND lease_until < now()
  ORDER BY lease_until LIMIT %(size)s
), held AS MATERIALIZED (
  SELECT d.id FROM deliveries d WHERE d.id IN (SELECT delivery_id FROM late)
  ORDER BY d.id FOR UPDATE SKIP LOCKED
), closed AS (
  UPDATE attempts t SET settled_at = now(),
    outcome = CASE WHEN t.started_at IS NULL THEN 'released' ELSE 'unknown' END,
    reason = CASE WHEN t.started_at IS NULL THEN NULL ELSE 'lease_lapsed' END
  FROM late JOIN held ON held.id = late.delivery_id
  WHERE t.id = late.id AND t.settled_at IS NULL AND t.lease_until < now()
  RETURNING t.id, t.delivery_id, t.started_at
), moved AS (
  UPDATE deliveries d SET
    status = CASE WHEN c.started_at IS NULL THEN 'pending' ELSE 'unknown' END,
    reason = CASE WHEN c.started_at IS NULL THEN d.reason ELSE 'lease_lapsed' END,
    due_at = CASE WHEN c.started_at IS NULL THEN d.due_at
      ELSE now() + %(grace)s * interval '1 s' END
  FROM closed c WHERE d.id = c.delivery_id AND d.attempt_id = c.id AND d.status = 'sending'
)
SELECT id FROM closed
"""

DOUBTFUL: LiteralString = """
-- Unknown deliveries whose time for a receipt has passed. Taking them puts them off, so that
-- nobody else takes them while the provider is asked.
WITH ripe AS MATERIALIZED (
  SELECT id FROM deliveries WHERE status = 'unknown' AND closed_at IS NULL AND due_at <= now()
    AND lane = ANY(%(lanes)s) AND channel = ANY(%(channels)s)
  ORDER BY due_at LIMIT %(size)s FOR UPDATE SKIP LOCKED
), taken AS (
  UPDATE deliveries d SET due_at = now() + %(hold)s * interval '1 s' FROM ripe WHERE d.id = ripe.id
)
SELECT d.id AS delivery_id, d.attempt_id, d.channel, d.lane, d.language, d.repeats,
  d.broadcast_id, d.note_id, d.resident_id, d.address_id, d.tries, d.created_at, d.due_at,
  coalesce(a.value, f.email) AS value, a.keys,
  t.started_at, t.sender, coalesce(t.settled_at, t.started_at) < now() - interval '15 min' AS long_ago,
  coalesce(b.valid_until, n.valid_until) AS valid_until, b.held_at IS NOT NULL AS held,
  coalesce(b.valid_until, n.valid_until, d.created_at + interval '72 hours') <= now()
    OR b.cancelled_at IS NOT NULL OR b.superseded_at IS NOT NULL AS over
FROM ripe JOIN deliveries d USING (id)
JOIN attempts t ON t.id = d.attempt_id
LEFT JOIN addresses a ON a.id = d.address_id
LEFT JOIN broadcasts b ON b.id = d.broadcast_id
LEFT JOIN notes n ON n.id = d.note_id
LEFT JOIN staff f ON d.address_id = 0 AND f.id = n.staff_id AND f.ended_at IS NULL
"""

RESEND: LiteralString = """
-- Of this very attempt only: whoever took longer than others to decide must not decide again.
UPDATE deliveries SET status = 'pending', repeats = repeats + 1, due_at = now()
WHERE id = %(id)s AND attempt_id = %(attempt_id)s AND status = 'unknown'
"""

LEAVE_UNKNOWN: LiteralString = """
UPDATE deliveries SET closed_at = now()
WHERE id = %(id)s AND attempt_id = %(attempt_id)s AND status = 'unknown'
"""

ASK_LATER: LiteralString = """
UPDATE deliveries SET due_at = now() + %(delay)s * interval '1 s'
WHERE id = %(id)s AND attempt_id = %(attempt_id)s AND status = 'unknown'
"""

FOUND: LiteralString = """
WITH named AS (
  UPDATE attempts SET provider_id = %(provider_id)s
  WHERE id = %(attempt_id)s AND provider_id IS NULL)
UPDATE deliveries SET status = %(status)s, reason = %(reason)s,
  handed_over_at = coalesce(handed_over_at, %(at)s),
  ended_at = CASE WHEN %(status)s <> 'sent' THEN now() END
WHERE id = %(id)s AND attempt_id = %(attempt_id)s AND status = 'unknown'
"""

EXPIRE: LiteralString = """
-- Pending rows whose broadcast is recalled, replaced or past its time, whatever it counts as: a
-- repeat, or one for a latecomer, may wait for a sender after the broadcast is dispatched.
WITH over AS (
  SELECT lane, channel, b.id, CASE WHEN b.cancelled_at IS NOT NULL THEN 'cancelled'
    WHEN b.superseded_at IS NOT NULL THEN 'superseded' ELSE 'expired' END AS status
  FROM unnest(ARRAY['alert', 'bulk']) AS lane
  CROSS JOIN unnest(ARRAY['email', 'sms', 'push']) AS channel
  CROSS JOIN LATERAL waiting_broadcasts(lane, channel) AS w (id) JOIN broadcasts b ON b.id = w.id
  WHERE b.cancelled_at IS NOT NULL OR b.superseded_at IS NOT NULL
    OR coalesce(b.valid_until, b.dispatching_at + interval '72 hours') <= now()
), ripe AS (
  SELECT d.id, over.status FROM over CROSS JOIN LATERAL (
    SELECT id FROM deliveries WHERE status = 'pending' AND lane = over.lane
      AND channel = over.channel AND broadcast_id = over.id
    LIMIT %(size)s FOR UPDATE SKIP LOCKED) AS d
  LIMIT %(size)s)
UPDATE deliveries d SET status = ripe.status, ended_at = now(),
  reason = CASE WHEN ripe.status = 'cancelled' THEN 'recalled' ELSE d.reason END
FROM ripe WHERE d.id = ripe.id AND d.status = 'pending'
"""

EXPIRE_NOTES: LiteralString = """
-- Notes that waited too long for a sender; those that are due longest are looked at.
WITH first AS (
  SELECT d.id, d.note_id, d.created_at
  FROM unnest(ARRAY['email', 'sms', 'push']) AS of (channel) CROSS JOIN LATERAL (
    SELECT id, note_id, created_at FROM deliveries
    WHERE status = 'pending' AND lane = 'note' AND channel = of.channel AND broadcast_id IS NULL
    ORDER BY due_at LIMIT %(size)s) AS d
), ripe AS (
  SELECT d.id FROM deliveries d JOIN first USING (id) LEFT JOIN notes n ON n.id = first.note_id
  WHERE coalesce(n.valid_until, first.created_at + interval '72 hours') <= now()
    AND d.status = 'pending' FOR UPDATE OF d SKIP LOCKED)
UPDATE deliveries d SET status = 'expired', ended_at = now() FROM ripe WHERE d.id = ripe.id
"""

MISSED: LiteralString = """
-- Broadcasts that never began and whose time has passed: their own, or three days.
UPDATE broadcasts SET status = 'expired'
WHERE status = ANY(%(allowed)s) AND status <> 'dispatching'
  AND (valid_until <= now() OR (valid_until IS NULL AND status IN ('approved', 'scheduled')
    AND greatest(send_at, approved_at) <= now() - interval '72 hours'))
RETURNING id
"""

FINISH: LiteralString = """
-- Broadcasts with nothing left to hand over, by their counters.
UPDATE broadcasts b SET dispatched_at = now(),
  status = CASE WHEN b.status = 'dispatching' THEN 'dispatched' ELSE b.status END
WHERE b.dispatched_at IS NULL AND b.dispatching_at IS NOT NULL
  AND b.status IN ('dispatching', 'cancelled')
  AND (num_nonnulls(b.planned_at, b.cancelled_at, b.superseded_at) > 0 OR b.valid_until <= now())
  AND coalesce((SELECT sum(n) FROM progress p WHERE p.broadcast_id = b.id
    AND p.status IN ('pending', 'sending')), 0) <= 0
RETURNING b.id
"""

CLOSE_SILENT: LiteralString = """
-- 72 hours without a receipt: nothing more will come. The status stays what it honestly is.
WITH silent AS (
  SELECT id FROM deliveries WHERE status = 'sent' AND closed_at IS NULL
    AND handed_over_at < now() - interval '72 hours' LIMIT %(size)s FOR UPDATE SKIP LOCKED)
UPDATE deliveries d SET closed_at = now() FROM silent WHERE d.id = silent.id
"""


async def lapsed(connection: Connection, *, size: int, grace: float) -> list[int]:
    """Close attempts past their lease; returns them."""
    return [row["id"] for row in await connection.rows(LAPSED, size=size, grace=grace)]


async def doubtful(
    connection: Connection, *, lanes: list[str], channels: list[str], size: int, hold: float
) -> list[Row]:
    return await connection.rows(DOUBTFUL, lanes=lanes, channels=channels, size=size, hold=hold)


async def resend(connection: Connection, delivery_id: int, *, attempt_id: int) -> int:
    return await connection.run(RESEND, id=delivery_id, attempt_id=attempt_id)


async def leave_unknown(connection: Connection, delivery_id: int, *, attempt_id: int) -> int:
    return await connection.run(LEAVE_UNKNOWN, id=delivery_id, attempt_id=attempt_id)


async def ask_later(
    connection: Connection, delivery_id: int, *, attempt_id: int, delay: float
) -> int:
    return await connection.run(ASK_LATER, id=delivery_id, attempt_id=attempt_id, delay=delay)


async def found(connection: Connection, **values: object) -> int:
    return await connection.run(FOUND, **values)


async def expire(connection: Connection, *, size: int) -> int:
    """End pending deliveries whose time is over; returns how many of broadcasts."""
    await connection.run(EXPIRE_NOTES, size=size)
    return await connection.run(EXPIRE, size=size)


async def missed(connection: Connection, *, allowed: list[str]) -> list[Row]:
    return await connection.rows(MISSED, allowed=allowed)


async def finish(connection: Connection) -> list[Row]:
    return await connection.rows(FINISH)


async def close_silent(connection: Connection, *, size: int) -> int:
    return await connection.run(CLOSE_SILENT, size=size)
