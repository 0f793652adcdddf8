"""Keys of programs on the command line."""

from typing import Annotated

import typer

from notify.bootstrap import App
from notify.cli.context import run_with_app
from notify.domain.scopes import ORDINARY, Scope
from notify.services import keys

app = typer.Typer(no_args_is_help=True, help="Keys by which programs use the API.")


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Who will use it.")],
    scope: Annotated[
        list[Scope] | None,
        typer.Option(help="What it may do; repeat. Without: all but alerts:send."),
    ] = None,
    alerts: Annotated[
        bool, typer.Option("--alerts", help="May also send alerts without approval.")
    ] = False,
    group: Annotated[
        str | None, typer.Option(help="Only at this group and below. Without: everywhere.")
    ] = None,
) -> None:
    """Make a key and print it, once: it is stored only as a hash."""
    scopes = list(scope or ORDINARY)
    if alerts and Scope.ALERTS_SEND not in scopes:
        scopes.append(Scope.ALERTS_SEND)

    async def work(context: App) -> None:
        typer.echo(await keys.create(context.db, name=name, scopes=scopes, group=group))

    run_with_app(work)


@app.command("list")
def every() -> None:
    """Show the keys there are, without the keys themselves."""

    async def work(context: App) -> None:
        for row in await keys.every(context.db):
            state = "revoked" if row["revoked_at"] else "in use"
            reach = row["group"] or "everywhere"
            typer.echo(f"{row['id']}  {row['name']}  {state}  {reach}  {' '.join(row['scopes'])}")

    run_with_app(work)


@app.command()
def revoke(key: Annotated[int, typer.Argument(help="Its number in `notify key list`.")]) -> None:
    """End a key. Takes effect with its next request."""

    async def work(context: App) -> None:
        await keys.revoke(context.db, key)
        typer.echo("Revoked.")

    run_with_app(work)
