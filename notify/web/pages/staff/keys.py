"""Keys by which programs use the API, made and ended within reach.

A key that sends warnings without a second person, or shows addresses, is made on the command line only:
whoever gives out grants sends nothing by that alone, and sees nobody without a reason.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from notify.bootstrap import App
from notify.domain.grants import Deed
from notify.domain.scopes import IN_THE_PAGE, Scope
from notify.errors import Invalid, NotFound
from notify.rendering.languages import choose
from notify.rendering.templates import templates
from notify.services import keys
from notify.services.staff_sessions import Officer
from notify.web.deps import TheApp
from notify.web.pages.forms import Fields, large_form
from notify.web.pages.paper import reader_language
from notify.web.pages.staff.door import Doing, back, inside
from notify.web.pages.staff.places import places

router = APIRouter(prefix="/staff/keys", include_in_schema=False)

Administrator = Annotated[Officer, Doing(Deed.ADMINISTER)]
_MOST_ID: Final = 2**63


@router.api_route("", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp, officer: Administrator) -> HTMLResponse:
    return await _page(request, app, officer)


@router.post("")
async def make(request: Request, app: TheApp, officer: Administrator) -> HTMLResponse:
    """Make a key, which is shown this once."""
    form = await large_form(request)
    try:
        token = await keys.create(
            app.db, name=form.one("name"), scopes=_scopes(form), group=form.one("group") or None,
            within=officer.reach(Deed.ADMINISTER), by=officer.id,
        )  # fmt: skip
    except Invalid as problem:
        return await _page(request, app, officer, form=form, problem=problem)
    return await _page(request, app, officer, token=token)


@router.post("/{key_id}/end")
async def end(request: Request, app: TheApp, officer: Administrator, key_id: int) -> Response:
    """Asked once more before it is done."""
    within = officer.reach(Deed.ADMINISTER)
    if not 0 < key_id < _MOST_ID:
        raise NotFound("There is no such key.")
    if not (await large_form(request)).has("sure"):
        return await _page(request, app, officer, asks=key_id)
    await keys.revoke(app.db, key_id, within=within, by=officer.id)
    return back("/staff/keys?done=ended")


def _scopes(form: Fields) -> Sequence[Scope]:
    chosen = [scope for scope in IN_THE_PAGE if scope in form.all("scope")]
    if not chosen:
        raise Invalid("Choose what it may do.", field="scope")
    return chosen


async def _page(
    request: Request, app: App, officer: Officer, *, form: Fields | None = None,
    problem: Invalid | None = None, token: str | None = None, asks: int | None = None,
) -> HTMLResponse:  # fmt: skip
    within = officer.reach(Deed.ADMINISTER)
    language = reader_language(request, app, wish=officer.language)
    rows = [_shown(app, row, language) for row in await keys.every(app.db, within=within)]
    asked = next((row for row in rows if row["id"] == asks and not row["revoked_at"]), None)
    if asks is not None and asked is None:
        raise NotFound("There is no such key in use.")
    form = form or Fields({})  # nothing is ticked: a key gets what somebody chose for it
    return inside(
        request, app, officer, "keys", status=422 if problem else 200, token=token, asked=asked,
        used=[row for row in rows if not row["revoked_at"]],
        ended=[row for row in reversed(rows) if row["revoked_at"]], scopes=list(IN_THE_PAGE),
        places=await places(app, within, language), everywhere=within.everywhere,
        typed={"name": form.one("name"), "group": form.one("group"), "scope": form.all("scope")},
        problems=_problems(app, language, problem), done=request.query_params.get("done", ""),
    )  # fmt: skip


def _shown(app: App, row: Mapping[str, Any], language: str) -> dict[str, Any]:
    """With the name of its `place`, None where it is everywhere."""
    default = app.settings.default_language
    place = choose(row["names"], language, default=default)[1] if row["group"] else None
    return {**row, "place": place}


def _problems(app: App, language: str, problem: Invalid | None) -> Sequence[Mapping[str, str]]:
    if problem is None:
        return ()
    words = templates(app.settings).words(language)
    if problem.field == "scope":
        return [{"field": "scope", "said": words.gettext("Choose what it may do.")}]
    said = words.gettext("Say in one line of at most 200 characters which program will use it.")
    return [{"field": "name", "said": said}]
