"""A figure: what was measured, and what stands beside it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.promises import promise

PROMISED = "promised"
NONE = "none"

NAMES = (
    "email_channel", "email_tracked", "push_tracked", "sms_tracked", "plan", "receipts", "answers",
    "alert_first_idle", "alert_first_loaded", "alert_p95_loaded", "growth", "growth_sms",
    "growth_push", "growth_plan", "growth_receipts", "rss_max", "pages",
)  # fmt: skip
"""What every whole run has; beside them it may have more."""


@dataclass(frozen=True, slots=True)
class Figure:
    """`peer` says what it is held against, `none` where there is nothing; `ratio` is value to
    peer value. `n` is of how many."""

    name: str
    value: float
    unit: str
    peer: str
    peer_value: float | None
    ratio: float | None
    n: int


def figure(
    name: str, value: float, unit: str, *, n: int, peer: str = NONE, peer_value: float | None = None
) -> Figure:
    """A figure with four digits that mean something. Without a peer it stands beside its promise,
    where it has one."""
    promised = promise(name)
    if peer_value is None and promised is not None and not promised.times:
        peer, peer_value = PROMISED, promised.bound
    if peer_value is None:
        return Figure(name, _short(value), unit, NONE, None, None, n)
    ratio = _short(value / peer_value) if peer_value else None
    return Figure(name, _short(value), unit, peer, _short(peer_value), ratio, n)


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def write(file: Path, figures: Sequence[Figure]) -> None:
    """As JSON, a figure a line, so that two runs can be compared line by line."""
    lines = ",\n".join(json.dumps(asdict(one), ensure_ascii=False) for one in figures)
    file.write_text(f"[\n{lines}\n]\n")


def read(file: Path) -> list[Figure]:
    return [Figure(**one) for one in json.loads(file.read_text())]
