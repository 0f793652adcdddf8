"""Push from end to end in Firefox: nothing of it is made up but the push service."""

import asyncio
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from uuid import UUID

import pytest

from demo.service import free_port
from tests.browser import chromium
from tests.browser.firefox import DELIVERED, Autopush, firefox
from tests.journeys.redis_server import RedisServer
from tests.journeys.world import World

TEXTS = {
    "de": {"title": "Öl läuft über – größte Gefahr", "body": "Schließen Sie **alle** Fenster."}
}

SHOWN = """(await (await navigator.serviceWorker.ready).getNotifications()).map((one) =>
  ({ title: one.title, body: one.body, tag: one.tag, lang: one.lang }))"""


@pytest.fixture
def port() -> int:
    """Where the push service will be."""
    return free_port()


@pytest.fixture
def pushed_world(database_url: str, tmp_path: Path, port: int) -> Iterator[World]:
    """A world of its own, whose push service is Firefox's."""
    with (
        RedisServer(tmp_path) as redis,
        World(
            database_url, tmp_path, PUSH_HOSTS=f"http://127.0.0.1:{port}", REDIS_URL=redis.url
        ) as made,
    ):
        made.begin()
        yield made


def _statuses(world: World) -> list[str]:
    rows = world.rows("SELECT status FROM deliveries WHERE channel = 'push' ORDER BY id")
    return [row["status"] for row in rows]


def _renewed(world: World, service: Autopush, before: str) -> bool:
    """Whether the one address is at the endpoint that was given out last, which is another."""
    rows = world.rows("SELECT value FROM addresses WHERE channel = 'push' AND live")
    return before != service.registered[-1] and [row["value"] for row in rows] == [
        service.registered[-1]
    ]


async def _until(look: Callable[[], Any], wanted: Any) -> None:
    seen = None
    for _ in range(600):
        seen = await asyncio.to_thread(look)
        if seen == wanted:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(seen)


async def test_a_warning_gets_from_the_town_to_the_screen_of_a_real_browser(
    pushed_world: World, port: int, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    program = await asyncio.to_thread(
        chromium.path, tmp_path_factory.getbasetemp().parent,
        names=("firefox-esr", "firefox"), package="firefox-esr",
    )  # fmt: skip
    world = pushed_world
    async with Autopush(port) as service:
        resident = world.resident(email="e@example.org")
        word = token_urlsafe(32)
        world.change(
            "INSERT INTO sessions (hash, resident_id, valid_until)"
            " VALUES (%(hash)s, %(id)s, now() + interval '30 min')",
            hash=sha256(word.encode()).digest(),
            id=UUID(resident),
        )
        url = world.environment["NOTIFY_PUBLIC_URL"]
        push_url = service.url.replace("http", "ws", 1) + "/"
        async with firefox(program, tmp_path / "profile", push_url=push_url) as browser:
            await browser.go(f"{url}/healthz")
            await browser.keep_cookie("notify", word)
            await browser.go(f"{url}/my/push?lang=de")
            await browser.until('!document.querySelector("#push-on").closest("section").hidden')

            await browser.run('document.querySelector("#push-on button").click() ?? null')
            await browser.until('!document.querySelector("#push-try").closest("section").hidden')
            (address,) = world.rows("SELECT value, state FROM addresses WHERE channel = 'push'")
            assert address == {"value": service.registered[-1], "state": "proven"}

            await browser.run('document.querySelector("#push-try").click() ?? null')
            told = 'document.querySelector("#push-said").innerText.includes("Es klappt")'
            await browser.until(told)
            assert service.codes == [DELIVERED]
            assert [one["title"] for one in await browser.run(SHOWN)] == [
                "Testnachricht: Es klappt"
            ]

            await browser.go("about:blank")  # no page of the town is open any more
            alert = await asyncio.to_thread(world.send, texts=TEXTS)
            await _until(lambda: _statuses(world), ["delivered", "delivered"])
            assert service.codes == [DELIVERED, DELIVERED]
            assert world.counts(alert, "push") == {"delivered": 1}
            await browser.go(f"{url}/")
            shown = {one["tag"]: one for one in await browser.run(SHOWN)}
            tag = UUID(alert).hex
            assert shown[tag] == {
                "title": "Warnung: Öl läuft über – größte Gefahr",
                "body": "Schließen Sie alle Fenster.\nCitizen Notify", "tag": tag, "lang": "de",
            }  # fmt: skip

            before = service.registered[-1]
            await service.forget()
            await _until(lambda: _renewed(world, service, before), True)
            await asyncio.to_thread(
                world.send, in_reply_to={"id": alert, "relation": "update"}, texts=TEXTS
            )
            await _until(lambda: _statuses(world), ["delivered"] * 3)
