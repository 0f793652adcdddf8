"""The audit log on the command line: whether it is whole, and a copy of it."""

import json
from typing import Annotated

import typer

from notify.bootstrap import App
from notify.cli.context import run_with_app
from notify.errors import Invalid
from notify.services import auditing

app = typer.Typer(no_args_is_help=True, help="What staff did and looked at.")


@app.command()
def verify(
    head: Annotated[
        str | None,
        typer.Option(help="A hash written down before, which has to be found in the log."),
    ] = None,
) -> None:
    """Go over the whole log; print how many lines it has, and the hash of the last.

    Write that hash down somewhere else: with --head it shows later that nothing was cut off.
    """

    async def work(context: App) -> None:
        whole = await auditing.verify(context.db, head=_hash(head))
        typer.echo(f"{whole.lines} lines, whole. The last one's hash: {whole.head.hex()}")

    run_with_app(work)


@app.command()
def export() -> None:
    """Print every line as JSON, the first first, with its hash."""

    async def work(context: App) -> None:
        async for line, chained in auditing.lines(context.db):
            typer.echo(json.dumps(auditing.as_json(line, chained)))

    run_with_app(work)


def _hash(text: str | None) -> bytes | None:
    try:
        return bytes.fromhex(text) if text else None
    except ValueError:
        raise Invalid("A hash is 64 digits and letters from a to f.", field="head") from None
