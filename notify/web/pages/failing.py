"""Gives people a page in their language where programs get a problem (RFC 9457).

It stands around all that may refuse or break. Where something broke it asks nothing of the database:
alerts stand on top as far as they are at hand.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from fastapi import Request
from fastapi.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from notify import clock
from notify.bootstrap import App
from notify.log import get
from notify.services.publishing import Front, Published
from notify.web.crossing import CROSSED
from notify.web.pages import place
from notify.web.pages.ontop import alerts_on_top
from notify.web.pages.paper import page, reader_language
from notify.web.pages.shelf import the_shelf
from notify.web.problems import MEDIA_TYPE, for_people

log = get(__name__)

_BROKEN: Final = 500  # from this status on nothing else may be asked
_CARRIED: Final = ("retry-after", "allow")
_FRESH: Final = timedelta(seconds=5)  # alerts so old are shown as those of now


class Readable:
    """Middleware. A problem for somebody who reads pages becomes one, of the same status. Where
    the page itself cannot be made the problem stays."""

    def __init__(self, app: ASGIApp, *, wired: App) -> None:
        self._app = app
        self._wired = wired

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not for_people(scope):
            await self._app(scope, receive, send)
            return
        replaced = False

        async def readable(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start":
                answer = await self._answer(Request(scope), message)
                if answer is not None:
                    replaced = True
                    await answer(scope, receive, send)
            if not replaced:
                await send(message)

        await self._app(scope, receive, readable)

    async def _answer(self, request: Request, start: Message) -> Response | None:
        """The page in the place of an answer that begins so, None where it is none of a problem."""
        headers = _headers(start["headers"])
        if headers.get("content-type") != MEDIA_TYPE:
            return None
        try:
            made = await _page(request, self._wired, start["status"], headers.get("retry-after"))
        except Exception as failure:  # noqa: BLE001 - somebody waits for an answer
            log.error("web.no_page", problem=type(failure).__name__)
            return None
        made.headers.update({name: headers[name] for name in _CARRIED if name in headers})
        return made


async def _page(request: Request, app: App, status: int, wait: str | None) -> Response:
    as_of = None
    if status >= _BROKEN or not await _asked_for_alerts(request):
        alerts, as_of = _at_hand(request)
        place.enter(request, alerts=alerts)
    seconds = int(wait) if wait and wait.isascii() and wait.isdigit() else 0
    return page(
        app, "not_found" if status == 404 else "failed", language=reader_language(request, app),
        status=status, as_of=as_of, failed=status, minutes=_minutes(seconds),
        crossed=getattr(request.state, CROSSED, False),
        desk=request.url.path.startswith("/staff"),
        posted=request.method not in {"GET", "HEAD"},
    )  # fmt: skip


async def _asked_for_alerts(request: Request) -> bool:
    """Put the alerts of now on top; False where they cannot be had."""
    try:
        await alerts_on_top(request)
    except Exception as failure:  # noqa: BLE001 - somebody waits for an answer
        log.error("web.no_alerts", problem=type(failure).__name__)
        return False
    return True


def _minutes(seconds: int) -> int:
    """Rounded up, two at least, for the page says it in the plural; 0 for not known."""
    return max(2, -(-seconds // 60)) if seconds else 0


def _at_hand(request: Request) -> tuple[Iterable[Published], datetime | None]:
    """The alerts in force as they are kept here; with the moment they are of, where it is past."""
    found, now = the_shelf(request).at_hand(None), clock.now()
    subject = found.kept.subject if found else None
    alerts = subject.at(now).alerts if isinstance(subject, Front) else ()
    as_of = found.as_of if found and alerts else None
    return alerts, as_of if as_of and now - as_of > _FRESH else None


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> Mapping[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw}
