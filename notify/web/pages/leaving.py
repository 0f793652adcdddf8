"""How residents leave: a link shows what would be left, a button leaves.

Mail programs post to the same address by themselves (RFC 8058, one click): they send no cookies,
follow no redirects, may repeat, and want nothing but a 200.
"""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from notify.bootstrap import App
from notify.rendering.languages import choose
from notify.services import leaving
from notify.services.leaving import Choice, LeavePage
from notify.web.deps import TheApp
from notify.web.pages.forms import large_form
from notify.web.pages.paper import not_found, page, reader_language

router = APIRouter(include_in_schema=False)

CHOICES: Mapping[str, Choice] = {"this": "this", "channel": "channel", "all": "all"}


@router.api_route("/leave/{token}", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp, token: str) -> HTMLResponse:
    look = await leaving.look(app.db, app.keyring, token)
    if look is None:
        return not_found(request, app)
    return _page(request, app, look, "leave", failed=False)


@router.post("/leave/{token}")
async def leave(request: Request, app: TheApp, token: str) -> Response:
    form = (await large_form(request)).values
    said = {name: values[0] for name, values in form.items()}
    if said.get("List-Unsubscribe") == "One-Click":
        known = await leaving.leave(app.db, app.keyring, token, "this")
        return PlainTextResponse("Done.\n" if known else "Unknown link.\n", 200 if known else 404)
    if "back" in said:
        return await _back(request, app, token, said["back"])
    look = await leaving.look(app.db, app.keyring, token)
    if look is None:
        return not_found(request, app)
    choice = CHOICES.get(said.get("choice", ""))
    if choice is None:
        return _page(request, app, look, "leave", status=400, failed=True)
    left = await leaving.leave(app.db, app.keyring, token, choice)
    if left is None:
        return not_found(request, app)
    return _page(request, app, look, "left", choice=choice, undo=left.undo)


async def _back(request: Request, app: App, token: str, undo: str) -> Response:
    """Whoever has just left, and did not mean it."""
    if not await leaving.back(app.db, app.keyring, token, undo):
        return not_found(request, app)
    look = await leaving.look(app.db, app.keyring, token)
    return not_found(request, app) if look is None else _page(request, app, look, "returned")


def _page(
    request: Request, app: App, look: LeavePage, name: str, *, status: int = 200, **values: object
) -> HTMLResponse:
    language = reader_language(request, app, wish=look.language)
    default = app.settings.default_language
    groups = [choose(names, language, default=default)[1] for names in look.group_names if names]
    return page(
        app,
        name,
        language=language,
        status=status,
        channel=look.channel,
        kind=look.kind,
        groups=groups,
        **values,
    )
