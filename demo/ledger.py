"""Reads what the service believes, from its database."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

DELIVERIES = """
SELECT d.channel, d.language, d.status, d.reason, d.handed_over_at, a.value AS address
FROM deliveries d JOIN addresses a ON a.id = d.address_id
WHERE d.broadcast_id = %s
"""

SKIPS = "SELECT channel, reason, count(*) AS n FROM skips WHERE broadcast_id = %s GROUP BY 1, 2"

CHANNELS = ("email", "sms", "push")


@dataclass(frozen=True, slots=True)
class Delivery:
    channel: str
    language: str
    status: str
    reason: str | None
    handed_over_at: datetime | None
    address: str


@dataclass(frozen=True, slots=True)
class Account:
    """One broadcast as the service sees it."""

    deliveries: list[Delivery]
    skips: dict[str, dict[str, int]]

    def figures(self, channel: str, *, asked_at: datetime) -> dict[str, Any]:
        """Counts, and seconds from the request to the first, the 95 % and the last hand-over."""
        rows = [delivery for delivery in self.deliveries if delivery.channel == channel]
        times = sorted(
            (row.handed_over_at - asked_at).total_seconds() for row in rows if row.handed_over_at
        )
        states = Counter(row.status for row in rows)
        skipped = self.skips.get(channel, {})
        return {
            "planned": len(rows),
            "skipped": sum(skipped.values()),
            "sent": len(times),
            "delivered": states["delivered"],
            "failed": states["failed"],
            "first_s": _at(times, 0.0),
            "p95_s": _at(times, 0.95),
            "end_s": _at(times, 1.0),
            "failed_by_reason": dict(
                Counter(str(row.reason) for row in rows if row.status == "failed")
            ),
            "skipped_by_reason": skipped,
            "other": {
                status: n
                for status, n in states.items()
                if status not in {"sent", "delivered", "failed"}
            },
        }


def read(database_url: str, broadcast_id: str) -> Account:
    """Everything about one broadcast."""
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        found = connection.execute(DELIVERIES, (UUID(broadcast_id),)).fetchall()
        skips: dict[str, dict[str, int]] = {}
        for row in connection.execute(SKIPS, (UUID(broadcast_id),)).fetchall():
            skips.setdefault(row["channel"], {})[row["reason"]] = row["n"]
    return Account([Delivery(**row) for row in found], skips)


def _at(times: list[float], share: float) -> float | None:
    if not times:
        return None
    return round(times[min(len(times) - 1, int(share * len(times)))], 3)
