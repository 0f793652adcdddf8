"""The command that starts a worker process."""

import asyncio
from typing import Annotated

import typer
import uvloop

from notify.bootstrap import App, check_schema
from notify.cli.context import run_with_app
from notify.domain.words import Lane
from workers.lane import work


def worker(
    lane: Annotated[
        list[Lane] | None,
        typer.Option(help="Lane to work for; repeat for several. Without: all of them."),
    ] = None,
) -> None:
    """Send what is due, until stopped by SIGTERM or Ctrl-C."""
    lanes = list(dict.fromkeys(lane or list(Lane)))

    async def run(app: App) -> None:
        check_schema(app.settings)
        await work(app, lanes)

    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    run_with_app(run, pool=4 + 6 * len(lanes))
