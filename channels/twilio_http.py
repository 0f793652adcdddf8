"""Carries the Twilio library's requests: bounded in time and size, never sent twice.

The client that comes with the library has no time-out, can repeat a POST and drops
Retry-After. This one raises one of three answers of its own instead of returning a refusal:

    Trouble
    ├── Unreachable   no connection: the request was never sent
    ├── Unanswered    the request may have been sent, and no usable answer came
    └── Refused       an answer outside 2xx, with its status, code and Retry-After
"""

import json
import logging
import time
from base64 import b64encode
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlencode, urlsplit

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    DummyCookieJar,
    TCPConnector,
)
from twilio.base.exceptions import TwilioException  # type: ignore[import-untyped]
from twilio.http import AsyncHttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]
from yarl import URL

LARGEST_ANSWER: Final = 1024 * 1024
"""Bytes; a page of fifty messages has about a twentieth."""

LONGEST_AFTER: Final = 3600.0
"""Seconds; a Retry-After beyond it is not believed."""

UNREADABLE: Final = (
    TwilioException,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    OverflowError,
    RecursionError,
)
"""What the library raises over a body that is not what the API promises."""

_LONGEST_CONNECT: Final = 10.0


class Trouble(Exception):
    """Root of what can go wrong with a request; its text is one of our reason words."""


class Unreachable(Trouble):
    pass


class Unanswered(Trouble):
    pass


class Refused(Trouble):
    """`code` is Twilio's own, None where the body named none; `after` is in seconds."""

    def __init__(self, status: int, *, code: int | None, after: float | None) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.code = code
        self.after = after


class TwilioHttp(AsyncHttpClient):  # type: ignore[misc]
    """The HTTP client of one sender, with at most `connections` open at once.

    Every request goes to `base_url`, whatever host the library or an answer names, so that
    credentials reach nobody else. `timeout` (seconds) covers a whole request.

    Raises ValueError if `base_url` is no http or https address.
    """

    def __init__(self, *, base_url: str, timeout: float, connections: int) -> None:
        super().__init__(logging.getLogger("twilio"), True, timeout)
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("the Twilio API URL must be like https://api.twilio.com")
        self._base_url = base_url.rstrip("/")
        self._connections = connections
        self._limits = ClientTimeout(total=timeout, connect=min(_LONGEST_CONNECT, timeout / 2))
        self._session: ClientSession | None = None

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        **_unused: object,
    ) -> Response:
        """Sends one request once, and never follows where an answer points.

        What the library may wish about time-outs and redirects is unused: ours hold for every
        request. Raises Unreachable, Unanswered or Refused.
        """
        try:
            async with self._opened().request(
                method,
                self._address(url),
                params=params,
                data=urlencode(data, doseq=True).encode() if data else None,
                headers=_headers(headers, auth),
                allow_redirects=False,
            ) as answer:
                return await _response(answer)
        except (ClientConnectorError, ConnectionTimeoutError):
            trouble: Trouble = Unreachable("unreachable")
        except TimeoutError:
            trouble = Unanswered("timed_out")
        except (ClientError, OSError):
            trouble = Unanswered("disconnected")
        # Raised outside the handlers: the library's errors name addresses and must not ride along.
        raise trouble

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _opened(self) -> ClientSession:
        # Made late because a session belongs to the loop it was made in.
        if self._session is None:
            self._session = ClientSession(
                connector=TCPConnector(limit=self._connections),
                timeout=self._limits,
                cookie_jar=DummyCookieJar(),
            )
        return self._session

    def _address(self, url: str) -> URL:
        parts = urlsplit(url)
        query = f"?{parts.query}" if parts.query else ""
        return URL(f"{self._base_url}{parts.path}{query}", encoded=True)


def _headers(headers: Mapping[str, str] | None, auth: tuple[str, str] | None) -> dict[str, str]:
    sent = dict(headers or {})
    if auth is not None:
        sent["Authorization"] = "Basic " + b64encode(":".join(auth).encode()).decode()
    return sent


async def _response(answer: ClientResponse) -> Response:
    if 200 <= answer.status < 300:
        body = await _body(answer)
        if body is None:
            raise Unanswered("unreadable_answer")
        return Response(answer.status, body.decode("utf-8", "replace"), answer.headers)
    try:
        body = await _body(answer)
    except (ClientError, OSError):  # the status alone settles it
        body = None
    raise Refused(answer.status, code=_code(body), after=_after(answer.headers))


async def _body(answer: ClientResponse) -> bytes | None:
    """The whole body, or None if it is beyond all measure."""
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > LARGEST_ANSWER:
            return None
    return bytes(body)


def _code(body: bytes | None) -> int | None:
    try:
        return int(json.loads(body or b"")["code"])
    except (ValueError, TypeError, LookupError, RecursionError):
        return None


def _after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from delta-seconds or an HTTP date (RFC 9110 §10.2.3)."""
    wish = headers.get("Retry-After", "").strip()
    try:
        seconds = float(wish) if wish.isdecimal() else _until(wish, headers.get("Date"))
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_AFTER)


def _until(moment: str, date: str | None) -> float:
    """Seconds from the provider's own `date` (ours may differ) to `moment`."""
    now = parsedate_to_datetime(date).timestamp() if date else time.time()
    return parsedate_to_datetime(moment).timestamp() - now
