"""Uses a template: fill its gaps, look at what comes of it, begin a draft."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from notify.bootstrap import App
from notify.domain.grants import Deed
from notify.domain.templating import fill
from notify.errors import Conflict, Invalid
from notify.rendering.templates import templates
from notify.services import preparing
from notify.services.staff_sessions import Officer
from notify.web.deps import TheApp
from notify.web.pages.forms import Fields, large_form
from notify.web.pages.paper import reader_language
from notify.web.pages.staff.door import Doing, back, inside
from notify.web.pages.staff.prepared import shown
from notify.web.pages.staff.template_forms import gap_fields, number, problems, values

router = APIRouter(prefix="/staff/templates", include_in_schema=False)

Author = Annotated[Officer, Doing(Deed.WRITE)]


@router.api_route("/{template_id}/use", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp, officer: Author, template_id: UUID) -> HTMLResponse:
    return await _page(request, app, officer, template_id, Fields({}))


@router.post("/{template_id}/use")
async def use(request: Request, app: TheApp, officer: Author, template_id: UUID) -> Response:
    """Show the texts with their gaps filled; with `begin`, make them a draft."""
    form = await large_form(request)
    if not form.has("begin"):
        return await _page(request, app, officer, template_id, form)
    template = (await preparing.read(app.db, officer, template_id)).template
    try:
        draft = await preparing.begin(
            app.db, officer, template_id, values(form, template.prepared.texts),
            version=number(form.one("version")), settings=app.settings,
            drill=form.one("begin") == "drill",
        )  # fmt: skip
    except (Invalid, Conflict):
        return await _page(request, app, officer, template_id, form)
    return back(f"/staff/drafts/{draft.id}")


async def _page(
    request: Request, app: App, officer: Officer, template_id: UUID, form: Fields
) -> HTMLResponse:
    """The fields, and below them what comes of it as soon as all are filled."""
    language = reader_language(request, app, wish=officer.language)
    template = await preparing.usable(app.db, officer, template_id)
    texts = template.prepared.texts
    stale = form.has("version") and number(form.one("version")) != template.version
    typed = {} if stale else values(form, texts)
    filled, wrong = None, None
    if form.has("version") and not stale:
        try:
            filled = fill(texts, typed)
        except Invalid as problem:
            wrong = problems(templates(app.settings).words(language), problem, texts)
    return inside(
        request, app, officer, "template_use", status=409 if stale else 422 if wrong else 200,
        head=shown(app, template, language), fields=gap_fields(texts, typed), filled=filled,
        problems=wrong or [], stale=stale, texts=texts,
    )  # fmt: skip
