"""Warns alone: choose a template, fill its gaps, look, send. Three pages, for a phone at night."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Final
from uuid import UUID, uuid4

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from notify.bootstrap import App, open_channels
from notify.domain.grants import Deed
from notify.domain.words import Lane
from notify.errors import Conflict, Invalid
from notify.rendering.languages import choose
from notify.rendering.looks import looks
from notify.rendering.messages import Renderer
from notify.rendering.templates import templates
from notify.services import breaking_glass
from notify.services.breaking_glass import LONGEST_REASON, Alike, Filled
from notify.services.prepared import Template
from notify.services.staff_sessions import Officer
from notify.web.deps import TheApp
from notify.web.pages.forms import Fields, large_form
from notify.web.pages.paper import reader_language
from notify.web.pages.staff.door import Doing, back, inside
from notify.web.pages.staff.places import places
from notify.web.pages.staff.prepared import shown
from notify.web.pages.staff.template_forms import gap_fields, number, problems, values

router = APIRouter(prefix="/staff/break-glass", include_in_schema=False)

Author = Annotated[Officer, Doing(Deed.WRITE)]

HOURS: Final = (1, 3, 6, 12, 24, 48)
"""For how long a warning may be valid, beside what its template says."""


@router.api_route("", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp, officer: Author) -> HTMLResponse:
    language = reader_language(request, app, wish=officer.language)
    found, drill = await breaking_glass.templates(app.db, officer), _drill(request)
    return inside(
        request, app, officer, "glass", templates=[shown(app, one, language) for one in found],
        drill=drill,
        nowhere=drill and found and not await _places(app, officer, found[0], language, drill=True),
    )  # fmt: skip


@router.api_route("/{template_id}", methods=["GET", "HEAD"])
async def begin(request: Request, app: TheApp, officer: Author, template_id: UUID) -> HTMLResponse:
    template = await breaking_glass.template(app.db, officer, template_id)
    prepared = template.prepared
    filled = Filled(
        template_id, template.version, {}, prepared.groups, prepared.hours, drill=_drill(request)
    )
    return await _fields(request, app, officer, template, filled, token=uuid4())


@router.post("/{template_id}")
async def go_on(  # noqa: PLR0911 - each leads to another page
    request: Request, app: TheApp, officer: Author, template_id: UUID
) -> Response:
    """From the fields to a look at what goes out, back, or on: with `send` it is sent."""
    form = await large_form(request)
    template = await breaking_glass.template(app.db, officer, template_id)
    filled = Filled(
        template_id, number(form.one("version")), values(form, template.prepared.texts),
        tuple(dict.fromkeys(form.all("group"))), number(form.one("hours")), drill=form.has("drill"),
    )  # fmt: skip
    if filled.version != template.version:
        fresh = replace(filled, version=template.version, values={})
        return await _fields(request, app, officer, template, fresh, token=_token(form), stale=True)
    if form.has("edit"):
        return await _fields(request, app, officer, template, filled, token=_token(form))
    if not form.has("send"):
        return await _look(request, app, officer, template, filled, form)
    try:
        sent = await breaking_glass.send(
            app.db, officer, filled, reason=form.one("reason"), alone=form.has("alone"),
            token=_token(form), settings=app.settings, again=form.has("again"),
        )  # fmt: skip
    except Invalid as problem:
        return await _look(request, app, officer, template, filled, form, problem=problem)
    except Alike as same:
        return await _look(request, app, officer, template, filled, form, first=same.first)
    except Conflict:
        return await _look(request, app, officer, template, filled, form, too_many=True)
    app.bell.ring(Lane.ALERT)
    app.bell.ring(Lane.NOTE)  # all who might have approved it are told
    return back(f"/staff/messages/{sent}?done=alone")


async def _fields(
    request: Request, app: App, officer: Officer, template: Template, filled: Filled, *,
    token: UUID, problem: Invalid | None = None, stale: bool = False,
) -> HTMLResponse:  # fmt: skip
    language = reader_language(request, app, wish=officer.language)
    texts = template.prepared.texts
    words = templates(app.settings).words(language)
    status = 409 if stale else 422 if problem else 200
    return inside(
        request, app, officer, "glass_fields", status=status, head=shown(app, template, language),
        fields=gap_fields(texts, filled.values), version=template.version, stale=stale,
        places=await _places(app, officer, template, language, drill=filled.drill),
        chosen=filled.groups, drill=filled.drill,
        hours=sorted({*HOURS, template.prepared.hours}), hour=filled.hours, token=token,
        problems=problems(words, problem, texts) if problem else [],
    )  # fmt: skip


async def _look(
    request: Request, app: App, officer: Officer, template: Template, filled: Filled,
    form: Fields, *, problem: Invalid | None = None, too_many: bool = False,
    first: UUID | None = None,
) -> HTMLResponse:  # fmt: skip
    """`first` is what went out already and says the same."""
    language = reader_language(request, app, wish=officer.language)
    channels = [str(channel) for channel in open_channels(app.settings)]
    try:
        ready = await breaking_glass.ready(
            app.db, officer, filled, channels=channels, settings=app.settings
        )
    except Invalid as wrong:
        return await _fields(
            request, app, officer, template, filled, token=_token(form), problem=wrong
        )
    words, default = templates(app.settings).words(language), app.settings.default_language
    tag, text = choose(ready.broadcast.texts, language, default=default)
    reached = await _places(app, officer, template, language, drill=filled.drill)
    named = {one["slug"]: one["name"] for one in reached}
    return inside(
        request, app, officer, "glass_look", status=409 if too_many or first else 422 if problem else 200,
        head=shown(app, template, language), broadcast=ready.broadcast, residents=ready.residents,
        title=text.title, body=text.body, title_lang=tag,
        looks=looks(Renderer(app.settings), ready.broadcast, ready.identity),
        groups=[named[slug] for slug in filled.groups], filled=filled,
        fields=gap_fields(template.prepared.texts, filled.values), too_many=too_many,
        # Sent once more it is another form: pressing that twice sends one more, not two.
        first=first, again=form.has("again"), token=uuid4() if first else _token(form), reason=form.one("reason"), alone=form.has("alone"),
        longest=LONGEST_REASON, problems=problems(words, problem) if problem else [],
    )  # fmt: skip


async def _places(
    app: App, officer: Officer, template: Template, language: str, *, drill: bool
) -> Sequence[Mapping[str, Any]]:
    """Groups that this template may be sent to by this officer, as a drill or in earnest."""
    mine = await places(app, officer.reach(Deed.WRITE), language)
    reached = await breaking_glass.place_of(app.db, template, drill=drill)
    return [one for one in mine if reached is None or one["id"] in reached]


def _drill(request: Request) -> bool:
    """Whether the address says that this is practised."""
    return request.query_params.get("drill") == "1"


def _token(form: Fields) -> UUID:
    """Of the form since its first page, so that going back and on, or pressing twice, sends once."""
    try:
        return UUID(form.one("token"))
    except ValueError:
        return uuid4()
