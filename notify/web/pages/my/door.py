"""Lets in whoever has the page open, and shows all others the door."""

from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from notify.bootstrap import App
from notify.rendering.languages import choose
from notify.services import my
from notify.services.my import MyPage
from notify.services.visiting import Session
from notify.store.database import Row
from notify.web.pages import cookies, place
from notify.web.pages.paper import knows_reader, page, reader_language


@dataclass(frozen=True, slots=True)
class Guest:
    """Whose page is open in this browser, and in which language they read it."""

    session: Session
    page: MyPage
    language: str


async def guest(request: Request, app: App) -> Guest | None:
    """Who is here; None where nobody is, or a newcomer who has proven nothing yet."""
    session = await cookies.session(request, app)
    found = await my.look(app.db, session) if session else None
    if session is None or found is None:
        return None
    knows_reader(request, found.language)
    return Guest(session, found, reader_language(request, app))


def outside() -> Response:
    """For whoever is not, or no longer, here: the way to open the page."""
    return back("/my?closed=1")


def back(path: str) -> Response:
    """What was posted is done: look at the page anew, so that a reload posts nothing again."""
    return RedirectResponse(place.here().kept(path), 303, headers={"cache-control": "no-store"})


def inside(
    app: App, here: Guest, name: str, *, status: int = 200, **values: object
) -> HTMLResponse:
    """One of the resident's pages, `name` below `templates/web/my`."""
    return page(
        app, f"my/{name}", language=here.language, status=status, mine=here.page,
        **values,
    )  # fmt: skip


def group_name(app: App, here: Guest, row: Row) -> str:
    """The name of a group for the reader."""
    if not row["names"]:
        return str(row["slug"])
    return str(choose(row["names"], here.language, default=app.settings.default_language)[1])
