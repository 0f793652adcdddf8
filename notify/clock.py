"""The one place that reads the clocks."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, with its zone."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds on a clock that never jumps; for leases and rates inside one process."""
    return time.monotonic()
