"""What is kept, and for how long: each class of data, with the setting that says so."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from notify.domain.grants import Deed
from notify.services import staff_sessions
from notify.services.forgetting import Kept
from notify.services.staff_sessions import Officer
from notify.web.deps import TheApp
from notify.web.pages.staff.door import Doing, inside

router = APIRouter(prefix="/staff/retention", include_in_schema=False)

_HOUR = 3_600


@router.api_route("", methods=["GET", "HEAD"])
async def show(
    request: Request, app: TheApp, officer: Annotated[Officer, Doing(Deed.ADMINISTER)]
) -> HTMLResponse:
    return inside(
        request, app, officer, "retention", kept=Kept.by(app.settings),
        inbound=app.settings.inbound_days,
        shift=int(staff_sessions.LONGEST.total_seconds()) // _HOUR,
    )  # fmt: skip
