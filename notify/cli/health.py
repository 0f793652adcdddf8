"""Prints how the service fares."""

import json
from collections.abc import Mapping
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from notify.cli.backups import show_held
from notify.services.watching import Health
from notify.settings import Settings
from notify.store.database import Row


def show_health(
    health: Health, held: list[Row], raised: list[Row], *, as_json: bool, settings: Settings
) -> None:
    """Workers, queue, senders, what is held and what is wrong."""
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "workers": dict(health.lanes),
                    "queue": health.queue,
                    "senders": health.senders,
                    "held": held,
                    "alarms": raised,
                },
                default=str,
            )
        )
        return
    table = Table("lane", "workers", title="Service")
    for lane, n in health.lanes.items():
        table.add_row(lane, str(n))
    console = Console()
    console.print(table if health.lanes else "No worker was seen lately. Is `notify up` running?")
    for row in health.queue:
        console.print(f"due on {row['lane']}/{row['channel']} for {row['age']:.1f} s")
    if health.senders:
        console.print(_senders(health, settings))
    show_held(held, settings)


_UNITS: Mapping[str, str] = {"sms": "segments", "email": "mails", "push": "pushes"}


def _senders(health: Health, settings: Settings) -> Table:
    """In the order they take over from each other."""
    table = Table("channel", title="Senders")
    for heading in ("sender", "rate", "ahead", "state"):
        table.add_column(heading, overflow="fold")
    for row in health.senders:
        rate = f"{row['rate']:g} {_UNITS[row['channel']]}/s" if row["rate"] else "no limit"
        ahead = f"{row['backlog']:.1f} s" if row["backlog"] else ""
        table.add_row(row["channel"], row["name"], rate, ahead, _state(row, settings))
    return table


def _state(row: Mapping[str, Any], settings: Settings) -> str:
    """How a sender fares, and what a person may do."""
    if row["state"] == "stopped":
        return f"stopped: {_why(row['reason'], row['code'])}; mend it, then `notify resume`"
    if row["state"] == "ok":
        return "ok"
    since = f"{row['down_since'].astimezone(settings.zone):%H:%M:%S %Z}"
    why = f"down since {since}: {_why(row['down_reason'], row['down_code'])}"
    return why if row["state"] == "down" else f"{why}; the next message tries it"


def _why(reason: str | None, code: str | None) -> str:
    return f"{reason or 'unknown'} ({code})" if code else reason or "unknown"
