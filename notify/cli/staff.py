"""Staff on the command line: the first administrator, and whoever nobody else can let in."""

from typing import Annotated

import typer

from notify.bootstrap import App, open_channels
from notify.cli.context import printable, run_with_app
from notify.domain.grants import Reach, Role
from notify.errors import NotFound
from notify.services import staffing

app = typer.Typer(no_args_is_help=True, help="Who operates the service, and what they may do.")

EVERYWHERE = Reach(everywhere=True)

Email = Annotated[str, typer.Argument(help="The address they sign in with.")]


@app.command()
def add(
    email: Email,
    name: Annotated[str, typer.Option(help="By which colleagues know them.")],
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.ADMINISTRATOR,
    group: Annotated[
        str | None, typer.Option(help="Where, with all below. Without: everywhere.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="Theirs; without, the town's.")] = None,
) -> None:
    """Give somebody a role, and print the invitation of whoever is new, once."""

    async def work(context: App) -> None:
        done = await staffing.add(
            context.db, settings=context.settings, within=EVERYWHERE, email=email, name=name,
            role=role, group=group, language=language,
        )  # fmt: skip
        typer.echo(done.link or "They have this grant now.")

    run_with_app(work)


@app.command("list")
def every() -> None:
    """Show who there is, and what they may do where."""

    async def work(context: App) -> None:
        for row in await staffing.every(context.db, within=EVERYWHERE):
            grants = ", ".join(
                f"{one['role']} {one['slug'] or 'everywhere'}" for one in row["grants"]
            )
            state = "closed" if row["ended_at"] else "in use" if row["enrolled"] else "invited"
            typer.echo(f"{row['email']}  {printable(row['name'])}  {state}  {grants or 'no grant'}")

    run_with_app(work)


@app.command()
def invite(email: Email) -> None:
    """Print a new invitation for somebody who lost password or second factor."""

    async def work(context: App) -> None:
        staff_id = await staffing.by_email(context.db, email)
        typer.echo(
            await staffing.invite(
                context.db,
                staff_id,
                settings=context.settings,
                within=EVERYWHERE,
                channels=open_channels(context.settings),
            )
        )

    run_with_app(work)


@app.command()
def withdraw(
    email: Email,
    role: Annotated[Role, typer.Option(help="The role to take back.")],
    group: Annotated[str | None, typer.Option(help="Where. Without: everywhere.")] = None,
) -> None:
    """Take a grant back. It ends at once."""

    async def work(context: App) -> None:
        staff_id = await staffing.by_email(context.db, email)
        row = await staffing.one(context.db, staff_id, within=EVERYWHERE)
        held = [one for one in row["grants"] if (one["role"], one["slug"]) == (role, group)]
        if not held:
            raise NotFound("They have no such grant. `notify staff list` shows those they have.")
        await staffing.withdraw(context.db, staff_id, held[0]["id"], within=EVERYWHERE)
        typer.echo("Withdrawn.")

    run_with_app(work)


@app.command()
def end(email: Email) -> None:
    """Close an account: nobody signs in with it any more."""

    async def work(context: App) -> None:
        staff_id = await staffing.by_email(context.db, email)
        await staffing.end(context.db, staff_id, within=EVERYWHERE)
        typer.echo("Closed.")

    run_with_app(work)
