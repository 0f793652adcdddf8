"""A small HTTP/1.1 server: fast enough to be no bottleneck, and able to behave badly on purpose.

Parsing is httptools' (the parser of Node); requests of one connection are answered in order.
"""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Self, cast
from urllib.parse import parse_qsl

import httptools
from typing_extensions import override

MAX_BODY = 8 * 1024 * 1024
"""Bytes of a request; more closes the connection."""

_MAX_WAITING = 64
_REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(slots=True)
class Request:
    """One request. Header names are in lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes = b""

    def fields(self) -> dict[str, str]:
        """Give the query's parameters."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    def form(self) -> dict[str, str]:
        """Give the parameters of a urlencoded body."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `forever` sends the body again and again until the client has enough."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    forever: bool = False

    def render(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} {_REASONS.get(self.status, 'Unknown')}"]
        lines.extend(f"{name}: {value}" for name, value in self.headers.items())
        if not self.forever:
            lines.append(f"Content-Length: {len(self.body)}")
        head = "\r\n".join(lines) + "\r\n\r\n"
        return head.encode("latin-1") + self.body


def json_reply(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Answer with JSON."""
    named = {"Content-Type": "application/json", **(headers or {})}
    return Reply(status, json.dumps(value).encode(), named)


class Drop(Exception):
    """Raised by a handler: close the connection without an answer."""


Handler = Callable[[Request], Reply | Awaitable[Reply]]


class WebServer:
    """Serves one handler on one port. `async with` starts it and closes every connection."""

    def __init__(self, handler: Handler, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._handler = handler
        self._host = host
        self._port = port
        self._server: asyncio.Server | None = None
        self.connections: set[_Connection] = set()

    @property
    def port(self) -> int:
        if self._server is None:
            return self._port
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://{self._host}:{self.port}"

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(self._handler, self.connections),
            self._host,
            self._port,
            backlog=512,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        tasks = [task for each in list(self.connections) if (task := each.abort())]
        await asyncio.gather(*tasks, return_exceptions=True)


class _Connection(asyncio.Protocol):
    def __init__(self, handler: Handler, connections: "set[_Connection]") -> None:
        self._handler = handler
        self._connections = connections
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiting: deque[tuple[Request, bool]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._size = 0
        self._target = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []

    # the transport's side

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none by inheritance.
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.abort()

    @override
    def data_received(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > MAX_BODY:
            self._answer(Reply(413), keep=False)
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._answer(Reply(400), keep=False)
        if self._task is None:
            self._work()

    @override
    def pause_writing(self) -> None:
        self._writable.clear()

    @override
    def resume_writing(self) -> None:
        self._writable.set()

    def abort(self) -> "asyncio.Task[None] | None":
        """Close at once; gives the task to wait for, if one is under way."""
        self._connections.discard(self)
        self._waiting.clear()
        if self._transport is not None:
            self._transport.abort()
            self._transport = None
        if self._task is not None:
            self._task.cancel()
        return self._task

    # the parser's side

    def on_message_begin(self) -> None:
        self._target, self._headers, self._body = b"", {}, []

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if self._transport is not None and "expect" in self._headers:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        path, _, query = self._target.decode("latin-1").partition("?")
        method = self._parser.get_method().decode("latin-1")
        request = Request(method, path, query, self._headers, b"".join(self._body))
        self._size = 0
        self._waiting.append((request, self._parser.should_keep_alive()))
        if len(self._waiting) > _MAX_WAITING:
            self.abort()

    # answering

    def _work(self) -> None:
        """Answer what waits; a handler that needs time goes on in a task, the rest waits."""
        while self._waiting and self._transport is not None:
            request, keep = self._waiting.popleft()
            try:
                reply = self._handler(request)
            except Drop:
                self.abort()
                return
            if not isinstance(reply, Reply):
                self._task = asyncio.ensure_future(self._later(reply, keep))
                return
            if reply.forever:
                self._task = asyncio.ensure_future(self._stream(reply))
                return
            self._answer(reply, keep=keep)

    async def _later(self, coming: Awaitable[Reply], keep: bool) -> None:
        try:
            reply = await coming
        except Drop:
            self._task = None
            self.abort()
            return
        except Exception:
            self.abort()
            raise
        if reply.forever:
            await self._stream(reply)
            return
        self._task = None
        self._answer(reply, keep=keep)
        self._work()

    async def _stream(self, reply: Reply) -> None:
        if self._transport is not None:
            self._transport.write(reply.render())
        while self._transport is not None:
            await self._writable.wait()
            if self._transport is not None:
                self._transport.write(reply.body)
            await asyncio.sleep(0.01)

    def _answer(self, reply: Reply, *, keep: bool) -> None:
        if self._transport is None:
            return
        self._transport.write(reply.render())
        if not keep:
            self._waiting.clear()
            self._transport.close()
            self._transport = None
            self._connections.discard(self)
