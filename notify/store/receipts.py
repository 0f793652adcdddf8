"""Takes reports in: each recorded once, applied only forwards."""

from collections.abc import Sequence
from typing import Any, LiteralString

from channels.receipts import Receipt, Report
from notify.domain.delivery import DeliveryStatus, allowed_from, status_after
from notify.store.database import Connection, Row

RECORD: LiteralString = """
-- New reports only; who reports twice says nothing new.
INSERT INTO receipts (provider, key, attempt_id, delivery_id, report, reason, code, provider_id,
  reported_at)
SELECT g.provider, g.key, g.attempt_id, t.delivery_id, g.report, g.reason, g.code, g.provider_id,
  g.at
FROM unnest(%(providers)s::text[], %(keys)s::text[], %(attempts)s::bigint[], %(reports)s::text[],
  %(reasons)s::text[], %(codes)s::text[], %(provider_ids)s::text[], %(at)s::timestamptz[])
  AS g (provider, key, attempt_id, report, reason, code, provider_id, at)
LEFT JOIN attempts t ON t.id = g.attempt_id
ORDER BY g.provider, g.key
ON CONFLICT (provider, key) DO NOTHING
RETURNING id
"""

APPLY: LiteralString = """
-- The strongest word a delivery got in this batch. A failure counts only of its latest attempt.
-- The allowed sources ride in the row: should our own settlement commit in between, PostgreSQL
-- looks at the delivery anew, but not at what it was joined with.
WITH held AS MATERIALIZED (
  SELECT id FROM deliveries
  WHERE id IN (SELECT delivery_id FROM receipts WHERE id = ANY(%(receipts)s))
  ORDER BY id FOR UPDATE
), said AS MATERIALIZED (
  SELECT DISTINCT ON (d.id) d.id, r.reason, r.report, g.status, string_to_array(g.sources, ' ') AS sources
  FROM receipts r
  JOIN unnest(%(said)s::text[], %(becomes)s::text[], %(sources)s::text[], %(ranks)s::int[])
    AS g (report, status, sources, rank) ON g.report = r.report
  JOIN held ON held.id = r.delivery_id
  JOIN deliveries d ON d.id = held.id
  WHERE r.id = ANY(%(receipts)s) AND (r.report <> 'failed' OR d.attempt_id = r.attempt_id)
  ORDER BY d.id, g.rank
)
UPDATE deliveries d SET status = said.status,
  reason = CASE WHEN said.status = 'failed' THEN said.reason
    WHEN said.report = 'complained' THEN 'complained' END,
  handed_over_at = coalesce(d.handed_over_at, now()),
  ended_at = CASE WHEN said.status <> 'sent' THEN now() END, closed_at = NULL
FROM said
WHERE d.id = said.id AND d.status = ANY(said.sources)
"""

DELAYS: LiteralString = """
SELECT r.provider, extract(epoch FROM r.received_at - t.settled_at)::float AS delay
FROM receipts r JOIN attempts t ON t.id = r.attempt_id
WHERE r.id = ANY(%(receipts)s) AND t.settled_at IS NOT NULL
"""

OWNERS: LiteralString = """
-- The condition is that of the index.
SELECT provider_id, max(id) AS attempt_id FROM attempts
WHERE provider_id = ANY(%(ids)s) AND provider_id ~ '^(SM|MM)' GROUP BY provider_id
"""

_RANKED = ("delivered", "opened", "complained", "failed", "sent")


async def record(
    connection: Connection, receipts: Sequence[tuple[int | None, Receipt]]
) -> list[int]:
    """Write down what is new of (attempt, receipt) pairs; returns the new rows' ids."""
    columns: dict[str, list[Any]] = {
        "providers": [r.provider for _, r in receipts],
        "keys": [r.key for _, r in receipts],
        "attempts": [attempt for attempt, _ in receipts],
        "reports": [str(r.report) for _, r in receipts],
        "reasons": [r.reason for _, r in receipts],
        "codes": [r.code for _, r in receipts],
        "provider_ids": [r.provider_id for _, r in receipts],
        "at": [r.at for _, r in receipts],
    }
    return [row["id"] for row in await connection.rows(RECORD, **columns)]


async def owners(connection: Connection, provider_ids: list[str]) -> dict[str, int]:
    """The attempts that a provider knows by these ids of its own, as far as there are any."""
    rows = await connection.rows(OWNERS, ids=provider_ids)
    return {row["provider_id"]: row["attempt_id"] for row in rows}


async def apply(connection: Connection, receipts: list[int]) -> int:
    """Move the deliveries these rows are about, as far as the table of moves allows."""
    becomes = [_becomes(word) for word in _RANKED]
    return await connection.run(
        APPLY,
        receipts=receipts,
        said=list(_RANKED),
        becomes=[str(status) for status in becomes],
        sources=[" ".join(allowed_from(status)) for status in becomes],
        ranks=list(range(len(_RANKED))),
    )


def _becomes(word: str) -> DeliveryStatus:
    status = status_after(Report(word))
    assert status is not None  # noqa: S101 - only words that move something are ranked
    return status


async def delays(connection: Connection, receipts: list[int]) -> list[Row]:
    return await connection.rows(DELAYS, receipts=receipts)


async def latest(connection: Connection) -> list[Row]:
    """When each provider last reported something, as far as it is among the latest reports."""
    return await connection.rows(
        "SELECT provider, max(received_at) AS received_at FROM"
        " (SELECT provider, received_at FROM receipts ORDER BY id DESC LIMIT 10000) AS latest"
        " GROUP BY provider ORDER BY provider"
    )
