"""From a draft to what is sent: looked over, given for approval or sent, taken back."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from notify import clock
from notify.bootstrap import App
from notify.domain.broadcast import BroadcastStatus
from notify.domain.draft_check import NotReady, comes_twice, submission
from notify.domain.submission import moment
from notify.domain.words import Lane, lane_of
from notify.errors import Conflict
from notify.rendering.languages import choose
from notify.services import drafting, groups, overseeing, submitting_drafts
from notify.services.drafting import Stale
from notify.services.staff_sessions import Officer
from notify.services.submitting_drafts import Ready
from notify.web.deps import TheApp
from notify.web.pages.forms import large_form
from notify.web.pages.paper import reader_language
from notify.web.pages.staff.door import back, inside
from notify.web.pages.staff.draft_page import editor, followed
from notify.web.pages.staff.drafts import Author, version_of
from notify.web.pages.staff.reckoning import reckoned

router = APIRouter(prefix="/staff/drafts/{draft_id}", include_in_schema=False)


@router.api_route("/submit", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp, officer: Author, draft_id: UUID) -> Response:
    """What will go out, whole; back to the draft where something is wrong with it."""
    return await _look(request, app, officer, draft_id)


@router.post("/submit")
async def submit(request: Request, app: TheApp, officer: Author, draft_id: UUID) -> Response:
    version = version_of(await large_form(request))
    try:
        status = await submitting_drafts.submit(
            app.db, officer, draft_id, version=version, settings=app.settings, now=clock.now()
        )
    except Stale:
        return await _look(request, app, officer, draft_id, changed=True)
    except NotReady as wrong:
        draft = await drafting.find(app.db, officer, draft_id)
        return await editor(request, app, officer, draft, problems=wrong.problems, status=422)
    except Conflict:
        return await _look(request, app, officer, draft_id, over=True)
    draft = await drafting.find(app.db, officer, draft_id)
    waits = status is BroadcastStatus.SUBMITTED
    app.bell.ring(Lane.NOTE if waits else lane_of(draft.content.kind))  # approvers are told
    done = "" if status is None else "?done=submitted" if waits else "?done=sent"
    return back(f"/staff/messages/{draft_id}{done}")


@router.post("/take-back")
async def take_back(app: TheApp, officer: Author, draft_id: UUID) -> Response:
    """Write on what waits for approval."""
    try:
        await overseeing.take_back(app.db, officer, draft_id)
    except Conflict:
        return back(f"/staff/messages/{draft_id}?done=decided")
    return back(f"/staff/drafts/{draft_id}?done=back")


async def _look(
    request: Request, app: App, officer: Officer, draft_id: UUID, *, changed: bool = False,
    over: bool = False,
) -> Response:  # fmt: skip
    try:
        ready = await submitting_drafts.look(
            app.db, officer, draft_id, settings=app.settings, now=clock.now()
        )
    except NotReady:
        return back(f"/staff/drafts/{draft_id}?check=1")
    except Conflict:
        return back(f"/staff/messages/{draft_id}")
    return await _page(request, app, officer, ready, changed=changed, over=over)


async def _page(
    request: Request, app: App, officer: Officer, ready: Ready, *, changed: bool, over: bool
) -> HTMLResponse:
    language = reader_language(request, app, wish=officer.language)
    asked, typed = submission(ready.draft.content), ready.draft.content
    default, zone = app.settings.default_language, app.settings.zone
    names = {
        group.id: choose(group.names, language, default=default)[1]
        for group in await groups.tree(app.db)
    }
    return inside(
        request, app, officer, "draft_submit", status=409 if changed or over else 200,
        draft=ready.draft, asked=asked, waits=ready.waits, changed=changed, over=over,
        groups=[names[id_] for id_ in ready.group_ids if id_ in names],
        valid_until=asked.valid_until and moment(asked.valid_until, zone=zone, field=""),
        send_at=asked.send_at and moment(asked.send_at, zone=zone, field=""),
        twice=comes_twice(typed.send_at, zone) or comes_twice(typed.valid_until, zone),
        follows=await followed(app, officer, typed, language), first=default,
        reckoned=await reckoned(app, officer, ready.draft.id, typed, language),
    )  # fmt: skip
