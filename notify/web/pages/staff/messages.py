"""What was, is and is to be sent: to read, to approve or return, to watch and to recall."""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from notify import clock
from notify.bootstrap import App
from notify.domain.broadcast import BroadcastStatus
from notify.domain.grants import Deed
from notify.domain.words import Kind, Lane, lane_of
from notify.errors import Conflict, Invalid
from notify.rendering.looks import looks
from notify.rendering.markup import to_html
from notify.rendering.messages import Renderer
from notify.rendering.templates import templates
from notify.services import (
    closing_polls,
    correcting_alone,
    drafting,
    following,
    holding,
    overseeing,
    overtaking,
    reviewing,
    threads,
)
from notify.services.correcting_alone import NotAlone
from notify.services.letting_go import Brief, Grown, Held, Late, Overtaken
from notify.services.overseeing import Listed, Overseen, OwnWork
from notify.services.staff_sessions import Officer
from notify.web.deps import TheApp
from notify.web.pages.forms import large_form
from notify.web.pages.paper import reader_language
from notify.web.pages.staff import reckoning, template_forms
from notify.web.pages.staff.door import Doing, back, inside
from notify.web.pages.staff.listed import draft_lines, entry_of, thread_lines
from notify.web.pages.staff.watching import watched
from notify.web.static import static_url

router = APIRouter(prefix="/staff/messages", include_in_schema=False)

Viewer = Annotated[Officer, Doing(Deed.LOOK)]
Approver = Annotated[Officer, Doing(Deed.APPROVE)]
Author = Annotated[Officer, Doing(Deed.WRITE)]
Operator = Annotated[Officer, Doing(Deed.OPERATE)]
Recaller = Annotated[Officer, Doing(Deed.OPERATE, Deed.APPROVE, Deed.WRITE)]

_UNDER_WAY: Final = {
    BroadcastStatus.APPROVED,
    BroadcastStatus.SCHEDULED,
    BroadcastStatus.DISPATCHING,
}
_NOT_LET_GO: Final = {BroadcastStatus.DRAFT, BroadcastStatus.SUBMITTED, BroadcastStatus.RETURNED}
_NOT_LET_GO_FOR: Final[Mapping[type[Conflict], str]] = {
    Brief: "brief", Grown: "grown", Held: "held", Late: "late", Overtaken: "overtaken",
}  # fmt: skip
_PARTS: Final = ("in_force", "waiting", "running", "scheduled", "rest")
_REFUSALS: Final = {
    "own",
    "changed",
    "too_late",
    "closed_before",
    *_NOT_LET_GO_FOR.values(),
    *(f"alone_{why}" for why in correcting_alone.Why),
}  # said in the answer to a form alone


@router.api_route("", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp, officer: Viewer) -> HTMLResponse:
    language = reader_language(request, app, wish=officer.language)
    listed = await overseeing.every(app.db, within=officer.reach(Deed.LOOK))
    in_force = [one.broadcast.id for one in listed if one.part == "in_force"]
    endable = await following.endable(app.db, officer, in_force)
    entries = [entry_of(app, one, language) for one in listed]
    parts: dict[str, Any] = {
        part: [one for one in entries if one["part"] == part] for part in _PARTS
    }
    drafts = await drafting.every(app.db, officer) if officer.reach(Deed.WRITE) else []
    return inside(
        request, app, officer, "messages", now=clock.now(), drafts=draft_lines(app, drafts, language),
        done=request.query_params.get("done", ""), most=overseeing.SHOWN, endable=endable,
        **parts,
    )  # fmt: skip


@router.api_route("/{broadcast_id}", methods=["GET", "HEAD"])
async def look(request: Request, app: TheApp, officer: Viewer, broadcast_id: UUID) -> HTMLResponse:
    return await _page(
        request, app, officer, broadcast_id, done=request.query_params.get("done", "")
    )


@router.post("/{broadcast_id}/approve")
async def approve(request: Request, app: TheApp, officer: Approver, broadcast_id: UUID) -> Response:
    form = await large_form(request)
    try:
        row = await overseeing.approve(
            app.db, officer, broadcast_id, seen=form.one("seen"), at_once=form.has("now")
        )
    except OwnWork:
        return await _page(request, app, officer, broadcast_id, done="own", status=403)
    except Conflict as why:
        done = _NOT_LET_GO_FOR.get(type(why), "changed")
        return await _page(request, app, officer, broadcast_id, done=done, status=409)
    app.bell.ring(lane_of(row["kind"]))
    return back(f"/staff/messages/{broadcast_id}?done=approved")


@router.post("/{broadcast_id}/return")
async def send_back(
    request: Request, app: TheApp, officer: Approver, broadcast_id: UUID
) -> Response:
    form = await large_form(request)
    try:
        await overseeing.send_back(
            app.db, officer, broadcast_id, seen=form.one("seen"), reason=form.one("reason")
        )
    except Conflict:
        return await _page(request, app, officer, broadcast_id, done="changed", status=409)
    except Invalid:
        return await _page(
            request, app, officer, broadcast_id, status=422, reason=form.one("reason"), empty=True
        )
    app.bell.ring(Lane.NOTE)  # whoever wrote it is told
    return back(f"/staff/messages/{broadcast_id}?done=returned")


@router.post("/{broadcast_id}/alone")
async def alone(request: Request, app: TheApp, officer: Author, broadcast_id: UUID) -> Response:
    """Whoever warned alone ends or corrects that alone."""
    form = await large_form(request)
    try:
        await correcting_alone.send(
            app.db, officer, broadcast_id, seen=form.one("seen"), reason=form.one("reason"),
            alone=form.has("alone"),
        )  # fmt: skip
    except NotAlone as not_alone:
        done = f"alone_{not_alone.why}"
        return await _page(request, app, officer, broadcast_id, done=done, status=409)
    except Conflict as why:
        done = _NOT_LET_GO_FOR.get(type(why), "changed")
        return await _page(request, app, officer, broadcast_id, done=done, status=409)
    except Invalid as wrong:
        return await _page(
            request, app, officer, broadcast_id, status=422, reason=form.one("reason"), wrong=wrong
        )
    app.bell.ring(Lane.ALERT)
    app.bell.ring(Lane.NOTE)  # all who might have approved it are told
    return back(f"/staff/messages/{broadcast_id}?done=alone")


@router.post("/{broadcast_id}/recall")
async def recall(request: Request, app: TheApp, officer: Recaller, broadcast_id: UUID) -> Response:
    """Asked once more before it is done."""
    if not (await large_form(request)).has("sure"):
        return await _page(request, app, officer, broadcast_id, asks=True)
    try:
        row = await overseeing.recall(app.db, officer, broadcast_id)
    except Conflict:
        return await _page(request, app, officer, broadcast_id, done="too_late", status=409)
    app.bell.ring(lane_of(row["kind"]))
    return back(f"/staff/messages/{broadcast_id}?done=recalled")


@router.post("/{broadcast_id}/release")
async def release(request: Request, app: TheApp, officer: Operator, broadcast_id: UUID) -> Response:
    """Let go on what is held since a restore."""
    try:
        row = await holding.release(app.db, broadcast_id, officer=officer)
    except Conflict:
        return await _page(request, app, officer, broadcast_id, done="changed", status=409)
    app.bell.ring(lane_of(row["kind"]))
    return back(f"/staff/messages/{broadcast_id}?done=released")


@router.post("/{broadcast_id}/close")
async def close(request: Request, app: TheApp, officer: Recaller, broadcast_id: UUID) -> Response:
    """Take no more answers; asked once more before it is done."""
    if not (await large_form(request)).has("sure"):
        return await _page(request, app, officer, broadcast_id, closes=True)
    try:
        await closing_polls.close(app.db, broadcast_id, officer=officer)
    except closing_polls.AlreadyClosed:
        return await _page(request, app, officer, broadcast_id, done="closed_before", status=409)
    return back(f"/staff/messages/{broadcast_id}?done=closed")


async def _page(
    request: Request, app: App, officer: Officer, broadcast_id: UUID, *, done: str = "",
    status: int = 200, asks: bool = False, closes: bool = False, reason: str = "", empty: bool = False,
    wrong: Invalid | None = None,
) -> HTMLResponse:  # fmt: skip
    language = reader_language(request, app, wish=officer.language)
    found = await overseeing.look(
        app.db, broadcast_id, settings=app.settings, within=officer.reach(Deed.LOOK)
    )
    if status == 200 and not _happened(officer, found, done):
        done = ""
    words = templates(app.settings).words(language)
    problems = (
        [{"field": "reason", "said": words.gettext("Say what has to change.")}] if empty else []
    )
    if wrong is not None:
        problems = template_forms.problems(words, wrong)
    entry = entry_of(app, Listed(found.broadcast, found.group_names, found.row), language)
    made = looks(Renderer(app.settings), found.broadcast, found.identity)
    thread = await threads.said(app.db, found.row["thread_id"], within=officer.reach(Deed.LOOK))
    successor = threads.successor(thread, broadcast_id)
    waits = found.broadcast.status == BroadcastStatus.SUBMITTED
    not_alone = await correcting_alone.barred(app.db, officer, broadcast_id)
    return inside(
        request, app, officer, "message", status=status, entry=entry, found=found, done=done,
        asks=asks, closes=closes, reason=reason, problems=problems, looks=made,
        reckoned=await reckoning.waiting(app, found, made, language) if waits else None,
        pages={one.language: to_html(one.text.body) for one in made},
        state=reckoning.state(found.broadcast), first=app.settings.default_language,
        open=_is_open(found), script=static_url("live.js"),
        may_release=found.held and await holding.may_release(app.db, officer, found.row),
        own=officer.id in found.row["editors"],
        may_alone=not_alone is None, not_alone=not_alone if waits else None,
        late=found.broadcast.send_at is not None and found.broadcast.send_at <= clock.now(),
        thread=thread_lines(app, thread, language), successor=successor,
        overtake=await overtaking.of(app.db, officer, found, thread, now=clock.now()),
        ways=await _ways(app, officer, found, replaced=successor is not None),
        to_review=await reviewing.of(app.db, officer, broadcast_id),
        nobody=await overseeing.nobody_approves(app.db, found),
        unreached=await overseeing.unreached(app.db, found),
        told=await overseeing.told(app.db, found, settings=app.settings),
        **await watched(request, app, found, language=language, counts=not asks),
    )  # fmt: skip


async def _ways(
    app: App, officer: Officer, found: Overseen, *, replaced: bool
) -> following.Ways | None:
    """How what went out is followed; None for what never did."""
    if found.row["dispatching_at"] is None:
        return None
    return await following.ways(
        app.db, officer, found.row, found.broadcast, now=clock.now(), replaced=replaced
    )


def _happened(officer: Officer, found: Overseen, done: str) -> bool:
    """Whether what the address says was done is so: anybody may write an address, and a page may be
    opened again much later."""
    status, mine = found.broadcast.status, [
        one["decision"] for one in found.decisions if one["staff_id"] == officer.id
    ]  # fmt: skip
    holds = {
        "approved": "approved" in mine,
        "returned": mine[-1:] == ["returned"] and status is BroadcastStatus.RETURNED,
        "recalled": found.row["cancelled_at"] is not None,
        "submitted": status is BroadcastStatus.SUBMITTED,
        "sent": status not in _NOT_LET_GO,
        "alone": "broke_glass" in mine,
        "decided": status is not BroadcastStatus.SUBMITTED,
        "released": found.row["restored_at"] is not None and found.row["held_at"] is None,
    }
    return holds.get(done, done not in _REFUSALS)


def _is_open(found: Overseen) -> bool:
    """Whether it can still be recalled, or go on."""
    status = found.broadcast.status
    lasts = found.broadcast.kind is Kind.POLL and status is BroadcastStatus.DISPATCHED
    return status in {*_UNDER_WAY, BroadcastStatus.SUBMITTED} or lasts or found.held
