"""The review of what somebody sent alone: by an approver who is somebody else."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from notify.bootstrap import App
from notify.domain.grants import Deed
from notify.errors import Conflict, Invalid
from notify.rendering.languages import choose
from notify.rendering.looks import looks
from notify.rendering.messages import Renderer
from notify.rendering.templates import templates
from notify.services import overseeing, reviewing
from notify.services.groups import check_reaches
from notify.services.staff_sessions import Officer
from notify.web.deps import TheApp
from notify.web.pages.forms import large_form
from notify.web.pages.paper import reader_language
from notify.web.pages.staff.door import Doing, back, inside

router = APIRouter(prefix="/staff/messages", include_in_schema=False)

Approver = Annotated[Officer, Doing(Deed.APPROVE)]


@router.api_route("/{broadcast_id}/review", methods=["GET", "HEAD"])
async def show(
    request: Request, app: TheApp, officer: Approver, broadcast_id: UUID
) -> HTMLResponse:
    return await _page(request, app, officer, broadcast_id)


@router.post("/{broadcast_id}/review")
async def review(request: Request, app: TheApp, officer: Approver, broadcast_id: UUID) -> Response:
    text = (await large_form(request)).one("text")
    try:
        await reviewing.review(app.db, officer, broadcast_id, text=text)
    except Invalid:
        return await _page(request, app, officer, broadcast_id, text=text, empty=True)
    except Conflict:
        return await _page(request, app, officer, broadcast_id, text=text, status=409)
    return back(f"/staff/messages/{broadcast_id}")


async def _page(
    request: Request, app: App, officer: Officer, broadcast_id: UUID, *, text: str = "",
    empty: bool = False, status: int = 200,
) -> HTMLResponse:  # fmt: skip
    language = reader_language(request, app, wish=officer.language)
    found = await overseeing.look(
        app.db, broadcast_id, settings=app.settings, within=officer.reach(Deed.LOOK)
    )
    async with app.db.statement() as connection:
        await check_reaches(
            connection, found.broadcast.group_ids, within=officer.require(Deed.APPROVE)
        )
    default = app.settings.default_language
    tag, chosen = choose(found.broadcast.texts, language, default=default)
    words = templates(app.settings).words(language)
    wrong = words.gettext("Write what you found, in at most 4,000 characters.")
    return inside(
        request, app, officer, "review", status=422 if empty else status,
        broadcast=found.broadcast, title_lang=tag, title=chosen.title, text=text,
        problems=[{"field": "text", "said": wrong}] if empty else [],
        to_review=await reviewing.of(app.db, officer, broadcast_id), found=found,
        groups=[choose(one, language, default=default)[1] for one in found.group_names if one],
        looks=looks(Renderer(app.settings), found.broadcast, found.identity),
    )  # fmt: skip
