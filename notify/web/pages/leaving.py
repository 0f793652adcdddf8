"""How residents leave: a link shows what would be left, a button leaves.

Mail programs post to the same address by themselves (RFC 8058, one click): they send no cookies,
follow no redirects, may repeat, and want nothing but a 200.
"""

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from notify.bootstrap import App
from notify.domain.groups import Group
from notify.errors import Invalid
from notify.rendering.languages import choose
from notify.rendering.templates import templates
from notify.services import leaving
from notify.services.leaving import Choice, LeavePage
from notify.web.deps import TheApp
from notify.web.pages.forms import large_form
from notify.web.pages.paper import not_found, page, reader_language

router = APIRouter(include_in_schema=False)

CHOICES: Mapping[str, Choice] = {"this": "this", "channel": "channel", "all": "all"}

AT_A_GLANCE: Final = 5
"""Groups whose buttons are seen at once; those of more are folded away."""


@router.api_route("/leave/{token}", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp, token: str) -> HTMLResponse:
    look = await leaving.look(app.db, app.keyring, token)
    if look is None:
        return not_found(request, app)
    return _ask(request, app, look)


@router.post("/leave/{token}")
async def leave(request: Request, app: TheApp, token: str) -> Response:
    form = (await large_form(request)).values
    said = {name: values[0] for name, values in form.items()}
    if said.get("List-Unsubscribe") == "One-Click":
        known = await leaving.leave(app.db, app.keyring, token, "this")
        return PlainTextResponse("Done.\n" if known else "Unknown link.\n", 200 if known else 404)
    if "back" in said:
        return await _back(request, app, token, said["back"])
    return await _press(request, app, token, said)


async def _press(request: Request, app: App, token: str, said: Mapping[str, str]) -> Response:
    """One of the buttons of the page."""
    look = await leaving.look(app.db, app.keyring, token)
    if look is None:
        return not_found(request, app)
    choice = CHOICES.get(said.get("choice", ""))
    try:
        if choice is not None:
            left = await leaving.leave(app.db, app.keyring, token, choice)
        elif "group" in said:
            left = await leaving.leave_one(app.db, app.keyring, token, said["group"])
        else:
            return _ask(request, app, look, wrong="choice")
    except Invalid:
        return _ask(request, app, look, wrong="group")
    if left is None:
        return not_found(request, app)
    return _page(
        request, app, look, "left", choice=choice, group=left.group, nothing=left.nothing,
        unwarned=left.unwarned, undo=left.undo,
        still=[_named(app, one, _language(request, app, look)) for one in left.still],
    )  # fmt: skip


async def _back(request: Request, app: App, token: str, undo: str) -> Response:
    """Whoever has just left, and did not mean it."""
    if not await leaving.back(app.db, app.keyring, token, undo):
        return not_found(request, app)
    look = await leaving.look(app.db, app.keyring, token)
    return not_found(request, app) if look is None else _page(request, app, look, "returned")


def _ask(request: Request, app: App, look: LeavePage, *, wrong: str | None = None) -> HTMLResponse:
    """The page with the buttons; again where `wrong` says which one there is not."""
    words = templates(app.settings).words(_language(request, app, look))
    said = {
        "choice": words.gettext("Nothing has changed. Please press one of the buttons."),
        "group": words.gettext(
            "Nothing has changed: the message did not come from this group. Please press one of "
            "the buttons."
        ),
    }
    problems = [{"field": "choice", "said": said[wrong]}] if wrong else []
    return _page(
        request, app, look, "leave", status=400 if wrong else 200, problems=problems,
        following=look.following, last_warnings=look.last_warnings,
    )  # fmt: skip


def _page(
    request: Request, app: App, look: LeavePage, name: str, *, status: int = 200,
    group: Group | None = None, **values: object,
) -> HTMLResponse:  # fmt: skip
    language = _language(request, app, look)
    return page(
        app, name, language=language, status=status, channel=look.channel, kind=look.kind,
        groups=[_named(app, one, language) for one in look.groups],
        group=_named(app, group, language) if group else None, at_a_glance=AT_A_GLANCE, **values,
    )  # fmt: skip


def _language(request: Request, app: App, look: LeavePage) -> str:
    return reader_language(request, app, wish=look.language)


def _named(app: App, group: Group, language: str) -> Mapping[str, str]:
    """A group as a page names it; one without a name by its slug."""
    name = group.slug
    if group.names:
        name = choose(group.names, language, default=app.settings.default_language)[1]
    return {"slug": group.slug, "name": name}
