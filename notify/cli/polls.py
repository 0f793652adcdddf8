"""Polls on the command line: how they stand, and closing one."""

import json
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from notify.bootstrap import App
from notify.cli.context import printable, run_with_app, stamp
from notify.domain.results import Result, in_json, to_json
from notify.rendering import results
from notify.rendering.languages import choose, words
from notify.services import closing_polls, counting
from notify.settings import Settings
from notify.store.database import Row

app = typer.Typer(no_args_is_help=True, help="What residents answered.")

Named = Annotated[UUID, typer.Argument(metavar="ID", help="Id of the broadcast that asks.")]
AsJson = Annotated[bool, typer.Option("--json", help="For a program.")]


@app.command()
def count(broadcast: Named, as_json: AsJson = False) -> None:
    """Count the stored ballots anew, and print the result.

    Of a secret poll that is open no question is told that fewer than ten have answered.
    """

    async def work(context: App) -> None:
        result = await counting.count(context.db, broadcast)
        if as_json:
            typer.echo(json.dumps(to_json(result), default=in_json, ensure_ascii=False))
        else:
            _show(result, context.settings)

    run_with_app(work)


@app.command()
def close(broadcast: Named) -> None:
    """Close a poll before its time. No answer counts from then on, and it cannot be opened again."""

    async def work(context: App) -> None:
        await closing_polls.close(context.db, broadcast)
        typer.echo("Closed.")

    run_with_app(work)


@app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """List the latest polls, the newest first."""

    async def work(context: App) -> None:
        rows = await counting.every(context.db)
        if as_json:
            typer.echo(json.dumps(rows, default=in_json, ensure_ascii=False))
        elif not rows:
            typer.echo("No polls.")
        else:
            _show_list(rows, context.settings)

    run_with_app(work)


def _show(result: Result, settings: Settings) -> None:
    default = settings.default_language
    english = words("en", default="en", zone=settings.zone)
    console = Console(highlight=False)
    _, title = choose(result.titles, default, default=default)
    state = (
        f"closed {stamp(result.ended_at, settings)}" if result.closed_at
        else f"open until {stamp(result.close_at, settings)}"
    )  # fmt: skip
    secret = "secret" if result.ask.secret else "named"
    console.print(printable(f"{title}: {secret}, {state}"), markup=False)
    console.print(f"{result.turnout.answered} of {result.turnout.asked} took part")
    for way, n in result.how.items():
        if n:
            console.print(f"  {n} {results.how(english, way)}", markup=False)
    for sheet in results.sheets(english, result, language=default, default=default):
        heading = printable(f"{sheet.number}. {sheet.ask}")
        if sheet.withheld:
            console.print(heading, markup=False)
            console.print("  Not told yet: fewer than ten have answered.")
            continue
        _show_lines(console, heading, sheet.whole)
        for part in sheet.groups:
            _show_lines(console, printable(f"{sheet.number}. {part.name}"), part)


def _show_lines(console: Console, heading: str, part: results.Lines) -> None:
    console.print(f"{heading} ({part.answered} answered)", markup=False)
    table = Table("answer", show_header=True)
    table.add_column("people", justify="right")
    table.add_column("%", justify="right")
    for line in part.lines:
        table.add_row(printable(line.label).replace("[", "\\["), str(line.n), str(line.share))
    console.print(table)
    if part.middle:
        console.print(part.middle)


def _show_list(rows: list[Row], settings: Settings) -> None:
    default = settings.default_language
    for row in rows:
        titles = {language: text["title"] for language, text in row["texts"].items()}
        state = (
            "recalled" if row["cancelled_at"] else "closed" if row["closed_at"]
            else f"open until {stamp(row['close_at'], settings)}"
        )  # fmt: skip
        title = choose(titles, default, default=default)[1]
        turnout = f"{row['answered']} of {row['asked']}"
        typer.echo(
            printable("  ".join([str(row["broadcast_id"]), row["code"], state, turnout, title]))
        )
