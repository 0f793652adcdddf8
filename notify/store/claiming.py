"""Claims what is due: the first of the four hands of a delivery on its way out.

The claim looks at everything once more: recalled, past its time, suppressed, left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import LiteralString
from uuid import UUID

from notify.domain.words import Channel, Lane
from notify.store.database import Connection

_COLUMNS: LiteralString = """d.id, d.broadcast_id, d.note_id, d.resident_id, d.address_id,
    d.address_version, d.channel, d.language, d.claims, d.repeats, d.tries, d.created_at,
    d.due_at"""

_DUE_NOTES: LiteralString = (
    """
WITH due AS MATERIALIZED (
  SELECT """
    + _COLUMNS
    + """
  FROM deliveries d
  WHERE d.status = 'pending' AND d.lane = %(lane)s AND d.channel = %(channel)s
    AND d.broadcast_id IS NULL AND d.due_at <= now()
    AND (%(asks)s::boolean IS NULL OR EXISTS (SELECT FROM notes n
      WHERE n.id = d.note_id AND n.data ->> 'from' IS NOT NULL) = %(asks)s)
  ORDER BY d.due_at, d.id LIMIT %(size)s
  FOR UPDATE SKIP LOCKED
)"""
)

_DUE_BROADCASTS: LiteralString = (
    """
-- Each broadcast that has something due gets an equal share, whichever came first; who is first
-- where there is too little for all is left to chance. The LIMIT keeps it a look at the first row:
-- a plain EXISTS may become a join that reads everything that waits.
WITH known AS (
  SELECT w.id, '-infinity'::timestamptz AS due_at, 0::bigint AS after
  FROM waiting_broadcasts(%(lane)s, %(channel)s) AS w (id) WHERE %(onward)s::uuid[] IS NULL
  UNION ALL
  SELECT * FROM unnest(%(onward)s::uuid[], %(since)s::timestamptz[], %(after)s::bigint[])
), turn AS MATERIALIZED (
  SELECT k.id, k.due_at, k.after, row_number() OVER (ORDER BY random()) AS place,
    count(*) OVER () AS turns
  FROM known k LEFT JOIN broadcasts b ON b.id = k.id
  WHERE b.held_at IS NULL AND (%(asks)s::boolean IS NULL OR (b.asks IS NOT NULL) = %(asks)s)
    AND (SELECT d.due_at FROM deliveries d
    WHERE d.status = 'pending' AND d.lane = %(lane)s AND d.channel = %(channel)s
      AND d.broadcast_id = k.id AND (d.due_at, d.id) > (k.due_at, k.after)
    ORDER BY d.due_at LIMIT 1) <= now()
), due AS MATERIALIZED (
  SELECT d.* FROM turn CROSS JOIN LATERAL (
    SELECT """
    + _COLUMNS
    + """
    FROM deliveries d
    WHERE d.status = 'pending' AND d.lane = %(lane)s AND d.channel = %(channel)s
      AND d.broadcast_id = turn.id AND d.due_at <= now()
      AND (d.due_at, d.id) > (turn.due_at, turn.after)
    ORDER BY d.due_at, d.id LIMIT ceil(%(size)s::float / turn.turns)
    FOR UPDATE SKIP LOCKED) AS d
  ORDER BY turn.place LIMIT %(size)s
)"""
)

_CLAIM: LiteralString = """, budget AS MATERIALIZED (
  -- What the group that pays may still spend on SMS; month is NULL where no cap applies.
  SELECT b.id, sms_left(b.group_ids[1], %(month)s) AS remaining, b.sms_segments FROM broadcasts b
  WHERE %(month)s::date IS NOT NULL AND b.id IN (SELECT broadcast_id FROM due)
), priced AS MATERIALIZED (
  -- With what stands before it in this batch, and what others have in hand just now.
  SELECT d.id, g.remaining, p.parts, sum(p.parts) OVER (ORDER BY d.id) + (
      SELECT coalesce(sum(coalesce((o.sms_segments ->> h.language)::int, 1)), 0)
      FROM attempts t JOIN deliveries h ON h.id = t.delivery_id
      JOIN broadcasts o ON o.id = h.broadcast_id
      WHERE t.outcome IS NULL AND h.channel = 'sms' AND h.lane = 'bulk') AS with_others
  FROM due d JOIN budget g ON g.id = d.broadcast_id AND g.remaining IS NOT NULL
  CROSS JOIN LATERAL (SELECT coalesce((g.sms_segments ->> d.language)::int, 1) AS parts) AS p
), quiet AS MATERIALIZED (
  -- Whose hours without news it is just now. Few have any: one look for the whole batch.
  SELECT r.id, quiet_end(now(), r.quiet_from, r.quiet_until, %(zone)s) AS until FROM residents r
  WHERE %(lane)s = 'bulk' AND r.quiet_from IS NOT NULL
    AND r.id = ANY(ARRAY(SELECT resident_id FROM due))
), judged AS MATERIALIZED (
  -- What was locked is judged: looked at anew it might be the row of a moment before.
  SELECT d.id, d.broadcast_id, d.note_id, d.resident_id, d.address_id, d.language, d.claims,
    d.repeats, d.tries, d.created_at, d.due_at,
    coalesce(a.value, f.email) AS value, a.keys, coalesce(b.valid_until, n.valid_until) AS valid_until,
    q.until AS quiet_until,
    CASE
      WHEN b.cancelled_at IS NOT NULL THEN 'cancelled'
      WHEN b.superseded_at IS NOT NULL THEN 'superseded'
      WHEN coalesce(b.valid_until, n.valid_until, d.created_at + interval '72 hours') <= now()
        THEN 'expired'
      -- One that was let go of just now is told so.
      WHEN (a.id IS NULL AND f.id IS NULL) OR (a.state = 'gone' AND n.kind IS DISTINCT FROM 'change') THEN 'gone'
      WHEN a.state <> 'proven' AND b.id IS NOT NULL THEN 'unverified'
      -- What its owner asked for just now is sent nevertheless: it is how to come back.
      WHEN x.hash IS NOT NULL AND n.kind IS DISTINCT FROM 'code'
        AND n.kind IS DISTINCT FROM 'reply' THEN 'suppressed'
      -- But whoever called us spam is not written to for every stranger who names their address: a
      -- code a day is enough to come back.
      WHEN x.reason = 'complained' AND n.kind = 'code' AND a.state <> 'proven' AND EXISTS (
        SELECT FROM addresses o
        JOIN deliveries e ON e.resident_id = o.resident_id AND e.address_id = o.id
        JOIN notes m ON m.id = e.note_id AND m.kind = 'code'
        WHERE o.channel = a.channel AND o.value = a.value AND (o.live OR o.state = 'asked')
          AND e.id <> d.id AND (e.claims > 0 OR (e.status = 'pending' AND e.id < d.id))
          AND e.created_at > now() - interval '1 day'
      ) THEN 'suppressed'
      WHEN b.id IS NOT NULL AND a.version <> d.address_version AND NOT EXISTS (
        SELECT FROM subscriptions s WHERE s.resident_id = d.resident_id AND s.state = 'active'
          AND s.group_id = ANY(b.audience)
          AND d.channel = ANY(CASE WHEN b.kind = 'alert' THEN s.alerts ELSE s.news END)
      ) THEN 'left'
      -- The result of a poll waits for a morning, and is news of its groups.
      WHEN n.kind = 'result' AND a.version <> d.address_version AND NOT EXISTS (
        SELECT FROM broadcasts e JOIN subscriptions s ON s.group_id = ANY(e.audience)
        WHERE e.id = (n.data ->> 'broadcast')::uuid AND s.resident_id = d.resident_id
          AND s.state = 'active'
          AND d.channel = ANY(CASE WHEN e.kind = 'alert' THEN s.alerts ELSE s.news END)
      ) THEN 'left'
      WHEN q.until IS NOT NULL THEN 'quiet'
      WHEN g.remaining < g.parts THEN 'sms_cap'
      WHEN g.remaining < g.with_others THEN 'wait'
      WHEN b.sequence > 0 AND EXISTS (
        SELECT FROM broadcasts e JOIN deliveries p ON p.broadcast_id = e.id
          AND p.address_id = d.address_id
        WHERE e.thread_id = b.thread_id AND e.sequence < b.sequence AND p.status = 'sending'
      ) THEN 'wait'
      ELSE 'go' END AS verdict
  FROM due d
  LEFT JOIN broadcasts b ON b.id = d.broadcast_id
  LEFT JOIN notes n ON n.id = d.note_id
  LEFT JOIN addresses a ON a.id = d.address_id
  LEFT JOIN staff f ON d.address_id = 0 AND f.id = n.staff_id AND f.ended_at IS NULL
  LEFT JOIN suppressions x ON x.channel = a.channel AND x.hash = a.hash
  LEFT JOIN priced g ON g.id = d.id
  LEFT JOIN quiet q ON q.id = d.resident_id
), given AS MATERIALIZED (
  -- An attempt's number is drawn here, so that nothing has to be matched with what was inserted.
  SELECT *, CASE WHEN verdict = 'go' THEN nextval('attempts_id_seq') END AS attempt_id FROM judged
), tried AS (
  INSERT INTO attempts (id, delivery_id, number, sender, worker, repeat, lease_until)
  OVERRIDING SYSTEM VALUE
  SELECT attempt_id, id, claims + 1, %(sender)s, %(worker)s, repeats > 0,
    now() + %(lease)s * interval '1 s'
  FROM given WHERE verdict = 'go'
), moved AS (
  UPDATE deliveries d SET
    status = CASE j.verdict WHEN 'go' THEN 'sending' WHEN 'wait' THEN 'pending'
      WHEN 'quiet' THEN 'pending'
      WHEN 'expired' THEN 'expired' WHEN 'superseded' THEN 'superseded' ELSE 'cancelled' END,
    reason = CASE WHEN j.verdict IN ('go', 'wait', 'expired', 'superseded') THEN d.reason
      WHEN j.verdict = 'cancelled' THEN 'recalled' ELSE j.verdict END,
    ended_at = CASE WHEN j.verdict NOT IN ('go', 'wait', 'quiet') THEN now() END,
    due_at = CASE j.verdict WHEN 'wait' THEN now() + interval '1 s'
      WHEN 'quiet' THEN j.quiet_until ELSE d.due_at END,
    attempt_id = coalesce(j.attempt_id, d.attempt_id),
    claims = d.claims + (j.verdict = 'go')::int
  FROM given j
  WHERE d.id = j.id AND d.status = ANY(%(allowed)s)
)
SELECT attempt_id, id AS delivery_id, broadcast_id, note_id, resident_id, address_id, language,
  repeats, tries, created_at, due_at, value, keys, valid_until
FROM given WHERE verdict = 'go' ORDER BY id
"""

CLAIM_NOTES: LiteralString = _DUE_NOTES + _CLAIM
CLAIM_BROADCASTS: LiteralString = _DUE_BROADCASTS + _CLAIM

Onward = Mapping[UUID, tuple[datetime, int]]
"""For each broadcast the last delivery that was taken: when it was due, and its id. To go on behind
it spares the queue's dead entries, which stay as long as an old snapshot is open."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery in this worker's hands, with all that handing it over needs."""

    attempt_id: int
    delivery_id: int
    broadcast_id: UUID | None
    note_id: int | None
    resident_id: UUID
    address_id: int
    language: str
    repeats: int
    tries: int
    created_at: datetime
    due_at: datetime
    value: str
    keys: dict[str, str] | None
    valid_until: datetime | None


async def claim(
    connection: Connection,
    *,
    lane: Lane,
    channel: Channel,
    sender: str,
    worker: UUID,
    size: int,
    lease: int,
    allowed: Sequence[str],
    zone: str = "UTC",
    month: date | None = None,
    onward: Onward | None = None,
    asks: bool | None = None,
) -> list[Claimed]:
    """Take up to `size` due deliveries. `zone`: of the clocks that quiet hours go by. `month` (its first day): mind the SMS caps of groups.
    `onward`: only of these broadcasts, behind what was taken of each before. What is due in front
    of that, or of others, needs a look without it. `asks`: only broadcasts that ask something, of
    notes those that come from the number that was texted; or only the others."""
    onward = onward or {}
    rows = await connection.rows(
        CLAIM_NOTES if lane is Lane.NOTE else CLAIM_BROADCASTS,
        lane=lane, channel=channel, sender=sender, worker=worker, size=size, lease=lease,
        allowed=allowed, zone=zone, month=month, onward=list(onward) or None,
        asks=asks,
        since=[due_at for due_at, _ in onward.values()],
        after=[delivery for _, delivery in onward.values()],
    )  # fmt: skip
    return [Claimed(**row) for row in rows]


async def alert_waiting(connection: Connection, channel: Channel) -> bool:
    """Whether an alert is due on this channel, so that bulk steps aside."""
    wait = await next_due(connection, lane=Lane.ALERT, channel=channel)
    return wait is not None and wait <= 0


async def next_due(connection: Connection, *, lane: Lane, channel: Channel) -> float | None:
    """Seconds until the next delivery of a lane is due, 0 when one is; None when there is none."""
    row = await connection.row(
        "SELECT extract(epoch FROM next_due(%(lane)s, %(channel)s) - now())::float AS wait",
        lane=lane,
        channel=channel,
    )
    wait = row["wait"] if row else None
    return None if wait is None else max(0.0, wait)
