"""Lets in whoever is signed in and has a grant for what they are about to do.

A route says which deed it is, and gets the officer: `officer: Annotated[Officer, Doing(Deed.LOOK)]`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlsplit

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from notify.bootstrap import App
from notify.domain.grants import Deed, OutOfReach
from notify.rendering.languages import Words
from notify.services import staff_sessions
from notify.services.signing_in import SignedIn
from notify.services.staff_sessions import Officer
from notify.web.deps import TheApp
from notify.web.pages import place
from notify.web.pages.forms import LARGEST, large_form
from notify.web.pages.paper import knows_reader, page, reader_language

_YEAR: Final = 365 * 86_400
_LONGEST: Final = 500  # characters of a path that is gone back to


class Outside(Exception):
    """Nobody is signed in."""


class Gate:
    """What a route depends on; no `deeds` asks only that somebody is signed in."""

    def __init__(self, *deeds: Deed) -> None:
        self.deeds = deeds

    async def __call__(self, request: Request, app: TheApp) -> Officer:
        officer = await officer_of(request, app)
        if officer is None:
            raise Outside
        knows_reader(request, officer.language)
        if self.deeds and not any(officer.reach(deed) for deed in self.deeds):
            raise OutOfReach
        return officer


def Doing(*deeds: Deed) -> Any:  # noqa: N802 - reads as the type that it stands beside
    """For `Annotated`: whoever is signed in and may do this, or one of these, somewhere."""
    return Depends(Gate(*deeds))


async def stand(request: Request) -> None:
    """For every route here: where the reader stands."""
    place.enter(request)


def install(api: FastAPI) -> None:
    """Show those outside the door."""
    api.add_exception_handler(Outside, _outside)


async def officer_of(request: Request, app: App) -> Officer | None:
    """Who is signed in in this browser."""
    return await staff_sessions.find(app.db, request.cookies.get(_name(app, "staff")))


def mark_of(request: Request, app: App) -> str | None:
    """What this browser was given when somebody signed in with it before."""
    return request.cookies.get(_name(app, "browser"))


def browser_of(request: Request) -> str:
    """What the browser says of itself, in two words where they are found."""
    said = request.headers.get("user-agent", "")
    name = next((word for sign, word in _BROWSERS.items() if sign in said), "")
    system = next((word for sign, word in _SYSTEMS.items() if sign in said), "")
    return ", ".join(filter(None, (name, system)))


async def end_before(request: Request, app: App) -> None:
    """Whoever was signed in in this browser is not any more: its cookie is another's now."""
    before = await officer_of(request, app)
    if before is not None:
        await staff_sessions.close(app.db, before)


def let_in(answer: Response, app: App, signed_in: SignedIn) -> None:
    """Have the browser keep the session until it is closed, and for a year that it was here."""
    keep(answer, app, signed_in.word)
    _set(answer, app, "browser", signed_in.mark, life=_YEAR)


def keep(answer: Response, app: App, word: str) -> None:
    """Have the browser keep its session by this word from now on."""
    _set(answer, app, "staff", word)


def let_out(answer: Response, app: App) -> None:
    answer.delete_cookie(
        _name(app, "staff"), path="/", httponly=True, samesite="lax", secure=_safe(app)
    )


def inside(
    request: Request, app: App, officer: Officer | None, name: str, *, status: int = 200,
    **values: object,
) -> HTMLResponse:  # fmt: skip
    """One of the staff's pages, `name` below `templates/web/staff`."""
    language = reader_language(request, app, wish=officer.language if officer else None)
    section = "/".join(request.url.path.split("/")[:3])
    may = {deed.value: bool(officer and officer.reach(deed)) for deed in Deed}
    return page(
        app, f"staff/{name}", language=language, status=status, officer=officer, may=may,
        section=section, engine=bool(officer and officer.reach(Deed.OPERATE).everywhere),
        languages=app.settings.languages if place.here().opens_again else (), **values,
    )  # fmt: skip


def back(path: str) -> Response:
    """What was posted is done: look at the page anew, so that a reload posts nothing again."""
    return RedirectResponse(place.here().kept(path), 303)


def safe_path(text: str) -> str:
    """Where to go after signing in: one of the staff's pages, and nothing else on this world."""
    parts = urlsplit(text[:_LONGEST].replace("\\", "/"))
    steps = parts.path.split("/")
    if parts.scheme or parts.netloc or steps[:2] != ["", "staff"] or ".." in steps:
        return "/staff"
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def weak(words: Words) -> str:
    """That a password will not do, and which one does."""
    return words.gettext(
        "This password is too short or easy to guess. Take four words that have nothing to do"
        " with each other."
    )


async def _outside(request: Request, _: Exception) -> Response:
    path = request.url.path
    if request.method in {"GET", "HEAD"}:
        if request.url.query:
            path += f"?{request.url.query}"
        return back(f"/staff/sign-in?next={quote(path[:_LONGEST], safe='/')}")
    typed = await _typed(request)
    if not typed:
        return back("/staff/sign-in?over=1")
    place.enter(request)
    return inside(request, request.app.state.notify, None, "over", status=401, typed=typed)


async def _typed(request: Request) -> Sequence[tuple[str, str]]:
    """What a form holds that came too late, to be sent again from the page that answers it. Nothing
    for a script of ours, which keeps its page; nor of forms with passwords, nor files."""
    for_script = "text/html" not in request.headers.get("accept", "")
    if for_script or request.url.path.startswith("/staff/me"):
        return ()
    try:
        form = await large_form(request, limit=LARGEST)
    except HTTPException:
        return ()
    return [(name, value) for name, values in form.values.items() for value in values]


def _set(answer: Response, app: App, name: str, word: str, *, life: int | None = None) -> None:
    answer.set_cookie(
        _name(app, name), word, path="/", httponly=True, samesite="lax", secure=_safe(app),
        max_age=life,
    )  # fmt: skip


def _name(app: App, name: str) -> str:
    # Browsers hold the prefix against us: only over https, for this host and all of its paths.
    return f"__Host-notify-{name}" if _safe(app) else f"notify-{name}"


def _safe(app: App) -> bool:
    return app.settings.public_url.startswith("https")


# In this order: each of them says to be the later ones as well.
_BROWSERS: Final[Mapping[str, str]] = {
    "Edg": "Edge", "OPR/": "Opera", "SamsungBrowser": "Samsung Internet", "Firefox": "Firefox",
    "FxiOS": "Firefox", "CriOS": "Chrome", "Chrome": "Chrome", "Safari": "Safari",
}  # fmt: skip
_SYSTEMS: Final[Mapping[str, str]] = {
    "iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows",
    "Mac OS": "macOS", "CrOS": "ChromeOS", "Linux": "Linux",
}  # fmt: skip
