"""Starts, checks and looks after the service."""

import asyncio
import secrets as random_secrets
import signal
import socket
from typing import Annotated

import typer
import uvloop

from channels.base import Failure
from channels.vapid import make_vapid_key
from notify import collector, on_watch
from notify.bootstrap import (
    API_CONNECTIONS,
    App,
    check_connections,
    check_schema,
    everything,
    open_channels,
    prepared,
    senders,
    tell_of_connections,
)
from notify.cli import supervisor
from notify.cli.context import read_settings, run_with_app, telling
from notify.cli.duty import tell_of_watch
from notify.domain.words import Channel, Lane
from notify.errors import Misconfigured
from notify.services import browsing, watching
from notify.services.senders import Sender, release
from notify.store.migrate import migrate as run_migrations


def up() -> None:
    """Run everything on this machine in the foreground, until Ctrl-C."""
    with telling():
        supervisor.up(read_settings())


def api() -> None:
    """Run the HTTP server."""

    # Late, so that the other commands need not wait for the web's libraries.
    import uvicorn

    from notify.web.main import create_app

    async def run(app: App) -> None:
        check_schema(app.settings)
        await tell_of_connections(app, API_CONNECTIONS)
        config = uvicorn.Config(
            create_app(app), host=app.settings.http_host, port=app.settings.http_port,
            log_config=None, access_log=False, server_header=False, proxy_headers=False,
            timeout_graceful_shutdown=10,
        )  # fmt: skip
        server = uvicorn.Server(config)

        def asked(_number: int, _frame: object) -> None:
            server.should_exit = True

        # uvicorn raises the signal that stopped it once more when it is done: without these two
        # it would end the process there, before the service is taken apart.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, asked)
        collector.rest()
        async with on_watch.watch(app, tells_of_database=False) as watch:
            standing = asyncio.create_task(watch.stand())
            try:
                await server.serve()
            finally:
                standing.cancel()

    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    run_with_app(run, pool=API_CONNECTIONS, check=True)


def migrate() -> None:
    """Bring the database to the schema of this version."""
    with telling(), prepared(read_settings()) as settings:
        done = run_migrations(settings.database_url or "")
        typer.echo(f"{len(done)} migration(s) run." if done else "The schema is up to date.")


def check() -> None:
    """Say what is wrong with the configuration, and ask each provider. Sends nothing."""

    async def work(app: App) -> bool:
        check_schema(app.settings)
        check_connections(app.settings, everything(app.settings.worker_processes))
        on_watch.check(app.settings)
        every = senders(app.settings)
        on = open_channels(app.settings)
        fine = True
        for channel in Channel:
            if channel not in on:
                typer.echo(f"{channel}: off")
            for sender in every[channel]:
                said = await _probe(sender)
                fine = fine and said == "ok"
                typer.echo(f"{channel}: {sender.name}: {said}")
        await tell_of_watch(app)
        await _tell_of_web(app)
        typer.echo(f"redis: {'ok' if await app.bell.alive() else 'does not answer (only slower)'}")
        if not on:
            raise Misconfigured(
                "No channel is on. Set NOTIFY_SMTP_URLS, NOTIFY_TWILIO_ACCOUNT_SID or "
                "NOTIFY_VAPID_PRIVATE_KEY."
            )
        return fine

    if not run_with_app(work):
        raise typer.Exit(1)


async def _tell_of_web(app: App) -> None:
    # Late, so that the other commands need not wait for the web's libraries.
    from notify.web.network import is_proxy_unnamed

    if is_proxy_unnamed(app.settings):
        typer.echo(
            "network: NOTIFY_PUBLIC_URL is https, so a proxy is in front, and the whole town counts "
            "as one network; name the proxy in NOTIFY_TRUSTED_PROXIES"
        )
    for slug, text in await browsing.unwritten(app.db):
        typer.echo(f"pages: the group {slug} says nothing for `{text}` in its identity")


async def _probe(sender: Sender) -> str:
    try:
        await sender.carrier.probe()
    except Failure as failure:
        return f"{failure.reason}{f' ({failure.code})' if failure.code else ''}"
    finally:
        await sender.carrier.close()
    return "ok"


def healthy(
    lane: Annotated[Lane, typer.Option(help="The lane this host works for.")],
) -> None:
    """Exit 0 when a worker of the lane on this host was seen lately; for health checks."""

    async def work(app: App) -> bool:
        return (str(lane), socket.gethostname()) in (await watching.health(app.db)).hosts

    if not run_with_app(work):
        typer.echo(f"No worker for {lane} was seen on this host lately.", err=True)
        raise typer.Exit(1)


def secrets() -> None:
    """Print fresh secrets in the form of a `.env` file."""
    typer.echo(f"NOTIFY_SECRET_KEYS={random_secrets.token_urlsafe(32)}")
    typer.echo(f"NOTIFY_VAPID_PRIVATE_KEY={make_vapid_key()}")


def resume(sender: Annotated[str, typer.Argument(help="Its name in `notify status`.")]) -> None:
    """Use a stopped sender again, after a person has looked."""

    async def work(app: App) -> None:
        typer.echo("Resumed." if await release(app.db, sender) else "It is not stopped.")

    run_with_app(work)
