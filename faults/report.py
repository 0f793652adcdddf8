"""Shows rows as they come, to people and to programs."""

import json
import sys
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from faults.scenario import Row

COLUMNS = (
    "recipients", "lost", "doubled_allowed", "doubled_forbidden", "forbidden", "unknown", "open",
    "recovered_s",
)  # fmt: skip
HEADS = ("people", "lost", "doubled", "… forbidden", "barred", "unknown", "of at most", "recovered")


def word(row: Row) -> str:
    return {True: "[green]ok[/green]", False: "[red]RED[/red]", None: "[yellow]not run[/yellow]"}[
        row.ok
    ]


def line(console: Console, row: Row) -> None:
    """One row at once, for whoever watches; its problems below it."""
    console.print(f"{word(row)} {row.scenario} ({row.seconds:.0f} s)", highlight=False)
    for problem in row.problems:
        console.print(f"   {problem}", highlight=False, markup=False)


def table(console: Console, rows: Sequence[Row]) -> None:
    shown = Table("scenario", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for head in HEADS:
        shown.add_column(head, justify="right")
    shown.add_column("")
    for row in rows:
        figures = ("–" if row.ok is None else f"{getattr(row, name):g}" for name in COLUMNS)
        shown.add_row(row.scenario, *figures, word(row))
    console.print(shown)
    for row in rows:
        if row.figures:
            said = ", ".join(f"{name} {value}" for name, value in row.figures.items())
            console.print(f"{row.scenario}: {said}", highlight=False)


def as_json(rows: Sequence[Row]) -> None:
    sys.stdout.write(json.dumps([row.as_json() for row in rows]) + "\n")
