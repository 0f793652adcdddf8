"""A gateway on loopback that answers Twilio's API as badly as a test asks for, byte by byte."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from channels.base import Failure, Sent
from channels.messages import Sms
from channels.sms import TwilioSms

ACCOUNT = "AC" + "a" * 32
TOKEN = "auth-token-of-the-tests"
SENDER = "+4915100000001"
NUMBER = "+4915112345678"
MESSAGE = Sms(to=NUMBER, body="Sturm")


@dataclass(frozen=True)
class Asked:
    method: str
    target: str
    headers: dict[str, str]
    form: dict[str, list[str]]


Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def reply(status: int, body: object = b"", **headers: str) -> Answer:
    """An ordinary answer; anything but bytes is sent as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(raw)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + raw)
        await writer.drain()

    return answer


def taken(**fields: Any) -> dict[str, Any]:
    """The record of a message as Twilio answers it."""
    return {
        "sid": "SM" + "1" * 32,
        "status": "queued",
        "num_segments": "1",
        "error_code": None,
        "body": "Sturm",
        "direction": "outbound-api",
        "date_created": "Mon, 05 Jan 2026 10:00:00 +0000",
        "date_sent": None,
        "date_updated": "Mon, 05 Jan 2026 10:00:04 +0000",
    } | fields


async def drop(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def hang(writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def half(writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 201 X\r\nContent-Length: 500\r\n\r\n{"sid": "SM1')
    await writer.drain()
    writer.transport.abort()


async def half_a_429(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 429 X\r\nRetry-After: 9\r\nContent-Length: 500\r\n\r\n{")
    await writer.drain()
    writer.transport.abort()


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 201 X\r\nContent-Length: 900000000\r\n\r\n")
    while not writer.transport.is_closing():
        writer.write(b" " * 65536)
        await writer.drain()


@dataclass
class Gateway:
    """Gives its answers in turn, the last one for good, and keeps what it was asked."""

    url: str
    answers: list[Answer]
    asked: list[Asked] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    greeting: bytes | None = None
    connections: int = 0

    @property
    def posts(self) -> int:
        return sum(asked.method == "POST" for asked in self.asked)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            if self.greeting is not None:
                writer.write(self.greeting)
                await reader.read()
            while True:
                self.asked.append(await _request(reader))
                self.arrived.set()
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                await answer(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def _request(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {name.lower(): value for name, value in (h.split(": ", 1) for h in head[1:] if h)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(method, target, headers, parse_qs(body.decode(), keep_blank_values=True))


@asynccontextmanager
async def gateway(*answers: Answer, greeting: bytes | None = None) -> AsyncIterator[Gateway]:
    """A gateway with these answers, stopped with all its connections at the end.

    With a `greeting` it speaks first and listens to nothing.
    """
    double = Gateway("", list(answers), greeting=greeting)
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(double.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    double.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield double
    finally:
        server.close()
        running = list(tasks)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


@asynccontextmanager
async def channel(url: str, *, sender: str = SENDER, limit: float = 5) -> AsyncIterator[TwilioSms]:
    """A channel to that gateway with a time-out of `limit` seconds, closed at the end."""
    sms = TwilioSms(
        account_sid=ACCOUNT, auth_token=TOKEN, sender=sender, api_url=url, timeout=limit
    )
    try:
        yield sms
    finally:
        await sms.close()


async def send(sms: TwilioSms, message: Sms = MESSAGE) -> Sent | Failure:
    """What a hand-over came to, returned or raised."""
    try:
        return await sms.send(message)
    except Failure as failure:
        return failure
