"""Calls a URL of somebody who wants to be told: a webhook, a heartbeat.

Whatever the other side does, a call ends: no redirect is followed, nothing of the answer but its
status is read, and one time-out spans the whole.
"""

import json
from collections.abc import Mapping
from typing import Any

import aiohttp

from channels.base import TryAgain

TIMEOUT = 10.0  # seconds


async def call(
    url: str, *, value: Mapping[str, Any] | None = None, seconds: float = TIMEOUT
) -> None:
    """POST `value` as JSON, or GET where there is none. Returns on 2xx, else raises
    TryAgain, after `seconds` at the latest.

    The failure never holds the URL, in which such services keep their secret.
    """
    # Errors of aiohttp quote the URL: none is chained.
    try:
        async with (
            aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "citizen-notify"},
                timeout=aiohttp.ClientTimeout(total=seconds),
                auto_decompress=False,
                trust_env=False,
            ) as session,
            session.request(
                "GET" if value is None else "POST",
                url,
                data=None if value is None else json.dumps(value, ensure_ascii=False).encode(),
                headers={} if value is None else {"Content-Type": "application/json"},
                allow_redirects=False,
            ) as answer,
        ):
            status = answer.status
    except TimeoutError:
        raise TryAgain("timed_out") from None
    except (aiohttp.ClientError, OSError, ValueError):
        raise TryAgain("unreachable") from None
    if 300 <= status < 400:
        raise TryAgain("redirected", code=str(status))
    if not 200 <= status < 300:
        raise TryAgain("refused", code=str(status))
