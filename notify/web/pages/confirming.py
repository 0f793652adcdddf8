"""How residents say that an address is theirs: a link shows a page, its button confirms."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from notify.services import confirming
from notify.web.deps import TheApp
from notify.web.pages.paper import not_found, page, reader_language

router = APIRouter(include_in_schema=False)


@router.api_route("/confirm/{token}", methods=["GET", "HEAD"])
async def ask(request: Request, app: TheApp) -> HTMLResponse:
    return page(app, "confirm", language=reader_language(request, app))


@router.post("/confirm/{token}")
async def confirm(request: Request, app: TheApp, token: str) -> HTMLResponse:
    if not await confirming.confirm(app.db, app.keyring, token):
        return not_found(request, app)
    return page(app, "confirmed", language=reader_language(request, app))
