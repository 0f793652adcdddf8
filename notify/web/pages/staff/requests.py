"""Who wants to join a closed group: let in or refused by staff whose grants reach it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from notify.domain.grants import Deed
from notify.domain.words import Lane
from notify.errors import NotFound
from notify.rendering.languages import choose
from notify.services import requesting
from notify.services.staff_sessions import Officer
from notify.web.deps import TheApp
from notify.web.pages.forms import large_form
from notify.web.pages.paper import reader_language
from notify.web.pages.staff.door import Doing, back, inside

router = APIRouter(prefix="/staff/requests", include_in_schema=False)

Operator = Annotated[Officer, Doing(Deed.OPERATE)]
_DECISIONS = {"approve": True, "refuse": False}


@router.api_route("", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp, officer: Operator) -> HTMLResponse:
    language = reader_language(request, app, wish=officer.language)
    default = app.settings.default_language
    rows = [
        {**row, "group": choose(row["names"], language, default=default)[1]}
        for row in await requesting.seen_by(app.db, officer.reach(Deed.OPERATE))
    ]
    done = request.query_params.get("done", "")
    return inside(request, app, officer, "requests", waiting=rows, done=done)


@router.post("")
async def decide(request: Request, app: TheApp, officer: Operator) -> Response:
    """Whoever asked is told, if there is an address that they can be told at."""
    form = await large_form(request)
    approve = _DECISIONS.get(form.one("decision"))
    resident = _uuid(form.one("resident"))
    if approve is None:
        return back("/staff/requests")
    try:
        done = await requesting.decide(
            app.db, resident, form.one("group"), approve=approve,
            within=officer.reach(Deed.OPERATE), by=officer.id,
        )  # fmt: skip
    except NotFound:
        return back("/staff/requests?done=gone")
    app.bell.ring(Lane.NOTE)
    said = ("approved" if approve else "refused") + ("" if done.told else "_untold")
    return back(f"/staff/requests?done={said}")


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("There is no such resident.") from None
