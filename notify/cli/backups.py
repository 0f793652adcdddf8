"""Backups on the command line: make one, look at one, bring one back, and decide what is held."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TaskProgressColumn, TextColumn
from rich.progress import Progress as Bar

from notify.bootstrap import App, check_schema
from notify.cli.context import read_settings, run_with_app, stamp, telling
from notify.domain.broadcast import HeldWhy
from notify.domain.words import lane_of
from notify.embedded.backup_file import Manifest, Progress
from notify.rendering.languages import choose
from notify.rendering.lines import one_line
from notify.services import backing_up, holding, restoring
from notify.services.holding import Holding
from notify.settings import Settings
from notify.store.database import Row

BackupFile = Annotated[Path, typer.Argument(help="The backup.", show_default=False)]

WHERE_IT_STOOD = {
    HeldWhy.WAITING: "had not begun; may have been sent since",
    HeldWhy.UNDER_WAY: "was being sent",
    HeldWhy.OPEN: "had deliveries open",
    HeldWhy.IN_FORCE: "all sent; would go on to whoever joins",
}


def backup(
    file: BackupFile,
    check: Annotated[
        bool, typer.Option("--check", help="Make none: read this one whole and vouch for it.")
    ] = False,
) -> None:
    """Write the database and the secrets to one file, while everything runs."""
    with telling():
        if check:
            with _bar("Reading") as progress:
                manifest = restoring.check(file, progress=progress)
            typer.echo(f"{file} is whole: {_summary(manifest, read_settings())}.")
            return
        settings = read_settings()
        with _bar("Backing up") as progress:
            made = backing_up.back_up(settings, file, progress=progress)
        typer.echo(
            f"{file}: {_size(made.bytes)} in {made.seconds:.1f} s; {_summary(made.manifest, settings)}."
        )
        typer.echo(
            "It holds addresses and secrets in clear: encrypt it before it leaves this machine."
        )


def restore(
    file: BackupFile,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put what is there aside and take its place.")
    ] = False,
) -> None:
    """Bring a backup back, all of it or nothing. What it may have sent since is held."""
    with telling():
        settings = read_settings()
        with _bar("Restoring") as progress:
            done = restoring.restore(settings, file, replace=replace, progress=progress)
        typer.echo(f"Restored: {_summary(done.manifest, settings)}.")
        if done.kept:
            typer.echo(f"What was there before is kept at {done.kept}; delete it when all is well.")
        made_at = stamp(done.manifest.made_at, settings)
        typer.echo(f"\nWhatever happened after {made_at} is not in it.")
        _tell(done.holding, settings)


def hold() -> None:
    """Hold what was in flight, after the database was brought back by other means than
    `notify restore`. Do it before anything starts."""

    async def work(app: App) -> None:
        check_schema(app.settings)
        await holding.check_idle(app.db)
        _tell(await holding.hold(app.db), app.settings)

    run_with_app(work)


def release(broadcast: Annotated[UUID, typer.Argument(help="Its id.")]) -> None:
    """Send what is open of a held broadcast; each is marked as the repeat it may be."""

    async def work(app: App) -> Row:
        row = await holding.release(app.db, broadcast)
        app.bell.ring(lane_of(row["kind"]))
        return row

    row = run_with_app(work)
    typer.echo(f"Released: {row['open']:,} open deliveries.")
    if row["status"] == "submitted":
        typer.echo("It still waits for approval: `notify approve ID`.")


def about(
    titles: Mapping[str, str], groups: Sequence[str], until: datetime | None, settings: Settings
) -> str:
    """What a broadcast says, to whom and until when, in a line."""
    _, title = choose(titles, settings.default_language, default=settings.default_language)
    valid = f", valid until {stamp(until, settings)}" if until else ""
    return f"{one_line(title)!r} to {', '.join(groups)}{valid}"


def show_held(rows: list[Row], settings: Settings) -> None:
    """What is held, in a line or two each, with what to do about it."""
    if not rows:
        return
    typer.echo("\nHELD since a restore, because it may have been sent already:")
    for row in rows:
        severity = f" ({row['severity']})" if row["severity"] else ""
        typer.echo(f"  {row['kind']}{severity} {row['id']}  {row['status']}")
        typer.echo(f"    {about(row['titles'], row['groups'], row['valid_until'], settings)}")
        written = stamp(row["created_at"], settings)
        typer.echo(f"    written {written}, {WHERE_IT_STOOD[row['held_why']]}")
        typer.echo(
            f"    {row['pending']:,} to be sent, {row['unknown']:,} of unknown outcome"
            + (", and those not planned yet" if row["unplanned"] else "")
        )
    typer.echo(
        "`notify release ID` sends what is open, each marked as a repeat. `notify cancel ID` ends "
        "it.\nAn all-clear or correction reaches whoever may have got it, and ends it too."
    )


def show_hold(row: Row, settings: Settings) -> None:
    """That one broadcast is held, where it is."""
    if row["held_at"]:
        since = stamp(row["held_at"], settings)
        typer.echo(f"HELD since {since}: {WHERE_IT_STOOD[row['held_why']]}")
        typer.echo("`notify release ID` sends what is open, `notify cancel ID` ends it.")


def _tell(found: Holding, settings: Settings) -> None:
    show_held(found.held, settings)
    if not found.held:
        typer.echo("\nNothing was in flight: nothing is held.")
    if found.notes:
        typer.echo(f"\n{found.notes:,} codes and questions that were on their way are cancelled.")
    if found.ahead:
        typer.echo("\nScheduled, and will be sent. Cancel what was recalled since:")
        for row in found.ahead:
            typer.echo(f"  {row['kind']} {row['id']}  at {stamp(row['send_at'], settings)}")
            typer.echo(f"    {about(row['titles'], row['groups'], row['valid_until'], settings)}")


@contextmanager
def _bar(doing: str) -> Iterator[Progress]:
    console = Console(stderr=True)
    with Bar(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(),
        console=console, transient=True, disable=not console.is_terminal,
    ) as bar:  # fmt: skip
        task = bar.add_task(doing, total=None)
        yield lambda done, whole: bar.update(task, completed=done, total=whole or None)


def _summary(manifest: Manifest, settings: Settings) -> str:
    counts = manifest.counts
    return (
        f"{counts.get('residents', 0):,} residents, {counts.get('broadcasts', 0):,} broadcasts, "
        f"{counts.get('deliveries', 0):,} deliveries, as of {stamp(manifest.made_at, settings)}"
    )


def _size(count: int) -> str:
    return f"{count / 1_000_000:,.1f} MB"
