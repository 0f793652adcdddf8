"""What became of one resident's messages: asked with a reason, shown once."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from notify.bootstrap import App
from notify.domain.grants import Deed
from notify.errors import Invalid
from notify.rendering import labels, missed, reasons, remedies
from notify.rendering.fates import told
from notify.rendering.languages import Words, choose
from notify.rendering.templates import templates
from notify.services import history
from notify.services.history import LONGEST_REASON, MOST, Told
from notify.services.staff_sessions import Officer
from notify.web.deps import TheApp
from notify.web.pages.forms import large_form
from notify.web.pages.paper import reader_language
from notify.web.pages.staff.door import Doing, inside

router = APIRouter(prefix="/staff/residents", include_in_schema=False)

Operator = Annotated[Officer, Doing(Deed.OPERATE)]


@router.api_route("/{resident_id}/history", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp, officer: Operator, resident_id: UUID) -> HTMLResponse:
    """Asks why; nothing is seen before."""
    await history.check(app.db, officer, resident_id)
    return _page(request, app, officer, resident_id)


@router.post("/{resident_id}/history")
async def ask(request: Request, app: TheApp, officer: Operator, resident_id: UUID) -> HTMLResponse:
    reason = (await large_form(request)).one("reason")
    try:
        found = await history.ask(app.db, officer, resident_id, reason=reason)
    except Invalid:
        return _page(request, app, officer, resident_id, reason=reason, wrong=True)
    language = reader_language(request, app, wish=officer.language)
    words, default = templates(app.settings).words(language), app.settings.default_language
    return inside(
        request, app, officer, "asked", most=MOST,
        entries=[shown(words, one, language, default=default) for one in found],
    )  # fmt: skip


def shown(words: Words, one: Told, language: str, *, default: str) -> Mapping[str, Any]:
    """One entry for `web/staff/history.html`: the message, and `lines` on each way it took or did
    not: what the channel is `called`, what is `said`, what to do, and the `attempts`."""
    tag, text = choose(one.broadcast.texts, language, default=default)
    return {
        "broadcast": one.broadcast, "at": one.at, "title": text.title, "language": tag,
        "missed": missed.said(words, one.missed) if one.missed else None,
        "lines": [
            *(_delivery(words, row, one) for row in one.deliveries),
            *(_skip(words, row) for row in one.skips),
        ],
    }  # fmt: skip


def _delivery(words: Words, row: Mapping[str, Any], one: Told) -> Mapping[str, Any]:
    status, reason = row["status"], row["reason"]
    why = reasons.said(words, reason, status) if reason else None
    turn = remedies.remedy(reason, status) if why else None
    return {
        "called": labels.channel(words, row["channel"]), "said": told(words, status),
        "at": row["handed_over_at"] or row["ended_at"], "why": why,
        "todo": remedies.todo(words, turn, until=one.broadcast.valid_until) if turn else None,
        "attempts": [
            {**attempt, "why": reasons.said(words, attempt["reason"]) or attempt["reason"]}
            for attempt in row["attempts"]
        ],
    }  # fmt: skip


def _skip(words: Words, row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "called": labels.channel(words, row["channel"]), "said": told(words, "skipped"),
        "at": None, "why": reasons.said(words, row["reason"]),
        "todo": remedies.todo(words, remedies.remedy(row["reason"])), "attempts": [],
    }  # fmt: skip


def _page(
    request: Request, app: App, officer: Officer, resident_id: UUID, *, reason: str = "",
    wrong: bool = False,
) -> HTMLResponse:  # fmt: skip
    words = templates(app.settings).words(reader_language(request, app, wish=officer.language))
    said = words.gettext("Say in one line why you look at it, without names.")
    return inside(
        request, app, officer, "ask", status=422 if wrong else 200, resident=resident_id,
        reason=reason, most=LONGEST_REASON,
        problems=[{"field": "reason", "said": said}] if wrong else [],
    )  # fmt: skip
