"""Residents from a file: what it would do is shown first, then they are taken in."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from notify.bootstrap import App
from notify.domain.csv_out import MARK, table
from notify.domain.csv_rows import COLUMNS, BrokenFile
from notify.domain.grants import Deed
from notify.domain.import_report import ROW_REFUSED, ImportReport
from notify.errors import Conflict, Invalid, NotFound
from notify.rendering import import_words
from notify.rendering.languages import Words
from notify.rendering.templates import templates
from notify.services.staff_sessions import Officer
from notify.services.uploading import File, Uploading
from notify.web.deps import TheApp
from notify.web.pages.forms import UPLOAD, Fields, upload_form
from notify.web.pages.paper import reader_language
from notify.web.pages.staff.door import Doing, back, inside
from notify.web.pages.staff.places import places

router = APIRouter(prefix="/staff/residents/import", include_in_schema=False)

Operator = Annotated[Officer, Doing(Deed.OPERATE)]
_SHOWN: Final = 200  # rows of the report on a page; the file to take along has them all
_OVER: Final = "/staff/residents/import?done=over"
_MIB: Final = 1024 * 1024


@router.api_route("", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp, officer: Operator) -> HTMLResponse:
    return await _form(request, app, officer, Fields({}))


@router.post("")
async def upload(request: Request, app: TheApp, officer: Operator) -> Response:
    words = _words(request, app, officer)
    form, said = Fields({}), {"field": "file", "said": ""}
    try:
        form, found = await upload_form(request, file="file")
        if found is None:
            said["said"] = words.gettext("Choose the file.")
        else:
            file = File(found.name, found.content, form.one("consent"), form.one("also"))
            kept = await _means(app).keep(officer, file)
            return back(f"/staff/residents/import/{kept}")
    except BrokenFile as problem:
        said["said"] = import_words.broken(words, problem)
    except Invalid as problem:
        said["field"] = problem.field or "file"
        said["said"] = words.gettext("This is too long, or not within your reach.")
    except HTTPException as refused:
        if refused.status_code != 413:
            raise
        text = words.gettext("The file is larger than %(most)s MB. Import it in parts.")
        said["said"] = text % {"most": UPLOAD // _MIB}
    return await _form(request, app, officer, form, problems=[said])


@router.api_route("/{upload_id}", methods=["GET", "HEAD"])
async def look(request: Request, app: TheApp, officer: Operator, upload_id: UUID) -> Response:
    return await _trial(request, app, officer, upload_id)


@router.post("/{upload_id}")
async def apply(request: Request, app: TheApp, officer: Operator, upload_id: UUID) -> Response:
    """Take in what the trial showed."""
    try:
        await _means(app).apply(officer, upload_id)
    except NotFound:
        return back(_OVER)
    except Conflict:
        return await _trial(request, app, officer, upload_id, meanwhile=True)
    return back(f"/staff/residents/import/{upload_id}")


@router.post("/{upload_id}/drop")
async def drop(app: TheApp, officer: Operator, upload_id: UUID) -> Response:
    await _means(app).drop(officer, upload_id)
    return back("/staff/residents/import?done=dropped")


@router.get("/{upload_id}/report.csv")
async def report(request: Request, app: TheApp, officer: Operator, upload_id: UUID) -> Response:
    """What is said of each row, with the cell of the officer's own file that it is about."""
    trial = await _means(app).look(officer, upload_id)
    if trial.report is None:
        raise NotFound("The file was taken in and let go of.")
    words = _words(request, app, officer)
    rows: list[tuple[str | int, ...]] = [
        (note.line, note.column, note.cell, import_words.row(words, note.problem))
        for note in trial.report.notes
    ]
    header = (
        words.gettext("Line"), words.gettext("Column"), words.gettext("What the file says"),
        words.gettext("What about it"),
    )  # fmt: skip
    headers = {
        "content-disposition": 'attachment; filename="report.csv"', "cache-control": "no-store",
    }  # fmt: skip
    text = MARK + table([header, *rows], separator=words.list_separator)
    return Response(text, media_type="text/csv", headers=headers)


def _means(app: App) -> Uploading:
    return Uploading(app.db, app.keyring, settings=app.settings)


def _words(request: Request, app: App, officer: Officer) -> Words:
    return templates(app.settings).words(reader_language(request, app, wish=officer.language))


async def _form(
    request: Request, app: App, officer: Officer, form: Fields, *,
    problems: Sequence[Mapping[str, str]] = (),
) -> HTMLResponse:  # fmt: skip
    language = reader_language(request, app, wish=officer.language)
    return inside(
        request, app, officer, "import", status=422 if problems else 200, problems=problems,
        typed={name: form.one(name) for name in ("consent", "also")}, most=UPLOAD // _MIB,
        places=await places(app, officer.reach(Deed.OPERATE), language), columns=list(COLUMNS),
        done=request.query_params.get("done", ""),
    )  # fmt: skip


async def _trial(
    request: Request, app: App, officer: Officer, upload_id: UUID, *, meanwhile: bool = False
) -> Response:
    try:
        trial = await _means(app).look(officer, upload_id)
    except NotFound:
        return back(_OVER)
    words = _words(request, app, officer)
    done = trial.done if trial.report is None else trial.report.as_json
    return inside(
        request, app, officer, "import_trial", status=409 if meanwhile else 200, trial=trial,
        figures=done, notes=_notes(words, trial.report), meanwhile=meanwhile,
        more=max(0, len(trial.report.notes) - _SHOWN) if trial.report else 0,
        taken=_taken(trial.report),
    )  # fmt: skip


def _taken(report: ImportReport | None) -> int:
    """How many people would be taken in or added to."""
    return report.residents_new + report.residents_known if report else 0


def _notes(words: Words, report: ImportReport | None) -> Sequence[Mapping[str, Any]]:
    """Those of refused rows first, without a cell of the file: line, column and words do."""
    if report is None:
        return ()
    ordered = sorted(report.notes, key=lambda note: note.problem not in ROW_REFUSED)
    return [
        {"line": note.line, "column": note.column, "said": import_words.row(words, note.problem)}
        for note in ordered[:_SHOWN]
    ]
