"""How the senders are, and what else of the service stands or waits; with what to do."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from notify import clock
from notify.domain.grants import Deed
from notify.domain.words import Lane
from notify.rendering import labels, reasons
from notify.rendering.languages import Words, choose
from notify.rendering.spans import ago, span
from notify.rendering.templates import templates
from notify.services import inspecting, noticing
from notify.services.inspecting import Inspected
from notify.services.staff_sessions import Officer
from notify.web.deps import TheApp
from notify.web.pages.forms import large_form
from notify.web.pages.paper import reader_language
from notify.web.pages.staff.door import Doing, back, inside

router = APIRouter(prefix="/staff/senders", include_in_schema=False)

Operator = Annotated[Officer, Doing(Deed.OPERATE)]


@router.api_route("", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp, officer: Operator) -> HTMLResponse:
    found = await inspecting.look(app.db, officer)
    language = reader_language(request, app, wish=officer.language)
    words, default = templates(app.settings).words(language), app.settings.default_language
    return inside(
        request, app, officer, "senders", done=request.query_params.get("done", ""),
        now=clock.now(), alarms=alarms(words, found.alarms), seen=found.seen,
        senders=_senders(words, found), fine=not found.alarms and all(found.workers.values()),
        queue=[
            {
                "lane": labels.lane(words, row["lane"]), "age": span(words, row["age"]),
                "channel": labels.channel(words, row["channel"]),
            }
            for row in found.queue
        ],
        workers=[(labels.lane(words, lane), n) for lane, n in found.workers.items()],
        held=[
            {**row, "title": choose(row["titles"], language, default=default)[1]}
            for row in found.held
        ],
        receipts=[
            {**row, "ago": ago(words, (clock.now() - row["received_at"]).total_seconds())}
            for row in found.receipts
        ],
    )  # fmt: skip


@router.post("/resume")
async def resume(request: Request, app: TheApp, officer: Operator) -> Response:
    name = (await large_form(request)).one("sender")
    if await inspecting.resume(app.db, officer, name):
        for lane in Lane:
            app.bell.ring(lane)
    return back("/staff/senders?done=resumed")


def alarms(words: Words, rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """What is wrong, and what to do, for pages."""
    return [{"since": row["since"], "said": noticing.said(words, dict(row))} for row in rows]


def _senders(words: Words, found: Inspected) -> Sequence[Mapping[str, Any]]:
    return [
        {
            **row,
            "called": labels.channel(words, row["channel"]),
            "why": _why(words, row),
            "lately": found.lately.get(row["name"], 0.0),
            "ahead": span(words, row["backlog"]) if row["backlog"] else None,
        }
        for row in found.senders
    ]


def _why(words: Words, row: Mapping[str, Any]) -> str | None:
    stopped = row["state"] == "stopped"
    reason, code = (
        (row["reason"], row["code"]) if stopped else (row["down_reason"], row["down_code"])
    )
    said = reasons.said(words, reason) or reason
    return f"{said} ({code})" if said and code else said
