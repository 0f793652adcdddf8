"""One's own account: where one is signed in, the password, recovery codes."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from notify.bootstrap import App
from notify.domain.passwords import SHORTEST
from notify.errors import Invalid
from notify.rendering.templates import templates
from notify.services import renewing, staff_sessions
from notify.services.asking import TooMany
from notify.services.signing_in import Wrong
from notify.services.staff_sessions import Officer
from notify.web.deps import TheApp
from notify.web.pages.forms import Fields, large_form
from notify.web.pages.paper import reader_language
from notify.web.pages.staff.door import Doing, back, inside, keep, weak
from notify.web.pages.staff.people import spelled

router = APIRouter(prefix="/staff/me", include_in_schema=False)

Me = Annotated[Officer, Doing()]


@router.api_route("", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp, officer: Me) -> HTMLResponse:
    return await _page(request, app, officer, done=request.query_params.get("done", ""))


@router.post("/sessions")
async def close(request: Request, app: TheApp, officer: Me) -> Response:
    """Sign out one browser, or all but this one."""
    form = await large_form(request)
    wanted = form.one("session")
    if wanted != "others" and not (wanted.isascii() and wanted.isdigit() and len(wanted) <= 18):
        return back("/staff/me")
    try:
        await renewing.close_session(
            app.db, app.rates, officer, password=_secret(form, "mine"),
            session=None if wanted == "others" else int(wanted),
        )  # fmt: skip
    except (Wrong, TooMany) as problem:
        return await _page(request, app, officer, problem=_problem(problem, field="mine"))
    return back("/staff/me?done=closed")


@router.post("/password")
async def change_password(request: Request, app: TheApp, officer: Me) -> Response:
    form = await large_form(request)
    try:
        word = await renewing.change_password(
            app.db, app.keyring, app.rates, officer, settings=app.settings,
            password=_secret(form, "now"), code=form.one("code"), new=_secret(form, "password"),
        )  # fmt: skip
    except (Invalid, TooMany) as problem:
        return await _page(request, app, officer, problem=_problem(problem, field="now"))
    answer = back("/staff/me?done=password")
    keep(answer, app, word)
    return answer


@router.post("/recovery")
async def renew_recovery(request: Request, app: TheApp, officer: Me) -> Response:
    form = await large_form(request)
    try:
        made, word = await renewing.renew_recovery(
            app.db, app.keyring, app.rates, officer, password=_secret(form, "now_too"),
            code=form.one("code_too"),
        )  # fmt: skip
    except (Wrong, TooMany) as problem:
        return await _page(request, app, officer, problem=_problem(problem, field="now_too"))
    answer = inside(request, app, officer, "recovery", codes=made, first=False)
    keep(answer, app, word)
    return answer


def _secret(form: Fields, name: str) -> str:
    """A password as it was typed, spaces and all."""
    return (form.all(name) or [""])[0]


def _problem(problem: Exception, *, field: str) -> tuple[str, str]:
    """The field, and what is wrong with it."""
    if isinstance(problem, TooMany):
        return field, "too_many"
    if not isinstance(problem, Wrong):
        return "password", "weak"
    return field, "password" if field == "mine" else "wrong"


async def _page(
    request: Request, app: App, officer: Officer, *, done: str = "",
    problem: tuple[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    language = reader_language(request, app, wish=officer.language)
    words = templates(app.settings).words(language)
    said = {
        "wrong": words.gettext("The password or the code is not right. Each code works once."),
        "password": words.gettext("The password is not right."),
        "too_many": words.gettext("Too many attempts. Try again in a quarter of an hour."),
        "weak": weak(words),
    }
    problems = [{"field": problem[0], "said": said[problem[1]]}] if problem else []
    return inside(
        request, app, officer, "me", status=422 if problem else 200,
        sessions=await staff_sessions.every(app.db, officer),
        recovery=await renewing.recovery_left(app.db, officer), problems=problems, done=done,
        grants=await spelled(app, officer, language=language), shortest=SHORTEST,
    )  # fmt: skip
