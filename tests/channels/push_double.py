"""A push service and its browsers on loopback, which decrypt and check what arrives."""

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import http_ece
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import jwt

from channels.messages import Push


def encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Browser:
    """One browser's key pair and secret."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._secret = os.urandom(16)
        self.p256dh = encode(
            self._key.public_key().public_bytes(
                serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
            )
        )
        self.auth = encode(self._secret)

    def decrypt(self, body: bytes) -> bytes:
        plain: bytes = http_ece.decrypt(  # type: ignore[no-untyped-call]
            body, private_key=self._key, auth_secret=self._secret, version="aes128gcm"
        )
        return plain

    def push(self, endpoint: str, **fields: Any) -> Push:
        given: dict[str, Any] = {
            "payload": b"{}",
            "ttl": 60,
            "p256dh": self.p256dh,
            "auth": self.auth,
        } | fields
        return Push(endpoint=endpoint, **given)


@dataclass(frozen=True)
class Arrived:
    path: str
    headers: dict[str, str]
    body: bytes

    def claims(self) -> dict[str, Any]:
        """The VAPID claims, after their signature was checked."""
        token, key = self.headers["Authorization"].removeprefix("vapid t=").split(",k=")
        claims: dict[str, Any] = jwt.decode(token, key)  # type: ignore[no-untyped-call]
        return claims


Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def created(request: web.Request) -> web.StreamResponse:
    return web.Response(status=201, headers={"Location": f"{request.url.origin()}/m/1"})


def status(code: int, **headers: str) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(
            status=code, headers={key.replace("_", "-"): text for key, text in headers.items()}
        )

    return answer


@dataclass
class PushService:
    origin: str = ""
    answer: Answer = created
    arrived: list[Arrived] = field(default_factory=list)
    streamed: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the test ends: an answer that hangs waits for it."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.arrived.append(Arrived(request.raw_path, dict(request.headers), body))
        return await self.answer(request)

    async def hang(self, _: web.Request) -> web.StreamResponse:
        await self.released.wait()
        return web.Response(status=201)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=201)
        await response.prepare(request)
        while not self.released.is_set():
            await response.write(b"x" * 65_536)
            self.streamed += 65_536
        return response

    async def trickle(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=201)
        await response.prepare(request)
        await response.write(b"x")
        await self.released.wait()
        return response

    async def drop(self, request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async def garble(self, request: web.Request) -> web.StreamResponse:
        return await self._raw(request, b"HTTP/9.9 what\r\n\r\n")

    async def name_in_bytes(self, request: web.Request) -> web.StreamResponse:
        return await self._raw(
            request, b"HTTP/1.1 201 Created\r\nLocation: /m/\xff\r\nContent-Length: 0\r\n\r\n"
        )

    async def _raw(self, request: web.Request, answer: bytes) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(answer)
        await self.released.wait()
        return web.Response()


@asynccontextmanager
async def push_service() -> AsyncIterator[PushService]:
    service = PushService()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", service.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    service.origin = site_origin(runner)
    try:
        yield service
    finally:
        service.released.set()
        await runner.cleanup()


def site_origin(runner: web.AppRunner) -> str:
    host, port = runner.addresses[0][:2]
    return f"http://{host}:{port}"
