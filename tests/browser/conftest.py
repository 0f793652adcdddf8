"""A real browser before the real site: one browser a test process, a fresh context a page.

All tests here run in one event loop for the whole session, which the browser's connection lives in.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright
from pydantic import SecretStr
from redis import Redis

from notify.bootstrap import App, push_hosts
from notify.domain.keyring import Keyring
from notify.queue import Bell
from notify.settings import Settings
from notify.store.database import Database
from notify.web.main import create_app
from rig.service import SECRET
from tests.browser import chromium
from tests.browser.looking import Visits
from tests.databases import Databases
from tests.journeys.redis_server import RedisServer
from tests.journeys.world import World
from tests.serving import served
from tests.town import Town
from tests.web.conftest import group, publish

__all__ = ["group", "publish"]

ARGUMENTS = (
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # nothing leaves this machine
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            item.add_marker(pytest.mark.timeout(400))  # the first may have to install the browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    shared = tmp_path_factory.getbasetemp().parent
    executable = await asyncio.to_thread(chromium.path, shared)
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(
            executable_path=executable, args=list(ARGUMENTS), timeout=60_000
        )
        yield started
        await started.close()


@pytest_asyncio.fixture(loop_scope="session")
async def db(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, size=4)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A free port of this machine, to serve the site on."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        yield bound


@pytest.fixture
def settings(settings: Settings, listener: socket.socket) -> Settings:
    """Those of a town that knows where its site is."""
    return settings.model_copy(
        update={"public_url": f"http://127.0.0.1:{listener.getsockname()[1]}"}
    )


@pytest_asyncio.fixture(loop_scope="session")
async def app(db: Database, keyring: Keyring, settings: Settings) -> App:
    return App(settings, db, keyring, Bell(None), push_hosts(settings))


@asynccontextmanager
async def looking(
    browser: Browser, origin: str, *, one_window: bool = False
) -> AsyncIterator[Visits]:
    opened = Visits(browser, origin, one_window=one_window)
    try:
        yield opened
    finally:
        await opened.close()
    assert opened.troubles == []


@asynccontextmanager
async def serving(app: App, listener: socket.socket) -> AsyncIterator[None]:
    """The site on a bound port, for the length of a block."""
    async with served(create_app(app), listener):
        yield


@pytest_asyncio.fixture(loop_scope="session")
async def visits(browser: Browser, app: App, listener: socket.socket) -> AsyncIterator[Visits]:
    """Pages of the real site, served in this process. A page that fetches something from another
    host, breaks its policy or has a broken script fails the test."""
    async with serving(app, listener), looking(browser, app.settings.public_url) as opened:
        yield opened


@pytest.fixture(scope="session")
def standing_world(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    with (
        databases.lent() as url,
        RedisServer(folder) as redis,  # or codes and trials wait for the worker's next round
        World(url, folder, REDIS_URL=redis.url) as made,
    ):
        made.begin()
        yield made


@pytest.fixture
def world(standing_world: World) -> World:
    """A town of its own in a world of real processes: server, worker, and the sandbox with its
    mailboxes and phones. Nobody may end its processes."""
    standing_world.new_town()
    # All journeys come from one network: none may use up what it may ask for.
    with Redis.from_url(standing_world.environment["NOTIFY_REDIS_URL"]) as redis:
        redis.flushall()
    return standing_world


@pytest_asyncio.fixture(loop_scope="session")
async def journey(browser: Browser, world: World) -> AsyncIterator[Visits]:
    """Pages of `world`, for journeys from the first page to the message on a phone."""
    async with looking(browser, world.environment["NOTIFY_PUBLIC_URL"]) as opened:
        yield opened


@asynccontextmanager
async def staff_town(world: World) -> AsyncIterator[Town]:
    """The town of a world, to make staff in."""
    settings = Settings(
        database_url=world.environment["NOTIFY_DATABASE_URL"], secret_keys=(SecretStr(SECRET),),
        public_url=world.environment["NOTIFY_PUBLIC_URL"],
    )  # fmt: skip
    db = Database(world.database_url, size=2)
    await db.open()
    try:
        yield Town(db, world.keyring, settings)
    finally:
        await db.close()


@pytest_asyncio.fixture(loop_scope="session")
async def office(world: World) -> AsyncIterator[Town]:
    async with staff_town(world) as town:
        yield town
