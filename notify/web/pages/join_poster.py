"""What hangs on a wall and leads to a group's sign-up: a QR code, and a poster with it."""

from functools import lru_cache
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from notify.bootstrap import App
from notify.domain.groups import Group
from notify.rendering.phones import spoken
from notify.rendering.qr import drawn
from notify.services import groups, texting
from notify.web.deps import TheApp
from notify.web.pages import group_tree
from notify.web.pages.paper import not_found, page, reader_language

router = APIRouter(include_in_schema=False)

_DAY: Final = "public, max-age=86400"


@router.api_route("/join/{slug}/qr.svg", methods=["GET", "HEAD"])
async def qr(request: Request, app: TheApp, slug: str) -> Response:
    """The group's sign-up page as a QR code, to be printed anywhere."""
    if await _group(app, slug) is None:
        return not_found(request, app)
    return Response(
        _drawn(_url(app, slug)), media_type="image/svg+xml", headers={"cache-control": _DAY}
    )


@router.api_route("/join/{slug}/poster", methods=["GET", "HEAD"])
async def poster(request: Request, app: TheApp, slug: str) -> HTMLResponse:
    """A page to be printed on A4 and hung up."""
    every = await groups.tree(app.db)
    group = next((group for group in every if group.slug == slug), None)
    if group is None:
        return not_found(request, app)
    language = reader_language(request, app)
    default = app.settings.default_language
    (place,) = group_tree.places([group], language, default=default, ticked=())
    return page(
        app, "poster", language=language, languages=app.settings.languages, place=place,
        sender=group_tree.said(every, slug, "sender_name") or app.settings.town,
        short=_url(app, slug).partition("://")[2],
        number=spoken(texting.number(app.settings)),
    )  # fmt: skip


async def _group(app: App, slug: str) -> Group | None:
    return next((group for group in await groups.tree(app.db) if group.slug == slug), None)


def _url(app: App, slug: str) -> str:
    return f"{app.settings.public_url}/join/{slug}"


_drawn = lru_cache(maxsize=200)(drawn)
