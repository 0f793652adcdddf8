"""The audit log: read, checked, and taken along, by administrators of everything."""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import date
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from notify.bootstrap import App
from notify.domain.audit import Line
from notify.domain.csv_out import MARK, table
from notify.domain.grants import Deed
from notify.rendering import deeds
from notify.rendering.languages import Words
from notify.rendering.templates import templates
from notify.services import audit_reading, auditing
from notify.services.audit_reading import Wanted
from notify.services.staff_sessions import Officer
from notify.web.deps import TheApp
from notify.web.pages.paper import reader_language
from notify.web.pages.staff.door import Doing, inside

router = APIRouter(prefix="/staff/audit", include_in_schema=False)

Administrator = Annotated[Officer, Doing(Deed.ADMINISTER)]
_LONGEST: Final = 100  # characters of a filter
_FILTERS: Final = ("staff", "deed", "day", "thing")
_COLUMNS: Final = ("line", "at", "staff", "deed", "about", "hash")


@router.api_route("", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp, officer: Administrator) -> HTMLResponse:
    return await _page(request, app, officer)


@router.post("/verify")
async def verify(request: Request, app: TheApp, officer: Administrator) -> HTMLResponse:
    try:
        whole = await audit_reading.verify(app.db, officer)
    except auditing.Broken as broken:
        return await _page(request, app, officer, broken=broken)
    return await _page(request, app, officer, whole=whole)


@router.get("/lines.jsonl")
async def take_json(app: TheApp, officer: Administrator) -> Response:
    """Every line as JSON, with all that its hash covers."""
    lines = await audit_reading.export(app.db, officer)

    async def written() -> AsyncIterator[str]:
        async for line, chained in lines:
            yield json.dumps(auditing.as_json(line, chained)) + "\n"

    return _file(written(), "application/jsonl", "audit.jsonl")


@router.get("/lines.csv")
async def take_csv(app: TheApp, officer: Administrator) -> Response:
    """The same for a spreadsheet, which calculates none of it."""
    lines = await audit_reading.export(app.db, officer)

    async def written() -> AsyncIterator[str]:
        yield MARK + table([_COLUMNS])
        async for line, chained in lines:
            said = auditing.as_json(line, chained)
            said["about"] = " ".join(f"{name}={value}" for name, value in line.about.items())
            yield table([[said[column] for column in _COLUMNS]])

    return _file(written(), "text/csv; charset=utf-8", "audit.csv")


def _file(parts: AsyncIterator[str], kind: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return StreamingResponse(parts, media_type=kind, headers=headers)


async def _page(
    request: Request, app: App, officer: Officer, *, whole: auditing.Whole | None = None,
    broken: auditing.Broken | None = None,
) -> HTMLResponse:  # fmt: skip
    typed = {name: request.query_params.get(name, "").strip()[:_LONGEST] for name in _FILTERS}
    wanted = _wanted(typed, request.query_params.get("before", ""))
    shown = await audit_reading.read(app.db, officer, wanted, zone=app.settings.zone)
    kept = {name: text for name, text in typed.items() if text}
    words = templates(app.settings).words(reader_language(request, app, wish=officer.language))
    older = shown.older and "/staff/audit?" + urlencode(kept | {"before": str(shown.older)})
    return inside(
        request, app, officer, "audit", status=409 if broken else 200, shown=shown, typed=typed,
        lines=[_line(line, shown.names, words) for line in shown.lines], older=older, whole=whole,
        broken=broken, deeds=[(deed, deeds.said(words, deed)) for deed in shown.deeds], filtered=bool(kept) or wanted.before is not None,
    )  # fmt: skip


def _line(line: Line, names: Mapping[UUID, str], words: Words) -> Mapping[str, Any]:
    name = names.get(line.staff_id) if line.staff_id else None
    return {"id": line.id, "at": line.at, "deed": line.deed, "said": deeds.said(words, line.deed),
            "about": line.about, "staff": line.staff_id, "name": name}  # fmt: skip


def _wanted(typed: Mapping[str, str], before: str) -> Wanted:
    """What of the filters can be meant; the rest is as if it were not there."""
    fits = before.isascii() and before.isdigit() and len(before) <= 18
    return Wanted(
        staff=_uuid(typed["staff"]), deed=_text(typed["deed"]), day=_day(typed["day"]),
        thing=_text(typed["thing"]), before=int(before) if fits else None,
    )  # fmt: skip


def _text(text: str) -> str | None:
    return text.replace("\0", "") or None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2999 else None
