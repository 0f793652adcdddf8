"""Push messages in this browser: turned on, tried, turned off; and renewed by its service worker.

The page's script and the worker post JSON. Endpoints are secrets: they travel in bodies only.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from notify.bootstrap import App
from notify.domain.addresses import PushAddress, normalise_push
from notify.domain.words import Lane
from notify.errors import Conflict, Invalid, NotFound
from notify.rendering import trials
from notify.rendering.languages import Words, choose
from notify.rendering.templates import templates
from notify.services import browsers, trying
from notify.services.browsers import Wanted
from notify.services.visiting import Session
from notify.web.deps import TheApp
from notify.web.pages.cookies import session
from notify.web.pages.forms import small_json
from notify.web.pages.installing import push_key
from notify.web.pages.my.door import back
from notify.web.pages.paper import page, reader_language
from notify.web.static import static_url

router = APIRouter(include_in_schema=False)

WORDING: Final = "1"
"""The version of the page's words that say what comes; raised when they change."""

NO_STORE: Final = {"cache-control": "no-store"}


@router.api_route("/my/push", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp) -> Response:
    here = await session(request, app)
    situation = await browsers.situation(app.db, here.resident) if here else None
    if situation is None:
        return back("/my")
    language = reader_language(request, app, wish=situation.language)
    return _page(app, language, situation.groups)


def _page(app: App, language: str, groups: Sequence[Mapping[str, str]]) -> HTMLResponse:
    default = app.settings.default_language
    return page(
        app,
        "push",
        language=language,
        languages=app.settings.languages,
        key=push_key(app),
        script=static_url("push.js"),
        groups=[choose(names, language, default=default)[1] for names in groups if names],
    )


@router.post("/my/push")
async def turn_on(request: Request, app: TheApp) -> JSONResponse:
    """`subscription` as the browser made it; `alerts` and `news`: what is to come."""
    here, words = await _here(request, app)
    given = await small_json(request)
    if here is None:
        return _closed(words)
    push = _judged(app, given.get("subscription"))
    if push is None:
        return _say(
            422,
            words.gettext(
                "The push service of your browser is not known here. Please tell the town. "
                "Until then choose e-mail or SMS."
            ),
        )
    wanted = Wanted(
        alerts=given.get("alerts") is True,
        news=given.get("news") is True,
        wording=words.gettext(
            "Warnings and news then appear as notifications in this browser, also while this page "
            "is closed."
        ),
        version=WORDING,
        language=words.language,
    )
    refused = await _register(app, here, words, push, wanted)
    return refused or _say(200, words.gettext("Notifications are on in this browser."))


async def _register(
    app: App, here: Session, words: Words, push: PushAddress, wanted: Wanted
) -> JSONResponse | None:
    """None where it is done, else why not."""
    if not (wanted.alerts or wanted.news):
        return _say(422, words.gettext("Please choose warnings, news or both."))
    try:
        await browsers.register(app.db, app.keyring, here, push, wanted)
    except NotFound:
        return _closed(words)
    except Conflict:
        return _say(409, words.gettext("This did not work. Please try once more."))
    except Invalid:
        return _say(422, words.gettext("You have many browsers. Remove one on your page first."))
    return None


@router.post("/my/push/known")
async def known(request: Request, app: TheApp) -> JSONResponse:
    """Whether this browser gets messages. Changes nothing; a POST keeps the endpoint out of logs."""
    here, words = await _here(request, app)
    endpoint = _endpoint(await small_json(request))
    if here is None:
        return _closed(words)
    on = await browsers.known(app.db, here.resident, endpoint)
    return JSONResponse({"known": on}, headers=NO_STORE)


@router.post("/my/push/off")
async def turn_off(request: Request, app: TheApp) -> JSONResponse:
    here, words = await _here(request, app)
    endpoint = _endpoint(await small_json(request))
    if here is None:
        return _closed(words)
    await browsers.remove(app.db, here.resident, endpoint)
    return _say(200, words.gettext("Notifications are off in this browser."))


@router.post("/my/push/trial")
async def send_trial(request: Request, app: TheApp) -> JSONResponse:
    here, words = await _here(request, app)
    endpoint = _endpoint(await small_json(request))
    if here is None:
        return _closed(words)
    try:
        trial = await trying.send(app.db, here.resident, endpoint=endpoint, language=words.language)
    except Conflict:
        return _say(429, words.gettext("These were many test messages. Try again in an hour."))
    except NotFound:
        return _say(
            404, words.gettext("This browser is no longer known here. Turn notifications on again.")
        )
    app.bell.ring(Lane.NOTE)
    return JSONResponse({"trial": trial}, headers=NO_STORE)


@router.get("/my/push/trial/{trial}")
async def look_at_trial(request: Request, app: TheApp, trial: int) -> JSONResponse:
    here, words = await _here(request, app)
    if here is None:
        return _closed(words)
    found = await trying.look(app.db, here.resident, trial) if 0 < trial < 2**63 else None
    if found is None:
        return _say(404, words.gettext("There is no such test message."))
    told = trials.told(words, found.status, reason=found.reason, age=found.age)
    return JSONResponse(
        {"step": told.step, "said": told.said, "advice": told.advice, "over": told.over},
        headers=NO_STORE,
    )


@router.post("/push/renew")
async def renew(request: Request, app: TheApp) -> Response:
    """The service worker says that the browser has another subscription: `old` with `endpoint` and
    `auth`, which prove it, and the new `subscription`. Asks for no session: no page is open."""
    given = await small_json(request)
    old = given.get("old")
    push = _judged(app, given.get("subscription"))
    if not isinstance(old, dict) or push is None:
        return Response(status_code=422, headers=NO_STORE)
    endpoint, auth = _plain(old.get("endpoint")), _plain(old.get("auth"))
    if not endpoint or not auth:
        return Response(status_code=422, headers=NO_STORE)
    done = await browsers.renew(app.db, app.keyring, endpoint=endpoint, auth=auth, push=push)
    return Response(status_code=204 if done else 404, headers=NO_STORE)


async def _here(request: Request, app: App) -> tuple[Session | None, Words]:
    """Who is here, and the words of the page they look at."""
    words = templates(app.settings).words(reader_language(request, app))
    return await session(request, app), words


def _judged(app: App, subscription: Any) -> PushAddress | None:
    """The subscription, None where nothing can be sent to it."""
    if not isinstance(subscription, dict):
        return None
    try:
        return normalise_push(subscription, hosts=app.push_hosts)
    except Invalid:
        return None


def _endpoint(given: Mapping[str, Any]) -> str:
    return _plain(given.get("endpoint")) or ""


def _plain(value: Any) -> str | None:
    """What a browser may have given as an endpoint or a key, and a database can hold."""
    return value if isinstance(value, str) and value.isascii() and value.isprintable() else None


def _say(status: int, sentence: str) -> JSONResponse:
    return JSONResponse({"said": sentence}, status_code=status, headers=NO_STORE)


def _closed(words: Words) -> JSONResponse:
    return _say(
        401, words.gettext("Your page was closed after a while. Open it again, then go on here.")
    )
