"""Refuses what another site has a browser post to our pages.

Browsers say where a request comes from: in Sec-Fetch-Site, older ones in Origin. Programs say
neither; they hold no resident's cookie either.
"""

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from notify.log import get
from notify.web.problems import problem

log = get(__name__)

EXEMPT: Final = ("/hooks/", "/api/", "/leave/")
"""Signed, opened by a key, or by the token that a mail program posts from wherever it runs
(RFC 8058): none of these asks a cookie."""

CROSSED: Final = "crossed"
"""In the state of a request that is refused here."""

_SAFE: Final = {"GET", "HEAD", "OPTIONS"}
_OURS: Final = {"same-origin", "none"}


class Crossing:
    """Middleware. `origin` is how the site is reached, as a URL."""

    def __init__(self, app: ASGIApp, *, origin: str) -> None:
        self._app = app
        self._origin = _origin(origin)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _SAFE or self._is_ours(scope):
            await self._app(scope, receive, send)
            return
        log.warning("web.crossed")
        scope.setdefault("state", {})[CROSSED] = True
        answer = problem(
            403, "This form was sent from another site. Open the page here and send it again."
        )
        await answer(scope, receive, send)

    def _is_ours(self, scope: Scope) -> bool:
        if scope["path"].startswith(EXEMPT):
            return True
        # More than one of a header is nothing that a browser sends.
        site, origin = (_all(scope["headers"], name) for name in (b"sec-fetch-site", b"origin"))
        if site:
            return len(site) == 1 and site[0] in _OURS
        return not origin or (len(origin) == 1 and _origin(origin[0]) == self._origin)


def _all(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[str]:
    return [value.decode("latin-1").strip().lower() for key, value in headers if key == name]


def _origin(url: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port; None for what is no web address, as `null`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return None
    return parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80)
