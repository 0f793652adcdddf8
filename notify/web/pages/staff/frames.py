"""What arrives, to stand in frames beside the other previews: a mail, its HTML part alone, and the page on
which residents answer. Pages that may do nothing."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from notify import clock
from notify.domain.broadcast import Broadcast, Identity
from notify.domain.grants import Deed
from notify.errors import NotFound
from notify.rendering.looks import mail_page
from notify.rendering.messages import Renderer
from notify.services import drafting, overseeing, previewing
from notify.services.staff_sessions import Officer
from notify.web.deps import TheApp
from notify.web.pages import answering
from notify.web.pages.staff.door import Doing

router = APIRouter(prefix="/staff", include_in_schema=False)

MAIL: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; form-action 'none'; "
    "frame-ancestors 'self'; base-uri 'none'; sandbox"
)
"""A mail carries its styles inline. It runs nothing, loads nothing of others, and leads nowhere."""

ANSWERING: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; "
    "frame-ancestors 'self'; base-uri 'none'; sandbox allow-same-origin"
)
"""It runs nothing, posts nothing and leads nowhere. Of another origin it would not get our styles."""

_READ: Final = ["GET", "HEAD"]

Shown = tuple[Broadcast, Identity]
"""What is looked at, and who speaks in it."""


async def _of_message(
    app: TheApp, officer: Annotated[Officer, Doing(Deed.LOOK)], broadcast_id: UUID
) -> Shown:
    found = await overseeing.look(
        app.db, broadcast_id, settings=app.settings, within=officer.reach(Deed.LOOK)
    )
    return found.broadcast, found.identity


async def _of_draft(
    app: TheApp, officer: Annotated[Officer, Doing(Deed.WRITE)], draft_id: UUID
) -> Shown:
    """As it was saved last."""
    draft = await drafting.find(app.db, officer, draft_id)
    broadcast, who = await previewing.arriving(
        app.db, officer, draft_id, draft.content, settings=app.settings, now=clock.now()
    )
    if broadcast is None:
        raise NotFound("There is not enough of this draft yet.")
    return broadcast, who


@router.api_route("/messages/{broadcast_id}/mail", methods=_READ)
async def mail_of_message(
    request: Request, app: TheApp, shown: Annotated[Shown, Depends(_of_message)]
) -> HTMLResponse:
    return _mail(request, app, shown)


@router.api_route("/drafts/{draft_id}/mail", methods=_READ)
async def mail_of_draft(
    request: Request, app: TheApp, shown: Annotated[Shown, Depends(_of_draft)]
) -> HTMLResponse:
    return _mail(request, app, shown)


@router.api_route("/messages/{broadcast_id}/answering", methods=_READ)
async def answering_of_message(
    request: Request, app: TheApp, shown: Annotated[Shown, Depends(_of_message)]
) -> HTMLResponse:
    return _answering(request, app, shown)


@router.api_route("/drafts/{draft_id}/answering", methods=_READ)
async def answering_of_draft(
    request: Request, app: TheApp, shown: Annotated[Shown, Depends(_of_draft)]
) -> HTMLResponse:
    return _answering(request, app, shown)


def _mail(request: Request, app: TheApp, shown: Shown) -> HTMLResponse:
    broadcast, who = shown
    language = _language(request, broadcast)
    html = mail_page(Renderer(app.settings), broadcast, who, language=language)
    headers = {"content-security-policy": MAIL, "cache-control": "no-store"}
    return HTMLResponse(html, headers=headers)


def _answering(request: Request, app: TheApp, shown: Shown) -> HTMLResponse:
    """Raises NotFound also where nothing is asked."""
    broadcast, _ = shown
    language = _language(request, broadcast)
    if broadcast.ask is None:
        raise NotFound("It asks nothing.")
    answer = answering.picture(app, broadcast, broadcast.ask, language=language)
    answer.headers["content-security-policy"] = ANSWERING
    return answer


def _language(request: Request, broadcast: Broadcast) -> str:
    """That the address asks for `in`, else the first. Raises NotFound where it is not written in it."""
    language = request.query_params.get("in", next(iter(broadcast.texts)))
    if language not in broadcast.texts:
        raise NotFound("It is not written in this language.")
    return language
