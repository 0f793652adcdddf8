"""The command that starts a worker, of one process or several."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer
import uvloop

from notify.bootstrap import App, check_schema, tell_of_connections, worker_connections
from notify.cli import supervisor
from notify.cli.context import read_settings, run_with_app, telling
from notify.domain.words import Lane
from workers.lane import work


def worker(
    lane: Annotated[
        list[Lane] | None,
        typer.Option(help="Lane to work for; repeat for several. Without: all of them."),
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="How many. Without: NOTIFY_WORKER_PROCESSES."),
    ] = None,
) -> None:
    """Send what is due, until stopped by SIGTERM or Ctrl-C."""
    lanes = list(dict.fromkeys(lane or list(Lane)))
    settings = read_settings()
    processes = processes or settings.worker_processes
    if processes == 1:
        _work(lanes)
        return
    with telling():
        supervisor.workers(settings, lanes, processes=processes)


def _work(lanes: Sequence[Lane]) -> None:
    async def run(app: App) -> None:
        check_schema(app.settings)
        await tell_of_connections(app, worker_connections(lanes))
        await work(app, lanes)

    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    run_with_app(run, pool=worker_connections(lanes))
