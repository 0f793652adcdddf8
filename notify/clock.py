"""The one place that reads the clocks."""

import time
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """The present moment, with its zone."""
    return datetime.now(UTC)


def month(zone: ZoneInfo) -> date:
    """The first day of the present month there."""
    return now().astimezone(zone).date().replace(day=1)


def monotonic() -> float:
    """Seconds on a clock that never jumps; for leases and rates inside one process."""
    return time.monotonic()
