"""Residents add, change and remove addresses, and close their page elsewhere, in a real browser."""

import asyncio

import pytest
from playwright.async_api import Page

from tests.browser.hands import code, enter, press
from tests.browser.looking import NARROW, WIDE, Visits
from tests.journeys.world import World

ADD = "form[action*='/addresses/add'] button"
PROVE = "form[action*='/addresses/code'] button"


async def _add(page: Page, world: World, typed: str, came_to: str) -> None:
    await page.fill("#f-address", typed)
    await press(page, ADD)
    await page.fill(".code input", await code(world, came_to))
    await press(page, PROVE)
    assert await page.locator(".calm").count() == 1
    assert await page.locator(".code input").count() == 0


async def _next_alert(world: World) -> set[str]:
    """Where the next alert comes; one before it that is in force comes to a new address, too."""
    world.box.clear()
    await asyncio.to_thread(world.at_rest, world.send())
    return {*world.reached("email"), *world.reached("sms")}


@pytest.mark.parametrize(
    ("language", "javascript", "width"),
    [("de", False, NARROW), ("en", True, WIDE)],
    ids=["German, narrow, without scripts", "English, wide"],
)
async def test_the_next_alert_comes_to_an_address_that_was_added_and_not_to_one_removed(
    journey: Visits, world: World, language: str, javascript: bool, width: int
) -> None:
    old, new, phone = world.mail(0), world.mail(1), world.phone()
    world.resident(email=old, language=language)
    page = await journey.open("/my", language=language, javascript=javascript, width=width)
    await enter(page, world, old)
    await press(page, "nav.own a[href^='/my/addresses']")

    await _add(page, world, f"0{phone.removeprefix('+49')}", phone)
    assert await _next_alert(world) == {old, phone}

    await _add(page, world, new, new)
    assert await _next_alert(world) == {new, phone}

    await press(page, f".place:has-text('{phone}') form[action*='/addresses/remove'] button")
    assert await _next_alert(world) == {new}


@pytest.mark.parametrize("javascript", [True, False])
async def test_my_page_is_closed_elsewhere_and_here(
    journey: Visits, world: World, javascript: bool
) -> None:
    mail = world.mail()
    world.resident(email=mail)
    mine, forgotten = [await journey.open("/my", javascript=javascript) for _ in range(2)]
    for page in (forgotten, mine):
        await enter(page, world, mail)

    await press(mine, "nav.own a[href^='/my/settings']")
    assert await mine.locator("ul.plain li:not(:has(a))").count() == 2
    await press(mine, "button[name=others]")
    await press(forgotten, "nav.own a[href^='/my/received']")

    assert await forgotten.inner_text("h1") == "Meine Seite öffnen"
    assert "in einem anderen Browser geschlossen" in await forgotten.inner_text("main")
    assert await mine.inner_text("h1") == "Einstellungen"
    assert await mine.locator("button[name=others]").count() == 0

    await press(mine, ".own form button")

    assert await mine.inner_text("h1") == "✓ Ihre Seite ist geschlossen"
    await mine.goto("/my")
    assert await mine.inner_text("h1") == "Meine Seite öffnen"
