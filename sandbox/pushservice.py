"""A push service (RFC 8030): takes encrypted messages for browsers it knows."""

import asyncio
import re
import time
from collections.abc import Awaitable
from secrets import token_urlsafe
from typing import Self

from sandbox.books import Book, Counts
from sandbox.browser import Browser, Browsers
from sandbox.rules import Rule, Rules
from sandbox.screens import Pushed, Screens
from sandbox.vapid import VapidGuard, VapidRefused
from sandbox.webserver import Drop, Reply, Request, WebServer, json_reply

MAX_BODY = 4_096
"""Bytes of an encrypted message."""

MAX_TTL = 30 * 86_400

_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")
_URGENCIES = frozenset({"very-low", "low", "normal", "high"})
_STILL = 60.0


class _Bad(Exception):
    """Answered instead of taking the message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class PushService:
    """A push service on one port. `async with` runs it."""

    def __init__(
        self,
        rules: Rules | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        seed: int | None = None,
        decrypt_every: int = 1,
        book: Book[Pushed] | None = None,
    ) -> None:
        self.rules = rules or Rules()
        self.book: Book[Pushed] = Book() if book is None else book
        self.counts = Counts()
        self.screens = Screens(self.counts, decrypt_every=decrypt_every)
        self.browsers: dict[str, Browser] = {}
        self._maker = Browsers(seed)
        self._guard = VapidGuard()
        self._server = WebServer(self._handle, host=host, port=port)

    @property
    def url(self) -> str:
        return self._server.url

    async def __aenter__(self) -> Self:
        await self._server.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.screens.close()
        await self._server.__aexit__()

    def subscribe(self, count: int = 1, *, application_key: str | None = None) -> list[Browser]:
        """Let browsers subscribe; give `application_key` to bind them to that VAPID key."""
        made = [self._maker.make(self.url, application_key=application_key) for _ in range(count)]
        self.browsers.update({browser.token: browser for browser in made})
        return made

    def forget(self, endpoints: list[str]) -> int:
        """Let subscriptions be gone for good; gives how many were known."""
        known = [self.browsers.get(endpoint.rpartition("/")[2]) for endpoint in endpoints]
        found = [browser for browser in known if browser is not None]
        for browser in found:
            browser.gone = True
        return len(found)

    def _handle(self, request: Request) -> Reply | Awaitable[Reply]:
        self.counts["calls"] += 1
        try:
            return self._push(request)
        except VapidRefused as refused:
            self.counts["refused"] += 1
            return json_reply({"message": str(refused)}, refused.status)
        except _Bad as bad:
            self.counts["refused"] += 1
            return json_reply({"message": str(bad)}, bad.status)

    def _push(self, request: Request) -> Reply | Awaitable[Reply]:
        browser = self._browser(request)
        rule = self.rules.find("push", browser.endpoint)
        if rule is not None and rule.do in {"refuse", "throttle", "redirect"}:
            self.counts["refused"] += 1
            return self._refusal(rule)
        key = self._guard.check(request.headers.get("authorization"), origin=self.url)
        if browser.application_key is not None and key != browser.application_key.rstrip("="):
            raise VapidRefused(403, "the subscription was made with another key")
        pushed = _read(request, browser)
        if rule is not None and rule.do in {"hang", "slow", "drop", "stream"}:
            return self._push_badly(browser, pushed, rule)
        return self._take(browser, pushed, rule)

    def _browser(self, request: Request) -> Browser:
        if request.path == "/elsewhere":
            self.counts["redirects_followed"] += 1
        folder, _, token = request.path.rpartition("/")
        browser = self.browsers.get(token) if folder == "/push" else None
        if browser is None:
            raise _Bad(404, "no such subscription")
        if browser.gone:
            raise _Bad(410, "the subscription is gone")
        if request.method != "POST":
            raise _Bad(405, "POST only")
        return browser

    def _refusal(self, rule: Rule) -> Reply:
        if rule.do == "redirect":
            return Reply(rule.status or 307, headers={"Location": f"{self.url}/elsewhere"})
        headers = {} if rule.retry_after is None else {"Retry-After": str(rule.retry_after)}
        status = rule.status or (429 if rule.do == "throttle" else 410)
        return json_reply({"message": rule.text or "refused by a rule"}, status, headers)

    async def _push_badly(self, browser: Browser, pushed: Pushed, rule: Rule) -> Reply:
        match rule.do:
            case "slow":
                await asyncio.sleep(rule.waits(1.0))
                return self._take(browser, pushed, rule)
            case "hang":
                await asyncio.sleep(rule.waits(_STILL))
                raise Drop
            case "drop":
                self._take(browser, pushed, rule)
                raise Drop
        status = rule.status or 500
        if status < 300:
            self._take(browser, pushed, rule)
        return Reply(status, b"all work and no play " * 500, forever=True)

    def _take(self, browser: Browser, pushed: Pushed, rule: Rule | None) -> Reply:
        do = rule.do if rule else None
        for _ in range({"lose": 0, "double": 2}.get(do or "", 1)):
            self.counts["taken"] += 1
            self.book.add(pushed)
        if do != "lose":
            self.screens.bring(browser, pushed, rule)
        headers = {"Location": f"{self.url}/message/{pushed.sid}", "TTL": str(pushed.ttl)}
        return Reply(201, headers=headers)


def _read(request: Request, browser: Browser) -> Pushed:
    """Check headers and size of a message; raises _Bad."""
    headers = request.headers
    ttl, topic = headers.get("ttl", ""), headers.get("topic")
    urgency = headers.get("urgency", "normal")
    if not (ttl.isascii() and ttl.isdigit()):
        raise _Bad(400, "the TTL header is missing or no number")
    if headers.get("content-encoding") != "aes128gcm":
        raise _Bad(400, "the content encoding is not aes128gcm")
    if topic is not None and not _TOPIC.fullmatch(topic):
        raise _Bad(400, "the topic is no base64url of at most 32 characters")
    if urgency not in _URGENCIES:
        raise _Bad(400, "unknown urgency")
    if len(request.body) > MAX_BODY:
        raise _Bad(413, "more than 4096 bytes")
    return Pushed(
        at=time.time(),
        sid=token_urlsafe(12),
        endpoint=browser.endpoint,
        body=request.body,
        ttl=min(int(ttl[:12]), MAX_TTL),
        urgency=urgency,
        topic=topic,
    )
