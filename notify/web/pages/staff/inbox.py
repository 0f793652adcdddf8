"""What residents texted: who waits, what was said, who looks after it, and an answer."""

from collections.abc import Sequence
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, Response

from notify.bootstrap import App
from notify.domain.grants import Deed
from notify.domain.words import Lane
from notify.errors import Invalid, NotFound
from notify.rendering.languages import Words
from notify.rendering.templates import templates
from notify.services import inbox
from notify.services.inbox import Barred, Moved
from notify.services.staff_sessions import Officer
from notify.web.deps import TheApp
from notify.web.pages.forms import large_form
from notify.web.pages.paper import reader_language
from notify.web.pages.staff.door import Doing, back, inside

router = APIRouter(prefix="/staff/inbox", include_in_schema=False)

Operator = Annotated[Officer, Doing(Deed.OPERATE)]
TextId = Annotated[int, Path(ge=1, le=2**63 - 1)]

_SHOWS: Final = ("waiting", "mine", "done")


@router.api_route("", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp, officer: Operator) -> HTMLResponse:
    wish = request.query_params.get("show", "")
    shown = wish if wish in _SHOWS else _SHOWS[0]
    rows = await inbox.every(app.db, officer, show=shown)
    return inside(
        request, app, officer, "inbox", rows=rows, shown=shown, shows=_SHOWS, me=officer.id,
        done=request.query_params.get("done", ""),
    )  # fmt: skip


@router.api_route("/{text_id}", methods=["GET", "HEAD"])
async def look(request: Request, app: TheApp, officer: Operator, text_id: TextId) -> HTMLResponse:
    return await _page(request, app, officer, text_id, done=request.query_params.get("done", ""))


@router.post("/{text_id}/answer")
async def answer(request: Request, app: TheApp, officer: Operator, text_id: TextId) -> Response:
    """An answer, from the number that was texted."""
    form = await large_form(request)
    typed = form.one("text")
    try:
        await inbox.answer(
            app.db, app.keyring, officer, text_id, settings=app.settings, seen=form.one("seen"),
            words=typed,
        )  # fmt: skip
    except Moved:
        return await _page(request, app, officer, text_id, status=409, problem="moved", typed=typed)
    except Barred as problem:
        return await _page(
            request, app, officer, text_id, status=409, problem=problem.why, typed=typed
        )
    except Invalid:
        problem_ = "long" if typed else "empty"
        return await _page(
            request, app, officer, text_id, status=422, problem=problem_, typed=typed
        )
    app.bell.ring(Lane.NOTE)
    return back(f"/staff/inbox/{text_id}?done=answered")


@router.post("/{text_id}/done")
async def handle(request: Request, app: TheApp, officer: Operator, text_id: TextId) -> Response:
    seen = (await large_form(request)).one("seen")
    try:
        await inbox.handle(app.db, officer, text_id, seen=seen)
    except Moved:
        return await _page(request, app, officer, text_id, status=409, problem="moved")
    return back("/staff/inbox?done=done")


@router.post("/{text_id}/assign")
async def assign(request: Request, app: TheApp, officer: Operator, text_id: TextId) -> Response:
    wish = (await large_form(request)).one("to")
    try:
        to = UUID(wish) if wish else None
    except ValueError:
        raise NotFound("There is nobody like that among your staff.") from None
    await inbox.assign(app.db, officer, text_id, to=to)
    return back(f"/staff/inbox/{text_id}?done=assigned")


async def _page(
    request: Request, app: App, officer: Officer, text_id: int, *, status: int = 200,
    done: str = "", problem: str = "", typed: str = "",
) -> HTMLResponse:  # fmt: skip
    found = await inbox.look(app.db, app.keyring, officer, text_id, settings=app.settings)
    words = templates(app.settings).words(reader_language(request, app, wish=officer.language))
    return inside(
        request, app, officer, "conversation", status=status, found=found, done=done, typed=typed,
        me=officer.id, colleagues=await inbox.colleagues(app.db, officer), longest=inbox.LONGEST,
        problems=_problems(words, problem),
    )  # fmt: skip


def _problems(words: Words, problem: str) -> Sequence[dict[str, str]]:
    said = {
        "moved": words.gettext("Something was said since you opened this page. Read it, then answer. What you wrote is still here."),
        "empty": words.gettext("Write an answer."),
        "long": words.gettext("This is too long for an SMS. Shorten it."),
        "budget": words.gettext("The SMS budget of today is used up. Nothing was sent. Call them, or answer tomorrow."),
        "no_phone": words.gettext("This number takes no SMS. Nothing was sent."),
        "abroad": words.gettext("SMS are not sent to this country. Nothing was sent."),
        "stopped": words.gettext("They texted STOP, or their number takes no SMS from us. Nothing was sent."),
    }  # fmt: skip
    return [{"field": "text", "said": said[problem]}] if problem else []
