"""`notify group requests`, `approve` and `refuse`: who joins a closed group."""

from typing import Annotated
from uuid import UUID

import typer

from notify.bootstrap import App
from notify.cli.context import run_with_app, stamp
from notify.services import requesting

Resident = Annotated[UUID, typer.Argument(help="The resident's id, as `requests` shows it.")]
Group = Annotated[str, typer.Argument(help="Slug of the group.")]


def waiting(
    group: Annotated[str | None, typer.Option(help="Only of this group and those below.")] = None,
) -> None:
    """List who asks to join a closed group, the oldest first."""

    async def work(context: App) -> None:
        rows = await requesting.waiting(context.db, group=group)
        for row in rows:
            at = stamp(row["created_at"], context.settings)
            name = f"  {row['resident_name']}" if row["resident_name"] else ""
            typer.echo(f"{at}  {row['slug']}  {row['resident_id']}{name}")
        if not rows:
            typer.echo("Nobody is waiting.")

    run_with_app(work)


def approve(resident: Resident, group: Group) -> None:
    """Let a resident into a closed group, and tell them."""
    _decide(resident, group, approve=True)


def refuse(resident: Resident, group: Group) -> None:
    """Refuse a request to join a closed group, and tell the resident."""
    _decide(resident, group, approve=False)


def _decide(resident: UUID, group: str, *, approve: bool) -> None:
    async def work(context: App) -> None:
        done = await requesting.decide(context.db, resident, group, approve=approve)
        word = "is in the group now" if done.approved else "was refused"
        told = "and is told" if done.told else "and cannot be told: no proven address is left"
        typer.echo(f"The resident {word} {told}.")

    run_with_app(work)
