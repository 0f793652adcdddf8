"""Every page, in both languages, narrow and wide, light and dark: nothing that axe objects to,
nothing to scroll sideways, nothing that the keyboard does not reach."""

import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page
from pydantic import SecretStr

from channels.vapid import make_vapid_key
from notify.bootstrap import App, push_hosts
from notify.domain.keyring import Keyring
from notify.queue import Bell
from notify.settings import Settings
from notify.store.database import Database
from notify.web.main import create_app
from tests.browser.conftest import looking, serving
from tests.browser.looking import NARROW, WIDE, axe, picture, sideways
from tests.browser.places import MORE, NO_PAGES, PAGES, Scene, build
from tests.conftest import SECRET, new_database

LOOKS = {
    "de": [(NARROW, False), (WIDE, True)],
    "en": [(NARROW, True), (WIDE, False)],
}
"""By language: a width, and whether in the dark. Each pair of them comes up."""

SMALLEST = 320  # CSS pixels (WCAG 2.2, 1.4.10)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gallery(server_url: str, template: str) -> AsyncIterator[tuple[App, Scene]]:
    """A town with every channel, that is looked at and not changed."""
    with (
        new_database(server_url, template) as url,
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


@pytest.mark.parametrize("name", [*PAGES, *MORE])
async def test_a_page_is_for_everybody(
    browser: Browser, gallery: tuple[App, Scene], name: str
) -> None:
    app, scene = gallery
    wrong = []

    async with looking(browser, app.settings.public_url) as visits:
        for language, looks in LOOKS.items():
            page = await visits.open(
                scene.path(name), language=language, session=scene.session(name)
            )
            wrong += [f"{language}: {found}" for found in await _walk(page)]
            for width, dark in looks:
                await page.set_viewport_size({"width": width, "height": 800})
                await page.emulate_media(color_scheme="dark" if dark else "light")
                look = f"{language} {width} {'dark' if dark else 'light'}"
                wrong += [f"{look}: {found}" for found in await axe(page)]
                await picture(page, f"{name.strip('/').replace('/', '-') or 'front'} {look}")
            await page.set_viewport_size({"width": SMALLEST, "height": 800})
            if await sideways(page):
                wrong.append(f"{language}: {await sideways(page)} px to scroll sideways")

    assert wrong == []


# Of radio buttons that belong together, the tab key reaches the one that is chosen; and nothing of
# what is folded away.
_CAN_BE_REACHED = """() => [...document.querySelectorAll(
    'a[href], button, input, select, textarea, summary')]
  .filter(e => e.type !== 'hidden' && !e.disabled && e.checkVisibility() && !(e.type === 'radio' && !e.checked
    && document.querySelector(`input[type=radio][name="${e.name}"]:checked`)))
  .map((e, at) => { e.dataset.at = at; return at; })"""
_WHERE = """() => {
  const on = document.activeElement;
  if (on === document.body) return null;
  const style = getComputedStyle(on), box = on.getBoundingClientRect();
  const seen = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
    && box.width > 0 && box.left >= 0 && box.top >= 0 && box.bottom <= innerHeight + 1;
  return {at: Number(on.dataset.at), seen: seen, html: on.outerHTML.slice(0, 200)};
}"""


async def _walk(page: Page) -> list[str]:
    """Press the tab key until it has been everywhere: what it skips, and where nobody sees it."""
    there = await page.evaluate(_CAN_BE_REACHED)
    reached: list[int] = []
    wrong: list[str] = []
    while True:
        await page.keyboard.press("Tab")
        where = await page.evaluate(_WHERE)
        if where is not None and reached and where["at"] == reached[-1]:
            continue  # a field of several parts, like a time
        if where is None or where["at"] in reached:
            break
        reached.append(where["at"])
        if not where["seen"]:
            wrong.append(f"the focus is not seen: {where['html']}")
    return wrong if reached == there else [*wrong, f"reached by tab: {reached} of {there}"]
