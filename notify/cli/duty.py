"""The test ring by hand, and what is wrong with the service, on the command line."""

import asyncio
from typing import Annotated

import typer

from channels.base import Failure
from channels.email import EmailChannel
from notify import clock, on_watch
from notify.bootstrap import App, open_channels
from notify.cli.context import run_with_app, stamp
from notify.domain.duty import RingResult
from notify.domain.words import Channel, Lane
from notify.rendering.languages import SOURCE, words
from notify.services import noticing, ringing
from notify.services.ringing import Report
from notify.store.database import Row

_ASK_EVERY = 0.5


def ring(
    wait: Annotated[
        float, typer.Option(help="Seconds to wait for receipts.", min=0, max=600)
    ] = 60.0,
) -> None:
    """Send the test ring to those on duty at once, and say what came of it."""

    async def work(app: App) -> bool:
        on_duty = on_watch.duty(app.settings)
        channels = [str(channel) for channel in open_channels(app.settings)]
        rings = await ringing.ring_by_hand(app.db, on_duty, channels=channels)
        app.bell.ring(Lane.NOTE)
        unreached = await ringing.unreached(app.db, on_duty, channels=channels)
        for channel, used in unreached.items():
            others = "" if used else "; nor does anybody else use it"
            typer.echo(f"{channel}: nobody on duty can be reached{others}")
        reports = await _heard(app, rings, wait=wait)
        for report in reports:
            typer.echo(f"{report.channel}: {_told(report)}")
        # What nobody uses need not be tested, but something must have been.
        tested = bool(reports) and not any(unreached.values())
        return tested and all(_fine(report) for report in reports)

    if not run_with_app(work):
        raise typer.Exit(1)


async def _heard(app: App, rings: list[int], *, wait: float) -> list[Report]:
    deadline = clock.monotonic() + wait
    while True:
        reports = await ringing.report(app.db, rings)
        if all(report.verdict is not None for report in reports) or clock.monotonic() > deadline:
            return reports
        await asyncio.sleep(_ASK_EVERY)


def _fine(report: Report) -> bool:
    return report.verdict is not None and report.verdict.result is RingResult.OK


def _told(report: Report) -> str:
    counts = ", ".join(f"{status} {n}" for status, n in report.counts.items())
    if report.verdict is None:
        return f"no receipt yet ({counts})"
    if report.verdict.result is not RingResult.OK:
        return f"failed: {report.verdict.reason} ({counts})"
    if report.channel is Channel.EMAIL:
        return f"handed over; mail servers do not report arrival ({counts})"
    return f"arrived ({counts})"


def show_alarms(app: App, raised: list[Row]) -> None:
    """What is wrong with the service, and what to do about it."""
    english = words(SOURCE, default=SOURCE, zone=app.settings.zone)
    for row in raised:
        said = noticing.said(english, row)
        typer.echo(f"{row['level']} {row['key']}, since {stamp(row['since'], app.settings)}")
        typer.echo(f"  {said.all_of_it} {said.todo}")


async def tell_of_watch(app: App) -> None:
    """What `notify check` says of the watch."""
    channels = [str(channel) for channel in open_channels(app.settings)]
    on_duty = on_watch.duty(app.settings)
    for channel in await ringing.unreached(app.db, on_duty, channels=channels):
        typer.echo(f"duty: nobody on duty can be reached by {channel}; see NOTIFY_DUTY")
    carrier = on_watch.alarm_relay(app.settings)
    if carrier is not None:
        typer.echo(f"alarm mail: {carrier.sender}: {await _asked(carrier)}")
    for weakness in on_watch.weaknesses(app.settings):
        typer.echo(f"watch: {weakness}")


async def _asked(carrier: EmailChannel) -> str:
    try:
        await carrier.probe()
    except Failure as failure:
        return failure.reason
    finally:
        await carrier.close()
    return "ok"
