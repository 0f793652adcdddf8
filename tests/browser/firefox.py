"""Debian's Firefox over WebDriver BiDi, and the push service that it believes in.

Firefox can subscribe without the internet, so that here nothing of push is made up: the browser makes
the keys, decrypts, and wakes the service worker.
"""

import asyncio
import base64
import contextlib
import json
import re
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final, Self
from uuid import uuid4

import aiohttp
from aiohttp import web

PAUSE: Final = 0.1  # seconds between two looks
PATIENCE: Final = 60.0  # seconds for a start on a busy machine
DELIVERED: Final = 100  # how Firefox says that the service worker took it


def preferences(push_url: str) -> dict[str, Any]:
    return {
        "dom.push.serverURL": push_url,
        "dom.push.testing.allowInsecureServerURL": True,
        "dom.push.connection.enabled": True,
        "dom.push.retryBaseInterval": 200,  # milliseconds
        "dom.push.testing.ignorePermission": True,
        "permissions.default.desktop-notification": 1,
        "dom.webnotifications.requireuserinteraction": False,
        "alerts.useSystemBackend": False,  # or a notification fails without a desktop
        "intl.accept_languages": "de,en",
        "remote.active-protocols": 1,
        "app.update.auto": False,
        "datareporting.policy.dataSubmissionEnabled": False,
        "browser.shell.checkDefaultBrowser": False,
    }


class Autopush:
    """As much of Mozilla's push service as a browser needs: hello, register, notification, ack."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.url = f"http://127.0.0.1:{port}"
        self.codes: list[int] = []
        """What the browser said of each message."""
        self.registered: list[str] = []
        """Endpoints, in the order they were given out."""
        self._channels: dict[str, str] = {}
        self._socket: web.WebSocketResponse | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/", self._browser)
        app.router.add_post("/push/{token}", self._sender)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def forget(self) -> None:
        """Have the browser find its subscriptions gone, as after a loss on the service's side: it
        comes back, is given another name, and makes them anew."""
        self._channels.clear()
        assert self._socket is not None
        await self._socket.close()

    async def _browser(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("push-notification",))
        await socket.prepare(request)
        self._socket = socket
        async for message in socket:
            said = json.loads(message.data)
            match said.get("messageType"):
                case "hello":
                    answer = {"uaid": uuid4().hex, "use_webpush": True, "broadcasts": {}}
                case "register":
                    token = uuid4().hex
                    self._channels[token] = said["channelID"]
                    endpoint = f"{self.url}/push/{token}"
                    self.registered.append(endpoint)
                    answer = {"channelID": said["channelID"], "pushEndpoint": endpoint}
                case "unregister":
                    answer = {"channelID": said["channelID"]}
                case "ack":
                    self.codes += [one.get("code", 0) for one in said["updates"]]
                    continue
                case _:
                    continue
            await socket.send_json({"messageType": said["messageType"], "status": 200, **answer})
        return socket

    async def _sender(self, request: web.Request) -> web.Response:
        channel = self._channels.get(request.match_info["token"])
        if channel is None or self._socket is None:
            return web.Response(status=410)
        body = base64.urlsafe_b64encode(await request.read()).rstrip(b"=").decode()
        version = uuid4().hex
        await self._socket.send_json(
            {"messageType": "notification", "channelID": channel, "version": version,
             "ttl": int(request.headers["TTL"]), "data": body,
             "headers": {"encoding": request.headers["Content-Encoding"]}}
        )  # fmt: skip
        return web.Response(status=201, headers={"Location": f"{self.url}/message/{version}"})


class Firefox:
    """One window of a running Firefox."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = count(1)
        self._window = ""

    async def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command of WebDriver BiDi; raises RuntimeError where the browser refuses it."""
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            said = await self._socket.receive_json(timeout=PATIENCE)
            if said.get("id") == number:
                if said["type"] == "error":
                    raise RuntimeError(f"{method}: {said['error']}: {said['message']}")
                result: dict[str, Any] = said["result"]
                return result

    async def begin(self) -> None:
        await self.send("session.new", capabilities={})
        tree = await self.send("browsingContext.getTree")
        self._window = tree["contexts"][0]["context"]

    async def go(self, url: str) -> None:
        await self.send("browsingContext.navigate", context=self._window, url=url, wait="complete")

    async def run(self, script: str) -> Any:
        """What an expression comes to, through JSON; as after a tap of a person."""
        done = await self.send(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({script})))()",
            target={"context": self._window}, awaitPromise=True, userActivation=True,
        )  # fmt: skip
        if done["type"] != "success":
            raise RuntimeError(done["exceptionDetails"]["text"])
        value = done["result"].get("value")
        return None if value is None else json.loads(value)

    async def until(self, script: str) -> Any:
        """The first value that is something."""
        for _ in range(int(PATIENCE / PAUSE)):
            found = await self.run(script)
            if found:
                return found
            await asyncio.sleep(PAUSE)
        raise AssertionError(script)

    async def keep_cookie(self, name: str, value: str) -> None:
        await self.send(
            "storage.setCookie",
            cookie={"name": name, "value": {"type": "string", "value": value},
                    "domain": "127.0.0.1", "path": "/", "httpOnly": True, "sameSite": "lax"},
        )  # fmt: skip


@asynccontextmanager
async def firefox(program: str, profile: Path, *, push_url: str) -> AsyncIterator[Firefox]:
    """A Firefox of its own, with nothing kept, for the length of a block."""
    await asyncio.to_thread(_make, profile, push_url)
    process = await asyncio.create_subprocess_exec(
        program, "--headless", "--no-remote", "--profile", str(profile),
        "--remote-debugging-port", "0", "about:blank",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    reading: asyncio.Task[None] | None = None
    try:
        url = await _listens(process)
        reading = asyncio.create_task(_read_on(process))
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{url}/session", max_msg_size=0) as socket,
        ):
            browser = Firefox(socket)
            await browser.begin()
            yield browser
            with contextlib.suppress(Exception):
                async with asyncio.timeout(5):
                    await browser.send("browser.close")
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(10):
                await process.wait()
        if process.returncode is None:
            process.kill()
            await process.wait()
        if reading is not None:
            await reading


def _make(profile: Path, push_url: str) -> None:
    profile.mkdir()
    lines = [
        f"user_pref({json.dumps(name)}, {json.dumps(value)});"
        for name, value in preferences(push_url).items()
    ]
    (profile / "user.js").write_text("\n".join(lines))


async def _listens(process: Process) -> str:
    assert process.stderr is not None
    said = b""
    async with asyncio.timeout(PATIENCE):
        while line := await process.stderr.readline():
            said += line
            found = re.search(rb"WebDriver BiDi listening on (ws://\S+)", line)
            if found:
                return found[1].decode()
    raise RuntimeError(f"Firefox did not start: {said.decode(errors='replace')[-1000:]}")


async def _read_on(process: Process) -> None:
    """A pipe that nobody reads would stop it."""
    assert process.stderr is not None
    while await process.stderr.read(65_536):
        pass
