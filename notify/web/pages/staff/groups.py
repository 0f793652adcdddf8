"""Groups and who speaks for them: made and changed by administrators, one part at a time."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from notify import clock
from notify.bootstrap import App
from notify.domain.grants import Deed
from notify.domain.groups import ABOUT
from notify.errors import Conflict, Invalid, NotifyError
from notify.rendering.languages import choose
from notify.rendering.templates import templates
from notify.services import group_editing, groups
from notify.services.group_editing import Stale
from notify.services.staff_sessions import Officer
from notify.web.deps import TheApp
from notify.web.pages.forms import Fields, large_form
from notify.web.pages.paper import reader_language
from notify.web.pages.staff import group_words
from notify.web.pages.staff.door import Doing, back, inside
from notify.web.pages.staff.places import places

router = APIRouter(prefix="/staff/groups", include_in_schema=False)

Administrator = Annotated[Officer, Doing(Deed.ADMINISTER)]


@router.api_route("", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp, officer: Administrator) -> HTMLResponse:
    language = reader_language(request, app, wish=officer.language)
    month = clock.month(app.settings.zone)
    return inside(
        request, app, officer, "groups",
        places=await places(app, officer.reach(Deed.ADMINISTER), language),
        spent=await groups.sms_spent(app.db, month=month),
    )  # fmt: skip


@router.api_route("/new", methods=["GET", "HEAD"])
async def ask(request: Request, app: TheApp, officer: Administrator) -> HTMLResponse:
    return await _new(request, app, officer, Fields({}))


@router.post("/new")
async def create(request: Request, app: TheApp, officer: Administrator) -> Response:
    form = await large_form(request)
    try:
        await group_editing.create(
            app.db, officer, slug=form.one("slug").lower(), names=_said(form, app, "name"),
            language=app.settings.default_language, parent=form.one("parent") or None,
            closed=form.has("closed"), carries=form.has("carries_parent_news"),
        )  # fmt: skip
    except (Invalid, Conflict) as problem:
        return await _new(request, app, officer, form, problem=problem)
    return back(f"/staff/groups/{form.one('slug').lower()}?done=made")


@router.api_route("/{slug}", methods=["GET", "HEAD"])
async def look(request: Request, app: TheApp, officer: Administrator, slug: str) -> HTMLResponse:
    return await _one(request, app, officer, slug, done=request.query_params.get("done", ""))


@router.post("/{slug}/{part}")
async def change(
    request: Request, app: TheApp, officer: Administrator, slug: str, part: str
) -> Response:
    """Save one part of what the page shows."""
    form = await large_form(request)
    typed = _typed(form, app)
    try:
        await group_editing.change(
            app.db, officer, slug, part, typed, seen=form.one("seen"),
            language=app.settings.default_language,
        )  # fmt: skip
    except (Invalid, Stale) as problem:
        return await _one(request, app, officer, slug, part=part, typed=typed, problem=problem)
    return back(f"/staff/groups/{slug}?done={part}#f-{part}")


def _said(form: Fields, app: App, name: str) -> dict[str, str]:
    """What was typed in each language of the town."""
    return {tag: form.one(f"{name}.{tag}") for tag in app.settings.languages}


def _typed(form: Fields, app: App) -> dict[str, Any]:
    """All parts, of which a form carries one."""
    about = {
        tag: {key: form.one(f"about.{tag}.{key}") for key in ABOUT}
        for tag in app.settings.languages
    }
    return {
        "names": _said(form, app, "name"),
        "about": about,
        "identity": {key: form.one(f"identity.{key}") for key in group_words.IDENTITY},
        "closed": form.has("closed"),
        "carries_parent_news": form.has("carries_parent_news"),
        "sms_cap": form.one("sms_cap"),
        "news_need_approval": form.has("news_need_approval"),
        "drill": form.has("drill"),
    }


async def _new(
    request: Request, app: App, officer: Officer, form: Fields, *,
    problem: NotifyError | None = None,
) -> HTMLResponse:  # fmt: skip
    within = officer.reach(Deed.ADMINISTER)
    language = reader_language(request, app, wish=officer.language)
    words = templates(app.settings).words(language)
    return inside(
        request, app, officer, "group_new", status=422 if problem else 200, form=form,
        tags=app.settings.languages, everywhere=within.everywhere,
        places=await places(app, within, language),
        problems=group_words.problems(words, problem, app.settings.default_language),
    )  # fmt: skip


async def _one(
    request: Request, app: App, officer: Officer, slug: str, *, done: str = "", part: str = "",
    typed: Mapping[str, Any] | None = None, problem: NotifyError | None = None,
) -> HTMLResponse:  # fmt: skip
    """The group; in the `part` that could not be saved what was `typed`, and what stands there now
    where somebody else changed it."""
    edited = await group_editing.look(app.db, officer, slug)
    language = reader_language(request, app, wish=officer.language)
    default, words = app.settings.default_language, templates(app.settings).words(language)
    kept = {name: edited.row[name] for name in _typed(Fields({}), app)}
    mine = {name: typed[name] for name in group_editing.COLUMNS[part]} if typed and part else {}
    month = clock.month(app.settings.zone)
    spent = (await groups.sms_spent(app.db, month=month)).get(slug)
    return inside(
        request, app, officer, "group", status=_status(problem), group=edited.row, shown=kept | mine,
        called=choose(edited.row["names"], language, default=default), marks=edited.marks,
        parent=_name(app, edited.row["parent_names"], language), moves=edited.moves,
        inherited={
            key: {"value": one.value, "name": _name(app, one.names, language)}
            for key, one in edited.inherited.items()
        },
        tags=app.settings.languages, keys=group_words.identity(words), done=done,
        stale=part if isinstance(problem, Stale) else "", kept=kept, spent=spent,
        problems=group_words.problems(words, problem, default, typed), town_colour=app.settings.colour,
    )  # fmt: skip


def _status(problem: NotifyError | None) -> int:
    if problem is None:
        return 200
    return 409 if isinstance(problem, Stale) else 422


def _name(app: App, names: Mapping[str, str] | None, language: str) -> str | None:
    return choose(names, language, default=app.settings.default_language)[1] if names else None
