"""Votes on paper, entered by staff: find who it is, enter what the paper says."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from notify.bootstrap import App
from notify.domain.grants import Deed
from notify.errors import Invalid, NotFound
from notify.rendering import results, sheets
from notify.rendering.languages import Words, choose
from notify.rendering.templates import templates
from notify.services import desk_votes
from notify.services.answering_pages import NoAnswer
from notify.services.desk_votes import NotAsked, Paper
from notify.services.staff_sessions import Officer
from notify.services.voting import Closed, Voted
from notify.web.deps import TheApp
from notify.web.pages import answering
from notify.web.pages.forms import large_form
from notify.web.pages.paper import reader_language
from notify.web.pages.staff.door import Doing, back, inside

router = APIRouter(prefix="/staff/messages", include_in_schema=False)

Operator = Annotated[Officer, Doing(Deed.OPERATE)]

_LONGEST_ID: Final = 18  # digits


@router.api_route("/{broadcast_id}/desk", methods=["GET", "HEAD"])
async def show(
    request: Request, app: TheApp, officer: Operator, broadcast_id: UUID
) -> HTMLResponse:
    return await _find(request, app, officer, broadcast_id)


@router.post("/{broadcast_id}/desk")
async def find(request: Request, app: TheApp, officer: Operator, broadcast_id: UUID) -> Response:
    """Look for whose paper it is. What was typed is in no address of a page, nor in a log."""
    typed = (await large_form(request)).one("named")
    words = _words(request, app, officer)
    await desk_votes.asks(app.db, officer, broadcast_id)
    try:
        voter = await desk_votes.find(
            app.db, officer, broadcast_id, typed, settings=app.settings, hosts=app.push_hosts
        )
    except Invalid:
        said = words.gettext("Write the whole e-mail address, phone number or id of one person.")
    except NotFound:
        said = words.gettext("Nobody within your reach has exactly this address, number or id.")
    except NotAsked:
        said = words.gettext(
            "This person is not asked: they did not follow the group when this was sent. Their "
            "paper does not count."
        )
    else:
        return back(f"/staff/messages/{broadcast_id}/desk/{voter}")
    problems = [{"field": "named", "said": said}]
    return await _find(request, app, officer, broadcast_id, problems=problems, typed=typed)


@router.api_route("/{broadcast_id}/desk/{voter}", methods=["GET", "HEAD"])
async def look(
    request: Request, app: TheApp, officer: Operator, broadcast_id: UUID, voter: str
) -> HTMLResponse:
    paper = await desk_votes.look(app.db, officer, broadcast_id, _number(voter))
    return _page(request, app, officer, paper)


@router.post("/{broadcast_id}/desk/{voter}")
async def enter(
    request: Request, app: TheApp, officer: Operator, broadcast_id: UUID, voter: str
) -> HTMLResponse:
    form = await large_form(request)
    paper = await desk_votes.look(app.db, officer, broadcast_id, _number(voter))
    chosen = answering.read(form, paper.standing.ask)
    try:
        voted = await desk_votes.enter(app.db, officer, broadcast_id, _number(voter), chosen)
    except Closed:
        paper = await desk_votes.look(app.db, officer, broadcast_id, _number(voter))
        return _page(request, app, officer, paper, late=True)
    except NoAnswer as refusal:
        words = _words(request, app, officer)
        problems = answering.said(words, paper.standing.ask, refusal.wrong)
        return _page(request, app, officer, paper, chosen=chosen, problems=problems)
    return await _find(request, app, officer, broadcast_id, voted=voted)


async def _find(
    request: Request, app: App, officer: Officer, broadcast_id: UUID, *,
    problems: Sequence[Mapping[str, str]] = (), typed: str = "", voted: Voted | None = None,
) -> HTMLResponse:  # fmt: skip
    broadcast = await desk_votes.asks(app.db, officer, broadcast_id)
    words, default = _words(request, app, officer), app.settings.default_language
    tag, text = choose(broadcast.texts, words.language, default=default)
    return inside(
        request, app, officer, "desk", status=422 if problems else 200, broadcast=broadcast,
        title=text.title, title_language=tag, problems=problems, typed=typed, voted=voted,
    )  # fmt: skip


def _page(
    request: Request, app: App, officer: Officer, paper: Paper, *,
    chosen: Mapping[int, frozenset[int]] | None = None,
    problems: Sequence[Mapping[str, str]] = (), late: bool = False,
) -> HTMLResponse:  # fmt: skip
    words, default = _words(request, app, officer), app.settings.default_language
    standing = paper.standing
    tag, text = choose(standing.broadcast.texts, words.language, default=default)
    return inside(
        request, app, officer, "desk_paper", status=422 if problems else 200, paper=paper,
        standing=standing, title=text.title, title_language=tag, problems=problems, late=late,
        way=results.how(words, paper.how) if paper.how else "",
        sheets=sheets.sheets(
            words, standing.ask, language=words.language, default=default, chosen=chosen
        ),
    )  # fmt: skip


def _number(voter: str) -> int:
    if not (voter.isascii() and voter.isdigit() and len(voter) <= _LONGEST_ID):
        raise NotFound("There is no such voter.")
    return int(voter)


def _words(request: Request, app: App, officer: Officer) -> Words:
    return templates(app.settings).words(reader_language(request, app, wish=officer.language))
