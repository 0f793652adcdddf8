"""Residents within reach: found by an exact address, seen for a reason that is kept."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from notify.bootstrap import App
from notify.domain.grants import Deed, OutOfReach
from notify.domain.words import Lane
from notify.errors import Conflict, Invalid, NotFound, NotifyError
from notify.rendering.languages import choose
from notify.rendering.templates import templates
from notify.services import caring
from notify.services.asking import Elsewhere, Spent, TooMany
from notify.services.caring import Person
from notify.services.desk import Counter
from notify.services.staff_sessions import Officer
from notify.web.deps import TheApp
from notify.web.network import network
from notify.web.pages.forms import large_form
from notify.web.pages.paper import reader_language
from notify.web.pages.staff.door import Doing, back, inside

router = APIRouter(prefix="/staff/residents", include_in_schema=False)

Operator = Annotated[Officer, Doing(Deed.OPERATE)]


@router.api_route("", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp, officer: Operator) -> HTMLResponse:
    done = request.query_params.get("done", "")
    return inside(request, app, officer, "residents", problems=(), typed="", done=done)


@router.post("")
async def find(request: Request, app: TheApp, officer: Operator) -> Response:
    """Look for one person. What was typed is in no address of a page, nor in a log."""
    typed = (await large_form(request)).one("named")
    words = templates(app.settings).words(reader_language(request, app, wish=officer.language))
    try:
        resident = await caring.find(
            app.db, officer, typed, settings=app.settings, hosts=app.push_hosts
        )
    except Invalid:
        said = words.gettext("Write the whole e-mail address, phone number or id of one person.")
    except NotFound:
        said = words.gettext("Nobody within your reach has exactly this address, number or id.")
    else:
        return back(f"/staff/residents/{resident}")
    problems = [{"field": "named", "said": said}]
    return inside(
        request, app, officer, "residents", status=422, problems=problems, typed=typed, done=""
    )


@router.api_route("/{resident_id}", methods=["GET", "HEAD"])
async def look(request: Request, app: TheApp, officer: Operator, resident_id: UUID) -> HTMLResponse:
    done = request.query_params.get("done", "")
    return await _page(request, app, officer, resident_id, done=done)


@router.post("/{resident_id}")
async def view(request: Request, app: TheApp, officer: Operator, resident_id: UUID) -> HTMLResponse:
    """Name and addresses, for a reason."""
    reason = (await large_form(request)).one("reason")
    try:
        _, person = await caring.view(app.db, officer, resident_id, reason=reason)
    except Invalid as problem:
        return await _page(request, app, officer, resident_id, problem=problem, reason=reason)
    return await _page(request, app, officer, resident_id, person=person)


@router.post("/{resident_id}/leave")
async def leave(request: Request, app: TheApp, officer: Operator, resident_id: UUID) -> Response:
    """End one subscription; asked once more before it is done."""
    form = await large_form(request)
    if not form.has("sure"):
        return await _page(request, app, officer, resident_id, leaves=form.one("group"))
    await caring.end_subscription(app.db, officer, resident_id, form.one("group"))
    try:
        await caring.look(app.db, officer, resident_id)
    except NotFound:  # it was the last within reach
        return back("/staff/residents?done=left")
    return back(f"/staff/residents/{resident_id}?done=left")


@router.post("/{resident_id}/codes")
async def send_codes(
    request: Request, app: TheApp, officer: Operator, resident_id: UUID
) -> Response:
    counter = Counter(app.rates, network(request, app.settings))
    try:
        await caring.send_codes(
            app.db, app.keyring, officer, resident_id, settings=app.settings, counter=counter
        )
    except (TooMany, Spent, Elsewhere) as problem:
        return await _page(request, app, officer, resident_id, problem=problem)
    app.bell.ring(Lane.NOTE)
    return back(f"/staff/residents/{resident_id}?done=codes")


@router.post("/{resident_id}/confirm")
async def confirm(request: Request, app: TheApp, officer: Operator, resident_id: UUID) -> Response:
    typed = (await large_form(request)).one("code")
    try:
        await caring.confirm(
            app.db, app.keyring, officer, resident_id, typed, settings=app.settings
        )
    except Conflict as problem:
        return await _page(request, app, officer, resident_id, problem=problem)
    return back(f"/staff/residents/{resident_id}?done=proven")


@router.post("/{resident_id}/erase")
async def erase(request: Request, app: TheApp, officer: Operator, resident_id: UUID) -> Response:
    """Asked once more before it is done."""
    if not (await large_form(request)).has("sure"):
        return await _page(request, app, officer, resident_id, erases=True)
    try:
        await caring.erase(app.db, officer, resident_id)
    except OutOfReach as problem:
        return await _page(request, app, officer, resident_id, problem=problem)
    return back("/staff/residents?done=erased")


async def _page(
    request: Request, app: App, officer: Officer, resident_id: UUID, *, done: str = "",
    person: Person | None = None, problem: NotifyError | None = None, reason: str = "",
    leaves: str = "", erases: bool = False,
) -> HTMLResponse:  # fmt: skip
    known = await caring.look(app.db, officer, resident_id)
    language = reader_language(request, app, wish=officer.language)
    follows = [_shown(app, row, language) for row in known.follows]
    asked = next((row for row in follows if row["slug"] == leaves), None)
    if leaves and asked is None:
        raise NotFound("They do not follow this group.")
    return inside(
        request, app, officer, "resident", status=422 if problem else 200, known=known,
        follows=follows, person=person, asked=asked, erases=erases, reason=reason, done=done,
        problems=_problems(app, language, problem),
    )  # fmt: skip


def _shown(app: App, row: Mapping[str, Any], language: str) -> Mapping[str, Any]:
    default = app.settings.default_language
    tag, name = choose(row["names"], language, default=default)
    return {**row, "name": name, "name_language": tag}


def _problems(app: App, language: str, problem: NotifyError | None) -> Sequence[Mapping[str, str]]:
    words = templates(app.settings).words(language)
    match problem:
        case None:
            return ()
        case TooMany():
            wait = {"minutes": -(-problem.retry_after // 60)}
            text = words.gettext(
                "Too many codes were sent there. Try again in %(minutes)s minutes."
            )
            field, said = "codes", text % wait
        case Elsewhere():
            field, said = "codes", words.gettext("No SMS is sent to numbers of this country.")
        case Spent():
            field, said = "codes", words.gettext("No SMS with codes can be sent any more today.")
        case Conflict():
            field, said = "code", words.gettext(
                "This is not the code, or it no longer holds. Send another one."
            )  # fmt: skip
        case OutOfReach():
            field, said = "erase", words.gettext(
                "They also follow groups beyond your reach, so you cannot erase them. End what they"
                " follow with you, or ask an administrator of everything."
            )  # fmt: skip
        case _:
            field, said = "reason", words.gettext(
                "Say in a few words why you need to see this. It is kept."
            )  # fmt: skip
    return [{"field": field, "said": said}]
