"""What browsers do with what was pushed: decrypt it, show it, tell of it; or be offline."""

import asyncio
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from http_ece import ECEException

from sandbox.books import Counts
from sandbox.browser import Browser
from sandbox.poster import Poster
from sandbox.rules import Rule

_MAX_HELD = 100


@dataclass(slots=True)
class Pushed:
    """One message as the push service took it. `payload` is None until (and unless) decrypted.

    `unreadable` says that the browser's key did not fit; `shown` that a notification appeared;
    `replaced` that a later message with the same topic came before the browser was back.
    """

    at: float
    sid: str
    endpoint: str
    body: bytes = field(repr=False)
    ttl: int
    urgency: str
    topic: str | None
    payload: str | None = None
    unreadable: bool = False
    shown: bool = False
    replaced: bool = False

    def record(self) -> dict[str, Any]:
        """Give the entry of the book."""
        return {
            "at": self.at,
            "id": self.sid,
            "endpoint": self.endpoint,
            "payload": self.payload,
            "ttl": self.ttl,
            "urgency": self.urgency,
            "topic": self.topic,
            "unreadable": self.unreadable,
            "shown": self.shown,
            "replaced": self.replaced,
        }


class Screens:
    """All browsers' sides. `decrypt_every` decrypts only each so-manieth message (benches).

    As the service's own service worker would, a browser posts to the `beacon` URL of a JSON
    payload once it has shown it.
    """

    def __init__(self, counts: Counts, *, decrypt_every: int = 1) -> None:
        self.decrypt_every = decrypt_every
        self._counts = counts
        self._poster = Poster(counts, name="beacons")
        self._held: dict[str, list[tuple[Browser, Pushed]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._seen = 0

    async def close(self) -> None:
        """Stop what is under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._poster.__aexit__()

    def bring(self, browser: Browser, pushed: Pushed, rule: Rule | None) -> None:
        """Bring a message to its browser, or hold it while that is offline."""
        if rule is not None and rule.do == "offline":
            self._hold(browser, pushed)
            return
        self._seen += 1
        payload = self._read(browser, pushed)
        if pushed.unreadable or (rule is not None and rule.do == "hide"):
            return
        pushed.shown = True
        self._counts["shown"] += 1
        beacon = _beacon_of(payload)
        how = rule.how if rule else None
        if beacon is not None and how != "none":
            wait = rule.waits(3.0) if rule is not None and how == "late" else 0.01
            task = asyncio.ensure_future(self._tell(beacon, wait, 2 if how == "twice" else 1))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def come_online(self, endpoints: Iterable[str] | None = None) -> int:
        """Deliver what was held for these browsers (None: all) and is still valid; gives how many."""
        wanted = list(self._held) if endpoints is None else list(endpoints)
        count = 0
        for endpoint in wanted:
            for browser, pushed in self._held.pop(endpoint, []):
                if pushed.at + pushed.ttl > time.time():
                    self.bring(browser, pushed, None)
                    count += 1
        return count

    def _hold(self, browser: Browser, pushed: Pushed) -> None:
        held = self._held.setdefault(browser.endpoint, [])
        for number, (_, other) in enumerate(held):
            if pushed.topic is not None and other.topic == pushed.topic:
                other.replaced = True
                del held[number]
                break
        if len(held) < _MAX_HELD:
            held.append((browser, pushed))

    def _read(self, browser: Browser, pushed: Pushed) -> str | None:
        if self._seen % self.decrypt_every:
            return None
        body, pushed.body = pushed.body, b""
        try:
            pushed.payload = browser.decrypt(body).decode()
        except (ECEException, ValueError):
            pushed.unreadable = True
            self._counts["unreadable"] += 1
        return pushed.payload

    async def _tell(self, beacon: str, wait: float, times: int) -> None:
        await asyncio.sleep(wait)
        for _ in range(times):
            await self._poster.post(beacon, b"{}", {"Content-Type": "application/json"})


def _beacon_of(payload: str | None) -> str | None:
    if not payload:
        return None
    try:
        value = json.loads(payload)
    except ValueError:
        return None
    beacon = value.get("beacon") if isinstance(value, dict) else None
    return beacon if isinstance(beacon, str) else None
