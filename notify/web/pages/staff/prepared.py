"""Templates: to read, to write version by version, to retire, and to approve in advance."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from notify.bootstrap import App
from notify.domain.draft_questions import Asking
from notify.domain.grants import Deed, OutOfReach
from notify.domain.languages import to_choose
from notify.domain.templating import Prepared, gaps_of
from notify.domain.words import Kind, Severity
from notify.errors import Conflict, Invalid, NotifyError
from notify.rendering.languages import choose
from notify.rendering.templates import templates
from notify.services import groups, preparing
from notify.services.prepared import Template, Version
from notify.services.staff_sessions import Officer
from notify.web.deps import TheApp
from notify.web.pages.forms import Fields, large_form
from notify.web.pages.paper import reader_language
from notify.web.pages.staff.door import Doing, back, inside
from notify.web.pages.staff.draft_asking import safe_values
from notify.web.pages.staff.places import places
from notify.web.pages.staff.template_forms import number, parse, problems

router = APIRouter(prefix="/staff/templates", include_in_schema=False)

Viewer = Annotated[Officer, Doing(Deed.LOOK)]
Author = Annotated[Officer, Doing(Deed.WRITE)]
Approver = Annotated[Officer, Doing(Deed.APPROVE)]

_NEW = Prepared(name="", kind=Kind.ALERT, texts={})


@router.api_route("", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp, officer: Viewer) -> HTMLResponse:
    language = reader_language(request, app, wish=officer.language)
    found = await preparing.every(app.db, officer)
    return inside(
        request, app, officer, "templates", done=request.query_params.get("done", ""),
        templates=[shown(app, one, language) for one in found],
    )  # fmt: skip


@router.api_route("/new", methods=["GET", "HEAD"])
async def begin(request: Request, app: TheApp, officer: Author) -> HTMLResponse:
    return await _form(request, app, officer, _NEW)


@router.post("")
async def add(request: Request, app: TheApp, officer: Author) -> Response:
    form = await large_form(request)
    prepared = _parsed(app, form)
    try:
        template_id = await preparing.add(
            app.db, officer, prepared, place=form.one("place") or None, settings=app.settings
        )
    except Invalid as problem:
        return await _form(
            request, app, officer, prepared, place=form.one("place"), problem=problem
        )
    return back(f"/staff/templates/{template_id}?done=written")


@router.api_route("/{template_id}", methods=["GET", "HEAD"])
async def look(request: Request, app: TheApp, officer: Viewer, template_id: UUID) -> HTMLResponse:
    return await _page(
        request, app, officer, template_id, done=request.query_params.get("done", "")
    )


@router.api_route("/{template_id}/change", methods=["GET", "HEAD"])
async def rewrite(
    request: Request, app: TheApp, officer: Author, template_id: UUID
) -> HTMLResponse:
    read = await preparing.read(app.db, officer, template_id)
    if not read.may_write:
        raise OutOfReach
    return await _form(request, app, officer, read.template.prepared, template=read.template)


@router.post("/{template_id}/change")
async def change(request: Request, app: TheApp, officer: Author, template_id: UUID) -> Response:
    form = await large_form(request)
    prepared, version = _parsed(app, form), number(form.one("version"))
    try:
        await preparing.change(
            app.db, officer, template_id, prepared, version=version, settings=app.settings
        )
    except (Invalid, Conflict) as problem:
        read = await preparing.read(app.db, officer, template_id)
        return await _form(request, app, officer, prepared, template=read.template, problem=problem)
    return back(f"/staff/templates/{template_id}?done=written")


@router.post("/{template_id}/retire")
async def retire(request: Request, app: TheApp, officer: Author, template_id: UUID) -> Response:
    """Asked once more before it is done."""
    if not (await large_form(request)).has("sure"):
        return await _page(request, app, officer, template_id, asks=True)
    await preparing.retire(app.db, officer, template_id)
    return back("/staff/templates?done=retired")


@router.post("/{template_id}/approve")
async def approve(request: Request, app: TheApp, officer: Approver, template_id: UUID) -> Response:
    read = (await large_form(request)).one("read")
    try:
        await preparing.approve(app.db, officer, template_id, seen=read)
    except Conflict:
        return await _page(request, app, officer, template_id, done="changed", status=409)
    return back(f"/staff/templates/{template_id}?done=approved")


@router.post("/{template_id}/withdraw")
async def withdraw(app: TheApp, officer: Approver, template_id: UUID) -> Response:
    await preparing.withdraw(app.db, officer, template_id)
    return back(f"/staff/templates/{template_id}?done=withdrawn")


def shown(app: App, template: Template, language: str) -> Mapping[str, Any]:
    """A template for a list or the head of a page; `place` None where it is for all."""
    default = app.settings.default_language
    names = template.place_names
    return {
        "id": template.id, "name": template.prepared.name, "kind": template.prepared.kind,
        "severity": template.prepared.severity, "version": template.version,
        "ahead": template.ahead, "retired_at": template.retired_at,
        "place": choose(names, language, default=default)[1] if names else None,
    }  # fmt: skip


async def _page(
    request: Request, app: App, officer: Officer, template_id: UUID, *, done: str = "",
    status: int = 200, asks: bool = False,
) -> HTMLResponse:  # fmt: skip
    language = reader_language(request, app, wish=officer.language)
    read = await preparing.read(app.db, officer, template_id)
    template = read.template
    return inside(
        request, app, officer, "template", status=status, done=done, asks=asks, read=read,
        head=shown(app, template, language), prepared=template.prepared,
        gaps=gaps_of(template.prepared.texts), own=read.own,
        history=_history(read.versions),
        first=app.settings.default_language, always=await _names(app, template.prepared.groups, language),
    )  # fmt: skip


async def _names(app: App, slugs: Sequence[str], language: str) -> list[str]:
    default = app.settings.default_language
    return [
        group.name(language, default=default)
        for group in await groups.tree(app.db)
        if group.slug in slugs
    ]


def _history(versions: Sequence[Version]) -> list[Mapping[str, Any]]:
    """Each version with what it changed: fields with what stood there before, and since."""
    before: list[Version | None] = [*versions[1:], None]
    return [
        {"version": one, "changes": _changes(old.prepared, one.prepared) if old else []}
        for one, old in zip(versions, before, strict=True)
    ]


def _changes(old: Prepared, new: Prepared) -> list[Mapping[str, Any]]:
    was, now = _fields(old), _fields(new)
    return [
        {"field": field, "language": language, "was": was.get((field, language), ""),
         "now": now.get((field, language), "")}
        for field, language in dict.fromkeys([*was, *now])
        if was.get((field, language), "") != now.get((field, language), "")
    ]  # fmt: skip


def _fields(prepared: Prepared) -> dict[tuple[str, str], str]:
    texts = {
        (part, language): words or ""
        for language, text in prepared.texts.items()
        for part, words in asdict(text).items()
    }
    return (
        {
            ("name", ""): prepared.name,
            ("kind", ""): prepared.kind,
            ("severity", ""): prepared.severity or "",
            ("groups", ""): ", ".join(prepared.groups),
            ("hours", ""): str(prepared.hours),
        }
        | texts
        | _asked(prepared)
    )


def _asked(prepared: Prepared) -> dict[tuple[str, str], str]:
    if prepared.asking is None:
        return {}
    return {
        ("ask", language): f"{said.ask}\n{said.options}"
        for language, said in prepared.asking.one.wordings.items()
    } | {("urgent", ""): prepared.asking.urgent}


def _parsed(app: App, form: Fields) -> Prepared:
    settings = app.settings
    languages = to_choose(settings.languages)
    return parse(form, languages=languages, first=settings.default_language)


async def _form(
    request: Request, app: App, officer: Officer, prepared: Prepared, *,
    template: Template | None = None, place: str = "", problem: NotifyError | None = None,
) -> HTMLResponse:  # fmt: skip
    language = reader_language(request, app, wish=officer.language)
    words = templates(app.settings).words(language)
    within = officer.reach(Deed.WRITE)
    stale = isinstance(problem, Conflict)
    wrong = problems(words, problem) if isinstance(problem, Invalid) else []
    return inside(
        request, app, officer, "template_form", status=409 if stale else 422 if problem else 200,
        prepared=prepared, template=template, place=place, stale=stale,
        head=shown(app, template, language) if template else None,
        places=await places(app, within, language), everywhere=within.everywhere,
        severities=list(Severity), spoken=_spoken(app),
        problems=wrong,
        **safe_values(
            app, prepared.asking or Asking(), prepared.texts, {one["field"] for one in wrong}
        ),
    )  # fmt: skip


def _spoken(app: App) -> list[str]:
    """The languages to write in, as in a draft: the town's first one first."""
    first = app.settings.default_language
    return [first, *(tag for tag in to_choose(app.settings.languages) if tag != first)]
