"""Addresses that are not used any more: how many, and one of them looked up for a reason."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from notify.bootstrap import App
from notify.domain.grants import Deed, OutOfReach
from notify.errors import Conflict, Invalid, NotFound, NotifyError
from notify.rendering.templates import templates
from notify.services.staff_sessions import Officer
from notify.services.suppressing import Asked, Standing, Suppressing
from notify.web.deps import TheApp
from notify.web.pages.forms import Fields, large_form
from notify.web.pages.paper import reader_language
from notify.web.pages.staff.door import Doing, back, inside

router = APIRouter(prefix="/staff/suppressions", include_in_schema=False)

Operator = Annotated[Officer, Doing(Deed.OPERATE)]


@router.api_route("", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp, officer: Operator) -> HTMLResponse:
    return await _page(request, app, officer, Fields({}))


@router.post("")
async def look(request: Request, app: TheApp, officer: Operator) -> HTMLResponse:
    """How one address stands. What was typed is in no address of a page, nor in a log."""
    form = await large_form(request)
    try:
        standing = await _means(app).look(officer, _asked(form))
    except (Invalid, NotFound) as problem:
        return await _page(request, app, officer, form, problem=problem)
    return await _page(request, app, officer, form, standing=standing)


@router.post("/lift")
async def lift(request: Request, app: TheApp, officer: Operator) -> Response:
    form = await large_form(request)
    try:
        await _means(app).lift(officer, _asked(form))
    except (Invalid, NotFound, Conflict) as problem:
        return await _page(request, app, officer, form, problem=problem)
    return back("/staff/suppressions?done=lifted")


@router.post("/add")
async def add(request: Request, app: TheApp, officer: Operator) -> Response:
    form = await large_form(request)
    try:
        await _means(app).add(officer, _asked(form), why=form.one("why"))
    except (Invalid, NotFound, Conflict, OutOfReach) as problem:
        return await _page(request, app, officer, form, problem=problem)
    return back("/staff/suppressions?done=added")


def _means(app: App) -> Suppressing:
    return Suppressing(app.db, app.keyring, settings=app.settings, hosts=app.push_hosts)


def _asked(form: Fields) -> Asked:
    return Asked(form.one("named"), form.one("reason"))


async def _page(
    request: Request, app: App, officer: Officer, form: Fields, *,
    standing: Standing | None = None, problem: NotifyError | None = None,
) -> HTMLResponse:  # fmt: skip
    language = reader_language(request, app, wish=officer.language)
    return inside(
        request, app, officer, "suppressions", status=422 if problem else 200, standing=standing,
        counts=await _means(app).counts(officer),
        typed={"named": form.one("named"), "reason": form.one("reason")},
        problems=_problems(app, language, problem), done=request.query_params.get("done", ""),
    )  # fmt: skip


def _problems(app: App, language: str, problem: NotifyError | None) -> Sequence[Mapping[str, str]]:
    words = templates(app.settings).words(language)
    match problem:
        case None:
            return ()
        case NotFound():
            field, said = "named", words.gettext("Nobody within your reach has this address.")
        case OutOfReach():
            field, said = "named", words.gettext("They also follow groups beyond your reach.")
        case Conflict():
            field, said = "named", words.gettext(
                "Somebody else changed this just now, or only its owner can. Look again."
            )  # fmt: skip
        case Invalid(field="reason"):
            field, said = "reason", words.gettext(
                "Say in a few words why you need to see this. It is kept."
            )  # fmt: skip
        case Invalid(field="why"):
            field, said = "named", words.gettext("Choose why it is not to be used any more.")
        case _:
            field, said = "named", words.gettext("Write one whole e-mail address or phone number.")
    return [{"field": field, "said": said}]
