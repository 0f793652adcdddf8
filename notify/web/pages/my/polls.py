"""What a resident is asked: the polls that are open, those that are over, and the way to answer."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from notify.bootstrap import App
from notify.rendering import labels, links
from notify.rendering.languages import choose
from notify.rendering.templates import templates
from notify.services import answering_pages
from notify.services.answering_pages import Asked
from notify.web.deps import TheApp
from notify.web.pages import answering
from notify.web.pages.my.door import Guest, guest, inside, outside
from notify.web.pages.paper import not_found

router = APIRouter(include_in_schema=False)


@router.api_route("/my/polls", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp) -> Response:
    here = await guest(request, app)
    if here is None:
        return outside()
    asked = await answering_pages.asked_of(app.db, here.session.resident)
    rows = [_shown(app, here, one) for one in asked if one.open or not one.withdrawn]
    return inside(
        app, here, "polls", running=[row for row in rows if row["asked"].open],
        over=[row for row in rows if not row["asked"].open],
    )  # fmt: skip


@router.api_route("/my/polls/{reference}", methods=["GET", "HEAD"])
async def ask(request: Request, app: TheApp, reference: str) -> Response:
    return await _theirs(request, app, reference, answering.look)


@router.post("/my/polls/{reference}")
async def answer(request: Request, app: TheApp, reference: str) -> Response:
    return await _theirs(request, app, reference, answering.take)


async def _theirs(
    request: Request, app: App, reference: str, do: Callable[..., Awaitable[Response]]
) -> Response:
    """One poll, for whoever has their page open."""
    here = await guest(request, app)
    if here is None:
        return outside()
    poll = links.read(reference)
    if poll is None:
        return not_found(request, app)
    return await do(request, app, answering_pages.on_own_page(here.session.resident, poll))


def _shown(app: App, here: Guest, asked: Asked) -> dict[str, Any]:
    words = templates(app.settings).words(here.language)
    tag, text = choose(asked.texts, here.language, default=app.settings.default_language)
    short = links.shorten(asked.broadcast)
    title = f"{labels.exercise(words)}: {text['title']}" if asked.drill else text["title"]
    return {
        "asked": asked, "title": title, "language": tag, "href": f"/my/polls/{short}",
        "result": f"/polls/{short}" if asked.shows_result else None,
    }  # fmt: skip
