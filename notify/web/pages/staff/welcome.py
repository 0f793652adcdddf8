"""The page behind an invitation: choose a password, take a second factor, print recovery codes."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from notify.bootstrap import App, open_channels
from notify.domain.passwords import SHORTEST
from notify.domain.words import Lane
from notify.errors import Invalid
from notify.rendering.qr import inline
from notify.rendering.templates import templates
from notify.services import inviting, proofs
from notify.store.database import Row
from notify.web.deps import TheApp
from notify.web.pages.forms import large_form
from notify.web.pages.paper import reader_language
from notify.web.pages.staff.door import browser_of, end_before, inside, let_in, weak

router = APIRouter(prefix="/staff/welcome", include_in_schema=False)


@router.api_route("/{word}", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp, word: str) -> HTMLResponse:
    person = await inviting.look(app.db, word)
    if person is None:
        return _over(request, app)
    return _page(request, app, person, proofs.new_secret())


@router.post("/{word}")
async def take(request: Request, app: TheApp, word: str) -> Response:
    form = await large_form(request)
    person = await inviting.look(app.db, word)
    if person is None:
        return _over(request, app)
    # What was shown stays in the page, hidden: nothing is written before all of it is right.
    shown = app.keyring.reveal("second factor", form.one("shown"))
    if shown is None or shown[:16] != person["id"].bytes:
        return _page(request, app, person, proofs.new_secret(), problem="code")
    secret = shown[16:].decode()
    try:
        done = await inviting.answer(
            app.db, app.keyring, settings=app.settings, word=word, secret=secret,
            password=(form.all("password") or [""])[0], code=form.one("code"),
            browser=browser_of(request), channels=open_channels(app.settings),
        )  # fmt: skip
    except Invalid as problem:
        return _page(request, app, person, secret, problem=problem.field or "code")
    if done is None:
        return _over(request, app)
    app.bell.ring(Lane.NOTE)  # whoever had the account before is told
    await end_before(request, app)
    answer = inside(request, app, None, "recovery", codes=done.recovery, first=True)
    let_in(answer, app, done.signed_in)
    return answer


def _page(
    request: Request, app: App, person: Row, secret: str, *, problem: str = ""
) -> HTMLResponse:
    words = templates(app.settings).words(reader_language(request, app, wish=person["language"]))
    said = {
        "password": weak(words),
        "code": words.gettext(
            "This is not the code that the app shows now. Type the one that it shows."
        ),
    }
    problems = [{"field": problem, "said": said[problem]}] if problem else []
    url = proofs.spelled(secret, email=person["email"], town=app.settings.town)
    return inside(
        request, app, None, "welcome", status=422 if problem else 200, person=person,
        shown=app.keyring.hide("second factor", person["id"].bytes + secret.encode()),
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)), url=url,
        picture=inline(url), shortest=SHORTEST, problems=problems,
    )  # fmt: skip


def _over(request: Request, app: App) -> HTMLResponse:
    return inside(request, app, None, "welcome_over", status=404)
