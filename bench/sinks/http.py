"""An HTTP server that answers at once, for what posts one message a request."""

import asyncio
from abc import ABC, abstractmethod
from typing import cast

import httptools
from typing_extensions import override

LARGEST = 65_536  # bytes of a body


class Posted(asyncio.Protocol, ABC):
    """One connection. Whoever inherits says with `answer` what a request gets."""

    def __init__(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._body = b""

    @abstractmethod
    def answer(self, url: bytes, body: bytes) -> bytes:
        """The whole response to a request."""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    @override
    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.abort()

    # called by the parser

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > LARGEST:
            self._transport.abort()

    def on_message_complete(self) -> None:
        url, body, self._url, self._body = self._url, self._body, b"", b""
        self._transport.write(self.answer(url, body))


def response(status: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    """The bytes of a response."""
    lines = [b"HTTP/1.1 " + status, *headers, b"Content-Length: %d" % len(body)]
    return b"\r\n".join([*lines, b"", b""]) + body
