"""What anybody may read, kept ready: the front page, broadcasts, the archive, groups, and about."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final
from uuid import UUID

from fastapi import APIRouter, HTTPException, Request, Response

from notify.rendering import links
from notify.services.browsing import AllGroups, Answerable, AtGroup, InArchive, Tree
from notify.store.database import AWAY
from notify.web import problems
from notify.web.deps import the_app
from notify.web.pages import place
from notify.web.pages.paper import finished, paper, reader_language
from notify.web.pages.place import Place
from notify.web.pages.shelf import Key, the_shelf
from notify.web.pages.showing import show

router = APIRouter(include_in_schema=False)

READ = ["GET", "HEAD"]

_YEARS: Final = range(1970, 2200)


async def front(request: Request) -> Response:
    return await _answer(request, None, "front")


async def broadcast(request: Request) -> Response:
    broadcast_id: UUID | None = links.read(request.path_params["reference"])
    if broadcast_id is None:
        return await _nothing(request)
    return await _answer(request, broadcast_id, "broadcast")


async def archive(request: Request) -> Response:
    asked = request.query_params
    group, year, before = (asked.get(name, "") for name in ("group", "year", "before"))
    if group and not await _is_group(request, group):
        return await _nothing(request)
    number = int(year) if year.isascii() and year.isdecimal() and len(year) == 4 else 0
    wanted = InArchive(
        slug=group or None,
        year=number if number in _YEARS else None,
        before=links.read(before) if before else None,
    )
    return await _answer(request, wanted, "archive")


async def groups(request: Request) -> Response:
    return await _answer(request, AllGroups(), "groups")


async def group(request: Request) -> Response:
    slug = request.path_params["slug"]
    if not await _is_group(request, slug):
        return await _nothing(request)
    return await _answer(request, AtGroup(slug), "group")


def _about(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def about(request: Request) -> Response:
        slug = request.path_params.get("slug")
        if slug is not None and not await _is_group(request, slug):
            return await _nothing(request)
        return await _answer(request, Answerable(slug), name)

    return about


# Asked for by a whole town at once: a route of Starlette's, which looks up and checks nothing by
# itself, is served at a fraction of the cost.
for _path, _route in {
    "/": front,
    "/b/{reference}": broadcast,
    "/archive": archive,
    "/groups": groups,
    "/groups/{slug}": group,
    "/help": _about("help"),
    "/accessibility": _about("accessibility"),
    "/imprint": _about("imprint"),
    "/imprint/{slug}": _about("imprint"),
    "/privacy": _about("privacy"),
    "/privacy/{slug}": _about("privacy"),
}.items():
    router.add_route(_path, _route, methods=READ, include_in_schema=False)


async def _answer(request: Request, key: Key, name: str) -> Response:
    app, shelf = await the_app(request), the_shelf(request)
    found = await shelf.find(key)
    if found is None:
        return await _nothing(request)
    subject = found.kept.subject
    language = reader_language(request, app, offered=subject.languages)
    variant = f"{name} {_stand(request, key, language)}"
    make = partial(show, app, subject, name=name, language=language, as_of=found.as_of)
    return shelf.page(found, language, make, variant=variant).answer(request)


async def _nothing(request: Request) -> Response:
    """That there is no such page. It is made of what the front page is: under made-up names, any
    number of them, the database is asked no more than for that."""
    app, shelf = await the_app(request), the_shelf(request)
    language = reader_language(request, app)
    variant = f"not_found {_stand(request, None, language)}"
    try:
        found = await shelf.find(None)
    except (*AWAY, HTTPException):
        found = None
    if found is None:
        html = paper(app, "not_found", language=language)
        return finished(html, language=language, status=404).answer(request)
    make = partial(show, app, found.kept.subject, name="not_found", language=language, as_of=None)
    return shelf.page(found, language, make, variant=variant, status=404).answer(request)


async def nowhere(request: Request, failure: Exception) -> Response:
    """What is answered where there is no such route: a page to people, a problem to programs."""
    if problems.for_people(request.scope):
        return await _nothing(request)
    return await problems.http(request, failure)


def _stand(request: Request, key: Key, language: str) -> bool:
    """Note where the reader stands, in what is the same for all who are given the same page; and
    whether its links carry on the language, because it was asked for."""
    asked = "lang" in request.query_params
    query = key.query if isinstance(key, InArchive) else ()
    place.stand(Place(query, language if asked else "", opens_again=True))
    return asked


async def _is_group(request: Request, slug: str) -> bool:
    """Whether there is one: told by the tree, which is kept, so that made-up names cost nothing."""
    found = await the_shelf(request).find(AllGroups())
    tree = found.kept.subject if found else None
    return isinstance(tree, Tree) and any(one.slug == slug for one in tree.groups)
