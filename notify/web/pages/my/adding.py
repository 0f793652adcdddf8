"""Where a resident finds more groups to follow."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from notify.bootstrap import App
from notify.domain.groups import Group
from notify.domain.words import Channel
from notify.rendering.languages import choose
from notify.rendering.templates import templates
from notify.services import groups, my
from notify.web.deps import TheApp
from notify.web.pages.forms import Fields, large_form
from notify.web.pages.my.door import Guest, back, guest, inside, outside

router = APIRouter(include_in_schema=False)


@router.api_route("/my/join", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp) -> Response:
    here = await guest(request, app)
    if here is None:
        return outside()
    return await _page(app, here, Fields({}))


@router.post("/my/join")
async def join(request: Request, app: TheApp) -> Response:
    here = await guest(request, app)
    if here is None:
        return outside()
    form = await large_form(request)
    ways = {kind: _ticked(form, kind) for kind in ("alerts", "news")}
    missing = "group" if not form.has("group") else None
    if missing is None and not (ways["alerts"] or ways["news"]):
        missing = "alerts"
    if missing is not None:
        return await _page(app, here, form, missing=missing, status=422)
    if not ways["alerts"] and not form.has("sure"):
        return await _page(app, here, form, unwarned=True, status=422)
    await my.join(
        app.db, here.session.resident, slugs=form.all("group"), alerts=ways["alerts"],
        news=ways["news"],
    )  # fmt: skip
    return back("/my?done=joined")


def _ticked(form: Fields, name: str) -> list[Channel]:
    ticked = {*form.all(name)}
    return [channel for channel in Channel if channel in ticked]


async def _page(
    app: App, here: Guest, form: Fields, *, missing: str | None = None, unwarned: bool = False,
    status: int = 200,
) -> Response:  # fmt: skip
    words = templates(app.settings).words(here.language)
    said = {
        "group": words.gettext("Choose at least one group."),
        "alerts": words.gettext("Choose at least one way to get something."),
    }
    followed = {wish["slug"] for wish in here.page.wishes}
    tree = await groups.tree(app.db)
    ticked = {kind: _ticked(form, kind) for kind in ("alerts", "news")}
    if not form.values:
        ticked = {kind: [c for c in Channel if c in here.page.usable] for kind in ticked}
    return inside(
        app, here, "join", status=status, places=_places(app, here, tree, followed, form),
        problems=[{"field": missing, "said": said[missing]}] if missing else [],
        unwarned=unwarned, channels=[c for c in Channel if c in here.page.usable], ticked=ticked,
    )  # fmt: skip


def _places(
    app: App, here: Guest, tree: list[Group], followed: set[str], form: Fields
) -> list[dict[str, Any]]:
    """The tree for the form, without what is followed; what lies below that moves up."""
    ticked = {*form.all("group")}
    top: list[dict[str, Any]] = []
    below: dict[str, list[dict[str, Any]]] = {}
    for group in tree:
        around = below.get(group.parent or "", top)
        if group.slug in followed:
            below[group.slug] = around
            continue
        place: dict[str, Any] = {
            "slug": group.slug, "closed": group.closed, "on": group.slug in ticked, "below": [],
            "name": choose(group.names, here.language, default=app.settings.default_language)[1],
        } | _about(app, here, group)  # fmt: skip
        around.append(place)
        below[group.slug] = place["below"]
    return top


def _about(app: App, here: Guest, group: Group) -> dict[str, Any]:
    """What the group says it sends, how often, with an example."""
    about = getattr(group, "about", None)
    said = choose(about, here.language, default=app.settings.default_language)[1] if about else {}
    return {name: said.get(name) for name in ("sends", "often", "example")}
