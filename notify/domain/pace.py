"""How fast a broadcast leaves, and when it is done at that."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

WINDOW: Final = timedelta(seconds=10)
_SHORTEST: Final = 1.0  # seconds: what left within one says nothing yet of a second


@dataclass(frozen=True, slots=True)
class Pace:
    """Hand-overs a second of late, how many are still to go, and when the last of them goes at that
    speed: None where nothing is left, or nothing moves."""

    speed: float
    open: int
    ends_at: datetime | None


def pace(points: Sequence[tuple[datetime, int]], *, open_: int, now: datetime) -> Pace:
    """The pace of one channel. `points` are the seconds in which something was handed over, with
    how much; what began less than ten seconds ago is measured from its beginning."""
    since = max(now - WINDOW, points[0][0]) if points else now
    left = sum(n for second, n in points if second >= since)
    speed = left / max((now - since).total_seconds(), _SHORTEST)
    ends_at = now + timedelta(seconds=open_ / speed) if open_ and speed else None
    return Pace(speed, open_, ends_at)


def together(paces: Iterable[Pace]) -> Pace:
    """All channels at once: done when the slowest is, and nobody knows when one stands still."""
    each = list(paces)
    working = [one for one in each if one.open]
    ends = [one.ends_at for one in working if one.ends_at]
    return Pace(
        sum(one.speed for one in each),
        sum(one.open for one in each),
        max(ends) if ends and len(ends) == len(working) else None,
    )
