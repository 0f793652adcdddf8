"""Spares what is called thousands of times a second the way through all routes."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Handler = Callable[[Request], Awaitable[Response]]


class Shortcut:
    """Middleware. `posted` are the handlers of POST by path; everything else goes on. What a
    handler raises is answered by the guard."""

    def __init__(self, app: ASGIApp, *, posted: Mapping[str, Handler]) -> None:
        self._app = app
        self._posted = posted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        handler = self._posted.get(scope["path"]) if scope["type"] == "http" else None
        if handler is None or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        answer = await handler(Request(scope, receive, send))
        await answer(scope, receive, send)
