"""Starts, checks and looks after the service."""

import asyncio
import secrets as random_secrets
import socket
from typing import Annotated

import typer
import uvicorn
import uvloop

from channels.vapid import make_vapid_key
from notify.bootstrap import App, check_schema, open_channels, prepared, senders
from notify.cli import supervisor
from notify.cli.context import read_settings, run_with_app, telling
from notify.domain.words import Channel, Lane
from notify.errors import Misconfigured
from notify.services import watching
from notify.services.senders import release
from notify.store.migrate import migrate as run_migrations
from notify.web.main import create_app


def up() -> None:
    """Run everything on this machine in the foreground, until Ctrl-C."""
    with telling():
        supervisor.run(read_settings())


def api() -> None:
    """Run the HTTP server."""

    async def run(app: App) -> None:
        check_schema(app.settings)
        config = uvicorn.Config(
            create_app(app), host=app.settings.http_host, port=app.settings.http_port,
            log_config=None, access_log=False, server_header=False, proxy_headers=False,
            timeout_graceful_shutdown=10,
        )  # fmt: skip
        await uvicorn.Server(config).serve()

    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    run_with_app(run, pool=16)


def migrate() -> None:
    """Bring the database to the schema of this version."""
    with telling(), prepared(read_settings()) as settings:
        done = run_migrations(settings.database_url or "")
        typer.echo(f"{len(done)} migration(s) run." if done else "The schema is up to date.")


def check() -> None:
    """Say what is wrong with the configuration, and which channels are on."""

    async def work(app: App) -> None:
        check_schema(app.settings)
        every = senders(app.settings)
        on = open_channels(app.settings)
        for channel in Channel:
            names = ", ".join(sender.name for sender in every[channel])
            typer.echo(f"{channel}: {names if channel in on else 'off'}")
        typer.echo(f"redis: {'ok' if await app.bell.alive() else 'does not answer (only slower)'}")
        for sender in (one for of_channel in every.values() for one in of_channel):
            await sender.carrier.close()
        if not on:
            raise Misconfigured(
                "No channel is on. Set NOTIFY_SMTP_URLS, NOTIFY_TWILIO_ACCOUNT_SID or "
                "NOTIFY_VAPID_PRIVATE_KEY."
            )

    run_with_app(work)


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
