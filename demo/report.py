"""Shows the demo to people and to programs."""

import time
from collections.abc import Callable
from typing import Any

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from demo.ledger import CHANNELS

DONE = ("sent", "delivered", "failed", "unknown", "expired", "cancelled", "superseded")
QUIET = 4.0  # seconds without a change, once everything is handed over, before we look
SILENCE = 8.0  # the same while reports are missing: they will not come any more


def watch(look: Callable[[], Any], *, title: str, console: Console, patience: float) -> None:
    """Show hand-overs and reports as they happen, until nothing more is to come."""
    columns = (
        TextColumn("{task.description:>18}"), BarColumn(), MofNCompleteColumn(),
        TimeElapsedColumn(),
    )  # fmt: skip
    deadline = time.monotonic() + patience
    changed, before = time.monotonic(), None
    with Progress(*columns, console=console) as progress:
        bars = {c: progress.add_task(f"{title} {c}", total=None) for c in CHANNELS}
        while time.monotonic() < deadline:
            seen = look()
            for channel, counts in seen["progress"].items():
                progress.update(
                    bars[channel], total=sum(counts.values()),
                    completed=sum(counts[status] for status in DONE),
                )  # fmt: skip
            if seen["progress"] != before:
                changed, before = time.monotonic(), seen["progress"]
            if seen["status"] == "dispatched" and time.monotonic() - changed > _pause(seen):
                return
            time.sleep(0.25)


def _pause(seen: Any) -> float:
    """How long to wait for more: every SMS and notification should be reported on."""
    counts = seen["progress"]
    waiting = sum(counts.get(c, {}).get("sent", 0) for c in ("sms", "push"))
    return SILENCE if waiting else QUIET


def show(console: Console, title: str, channels: dict[str, Any]) -> None:
    """One row a channel, and below it why deliveries failed and residents were left out."""
    shown = Table(
        "channel", "planned", "sent", "delivered", "failed", "skipped", "first", "95 %", "end",
        title=title, box=box.SIMPLE_HEAD, title_justify="left", padding=(0, 1, 0, 0),
        pad_edge=False,
    )  # fmt: skip
    for channel, figures in channels.items():
        counts = ("planned", "sent", "delivered", "failed", "skipped")
        times = ("first_s", "p95_s", "end_s")
        shown.add_row(
            channel,
            *(str(figures[name]) for name in counts),
            *(_seconds(figures[name]) for name in times),
        )
    console.print(shown)
    for word in ("failed", "skipped"):
        for channel, figures in channels.items():
            reasons = sorted(figures[f"{word}_by_reason"].items(), key=lambda pair: -pair[1])
            if reasons:
                said = ", ".join(f"{n} {reason}" for reason, n in reasons)
                console.print(f"  {channel} {word}: {said}")


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} s"
