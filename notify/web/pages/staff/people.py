"""Who works here, and what they may do: for administrators, as far as their grants reach."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from notify.bootstrap import App, open_channels
from notify.domain.grants import Deed, Role
from notify.domain.words import Lane
from notify.errors import Conflict, Invalid, NotFound, NotifyError
from notify.rendering.languages import choose
from notify.rendering.templates import templates
from notify.services import groups, staffing
from notify.services.staff_sessions import Officer
from notify.services.staffing import Elsewhere
from notify.web.deps import TheApp
from notify.web.pages.forms import Fields, large_form
from notify.web.pages.paper import reader_language
from notify.web.pages.staff.door import Doing, back, inside
from notify.web.pages.staff.places import places

router = APIRouter(prefix="/staff/people", include_in_schema=False)

Administrator = Annotated[Officer, Doing(Deed.ADMINISTER)]
EVERYWHERE = ""
"""What a form says in place of a group."""


@router.api_route("", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp, officer: Administrator) -> HTMLResponse:
    return await _list(request, app, officer, Fields({}))


@router.post("")
async def add(request: Request, app: TheApp, officer: Administrator) -> Response:
    """Give somebody a grant; whoever is new gets an invitation, which is shown this once."""
    form = await large_form(request)
    try:
        done = await staffing.add(
            app.db, settings=app.settings, within=officer.reach(Deed.ADMINISTER),
            email=form.one("email"), name=form.one("name") or form.one("email"),
            role=_role(form), group=form.one("group") or None, by=officer.id,
        )  # fmt: skip
    except (Invalid, Conflict) as problem:
        return await _list(request, app, officer, form, problem=problem)
    if done.link is None:
        return back(f"/staff/people/{done.staff_id}?done=granted")
    return await _one(request, app, officer, done.staff_id, link=done.link)


@router.api_route("/{staff_id}", methods=["GET", "HEAD"])
async def look(
    request: Request, app: TheApp, officer: Administrator, staff_id: UUID
) -> HTMLResponse:
    return await _one(request, app, officer, staff_id, done=request.query_params.get("done", ""))


@router.post("/{staff_id}/invite")
async def invite(
    request: Request, app: TheApp, officer: Administrator, staff_id: UUID
) -> HTMLResponse:
    within = officer.reach(Deed.ADMINISTER)
    link = await staffing.invite(
        app.db, staff_id, settings=app.settings, within=within, by=officer.id,
        channels=open_channels(app.settings),
    )  # fmt: skip
    app.bell.ring(Lane.NOTE)
    return await _one(request, app, officer, staff_id, link=link)


@router.post("/{staff_id}/withdraw")
async def withdraw(
    request: Request, app: TheApp, officer: Administrator, staff_id: UUID
) -> Response:
    wanted = (await large_form(request)).one("grant")
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) <= 18):
        raise NotFound("They have no such grant any more.")
    within = officer.reach(Deed.ADMINISTER)
    try:
        await staffing.withdraw(app.db, staff_id, int(wanted), within=within, by=officer.id)
    except Conflict:
        return await _one(request, app, officer, staff_id, last=True)
    return back("/staff/people?done=withdrawn")


@router.post("/{staff_id}/sign-out")
async def sign_out(app: TheApp, officer: Administrator, staff_id: UUID) -> Response:
    await staffing.sign_out(app.db, staff_id, within=officer.reach(Deed.ADMINISTER), by=officer.id)
    return back(f"/staff/people/{staff_id}?done=out")


@router.post("/{staff_id}/end")
async def end(request: Request, app: TheApp, officer: Administrator, staff_id: UUID) -> Response:
    """Asked once more before it is done."""
    sure = (await large_form(request)).has("sure")
    if not sure:
        return await _one(request, app, officer, staff_id, asks=True)
    try:
        await staffing.end(app.db, staff_id, within=officer.reach(Deed.ADMINISTER), by=officer.id)
    except Conflict:
        return await _one(request, app, officer, staff_id, last=True)
    return back("/staff/people?done=ended")


async def spelled(app: App, officer: Officer, *, language: str) -> list[Mapping[str, Any]]:
    """An officer's grants: each `role` and the name of the `place`, None where it is everywhere."""
    names = {group.id: group.names for group in await groups.tree(app.db)}
    default = app.settings.default_language
    return [
        {
            "role": grant.role,
            "place": choose(names[grant.group_id], language, default=default)[1]
            if grant.group_id is not None
            else None,
        }
        for grant in officer.grants
    ]


def _role(form: Fields) -> Role:
    try:
        return Role(form.one("role"))
    except ValueError:
        raise Invalid("Choose what they may do.", field="role") from None


async def _list(
    request: Request, app: App, officer: Officer, form: Fields, *,
    problem: NotifyError | None = None,
) -> HTMLResponse:  # fmt: skip
    within = officer.reach(Deed.ADMINISTER)
    language = reader_language(request, app, wish=officer.language)
    people = [_shown(app, row, language) for row in await staffing.every(app.db, within=within)]
    return inside(
        request, app, officer, "people", status=422 if problem else 200, people=people,
        places=await places(app, within, language), everywhere=within.everywhere, roles=list(Role),
        typed={name: form.one(name) for name in ("email", "name", "role", "group")},
        problems=_problems(app, language, problem), done=request.query_params.get("done", ""),
    )  # fmt: skip


async def _one(
    request: Request, app: App, officer: Officer, staff_id: UUID, *, done: str = "",
    link: str | None = None, last: bool = False, asks: bool = False,
) -> HTMLResponse:  # fmt: skip
    row = await staffing.one(app.db, staff_id, within=officer.reach(Deed.ADMINISTER))
    language = reader_language(request, app, wish=officer.language)
    return inside(
        request, app, officer, "person", status=409 if last else 200, done=done, link=link,
        person=_shown(app, row, language), last=last, asks=asks, me=row["id"] == officer.id,
    )  # fmt: skip


def _shown(app: App, row: Mapping[str, Any], language: str) -> Mapping[str, Any]:
    default = app.settings.default_language
    return {
        **row,
        "grants": [
            {**grant, "place": choose(grant["names"], language, default=default)[1] if grant["slug"] else None}
            for grant in row["grants"]
        ],
    }  # fmt: skip


def _problems(app: App, language: str, problem: NotifyError | None) -> Sequence[Mapping[str, str]]:
    if problem is None:
        return ()
    words = templates(app.settings).words(language)
    said = {
        "email": words.gettext("Write one e-mail address like erika@example.org."),
        "name": words.gettext("Write the name by which colleagues know them."),
        "role": words.gettext("Choose what they may do."),
    }
    field = problem.field if isinstance(problem, Invalid) and problem.field in said else None
    if isinstance(problem, Elsewhere):
        return [{"field": "email", "said": words.gettext("Somebody else invited them, and they have not signed in yet. Add them once they have.")}]  # fmt: skip
    if field is None:
        return [{"field": "role", "said": words.gettext("They have this grant already.")}]
    return [{"field": field, "said": said[field]}]
