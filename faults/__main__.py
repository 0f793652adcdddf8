"""`make faults`: plays the scenarios and prints what became of every message."""

import fnmatch
from typing import Annotated

import typer
from rich.console import Console

from faults import report
from faults.breaks import BREAKS
from faults.running import Theatre
from faults.scenario import Scenario
from faults.scenarios import SCENARIOS
from notify import log

SEED = 2026


def main(
    seed: Annotated[int, typer.Option(help="The same seed breaks at the same points.")] = SEED,
    scenario: Annotated[str, typer.Option(help="Only those that fit, as in 'crash*'.")] = "*",
    recipients: Annotated[int | None, typer.Option(help="Instead of each one's own.")] = None,
    broken: Annotated[
        str | None,
        typer.Option("--break", help="Do without fence, lease, ledger, recheck or order."),
    ] = None,
    short: Annotated[bool, typer.Option(help="Few recipients, and no waiting for leases.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print figures for a program.")] = False,
) -> None:
    """Break the service in every way and count what was lost, doubled or sent by mistake."""
    log.configure(level="ERROR")
    console = Console(stderr=as_json)
    console.width = max(console.width, 130)
    chosen = _chosen(scenario, broken)
    rows = []
    with Theatre(long=not short) as theatre:
        for one in chosen:
            rows.append(theatre.run(one, seed=seed, recipients=recipients, broken=broken))
            report.line(console, rows[-1])
    report.table(console, rows)
    if as_json:
        report.as_json(rows)
    if any(row.ok is False for row in rows):
        raise typer.Exit(1)


def _chosen(pattern: str, broken: str | None) -> list[Scenario]:
    if broken is not None and broken not in BREAKS:
        raise typer.BadParameter(f"--break takes one of {', '.join(BREAKS)}")
    found = [
        one
        for one in SCENARIOS.values()
        if fnmatch.fnmatchcase(one.name, pattern) and (broken is None or broken in one.breaks)
    ]
    if not found:
        raise typer.BadParameter(f"no scenario is called {pattern!r}: {', '.join(SCENARIOS)}")
    return found


if __name__ == "__main__":
    typer.run(main)
