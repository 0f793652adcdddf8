"""Tells browsers what our answers may never do: run the scripts of others, be framed, leak their
address."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
    "worker-src 'self'; connect-src 'self'; frame-src 'self'; manifest-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    # Links to leave carry a token in their path: nobody else is told it. With no-referrer browsers
    # would hide from ourselves, too, that a form is ours.
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class SecurityHeaders:
    """Middleware. A header that a route sets by itself stays; `https` adds a year of HSTS."""

    def __init__(self, app: ASGIApp, *, https: bool = False) -> None:
        self._app = app
        told = dict(HEADERS)
        if https:
            told["strict-transport-security"] = "max-age=31536000"
        self._headers = [(name.encode(), value.encode()) for name, value in told.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                # A list of its own: an answer that is sent many times keeps the one it has.
                own = list(message["headers"])
                there = {name for name, _ in own}
                message["headers"] = own + [pair for pair in self._headers if pair[0] not in there]
            await send(message)

        await self._app(scope, receive, guarded)
