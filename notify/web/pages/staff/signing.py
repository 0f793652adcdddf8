"""The door of the staff's pages: signing in and out."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from notify.bootstrap import App
from notify.rendering.spans import span
from notify.rendering.templates import templates
from notify.services import signing_in, staff_sessions
from notify.services.asking import TooMany
from notify.services.signing_in import CodeTooOften, Wrong
from notify.services.staff_sessions import Officer
from notify.web.deps import TheApp
from notify.web.network import network
from notify.web.pages.forms import large_form
from notify.web.pages.paper import reader_language
from notify.web.pages.staff.door import (
    Doing,
    back,
    browser_of,
    end_before,
    inside,
    let_in,
    let_out,
    mark_of,
    officer_of,
    safe_path,
)

router = APIRouter(prefix="/staff", include_in_schema=False)


@router.api_route("/sign-in", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp) -> Response:
    if await officer_of(request, app) is not None:
        return back(safe_path(request.query_params.get("next", "")))
    return _door(request, app, next_=request.query_params.get("next", ""))


@router.post("/sign-in")
async def sign_in(request: Request, app: TheApp) -> Response:
    form = await large_form(request)
    next_ = form.one("next")
    try:
        done = await signing_in.sign_in(
            app.db, app.keyring, app.rates, email=form.one("email"),
            password=(form.all("password") or [""])[0], code=form.one("code"),
            network=network(request, app.settings), mark=mark_of(request, app),
            browser=browser_of(request),
        )  # fmt: skip
    except Wrong:
        return _door(request, app, next_=next_, email=form.one("email"), problem="wrong")
    except TooMany as wait:
        return _door(
            request, app, next_=next_, email=form.one("email"), wait=wait.retry_after,
            problem="code_too_often" if isinstance(wait, CodeTooOften) else "too_many",
        )  # fmt: skip
    await end_before(request, app)
    answer = back(safe_path(next_))
    let_in(answer, app, done)
    return answer


@router.post("/sign-out")
async def sign_out(app: TheApp, officer: Annotated[Officer, Doing()]) -> Response:
    await staff_sessions.close(app.db, officer)
    answer = back("/staff/sign-in?out=1")
    let_out(answer, app)
    return answer


def _door(
    request: Request, app: App, *, next_: str, email: str = "", problem: str = "", wait: int = 0
) -> HTMLResponse:
    words = templates(app.settings).words(reader_language(request, app))
    time = {"wait": span(words, -(-wait // 60) * 60)}  # rounded up
    said = {
        "wrong": words.gettext("The address, the password or the code is not right. Each code works once."),
        "too_many": words.gettext("Too many attempts, perhaps by somebody else. A recovery code in place of the six digits lets you in all the same, and so does a browser in which you have signed in before. Else wait %(wait)s.")
        % time,
        "code_too_often": words.gettext("Too many attempts with this recovery code. Another recovery code lets you in all the same, and so do the six digits in a browser in which you have signed in before. Else wait %(wait)s.")
        % time,
    }  # fmt: skip
    problems = [{"field": "email", "said": said[problem]}] if problem else []
    return inside(
        request, app, None, "sign_in", status={"": 200, "wrong": 422}.get(problem, 429),
        next=safe_path(next_), email=email, problems=problems,
        over="over" in request.query_params, out="out" in request.query_params,
    )  # fmt: skip
