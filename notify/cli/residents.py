"""`notify residents`: taking residents in, from a file or at the desk."""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, NoReturn, TextIO

import phonenumbers
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn

from notify.bootstrap import App
from notify.cli import desk
from notify.cli.context import run_with_app
from notify.domain import csv_out
from notify.domain.csv_rows import BrokenFile
from notify.domain.import_report import ImportReport
from notify.services import importing

app = typer.Typer(no_args_is_help=True, help="Residents: take them in.")
app.command("form")(desk.form)
app.command("sign-up")(desk.sign_up)
app.command("code")(desk.code)
app.command("confirm")(desk.confirm)

_MOST_SHOWN = 50


@app.callback()
def residents() -> None:
    """Residents: take them in."""


@app.command("import")
def import_(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV in UTF-8 with `,` or `;` and a header of: name, language, email, phone, "
            "groups (separated by `;`), channels (email, sms, push; empty: as there are addresses)."
        ),
    ],
    apply: Annotated[
        bool, typer.Option("--apply", help="Write it. Without, only say what would happen.")
    ] = False,
    consent: Annotated[
        str | None,
        typer.Option(
            help="Where the consents are kept, e.g. “paper forms 2026”. Without it every "
            "new address is unverified and is only ever asked to confirm."
        ),
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(help="Country of phone numbers without a prefix. Default: DEFAULT_REGION."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write what was said of each row to this CSV file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The figures for a program.")] = False,
) -> None:
    """Judge a file of residents row by row; with --apply take them in, all or nothing.

    Exit code 0 even where rows were refused (the report says which), 1 where something was in
    the way, 2 for a file that cannot be used at all.
    """  # fmt: skip
    if region is not None and region.upper() not in phonenumbers.SUPPORTED_REGIONS:
        _end("--region is no country; write two letters like DE.")
    with ExitStack() as stack:
        rows = stack.enter_context(_opened(report, but=file)) if report else None
        result = _run(file, apply=apply, consent=consent, region=region)
        if rows:
            rows.write(csv_out.table(result.table()))
    if as_json:
        typer.echo(json.dumps(result.as_json, ensure_ascii=False, indent=2))
    else:
        _tell(result, consent=consent, everything=report)


def _run(file: Path, *, apply: bool, consent: str | None, region: str | None) -> ImportReport:
    bar = Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(),
        console=Console(stderr=True), transient=True,
    )  # fmt: skip

    async def work(service: App) -> ImportReport | BrokenFile:
        settings = service.settings
        if region:
            settings = settings.model_copy(update={"default_region": region.upper()})
        task = bar.add_task("Importing" if apply else "Judging", total=None)
        try:
            return await importing.run(
                service.db,
                service.keyring,
                settings=settings,
                path=file,
                consent=consent,
                apply=apply,
                progress=lambda done, of: bar.update(task, completed=done, total=of),
            )
        except BrokenFile as broken:
            return broken

    with bar:
        result = run_with_app(work)
    if isinstance(result, BrokenFile):
        _end(f"{file.name}: {result.message}\nNothing was changed.")
    return result


def _opened(path: Path, *, but: Path) -> TextIO:
    """The report file, opened before anything is imported, so that it cannot fail afterwards."""
    if path.exists() and but.exists() and path.samefile(but):
        _end("--report names the file to be imported; choose another name.")
    try:
        # The mark makes spreadsheets read UTF-8. Residents' addresses are in it: for its owner.
        path.touch(mode=0o600)
        return path.open("w", encoding="utf-8-sig", newline="")
    except OSError as problem:
        _end(f"The report cannot be written: {problem.strerror}.")


def _tell(report: ImportReport, *, consent: str | None, everything: Path | None) -> None:
    for name, figure in (
        ("rows", report.rows),
        ("residents, new", report.residents_new),
        ("residents, known", report.residents_known),
        ("rows merged as duplicates", report.duplicates),
        ("rows refused", report.rows_refused),
        ("addresses added", report.addresses),
        ("addresses refused", report.addresses_refused),
        ("addresses left suppressed", report.suppressed),
        ("addresses added unverified", report.unverified),
    ):
        typer.echo(f"{figure:>9,}  {name}")
    typer.echo()
    for note in report.notes[:_MOST_SHOWN]:
        where = f"line {note.line}" + (f", {note.column}" if note.column else "")
        typer.echo(f"{where}: {note.words}{_quoted(note.cell)}")
    if len(report.notes) > _MOST_SHOWN:
        where = f"all are in {everything}" if everything else "--report FILE.csv lists all"
        typer.echo(f"… and {len(report.notes) - _MOST_SHOWN:,} more; {where}.")
    if report.unverified and not consent:
        typer.echo(
            "\nWITHOUT --consent the new addresses are UNVERIFIED: nobody gets an alert over "
            "them until they have confirmed. If the consents are on paper, say where they are "
            "kept: --consent “paper forms 2026”."
        )
    if report.applied:
        typer.echo("\nDone.")
    else:
        typer.echo("\nNothing was changed. If this is right, run it again with --apply.")


def _quoted(cell: str) -> str:
    """The cell for a terminal: short, and unable to steer it."""
    plain = "".join(sign if sign.isprintable() else "\ufffd" for sign in cell)
    return f" [{plain[:60]}]" if plain else ""


def _end(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(2)
