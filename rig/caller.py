"""Makes many HTTP requests over few kept connections, with little work of its own.

The caller runs on the same cores as the server it asks: what it spends is missing there. So the
requests are bytes made beforehand, and of an answer only status and length are read.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import uvloop
from typing_extensions import override

LONGEST = 300.0  # seconds for all of them


class Failed(Exception):
    """An answer that is none, or none in time."""


@dataclass(frozen=True, slots=True)
class Calls:
    """How it went: `seconds` from the first request to the last answer, and for each answer
    its seconds; how often each status came; the bytes of all bodies."""

    seconds: float
    waits: Sequence[float] = field(repr=False)
    statuses: Counter[int]
    size: int

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.waits) / self.seconds

    def quantile(self, share: float) -> float:
        """Seconds within which this share of the answers came."""
        return sorted(self.waits)[min(len(self.waits) - 1, int(share * len(self.waits)))]


def request(method: str, url: str, *, body: bytes = b"", **headers: str) -> bytes:
    """The bytes of a request. An underscore in a header's name stands for a hyphen."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"{method} {path} HTTP/1.1", f"Host: {parts.netloc}"]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def call_all(url: str, requests: Sequence[bytes], *, connections: int) -> Calls:
    """Send each request to the server at `url` (scheme, host and port count), the next one on a
    connection when the one before is answered. Raises Failed."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_call_all(url, requests, connections))


def answers(url: str, wanted: bytes) -> bool:
    """Whether the server at `url` is there and answers a request with 200."""
    try:
        return call_all(url, [wanted], connections=1).statuses[200] == 1
    except Failed:
        return False


async def _call_all(url: str, requests: Sequence[bytes], connections: int) -> Calls:
    parts = urlsplit(url)
    left = iter(requests)
    book = Calls(0.0, [], Counter(), 0)
    loop = asyncio.get_running_loop()
    lines = []
    try:
        for _ in range(min(connections, len(requests))):
            _, line = await loop.create_connection(
                lambda: _Line(left, loop.create_future()), parts.hostname or "", parts.port or 80
            )
            lines.append(line)
        began = time.perf_counter()
        for line in lines:
            line.next()
        async with asyncio.timeout(LONGEST):
            await asyncio.gather(*(line.done for line in lines))
        seconds = time.perf_counter() - began
    except TimeoutError:
        raise Failed(f"no answer to all of {len(requests)} requests in {LONGEST:.0f} s") from None
    except OSError as problem:
        raise Failed(f"cannot connect to {parts.netloc}: {problem}") from None
    finally:
        for line in lines:
            line.close()
    return Calls(
        seconds,
        [wait for line in lines for wait in line.waits],
        sum((line.statuses for line in lines), book.statuses),
        sum(line.size for line in lines),
    )


class _Line(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self, left: Iterator[bytes], done: "asyncio.Future[None]") -> None:
        self._left = left
        self.done = done
        self.waits: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.size = 0
        self._heard = b""
        self._began = 0.0

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def next(self) -> None:
        """Send the next request, if there is one."""
        words = next(self._left, None)
        if words is None:
            if not self.done.done():
                self.done.set_result(None)
            return
        self._began = time.perf_counter()
        self._transport.write(words)

    @override
    def data_received(self, data: bytes) -> None:
        self._heard += data
        head, found, body = self._heard.partition(b"\r\n\r\n")
        if not found:
            return
        lowered = head.lower()
        status = int(lowered[9:12])
        at = lowered.find(b"content-length:")
        if at < 0 and status not in {204, 304}:
            self._fail(Failed(f"an answer {status} without its length"))
            return
        length = int(lowered[at + 15 :].partition(b"\r\n")[0]) if at >= 0 and status != 304 else 0
        if len(body) < length:
            return
        self.waits.append(time.perf_counter() - self._began)
        self.statuses[status] += 1
        self.size += length
        self._heard = b""
        self.next()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(Failed("the server closed a connection"))

    def _fail(self, why: Failed) -> None:
        if not self.done.done():
            self.done.set_exception(why)

    def close(self) -> None:
        if not self.done.done():
            self.done.cancel()
        self._transport.close()
