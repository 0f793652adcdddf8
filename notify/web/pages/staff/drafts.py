"""Writing: begin, type, save, see both where somebody else saved meanwhile, throw away."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from notify import clock
from notify.bootstrap import App
from notify.domain.draft import Content, ends_in, still_ends
from notify.domain.draft_check import KINDS, NotReady, Problem, Wrong
from notify.domain.draft_fields import marks, merged
from notify.domain.grants import Deed
from notify.domain.words import Relation
from notify.errors import Conflict, Invalid, NotFound
from notify.rendering.templates import templates
from notify.services import drafting, following, overtaking, submitting_drafts
from notify.services.drafting import Draft, Stale
from notify.services.staff_sessions import Officer
from notify.web.deps import TheApp
from notify.web.pages.forms import LARGEST, Fields, large_form
from notify.web.pages.paper import reader_language
from notify.web.pages.staff import draft_asking
from notify.web.pages.staff.door import Doing, back
from notify.web.pages.staff.draft_form import content
from notify.web.pages.staff.draft_page import HOURS, editor, saved_line, versions

router = APIRouter(prefix="/staff/drafts", include_in_schema=False)

Author = Annotated[Officer, Doing(Deed.WRITE)]
TAKE: Final = "take-"
"""Before the name of a field: whose version of it is to stay."""

_VERSION: Final = re.compile("[0-9]{1,9}")


@router.post("")
async def begin(request: Request, app: TheApp, officer: Author) -> Response:
    """A new message of a `kind`, one that `follows` another by a `relation`, or one that was overtaken
    `anew`."""
    form = await large_form(request)
    if form.has("anew"):
        draft = await overtaking.write_anew(
            app.db, officer, _id(form.one("anew")), settings=app.settings, now=clock.now()
        )
    elif form.has("follows"):
        draft = await following.begin(
            app.db, officer, _id(form.one("follows")), _relation(form), settings=app.settings,
            now=clock.now(),
        )  # fmt: skip
    else:
        kind = form.one("kind")
        if kind not in set(KINDS):
            raise Invalid("Choose what it is: alert, announcement or poll.", field="kind")
        draft = await drafting.begin(app.db, officer, Content(kind=kind, drill=form.has("drill")))
    return back(f"/staff/drafts/{draft.id}")


@router.api_route("/{draft_id}", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp, officer: Author, draft_id: UUID) -> Response:
    draft = await drafting.find(app.db, officer, draft_id)
    if draft.submitted_at is not None:
        return back(f"/staff/messages/{draft_id}")
    problems = await _checked(app, officer, draft) if "check" in request.query_params else []
    return await editor(request, app, officer, draft, problems=problems)


@router.post("/{draft_id}")
async def save(request: Request, app: TheApp, officer: Author, draft_id: UUID) -> Response:
    """Keep what was typed. A script of ours asks for JSON; `then` says where to go from here."""
    form = await large_form(request, limit=LARGEST)
    before = await drafting.find(app.db, officer, draft_id)
    button = form.one("then")
    typed = draft_asking.pressed(_typed(form, app, before), button)
    if "application/json" in request.headers.get("accept", ""):
        return await _by_itself(request, app, officer, before, typed, version_of(form))
    try:
        await drafting.save(app.db, officer, draft_id, typed, version=version_of(form))
    except Stale as stale:
        return await versions(request, app, officer, stale.saved, typed, form.one("base"))
    except Conflict:
        return back(f"/staff/messages/{draft_id}")
    except Invalid:
        wrong = [Problem("groups", Wrong.MISSING)]
        return await editor(request, app, officer, before, typed=typed, problems=wrong, status=422)
    if button == "look":
        return back(f"/staff/drafts/{draft_id}/submit")
    there = draft_asking.where(typed, button, app.settings.default_language)
    return back(f"/staff/drafts/{draft_id}{there or '?done=saved'}")


async def _by_itself(
    request: Request, app: App, officer: Officer, before: Draft, typed: Content, version: int
) -> Response:
    """For the script: what the form holds from here on; why where it was not saved."""
    try:
        saved = await drafting.save(app.db, officer, before.id, typed, version=version)
    except Stale:
        return JSONResponse({"why": "stale"}, 409)
    except Conflict:
        return JSONResponse({"why": "submitted"}, 409)
    words = templates(app.settings).words(reader_language(request, app, wish=officer.language))
    return JSONResponse(
        {
            "version": saved.version,
            "base": marks(saved.content),
            "valid_until": saved.content.valid_until,
            "said": saved_line(words, saved),
        }
    )


@router.post("/{draft_id}/drop")
async def drop(request: Request, app: TheApp, officer: Author, draft_id: UUID) -> Response:
    """Asked once more before it is done."""
    form = await large_form(request)
    draft = await drafting.find(app.db, officer, draft_id)
    if not form.has("sure"):
        return await editor(request, app, officer, draft, asks=True)
    try:
        await drafting.drop(app.db, officer, draft_id, version=version_of(form))
    except Stale:
        return await editor(request, app, officer, draft, asks=True, status=409)
    except Conflict:
        return back(f"/staff/messages/{draft_id}")
    return back("/staff/messages?done=dropped")


def _typed(form: Fields, app: App, before: Draft) -> Content:
    """What the form says: a choice of hours as the time that it means, and the chosen version of
    what somebody else changed too."""
    typed = content(form, app.settings, before=before.content)
    hours = form.one("until_in")
    if hours in map(str, HOURS):
        typed = replace(typed, valid_until=_ends(int(hours), version_of(form), before, app))
    theirs = {
        name.removeprefix(TAKE)
        for name, chosen in form.values.items()
        if name.startswith(TAKE) and "theirs" in chosen
    }
    return merged(typed, before.content, theirs) if theirs else typed


async def _checked(app: App, officer: Officer, draft: Draft) -> Sequence[Problem]:
    try:
        await submitting_drafts.look(
            app.db, officer, draft.id, settings=app.settings, now=clock.now()
        )
    except NotReady as wrong:
        return wrong.problems
    return []


def _ends(hours: int, version: int, before: Draft, app: App) -> str:
    """When it ends so many hours from now. The same form sent again, because its answer was lost,
    means the hours that it was kept with: else whoever wrote it would be told of a change by themselves."""
    zone, kept = app.settings.zone, before.content.valid_until
    sent_again = version < before.version
    if sent_again and still_ends(kept, hours, saved_at=before.changed_at, zone=zone):
        return kept
    return ends_in(hours, now=clock.now(), zone=zone)


def version_of(form: Fields) -> int:
    """0, which no draft has, for what is none."""
    version = form.one("version")
    return int(version) if _VERSION.fullmatch(version) else 0


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("There is no such broadcast.") from None


def _relation(form: Fields) -> Relation:
    try:
        return Relation(form.one("relation"))
    except ValueError:
        raise Invalid("Choose how it follows.", field="relation") from None
