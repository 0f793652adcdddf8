"""Runs one command's work inside a service that is wired, and tells its failures plainly."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

import typer
from pydantic import ValidationError

from notify import log
from notify.bootstrap import App, prepared, running
from notify.errors import Misconfigured, NotifyError
from notify.settings import Settings
from notify.store.database import AWAY

T = TypeVar("T")


def stamp(moment: datetime, settings: Settings) -> str:
    """A moment in the town's time, with the zone's name: `2026-11-26 10:00:05 CET`."""
    return f"{moment.astimezone(settings.zone):%Y-%m-%d %H:%M:%S %Z}"


def read_settings() -> Settings:
    """The settings of this process. Exits with 2 and names what is wrong with them."""
    try:
        settings = Settings()
    except ValidationError as problem:
        for error in problem.errors(include_url=False, include_input=False):
            name = "NOTIFY_" + "_".join(str(part) for part in error["loc"]).upper()
            typer.echo(f"{name if error['loc'] else 'settings'}: {error['msg']}", err=True)
        raise typer.Exit(2) from None
    log.configure(level=settings.log_level, form=settings.log_format)
    return settings


def run_with_app(
    work: Callable[[App], Coroutine[Any, Any, T]], *, pool: int = 4, check: bool = False
) -> T:
    """Wire the service, run `work` in it, take it apart. Failures meant for people end the
    command with their message and exit code 1 (2 for a wrong configuration)."""

    async def inside(settings: Settings) -> T:
        async with running(settings, pool=pool, check=check) as app:
            return await work(app)

    with telling(), prepared(read_settings()) as settings:
        return asyncio.run(inside(settings))


@contextmanager
def telling() -> Iterator[None]:
    """Turn failures meant for people into their message and an exit code."""
    try:
        yield
    except Misconfigured as problem:
        typer.echo(problem.message, err=True)
        raise typer.Exit(2) from None
    except NotifyError as problem:
        typer.echo(problem.message, err=True)
        raise typer.Exit(1) from None
    except AWAY:
        typer.echo(
            "The database takes nothing just now, and nothing was changed. Is it running, is its "
            "disk full, is it read-only, and is NOTIFY_DATABASE_URL right?",
            err=True,
        )
        raise typer.Exit(1) from None


def printable(text: str) -> str:
    """What a stranger wrote: nothing in it may steer a terminal."""
    return "".join(sign if sign.isprintable() else "·" for sign in text)
