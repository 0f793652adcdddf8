"""What anybody may read: the front page and a page for each broadcast."""

from functools import partial
from typing import cast
from uuid import UUID

from fastapi import APIRouter, Request, Response

from notify.rendering import links
from notify.web.deps import the_app
from notify.web.pages.paper import finished, paper, reader_language
from notify.web.pages.shelf import Key, Shelf
from notify.web.pages.showing import show

router = APIRouter(include_in_schema=False)

READ = ["GET", "HEAD"]


async def front(request: Request) -> Response:
    return await _answer(request, None)


async def broadcast(request: Request) -> Response:
    broadcast_id: UUID | None = links.read(request.path_params["reference"])
    if broadcast_id is None:
        return await _nothing(request)
    return await _answer(request, broadcast_id)


# Asked for by a whole town at once: a route of Starlette's, which looks up and checks nothing by
# itself, is served at a fraction of the cost.
router.add_route("/", front, methods=READ, include_in_schema=False)
router.add_route("/b/{reference}", broadcast, methods=READ, include_in_schema=False)


async def _answer(request: Request, key: Key) -> Response:
    app, shelf = await the_app(request), the_shelf(request)
    found = await shelf.find(key)
    if found is None:
        return await _nothing(request)
    language = reader_language(request, app, offered=found.kept.subject.languages)
    make = partial(show, app, found.kept.subject, language=language, as_of=found.as_of)
    return shelf.page(found, language, make).answer(request)


async def _nothing(request: Request) -> Response:
    app, shelf = await the_app(request), the_shelf(request)
    language = reader_language(request, app)
    nothing = shelf.nothing.get(language)
    if nothing is None:
        html = paper(app, "not_found", language=language)
        nothing = shelf.nothing[language] = finished(html, language=language, status=404)
    return nothing.answer(request)


def the_shelf(request: Request) -> Shelf:
    return cast("Shelf", request.app.state.shelf)
