"""A sender of web push messages for tests, careful about nothing, and a push service with a rule."""

import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from py_vapid import Vapid02
from pywebpush import WebPusher

from sandbox.browser import Browser
from sandbox.pushservice import PushService
from sandbox.rules import Rules, read_rules


def make_key() -> Vapid02:
    key = Vapid02(conf={"no-strict": True})  # type: ignore[no-untyped-call]
    key.generate_keys()  # type: ignore[no-untyped-call]
    return key


KEY = make_key()


@asynccontextmanager
async def service_that(**rule: Any) -> AsyncIterator[PushService]:
    rules = Rules(read_rules(json.dumps([{"channel": "push", **rule}])))
    async with PushService(rules) as running:
        yield running


def headers_for(service: PushService, key: Vapid02 = KEY, **claims: Any) -> dict[str, str]:
    given = {"aud": service.url, "exp": int(time.time()) + 3_600, "sub": "mailto:it@town.example"}
    signed = key.sign({**given, **claims})  # type: ignore[no-untyped-call]
    return {
        "TTL": "60",
        "Content-Encoding": "aes128gcm",
        "Authorization": str(signed["Authorization"]),
    }


def encrypted(browser: Browser, payload: str = "{}") -> bytes:
    return bytes(WebPusher(browser.subscription()).encode(payload.encode())["body"])


async def push(
    service: PushService,
    browser: Browser,
    payload: str = "{}",
    *,
    body: bytes | None = None,
    changed: Mapping[str, str | None] | None = None,
) -> tuple[int, dict[str, str]]:
    """Post one message, with headers changed or (None) left out; status 0 for a dropped one."""
    headers = {**headers_for(service), **(changed or {})}
    sent = {name: value for name, value in headers.items() if value is not None}
    data = encrypted(browser, payload) if body is None else body
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                browser.endpoint, data=data, headers=sent, allow_redirects=False
            ) as answer,
        ):
            return answer.status, dict(answer.headers)
    except aiohttp.ServerDisconnectedError:
        return 0, {}
