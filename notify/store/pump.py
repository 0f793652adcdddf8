"""Start, settle, hand back: what a delivery that was claimed goes through, each one statement.

Every statement is fenced: it names the attempt and the worker, so that a worker that slept past
its lease changes nothing that another has taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from notify.store.database import Connection

START: LiteralString = """
-- The last look before hand-over, and the mark that from here on the outcome may be unknown.
UPDATE attempts t SET started_at = now(), lease_until = now() + %(lease)s * interval '1 s'
FROM deliveries d LEFT JOIN broadcasts b ON b.id = d.broadcast_id
  LEFT JOIN notes n ON n.id = d.note_id
WHERE t.id = ANY(%(attempts)s) AND t.worker = %(worker)s AND t.settled_at IS NULL
  AND t.lease_until > now() AND d.id = t.delivery_id AND d.attempt_id = t.id
  AND d.status = 'sending' AND b.cancelled_at IS NULL AND b.superseded_at IS NULL
  AND (coalesce(b.valid_until, n.valid_until) IS NULL
       OR coalesce(b.valid_until, n.valid_until) > now())
RETURNING t.id
"""

RELEASE: LiteralString = """
-- Hand back what was claimed and not started, or started and surely not handed over.
WITH back AS (
  UPDATE attempts SET settled_at = now(), outcome = 'released'
  WHERE id = ANY(%(attempts)s) AND worker = %(worker)s AND settled_at IS NULL
  RETURNING id, delivery_id)
UPDATE deliveries d SET status = 'pending' FROM back
WHERE d.id = back.delivery_id AND d.attempt_id = back.id AND d.status = 'sending'
"""

SETTLE: LiteralString = """
-- Deliveries are locked in the order of their ids, here and where receipts are applied: the two
-- meet often, and must not wait for each other crosswise.
WITH given AS (
  SELECT * FROM unnest(%(attempts)s::bigint[], %(deliveries)s::bigint[], %(outcomes)s::text[], %(reasons)s::text[],
    %(codes)s::text[], %(provider_ids)s::text[], %(parts)s::smallint[], %(statuses)s::text[],
    %(delays)s::float[], %(at)s::timestamptz[], %(judged)s::boolean[])
  AS g (attempt_id, delivery_id, outcome, reason, code, provider_id, parts, status, delay, at, judged)
), held AS MATERIALIZED (
  SELECT d.id FROM deliveries d
  WHERE d.id = ANY(%(deliveries)s) ORDER BY d.id FOR UPDATE
), settled AS (
  UPDATE attempts t SET settled_at = now(), outcome = g.outcome, reason = g.reason, code = g.code,
    provider_id = g.provider_id, parts = g.parts
  FROM given g
  WHERE t.id = g.attempt_id AND t.delivery_id = g.delivery_id AND t.worker = %(worker)s AND t.settled_at IS NULL
    AND (SELECT count(*) FROM held) >= 0
  RETURNING t.id, t.delivery_id, g.outcome, g.reason, g.status, g.delay, g.at, g.judged
), moved AS (
  UPDATE deliveries d SET status = s.status, reason = s.reason, tries = d.tries + s.judged::int,
    due_at = now() + coalesce(s.delay, 0) * interval '1 s',
    handed_over_at = CASE WHEN s.outcome = 'sent' THEN s.at ELSE d.handed_over_at END,
    ended_at = CASE WHEN s.status = 'failed' THEN now() END
  FROM settled s
  WHERE d.id = s.delivery_id AND d.attempt_id = s.id AND d.status = 'sending'
), overtaken AS (
  -- A receipt was quicker than we: the status stays what it says, the hand-over is noted.
  UPDATE deliveries d SET handed_over_at = s.at
  FROM settled s
  WHERE d.id = s.delivery_id AND d.attempt_id = s.id AND d.status <> 'sending'
    AND s.outcome = 'sent' AND d.handed_over_at IS NULL
)
SELECT id FROM settled
"""


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one attempt. `delay` in seconds, for what is to be tried again; `at` is
    when the provider answered. `judged`: it looked at this very message, so that the attempt
    counts among the tries of its delivery."""

    attempt_id: int
    delivery_id: int
    outcome: str
    status: str
    at: datetime
    reason: str | None = None
    code: str | None = None
    provider_id: str | None = None
    parts: int | None = None
    delay: float | None = None
    judged: bool = True


async def start(
    connection: Connection, *, attempts: list[int], worker: UUID, lease: int
) -> set[int]:
    rows = await connection.rows(START, attempts=attempts, worker=worker, lease=lease)
    return {row["id"] for row in rows}


async def release(connection: Connection, *, attempts: list[int], worker: UUID) -> int:
    return await connection.run(RELEASE, attempts=attempts, worker=worker)


async def settle(connection: Connection, settled: Sequence[Settled], *, worker: UUID) -> set[int]:
    """Returns the attempts that were still ours to settle."""
    columns: dict[str, list[Any]] = {
        "attempts": [s.attempt_id for s in settled],
        "deliveries": [s.delivery_id for s in settled],
        "outcomes": [s.outcome for s in settled],
        "reasons": [s.reason for s in settled],
        "codes": [s.code for s in settled],
        "provider_ids": [s.provider_id for s in settled],
        "parts": [s.parts for s in settled],
        "statuses": [s.status for s in settled],
        "delays": [s.delay for s in settled],
        "at": [s.at for s in settled],
        "judged": [s.judged for s in settled],
    }
    rows = await connection.rows(SETTLE, worker=worker, **columns)
    return {row["id"] for row in rows}
