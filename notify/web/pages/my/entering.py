"""The door of the resident's own page: a code to an address they have proven opens it.

Whatever is typed, the answer is the same: a stranger does not learn who is known here.
"""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from notify.bootstrap import App
from notify.domain.residents import JudgedAddress
from notify.domain.words import Lane
from notify.errors import Invalid
from notify.rendering.phones import spoken
from notify.rendering.templates import templates
from notify.services import asking, opening, texting, visiting
from notify.services.asking import Elsewhere, Spent, TooMany
from notify.web.deps import TheApp
from notify.web.network import network
from notify.web.pages import bounds, cookies
from notify.web.pages.forms import small_form
from notify.web.pages.my import overview
from notify.web.pages.my.door import back, guest
from notify.web.pages.paper import page, reader_language

router = APIRouter(include_in_schema=False)


@router.api_route("/my", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp) -> Response:
    here = await guest(request, app)
    if here is not None:
        return overview.show(request, app, here)
    return _door(request, app, closed="closed" in request.query_params)


@router.post("/my/enter")
async def enter(request: Request, app: TheApp) -> Response:
    """Send a code; asked for again, another one."""
    typed = (await small_form(request)).get("address", "").strip()
    try:
        address = _judge(app, typed)
        await bounds.ask(request, app, address.channel, address.value)
        asked = await opening.ask(app.db, app.keyring, settings=app.settings, address=address)
        app.bell.ring(Lane.NOTE)  # whether anything waits or not
    except TooMany as wait:
        return _door(request, app, typed=typed, problem="too_many", wait=wait.retry_after)
    except Spent:
        return _door(request, app, typed=typed, problem="spent")
    except Elsewhere:
        return _door(request, app, typed=typed, problem="elsewhere")
    except Invalid:
        return _door(request, app, typed=typed, problem="no_address")
    return _code(request, app, typed, asked)


@router.api_route("/my/code", methods=["GET", "HEAD"])
async def no_code() -> Response:
    return back("/my")


@router.post("/my/code")
async def try_code(request: Request, app: TheApp) -> Response:
    form = await small_form(request)
    typed, asked = form.get("address", "").strip(), form.get("asked", "")
    try:
        address = _judge(app, typed)
        await asking.try_(app.rates, keyring=app.keyring, network=network(request, app.settings))
    except Invalid:
        return _door(request, app, typed=typed, problem="no_address")
    except TooMany as wait:
        return _code(request, app, typed, asked, problem="too_many", wait=wait.retry_after)
    word = await opening.try_(app.db, app.keyring, address, asked=asked, typed=form.get("code", ""))
    if word is None:
        return _code(request, app, typed, asked, problem="wrong")
    answer = back("/my")
    await cookies.keep(request, answer, app, word)
    return answer


@router.post("/my/close")
async def close(request: Request, app: TheApp) -> Response:
    """Close the page in this browser; with `others`, everywhere else."""
    session = await cookies.session(request, app)
    if session is not None and "others" in await small_form(request):
        await visiting.close_others(app.db, session)
        return back("/my/settings")
    if session is not None:
        await visiting.close(app.db, session)
    answer = page(app, "my/closed", language=reader_language(request, app))
    cookies.drop(answer, app)
    return answer


def _judge(app: App, typed: str) -> JudgedAddress:
    return opening.judge(typed, region=app.settings.default_region, hosts=app.push_hosts)


def _door(
    request: Request, app: App, *, typed: str = "", problem: str | None = None, wait: int = 0,
    closed: bool = False,
) -> Response:  # fmt: skip
    language = reader_language(request, app)
    words = templates(app.settings).words(language)
    said = {
        "no_address": words.gettext(
            "Write the e-mail address or phone number that you signed up with."
        ),
        "elsewhere": words.gettext(
            "We send no SMS to this country. Write your e-mail address, or ask at the town hall."
        ),
        "spent": words.gettext(
            "No more codes can be sent by SMS today. Use an e-mail address, or try again tomorrow."
        ),
        "too_many": words.gettext(
            "Too many codes were asked for. Please try again in %(minutes)s minutes."
        ) % {"minutes": max(1, -(-wait // 60))},
    }  # fmt: skip
    problems = [{"field": "address", "said": said[problem]}] if problem else []
    status = 200 if problem is None else 429 if problem in {"too_many", "spent"} else 422
    answer = page(
        app, "my/enter", language=language, status=status, typed=typed, problems=problems,
        closed=closed, number=spoken(texting.number(app.settings)) if problem == "spent" else None,
    )  # fmt: skip
    if problem == "too_many":
        answer.headers["retry-after"] = str(wait)
    return answer


def _code(
    request: Request, app: App, typed: str, asked: str, *, problem: str | None = None,
    wait: int = 0,
) -> Response:  # fmt: skip
    language = reader_language(request, app)
    words = templates(app.settings).words(language)
    said = {
        "wrong": words.gettext(
            "This code is wrong, or no longer holds. Check the digits, or have a new code sent."
        ),
        "too_many": words.gettext(
            "Too many codes were typed. Please try again in %(minutes)s minutes."
        ) % {"minutes": max(1, -(-wait // 60))},
    }  # fmt: skip
    problems = [{"field": "code", "said": said[problem]}] if problem else []
    status = 200 if problem is None else 429 if problem == "too_many" else 422
    answer = page(
        app, "my/code", language=language, status=status, typed=typed, asked=asked,
        problems=problems, number=spoken(texting.number(app.settings)),
    )  # fmt: skip
    if problem == "too_many":
        answer.headers["retry-after"] = str(wait)
    return answer
