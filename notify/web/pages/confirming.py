"""How residents say that an address is theirs: a link shows a page, its button confirms."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from notify.rendering import consents
from notify.rendering.templates import templates
from notify.services import confirming
from notify.web.deps import TheApp
from notify.web.pages.paper import not_found, page, reader_language

router = APIRouter(include_in_schema=False)


@router.api_route("/confirm/{token}", methods=["GET", "HEAD"])
async def ask(request: Request, app: TheApp) -> HTMLResponse:
    return page(app, "confirm", language=reader_language(request, app))


@router.post("/confirm/{token}")
async def confirm(request: Request, app: TheApp, token: str) -> HTMLResponse:
    language = reader_language(request, app)
    words = templates(app.settings).words(language)
    wording = words.gettext(
        "Then press the button, and %(town)s sends you warnings and news from now on."
    ) % {"town": app.settings.town}
    known = await confirming.confirm(
        app.db, app.keyring, token, settings=app.settings, language=language,
        wording=wording, version=consents.version(wording, ()),
    )  # fmt: skip
    return page(app, "confirmed", language=language) if known else not_found(request, app)
