"""A web server for tests that listens to callbacks and beacons, and can answer badly."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass(slots=True)
class Heard:
    """One request: the URL as it was called, the signature, the form."""

    url: str
    signature: str
    form: dict[str, str]


@dataclass
class Hook:
    """What was heard so far. `answers` are the statuses of the first answers; then 204."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def wait(self, count: int) -> list[Heard]:
        """Wait until so many requests were heard."""
        async with asyncio.timeout(10), self.changed:
            await self.changed.wait_for(lambda: len(self.heard) >= count)
        return self.heard

    async def serve(self, request: web.Request) -> web.Response:
        post = await request.post()
        form = {name: str(value) for name, value in post.items()}
        url = self.url + request.raw_path
        signature = request.headers.get("X-Twilio-Signature", "")
        status = self.answers.pop(0) if self.answers else 204
        async with self.changed:
            self.heard.append(Heard(url, signature, form))
            self.changed.notify_all()
        return web.Response(status=status)


@asynccontextmanager
async def listening() -> AsyncIterator[Hook]:
    """Run a hook on a free port."""
    hook = Hook()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", hook.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    hook.url = f"http://{host}:{port}"
    try:
        yield hook
    finally:
        await runner.cleanup()
