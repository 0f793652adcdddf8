"""`notify export` and `notify erase`: what the law gives every resident, done by staff."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from notify.bootstrap import App
from notify.cli.context import run_with_app
from notify.services import auditing, erasing, exporting

Named = Annotated[str, typer.Argument(help="A resident's id, e-mail address or phone number.")]


def export(
    resident: Named,
    to: Annotated[
        Path | None, typer.Option(help="Write it to this file, readable by its owner only.")
    ] = None,
) -> None:
    """Give out everything that is kept about a resident, as JSON (docs/residents.md)."""

    async def work(app: App) -> str:
        found = await _find(app, resident)
        exported = await exporting.export(app.db, found, settings=app.settings)
        async with app.db.transaction() as connection:
            await auditing.record(connection, None, "resident.exported", resident=found)
        return exporting.as_json(exported)

    text = run_with_app(work)
    if to is None:
        typer.echo(text, nl=False)
        return
    try:
        to.touch(mode=0o600)
        to.write_text(text, encoding="utf-8")
    except OSError as problem:
        typer.echo(f"The file cannot be written: {problem.strerror}.", err=True)
        raise typer.Exit(1) from None


def erase(
    resident: Named,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask back.")] = False,
) -> None:
    """Erase a resident: all that is kept about them, for good.

    Figures without a person stay, and a keyed hash of an address that opted out or bounced.
    """
    if not yes:
        typer.confirm("Erase everything about this resident? It cannot be undone.", abort=True)

    async def work(app: App) -> None:
        await erasing.erase(app.db, await _find(app, resident))

    run_with_app(work)
    typer.echo("Erased. Backups made before still hold it, until they are deleted.")


async def _find(app: App, named: str) -> UUID:
    async with app.db.transaction() as connection:
        return await erasing.find(connection, named, settings=app.settings, hosts=app.push_hosts)
