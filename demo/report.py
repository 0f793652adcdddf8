"""Shows the demo to people and to programs."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from demo.ledger import CHANNELS
from demo.poll import Outcome

DONE = ("sent", "delivered", "failed", "unknown", "expired", "cancelled", "superseded")
QUIET = 4.0  # seconds without a change, once everything is handed over, before we look
LANGUAGE = "en"  # in which questions are shown
SILENCE = 8.0  # the same while reports are missing: they will not come any more


def watch(
    look: Callable[[], Any],
    *,
    title: str,
    console: Console,
    patience: float,
    quiet: float | None = None,
) -> None:
    """Show hand-overs and reports as they happen, until nothing more is to come; with `quiet` until
    nothing has changed for so many seconds."""
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
            if seen["status"] == "dispatched" and time.monotonic() - changed > (
                quiet or _pause(seen)
            ):
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


def show_poll(console: Console, title: str, asks: Mapping[str, Any], outcome: Outcome) -> None:
    """Each option with how often it is counted, beside how many meant it."""
    shown = Table(
        "question", "option", "counted", "meant", box=box.SIMPLE_HEAD, title_justify="left",
        title=f"{title}: {outcome.answered} of {outcome.asked} answered", padding=(0, 1, 0, 0),
        pad_edge=False,
    )  # fmt: skip
    for number, question in enumerate(asks["questions"], 1):
        said = question["wordings"][LANGUAGE]
        for key, n in outcome.counted.items():
            if key[0] == number:
                first = said["ask"] if key[1] == 1 else ""
                label = str(key[1]) if question["shape"] == "scale" else said["options"][key[1] - 1]
                shown.add_row(first, label, str(n), str(outcome.meant[key]))
    console.print(shown)


def say_of_polls(
    console: Console, difference: str | None, *, texts: int, pages: int, seconds: float
) -> None:
    """Whether what was counted is what was meant."""
    if difference is None:
        console.print("[green]What is counted is what the residents meant[/green]", end="")
    else:
        console.print(f"[red]The count is not what was meant:[/red] {difference}", end="")
    console.print(f" ({texts} texts, {pages} pages, {seconds:.0f} s).")


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} s"
