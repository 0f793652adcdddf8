"""What residents texted to us, on the command line."""

from typing import Annotated

import typer

from notify.bootstrap import App
from notify.cli.context import printable, run_with_app
from notify.services import inbound as texts


def inbound(
    unhandled: Annotated[
        bool, typer.Option("--unhandled", help="Only what nobody has dealt with.")
    ] = False,
    numbers: Annotated[
        bool, typer.Option("--numbers", help="Show whose each is: the number it came from.")
    ] = False,
    limit: Annotated[int, typer.Option(help="How many at most.", min=1, max=10_000)] = 50,
) -> None:
    """List what residents texted, the newest first. STOP and the like are dealt with at once."""

    async def work(app: App) -> None:
        rows = await texts.latest(app.db, unhandled=unhandled, limit=limit)
        if not rows:
            typer.echo("No texts.")
        for row in rows:
            at = row["sent_at"].astimezone(app.settings.zone)
            about = [row["sender"]] if numbers else []
            word = [f"[{row['word']}]"] if row["word"] else []
            said = " ".join(row["body"].split())
            typer.echo(printable("  ".join([f"{at:%Y-%m-%d %H:%M}", *about, *word, said])))

    run_with_app(work)
