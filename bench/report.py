"""Shows figures to people: a table on the terminal, the same as Markdown."""

import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from bench.figures import NONE, Figure
from bench.promises import promise

HEADS = ("figure", "value", "unit", "beside", "its value", "ratio", "n", "promised")


SHORTENED = {
    "growth": "growth was followed to 100,000 only, not to 1,000,000.",
    "growth_snapshot": "growth beside an open snapshot was followed to 40,000 only, not to 1,000,000.",
    "growth_sms": "growth of SMS, push, receipts and planning beside 100,000 mails only, not 1,000,000.",
    "alert_first_loaded": "loaded alerts met an announcement to 100,000 only, not to 1,000,000.",
}
"""What a quick run measures less of than is promised, by figure."""


def shortened(figures: Sequence[Figure]) -> list[str]:
    """What has to be said below the figures of a quick run."""
    names = {one.name for one in figures}
    return [f"A quick run: {words}" for name, words in SHORTENED.items() if name in names]


def table(console: Console, figures: Sequence[Figure]) -> None:
    shown = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for head in HEADS:
        shown.add_column(head, justify="right" if head in {"value", "its value", "ratio", "n"} else "left")  # fmt: skip
    for one in figures:
        shown.add_row(*_cells(one))
    console.print(shown)


def markdown(figures: Sequence[Figure], *, commit: str, command: str) -> str:
    """The table as it stands in docs/performance.md."""
    lines = [
        f"Commit `{commit}`, `{command}`, on {machine()}.",
        "",
        "| " + " | ".join(HEADS) + " |",
        "|---|--:|---|---|--:|--:|--:|---|",
        *("| " + " | ".join(_cells(one)) + " |" for one in figures),
    ]
    return "\n".join(lines) + "\n"


def _cells(one: Figure) -> tuple[str, ...]:
    return (
        one.name, number(one.value), one.unit, one.peer if one.peer != NONE else "–",
        number(one.peer_value), number(one.ratio), f"{one.n:,}", promised(one),
    )  # fmt: skip


def promised(one: Figure) -> str:
    """The promise and whether it was kept; where its peer is missing, nobody can tell."""
    made = promise(one.name)
    if made is None:
        return "–"
    bound = f"{'≥' if made.least else '≤'} {number(made.bound)}{' ×' if made.times else ''}"
    held = one.ratio if made.times else one.value
    if held is None:
        return f"{bound}: not measured"
    return f"{bound}: {'kept' if made.kept(held) else 'missed'}"


def number(value: float | None) -> str:
    """Thousands with commas, small ones with three digits."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def machine() -> str:
    """What it was measured on, in a few words."""
    cores = 0
    model = platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, said = line.partition(":")
        cores += name.strip() == "processor"
        model = said.strip() if name.strip() == "model name" else model
    return f"{cores} cores ({model}), Python {platform.python_version()}"


def commit() -> str:
    """The version that is measured, marked where files differ from it."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--exclude", "*"],  # noqa: S607
            cwd=Path(__file__).parent, capture_output=True, text=True, timeout=10, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip()
