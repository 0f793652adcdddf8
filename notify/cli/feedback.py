"""What people said of the pages, on the command line."""

from typing import Annotated

import typer

from notify.bootstrap import App
from notify.cli.context import printable, run_with_app
from notify.services import feedback as said


def feedback(
    limit: Annotated[int, typer.Option(help="How many at most.", min=1, max=10_000)] = 50,
) -> None:
    """List what people wrote on the accessibility page, the newest first."""

    async def work(app: App) -> None:
        rows = await said.latest(app.db, limit=limit)
        if not rows:
            typer.echo("Nothing was written.")
        for row in rows:
            at = row["created_at"].astimezone(app.settings.zone)
            typer.echo(f"{at:%Y-%m-%d %H:%M}  [{row['language']}]")
            for name, value in (("where", row["place"]), ("answer to", row["reply_to"])):
                if value:
                    typer.echo(f"  {name}: {printable(value)}")
            for line in row["message"].splitlines():
                typer.echo(f"  {printable(line)}")

    run_with_app(work)
