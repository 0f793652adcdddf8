"""`make bench`: measures the speed promises, prints a table, writes bench/latest.json."""

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from bench import figures, report
from bench.end_to_end import Wrong
from bench.gauges import Memory
from bench.measures import MEASURES, Measure
from bench.peers.node import PeerFailed
from bench.profile import profile
from bench.servers import Dishonest, servers
from bench.sinks.process import SinkFailed
from bench.stand import FULL, QUICK, Scale, Stand
from bench.world import World
from notify import log
from notify.errors import Misconfigured
from rig.caller import Failed
from rig.processes import InVain

LATEST = Path(__file__).parent / "latest.json"
BOUND = {True: 20 * 60, False: 3 * 3600}  # seconds for a quick run, and for a whole one
PROFILED = 100_000


TROUBLE = (Wrong, Dishonest, SinkFailed, PeerFailed, Failed, InVain, Misconfigured)
"""What makes figures impossible, and says so in words."""


def main(
    quick: Annotated[
        bool, typer.Option(help="Growth and loaded alerts to 100,000 only, in a few minutes.")
    ] = False,
    only: Annotated[str, typer.Option(help="Only these measures, as in 'email*'.")] = "*",
    output: Annotated[
        Path | None, typer.Option(help="Where figures go. Without: bench/latest.json, if whole.")
    ] = None,
    table: Annotated[bool, typer.Option(help="Print the last run as Markdown, no more.")] = False,
    where: Annotated[
        bool, typer.Option("--profile", help="Where the time of mails goes, and no figures.")
    ] = False,
    count: Annotated[int, typer.Option(min=1, help="Mails of a profile.")] = PROFILED,
    peers: Annotated[bool, typer.Option(help="Fetch and run those of npm.")] = True,
) -> None:
    """Measure on this machine, each figure beside its peer or floor."""
    log.configure(level="ERROR")
    console = Console(stderr=table)
    console.width = max(console.width, 130)
    if table:
        words = report.markdown(
            figures.read(output or LATEST), commit=report.commit(), command="make bench"
        )
        sys.stdout.write(words)
        return
    measures = chosen(only)
    try:
        with _bounded(BOUND[quick]):
            if where:
                profile(count, console=console)
                return
            found = measure(QUICK if quick else FULL, measures, console=console, peers=peers)
    except TROUBLE as problem:
        console.print(f"[red]No figures:[/red] {problem}", highlight=False)
        raise typer.Exit(1) from None
    report.table(console, found)
    for words in report.shortened(found) if quick else []:
        console.print(words, highlight=False)
    file = output or (LATEST if only == "*" else None)
    if file is not None:
        figures.write(file, found)
        console.print(f"Written to {file}.", highlight=False)


def measure(
    scale: Scale,
    measures: Sequence[Measure],
    *,
    console: Console,
    peers: bool = True,
    lose: int = 0,
) -> list[figures.Figure]:
    """Run measures in a world of their own. `lose`: see World."""
    if not Path("/proc/self/stat").exists():
        raise Dishonest("What processes cost is read from /proc: this runs on Linux alone")
    with servers() as (folder, embedded), Memory() as memory:
        url = embedded.redis_url
        with World(embedded.database_url, folder, memory=memory, lose=lose, redis_url=url) as world:
            world.begin()
            stand = Stand(world, scale, console, peers)
            with memory.postgres(world.postmaster()):
                for one in measures:
                    console.print(", ".join(one.names), style="bold")
                    one.run(stand)
    return list(stand.figures.values())


def chosen(pattern: str) -> list[Measure]:
    """The measures one of whose figures fits. Raises BadParameter."""
    found = [one for one in MEASURES if any(fnmatchcase(name, pattern) for name in one.names)]
    if not found:
        names = ", ".join(name for one in MEASURES for name in one.names)
        raise typer.BadParameter(f"nothing is called {pattern!r}: {names}")
    return found


@contextmanager
def _bounded(seconds: int) -> Iterator[None]:
    """End with an error rather than hang, and clear up when asked to end. Both as SystemExit,
    which no event loop keeps to itself."""

    def late(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(f"No figures: not done after {seconds // 60} minutes.")

    def asked(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, asked)
    signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


if __name__ == "__main__":
    typer.run(main)
