"""Posts callbacks and beacons back to whoever asked for them, over connections kept open."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self, cast
from urllib.parse import SplitResult, urlsplit

import httptools
from typing_extensions import override

from sandbox.books import Counts

_MAX_ANSWER = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said; status 0 where it said nothing."""

    status: int
    body: bytes = b""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class Poster:
    """Sends POST requests, `concurrency` at once; counts what was posted, retried and given up.

    An answer of 5xx or none at all is tried again, `tries` times in all, after a short and
    growing delay. `timeout` is in seconds for one try.
    """

    def __init__(
        self,
        counts: Counts,
        *,
        name: str,
        concurrency: int = 32,
        timeout: float = 10.0,
        tries: int = 4,
        delay: float = 0.2,
    ) -> None:
        self._counts = counts
        self._name = name
        self._slots = asyncio.Semaphore(concurrency)
        self._timeout = timeout
        self._tries = tries
        self._delay = delay
        self._idle: dict[tuple[str, str], list[_Wire]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for wires in self._idle.values():
            for wire in wires:
                wire.close()
        self._idle.clear()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post once, or again while the other side is out of order; never raises for it."""
        parts = urlsplit(url)
        payload = _render(parts, body, headers)
        answer = Answer(0)
        for number in range(self._tries):
            if number:
                self._counts[f"{self._name}_retried"] += 1
                await asyncio.sleep(self._delay * 2 ** (number - 1))
            answer = await self._try(parts, payload)
            if 0 < answer.status < 500:
                break
        self._counts[self._name if answer.ok else f"{self._name}_failed"] += 1
        return answer

    async def _try(self, parts: SplitResult, payload: bytes) -> Answer:
        async with self._slots:
            try:
                async with asyncio.timeout(self._timeout):
                    return await self._exchange(parts, payload)
            except (OSError, TimeoutError, ValueError, httptools.HttpParserError):
                return Answer(0)

    async def _exchange(self, parts: SplitResult, payload: bytes) -> Answer:
        idle = self._idle.setdefault((parts.scheme, parts.netloc), [])
        wire = await self._wire(idle, parts)
        try:
            answer = await wire.ask(payload)
        except BaseException:
            wire.close()
            raise
        if wire.open:
            idle.append(wire)
        return answer

    async def _wire(self, idle: "list[_Wire]", parts: SplitResult) -> "_Wire":
        while idle:
            wire = idle.pop()
            if wire.open:
                return wire
        return await _connect(parts)


async def _connect(parts: SplitResult) -> "_Wire":
    secure = parts.scheme == "https"
    context = ssl.create_default_context() if secure else None
    _, wire = await asyncio.get_running_loop().create_connection(
        _Wire, parts.hostname or "", parts.port or (443 if secure else 80), ssl=context
    )
    return wire


def _render(parts: SplitResult, body: bytes, headers: Mapping[str, str]) -> bytes:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.netloc.rpartition("@")[2]
    lines = [f"POST {target} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}"]
    lines.extend(f"{name}: {value}" for name, value in headers.items())
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


class _Wire(asyncio.Protocol):
    """One client connection; one question at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._body = bytearray()

    @property
    def open(self) -> bool:
        return self._transport is not None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none by inheritance.
        self._transport = cast(asyncio.Transport, transport)

    async def ask(self, payload: bytes) -> Answer:
        if self._transport is None:
            raise ConnectionResetError("closed before the question")
        self._answer = asyncio.get_running_loop().create_future()
        self._parser = httptools.HttpResponseParser(self)
        self._body.clear()
        self._transport.write(payload)
        return await self._answer

    def close(self) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()

    @override
    def data_received(self, data: bytes) -> None:
        if self._parser is None:
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(error)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc or ConnectionResetError("closed before the answer"))

    def _fail(self, error: Exception) -> None:
        self.close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > _MAX_ANSWER:
            self._fail(ValueError("the answer is too long"))

    def on_message_complete(self) -> None:
        parser = self._parser
        if parser is None or self._answer is None or self._answer.done():
            return
        status = parser.get_status_code()
        if status < 200:
            return
        self._parser = None
        keep = parser.should_keep_alive()
        self._answer.set_result(Answer(status, bytes(self._body)))
        if not keep:
            self.close()
