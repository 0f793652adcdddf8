"""Moving a group in the tree: where to, what that changes, and then the button."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from notify.bootstrap import App
from notify.domain.grants import Deed
from notify.errors import Invalid
from notify.rendering.languages import choose
from notify.rendering.templates import templates
from notify.services import moving
from notify.services.group_editing import Stale
from notify.services.moving import Move
from notify.services.staff_sessions import Officer
from notify.web.deps import TheApp
from notify.web.pages.forms import large_form
from notify.web.pages.paper import reader_language
from notify.web.pages.staff.door import Doing, back, inside
from notify.web.pages.staff.places import places

router = APIRouter(prefix="/staff/groups", include_in_schema=False)

Administrator = Annotated[Officer, Doing(Deed.ADMINISTER)]


@router.api_route("/{slug}/move", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp, officer: Administrator, slug: str) -> HTMLResponse:
    """Asks where to; with `to`, what that changes."""
    return await _page(request, app, officer, slug, request.query_params.get("to"))


@router.post("/{slug}/move")
async def move(request: Request, app: TheApp, officer: Administrator, slug: str) -> Response:
    form = await large_form(request)
    to = form.one("to")
    try:
        await moving.move(app.db, officer, slug, to, seen=form.one("seen"), settings=app.settings)
    except Stale:
        return await _page(request, app, officer, slug, to, stale=True)
    except Invalid:
        return await _page(request, app, officer, slug, to)
    return back(f"/staff/groups/{slug}?done=moved")


async def _page(
    request: Request, app: App, officer: Officer, slug: str, to: str | None, *, stale: bool = False
) -> HTMLResponse:
    group, below = await moving.ask(app.db, officer, slug)
    language = reader_language(request, app, wish=officer.language)
    words, within = templates(app.settings).words(language), officer.reach(Deed.ADMINISTER)
    found: Move | None = None
    problems = []
    if to is not None:
        try:
            found = await moving.look(app.db, officer, slug, to, settings=app.settings)
        except Invalid:
            said = words.gettext("Choose another place: it is there already, or that is below it.")
            problems = [{"field": "to", "said": said}]

    def called(names: Mapping[str, str]) -> tuple[str, str]:
        return choose(names, language, default=app.settings.default_language)

    return inside(
        request, app, officer, "group_move", status=409 if stale else 422 if problems else 200,
        group=group, called=called(group["names"]), named=called, to=to, move=found, stale=stale,
        problems=problems, everywhere=within.everywhere and group["parent"] is not None,
        places=_to_choose(await places(app, within, language), {*below}, group["parent"]),
    )  # fmt: skip


def _to_choose(every: Any, below: set[int], parent: str | None) -> list[Mapping[str, Any]]:
    """All but itself, what is below it, and where it stands."""
    return [one for one in every if one["id"] not in below and one["slug"] != parent]
