"""Every page and every face of it, in both languages, narrow and wide, light and dark: nothing that
axe objects to, nothing to scroll sideways, nothing that the keyboard does not reach."""

import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page
from pydantic import SecretStr

from channels.vapid import make_vapid_key
from notify.bootstrap import App, push_hosts
from notify.domain.keyring import Keyring
from notify.queue import Bell
from notify.rendering.languages import TEMPLATES
from notify.rendering.templates import Templates
from notify.settings import Settings
from notify.store.database import Database
from notify.web.main import create_app
from tests.browser.conftest import looking, serving
from tests.browser.examining import GLANCES, LOOKS, examine
from tests.browser.faces import FACES
from tests.browser.looking import Visits
from tests.browser.places import EXAMPLES, NO_PAGES, PAGES, Scene, build
from tests.browser.stage import Stage
from tests.conftest import SECRET
from tests.databases import Databases


@contextmanager
def _signed() -> Iterator[None]:
    """Every page names at its end the template that it was made of."""
    render = Templates.render

    def signed(self: Templates, name: str, *, language: str, **values: Any) -> str:
        html = render(self, name, language=language, **values)
        page = name.removeprefix("web/").removesuffix(".html")
        return f"{html}<!--{page}-->" if name == f"web/{page}.html" else html

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Templates, "render", signed)
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gallery(databases: Databases) -> AsyncIterator[tuple[App, Scene]]:
    """A town with every channel. What is in its scene is looked at and not changed."""
    with (
        _signed(),
        databases.lent() as url,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        settings = Settings(
            database_url=url, secret_keys=(SecretStr(SECRET),), town="Musterstadt",
            public_url=f"http://127.0.0.1:{listener.getsockname()[1]}", colour="#1f5c3a",
            smtp_urls=(SecretStr("smtp://127.0.0.1"),), twilio_account_sid="AC",
            twilio_auth_token=SecretStr("x"), twilio_senders=("+4915735990000",),
            vapid_private_key=SecretStr(make_vapid_key()),
        )  # fmt: skip
        db = Database(url, size=4)
        await db.open()
        app = App(settings, db, Keyring([SECRET]), Bell(None), push_hosts(settings))
        async with serving(app, listener):
            yield app, await build(app)
        await db.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def window(browser: Browser, gallery: tuple[App, Scene]) -> AsyncIterator[Visits]:
    async with looking(browser, gallery[0].settings.public_url, one_window=True) as visits:
        yield visits


@pytest_asyncio.fixture(loop_scope="session")
async def visits(window: Visits) -> AsyncIterator[Visits]:
    """Pages of the gallery. What was wrong with those of another test is not this one's."""
    window.troubles.clear()
    yield window
    await window.leave()
    assert window.troubles == []


def _paths(routes: list[Any], prefix: str = "") -> Iterator[str]:
    """Of all that is asked for with GET, also in routers within."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _paths(inner.routes, prefix + route.include_context.prefix)
        elif "GET" in (getattr(route, "methods", None) or ()):
            yield prefix + route.path


async def test_every_page_there_is_is_looked_at(gallery: tuple[App, Scene]) -> None:
    paths = _paths(create_app(gallery[0]).routes)

    pages = {path for path in paths if not path.startswith(NO_PAGES)}

    assert "/b/{reference}" in pages
    assert pages == set(PAGES)


async def test_every_template_that_is_a_page_is_looked_at() -> None:
    folder = TEMPLATES / "web"
    extends = {
        file.relative_to(folder).with_suffix("").as_posix(): found[1]
        for file in folder.rglob("*.html")
        if (found := re.match(r'{% extends "web/(.+)\.html" %}', file.read_text()))
    }
    pages = extends.keys() - set(extends.values())

    assert "my/erased" in pages
    looked_at = {one.template for one in EXAMPLES.values()}
    assert pages == looked_at | {one.template for one in FACES.values()}


@pytest.mark.parametrize("name", EXAMPLES)
async def test_a_page_is_for_everybody(
    visits: Visits, gallery: tuple[App, Scene], name: str
) -> None:
    _, scene = gallery
    wrong = []

    for language in LOOKS:
        path = scene.path(name)
        page = await visits.open(
            f"{path}{'&' if '?' in path else '?'}lang={language}",
            session=scene.session(name),
            staff=scene.officer(name),
        )
        assert await _template(page) == EXAMPLES[name].template
        wrong += await examine(page, name, language)

    assert wrong == []


@pytest.mark.parametrize("name", FACES)
async def test_what_comes_of_it_is_for_everybody(
    visits: Visits, gallery: tuple[App, Scene], name: str
) -> None:
    app, scene = gallery
    wrong = []

    for language in LOOKS:
        page = await FACES[name].reach(Stage(app, scene, visits, language))
        assert await _template(page) == FACES[name].template
        wrong += await examine(page, name, language, looks=GLANCES)

    assert wrong == []


async def _template(page: Page) -> str:
    """What a page is made of, as `_signed` has it say."""
    return str(await page.evaluate("document.lastChild.data"))
