"""What one of many costs, so that few can be held against many."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Self

from bench.end_to_end import Run


@dataclass(frozen=True, slots=True)
class Cost:
    """What each of `n` cost in microseconds of CPU, and how many there were a second."""

    n: int
    each: float
    rate: float

    @classmethod
    def of(cls, run: Run) -> Self:
        return cls(run.n, run.cost, run.rate)

    @classmethod
    def middle(cls, costs: Sequence[Self]) -> Self:
        """The middle one of several of one size, for CPU and for time."""
        each, rate = (
            median(values) for values in zip(*((c.each, c.rate) for c in costs), strict=True)
        )
        return cls(costs[0].n, each, rate)
