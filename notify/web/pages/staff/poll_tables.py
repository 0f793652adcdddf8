"""How a poll stands, or came out, as a file that staff take along: also where nobody else sees it."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from notify import clock
from notify.domain.csv_out import MARK, Cell, table
from notify.domain.grants import Deed
from notify.domain.results import Result, in_json, to_json
from notify.rendering import results
from notify.rendering.languages import Words
from notify.rendering.templates import templates
from notify.services import counting
from notify.services.staff_sessions import Officer
from notify.web.deps import TheApp
from notify.web.pages.paper import reader_language
from notify.web.pages.staff import answerers
from notify.web.pages.staff.door import Doing

router = APIRouter(prefix="/staff/messages", include_in_schema=False)

Viewer = Annotated[Officer, Doing(Deed.LOOK)]


@router.post("/{broadcast_id}/result.csv")
async def as_csv(app: TheApp, request: Request, officer: Viewer, broadcast_id: UUID) -> Response:
    """Posted, for it leaves a line in the log."""
    result, now = await counting.take_along(app.db, officer, broadcast_id), clock.now()
    words = templates(app.settings).words(reader_language(request, app, wish=officer.language))
    lines = _lines(words, result, now, default=app.settings.default_language)
    text = MARK + table(lines, separator=words.list_separator)
    return _file(text, "text/csv", result, "csv")


@router.post("/{broadcast_id}/result.json")
async def as_json(app: TheApp, officer: Viewer, broadcast_id: UUID) -> Response:
    """The same with all languages, for a program."""
    result, now = await counting.take_along(app.db, officer, broadcast_id), clock.now()
    said = {"running": result.closed_at is None, "as_of": now, **to_json(result)}
    text = json.dumps(said, default=in_json, ensure_ascii=False, indent=2)
    return _file(f"{text}\n", "application/json", result, "json")


def _lines(
    words: Words, result: Result, now: datetime, *, default: str
) -> Sequence[Sequence[Cell]]:
    """As everybody gets it, with how it stands before each line."""
    state = _state(words, result, now)
    head, *rows = results.table(words, result, language=words.language, default=default)
    return [[words.gettext("State"), *head], *([state, *row] for row in rows)]


def _state(words: Words, result: Result, now: datetime) -> str:
    if result.closed_at is None:
        at = answerers.moment(words, now)
        return words.gettext("still running, as of %(at)s") % {"at": at}
    return words.gettext("closed %(at)s") % {"at": answerers.moment(words, result.ended_at)}


def _file(text: str, kind: str, result: Result, ending: str) -> Response:
    name = f"{result.broadcast_id}-{'so-far' if result.closed_at is None else 'result'}.{ending}"
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "no-store",
    }
    return Response(text, media_type=f"{kind}; charset=utf-8", headers=headers)
