"""The page that stays open while addresses are proven, and what stands there when they are."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from notify.bootstrap import App
from notify.domain.codes import DIGITS, LIFE, Purpose, Verdict
from notify.domain.words import Channel, Lane
from notify.rendering.languages import Words, choose
from notify.rendering.phones import spoken
from notify.rendering.templates import templates
from notify.services import confirming, signing_up, texting, visiting
from notify.services.asking import TooMany
from notify.services.joining import NotHere
from notify.services.visiting import Session
from notify.store.database import Row
from notify.web.deps import TheApp
from notify.web.pages import bounds, cookies
from notify.web.pages.forms import Fields, large_form
from notify.web.pages.join import too_many
from notify.web.pages.join_reading import Problem, address
from notify.web.pages.my.door import back
from notify.web.pages.paper import page, reader_language
from notify.web.static import static_url

router = APIRouter(include_in_schema=False)


@router.api_route("/join/code", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp) -> Response:
    session = await cookies.session(request, app)
    if session is None:
        return _over(request, app)
    asked = await signing_up.asked(app.db, session.resident)
    return await _page(request, app, session, asked) if asked else back("/join/done")


@router.post("/join/code")
async def take(request: Request, app: TheApp) -> Response:
    """One of: a code typed, a code wanted again, another address, a code texted."""
    fields = await large_form(request)
    if fields.has("page"):
        return await _texted(request, app, fields.one("page"), look=fields.has("look"))
    session = await cookies.session(request, app)
    if session is None:
        return _over(request, app)
    asked = await signing_up.asked(app.db, session.resident)
    row = next((row for row in asked if str(row["id"]) == fields.one("address")), None)
    if row is None:  # proven meanwhile, or changed in another window
        return back("/join/code")
    if fields.has("again"):
        return await _again(request, app, session, asked, row)
    if fields.has("change"):
        return await _change(request, app, session, asked, row, fields)
    return await _type(request, app, session, asked, row, fields)


@router.api_route("/join/done", methods=["GET", "HEAD"])
async def done(request: Request, app: TheApp) -> HTMLResponse:
    session = await cookies.session(request, app)
    if session is None:
        return _over(request, app)
    language = reader_language(request, app)
    proven, followed = await signing_up.result(app.db, session.resident)
    if not proven:
        return _over(request, app)
    return page(
        app, "join_done", language=language, languages=app.settings.languages,
        proven=[_written(row) for row in proven],
        groups=[_followed(row, language, app.settings.default_language) for row in followed],
        push=any("push" in row["alerts"] + row["news"] for row in followed),
        asked=bool(await signing_up.asked(app.db, session.resident)),
    )  # fmt: skip


async def by_link(request: Request, app: App, code: int) -> Response:
    """What the button behind a mail's link does: the same as typing the code."""
    session = await cookies.session(request, app)
    try:
        joined, word = await signing_up.prove(
            app.db,
            app.keyring,
            code,
            settings=app.settings,
            here=session.resident if session else None,
        )
    except NotHere:
        return await _from_the_desk(request, app, code)
    if joined is None or word is None:
        return _over(request, app)
    app.bell.ring(Lane.NOTE)  # other addresses may be told
    answer = back("/join/code")
    await cookies.keep(request, answer, app, word)
    return answer


async def _from_the_desk(request: Request, app: App, code: int) -> Response:
    """The same for another address of a resident who is known: no page opens by it. Where staff
    took it down it is proven; where a page asked for it, its digits have to be typed there."""
    language = reader_language(request, app)
    try:
        proven = await confirming.by_code(app.db, app.keyring, code, settings=app.settings)
    except NotHere:
        return page(app, "join_elsewhere", language=language, status=409)
    if not proven:
        return _over(request, app)
    app.bell.ring(Lane.NOTE)  # other addresses may be told
    return page(app, "confirmed", language=language)


async def _type(
    request: Request, app: App, session: Session, asked: Sequence[Row], row: Row, fields: Fields
) -> Response:
    name, words = f"code_{row['id']}", _words(request, app)
    verdict, word = await signing_up.type_(
        app.db, app.keyring, settings=app.settings, resident=session.resident,
        address_id=row["id"], typed=fields.one(name),
    )  # fmt: skip
    if word is not None:
        app.bell.ring(Lane.NOTE)  # other addresses may be told
        answer = back("/join/code")
        await cookies.keep(request, answer, app, word)
        return answer
    if verdict is Verdict.OVER:
        said = words.gettext("This code no longer holds. Have a new one sent.")
    else:
        said = words.gettext(
            "This code is wrong. Look at the last message from us: it has %(digits)s digits."
        ) % {"digits": DIGITS}
    return await _page(request, app, session, asked, Problem(name, said), status=422)


async def _again(
    request: Request, app: App, session: Session, asked: Sequence[Row], row: Row
) -> Response:
    try:
        await bounds.ask(request, app, Channel(row["channel"]), row["value"])
    except TooMany as refusal:
        said = too_many(_words(request, app), refusal)
        problem = Problem(f"code_{row['id']}", said)
        return await _page(request, app, session, asked, problem, status=429)
    await signing_up.again(
        app.db, settings=app.settings, resident=session.resident, address_id=row["id"]
    )
    app.bell.ring(Lane.NOTE)
    return back("/join/code")


async def _change(
    request: Request, app: App, session: Session, asked: Sequence[Row], row: Row, fields: Fields
) -> Response:
    name, words, channel = f"to_{row['id']}", _words(request, app), Channel(row["channel"])
    typed = fields.one(name)
    judged = address(typed, channel, words, settings=app.settings)
    if isinstance(judged, str):
        problem = Problem(name, judged)
        return await _page(request, app, session, asked, problem, typed=typed, status=422)
    try:
        await bounds.ask(request, app, channel, judged.value)
    except TooMany as refusal:
        problem = Problem(name, too_many(words, refusal))
        return await _page(request, app, session, asked, problem, typed=typed, status=429)
    await signing_up.change(
        app.db, app.keyring, settings=app.settings, resident=session.resident,
        address_id=row["id"], address=judged,
    )  # fmt: skip
    app.bell.ring(Lane.NOTE)
    return back("/join/code")


async def _texted(request: Request, app: App, word: str, *, look: bool) -> Response:
    """Look whether the code that the page shows was texted; its session is open then. The page's
    script, which only wants to `look`, is told nothing more where it was not."""
    if await visiting.find(app.db, word) is not None:
        answer = back("/join/code")
        await cookies.keep(request, answer, app, word)
        return answer
    session = await cookies.session(request, app)
    if session is None:
        return _over(request, app)
    asked = await signing_up.asked(app.db, session.resident)
    phone = next((row for row in asked if row["channel"] == Channel.SMS), None)
    if phone is None:  # proven, or let go of
        answer = back("/join/code")
        await cookies.know(request, answer, app)
        return answer
    if look:
        return Response(status_code=204)
    words = _words(request, app)
    if phone["purpose"] == Purpose.TEXT:
        said = words.gettext(
            "Your SMS has not come yet. That may take a minute. Then press the button again."
        )
        problem, status = Problem(f"texted_{phone['id']}", said), 409
    else:
        said = words.gettext("This code no longer holds. Have a new one sent.")
        problem, status = Problem(f"code_{phone['id']}", said), 422
    return await _page(request, app, session, asked, problem, status=status)


async def _page(
    request: Request,
    app: App,
    session: Session,
    asked: Sequence[Row],
    *problems: Problem,
    typed: str | None = None,
    status: int = 200,
) -> HTMLResponse:
    proven, _ = await signing_up.result(app.db, session.resident)
    return page(
        app, "join_code", language=reader_language(request, app), status=status,
        languages=app.settings.languages, problems=problems, typed=typed,
        proven=[_written(row) for row in proven],
        asked=[_shown(app, row) for row in asked],
        number=spoken(texting.number(app.settings)),
        minutes=int(LIFE.total_seconds()) // 60, script=static_url("texted.js"),
    )  # fmt: skip


def _shown(app: App, row: Row) -> Mapping[str, Any]:
    """What the page says of an address that is still to be proven."""
    shown = row["purpose"] == Purpose.TEXT
    digits = texting.digits(app.keyring, row["code"]) if shown else None
    return {
        "id": row["id"],
        "channel": row["channel"],
        "value": _written(row),
        "holds": row["code"] is not None,
        "digits": digits,
        "page": texting.word(app.keyring, row["code"]) if shown else None,
    }


def _written(row: Row) -> str:
    """An address as people write it."""
    return spoken(row["value"]) or "" if row["channel"] == Channel.SMS else str(row["value"])


def _followed(row: Row, language: str, default: str) -> Mapping[str, Any]:
    name = choose(row["names"], language, default=default)[1]
    return {"name": name, "alerts": row["alerts"], "news": row["news"], "state": row["state"]}


def _over(request: Request, app: App) -> HTMLResponse:
    return page(app, "join_over", language=reader_language(request, app), status=404)


def _words(request: Request, app: App) -> Words:
    return templates(app.settings).words(reader_language(request, app))
