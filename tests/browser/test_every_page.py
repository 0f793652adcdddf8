"""Every page, in both languages, narrow and wide, light and dark: nothing that axe objects to,
nothing to scroll sideways, nothing that the keyboard does not reach."""

from collections.abc import Iterator
from typing import Any

import pytest
import pytest_asyncio
from fastapi import FastAPI
from playwright.async_api import Page

from notify.bootstrap import App
from notify.settings import Settings
from notify.web.main import create_app
from tests.browser.looking import NARROW, WIDE, Visits, axe, picture, sideways
from tests.browser.places import MORE, NO_PAGES, PAGES, Scene, build
from tests.web.conftest import Publish

LOOKS = {
    "de": [(NARROW, False), (WIDE, True)],
    "en": [(NARROW, True), (WIDE, False)],
}
"""By language: a width, and whether in the dark. Each pair of them comes up."""
SMALLEST = 320  # CSS pixels (WCAG 2.2, 1.4.10)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A town with every channel."""
    return settings.model_copy(
        update={
            "smtp_urls": ("smtp://127.0.0.1",),
            "twilio_account_sid": "AC",
            "twilio_senders": ("+4915735990000",),
            "vapid_private_key": "x",
            "colour": "#1f5c3a",
        }
    )


@pytest_asyncio.fixture(loop_scope="session")
async def scene(app: App, publish: Publish) -> Scene:
    return await build(app, publish)


def _paths(routes: list[Any], prefix: str = "") -> Iterator[str]:
    """Of all that is asked for with GET, also in routers within."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _paths(inner.routes, prefix + route.include_context.prefix)
        elif "GET" in (getattr(route, "methods", None) or ()):
            yield prefix + route.path


async def test_every_page_there_is_is_looked_at(app: App) -> None:
    api: FastAPI = create_app(app)

    pages = {path for path in _paths(api.routes) if not path.startswith(NO_PAGES)}

    assert "/b/{reference}" in pages
    assert pages == set(PAGES)


@pytest.mark.parametrize("name", [*PAGES, *MORE])
async def test_a_page_is_for_everybody(visits: Visits, scene: Scene, name: str) -> None:
    path = scene.path(name)
    wrong = []

    for language, looks in LOOKS.items():
        page = await visits.open(path, language=language)
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


@pytest.mark.parametrize("name", [*PAGES, *MORE])
async def test_the_keyboard_reaches_everything_and_shows_where_it_is(
    visits: Visits, scene: Scene, name: str
) -> None:
    page = await visits.open(scene.path(name), width=WIDE)
    there = await page.evaluate(_CAN_BE_REACHED)

    reached, unseen = await _walk(page)

    assert reached == there
    assert unseen == []


_CAN_BE_REACHED = """() => [...document.querySelectorAll('a[href], button, input, select, textarea')]
  .filter(e => e.type !== 'hidden' && !e.disabled).map((e, at) => { e.dataset.at = at; return at; })"""
_WHERE = """() => {
  const on = document.activeElement;
  if (on === document.body) return null;
  const style = getComputedStyle(on), box = on.getBoundingClientRect();
  const seen = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
    && box.width > 0 && box.left >= 0 && box.top >= 0 && box.bottom <= innerHeight + 1;
  return {at: Number(on.dataset.at), seen: seen, html: on.outerHTML.slice(0, 200)};
}"""


async def _walk(page: Page) -> tuple[list[int], list[str]]:
    """Press the tab key until it has been everywhere: in which order, and where nobody sees it."""
    reached: list[int] = []
    unseen: list[str] = []
    while True:
        await page.keyboard.press("Tab")
        where = await page.evaluate(_WHERE)
        if where is None or where["at"] in reached:
            return reached, unseen
        reached.append(where["at"])
        if not where["seen"]:
            unseen.append(where["html"])
