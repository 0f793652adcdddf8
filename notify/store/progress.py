"""Reads the counters kept beside the deliveries; never counts the deliveries themselves."""

from dataclasses import dataclass
from datetime import datetime
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

CURVE: LiteralString = """
SELECT channel, second, sum(n)::bigint AS n, min(first_at) AS first_at, max(last_at) AS last_at
FROM handovers WHERE broadcast_id = %(id)s GROUP BY channel, second ORDER BY channel, second
"""

REASONS: LiteralString = """
SELECT channel, status, coalesce(reason, 'other') AS reason, count(*) AS n FROM deliveries
WHERE broadcast_id = %(id)s AND status = ANY(%(statuses)s) GROUP BY 1, 2, 3
"""

TOTALS: LiteralString = """
SELECT channel, status, sum(n)::bigint AS n FROM progress GROUP BY channel, status
"""

HANDED_OVER: LiteralString = """
SELECT channel, sum(n)::bigint AS n FROM handovers GROUP BY channel
"""

QUEUE: LiteralString = """
SELECT lane, channel, extract(epoch FROM now() - due)::float AS age
FROM unnest(ARRAY['alert', 'note', 'bulk']) AS lane
CROSS JOIN unnest(ARRAY['email', 'sms', 'push']) AS channel
CROSS JOIN LATERAL (SELECT next_due(lane, channel) AS due) AS first
WHERE due <= now()
"""


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts a channel and status (each of both present), skips a channel and reason, and the
    hand-overs of each second."""

    counts: dict[str, dict[str, int]]
    skips: dict[str, dict[str, int]]
    curve: dict[str, list[tuple[datetime, int]]]
    first_handover_at: datetime | None
    last_handover_at: datetime | None


async def read(connection: Connection, broadcast_id: UUID) -> Progress:
    counts = {str(channel): dict.fromkeys(map(str, DeliveryStatus), 0) for channel in Channel}
    for row in await connection.rows(COUNTS, id=broadcast_id):
        counts[row["channel"]][row["status"]] = int(row["n"])
    skips: dict[str, dict[str, int]] = {}
    for row in await connection.rows(SKIPS, id=broadcast_id):
        skips.setdefault(row["channel"], {})[row["reason"]] = int(row["n"])
    seconds = await connection.rows(CURVE, id=broadcast_id)
    curve: dict[str, list[tuple[datetime, int]]] = {}
    for row in seconds:
        curve.setdefault(row["channel"], []).append((row["second"], int(row["n"])))
    return Progress(
        counts=counts,
        skips=skips,
        curve=curve,
        first_handover_at=min((row["first_at"] for row in seconds), default=None),
        last_handover_at=max((row["last_at"] for row in seconds), default=None),
    )


async def reasons(connection: Connection, broadcast_id: UUID, *, statuses: list[str]) -> list[Row]:
    """Why deliveries ended as they did. Counts rows: for reports, not for dashboards."""
    return await connection.rows(REASONS, id=broadcast_id, statuses=statuses)


async def queue_ages(connection: Connection) -> list[Row]:
    """Seconds the oldest due delivery has waited, for each lane and channel that has one."""
    return await connection.rows(QUEUE)


async def totals(connection: Connection) -> dict[tuple[str, str], int]:
    """Over all broadcasts, by (channel, status)."""
    return {(row["channel"], row["status"]): int(row["n"]) for row in await connection.rows(TOTALS)}


async def handed_over(connection: Connection) -> dict[str, int]:
    """Deliveries ever handed over, by channel."""
    return {row["channel"]: int(row["n"]) for row in await connection.rows(HANDED_OVER)}
