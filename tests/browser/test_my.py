"""The resident's own pages in a real browser, from the door to the end. For everybody they are by
`test_every_page.py`."""

import asyncio

from playwright.async_api import Page

from tests.browser.hands import code
from tests.browser.looking import Visits
from tests.journeys.world import World


async def _press(page: Page, name: str) -> None:
    async with page.expect_navigation():
        await page.get_by_role("button", name=name, exact=True).click()


async def _follow(page: Page, name: str) -> None:
    async with page.expect_navigation():
        await page.get_by_role("link", name=name).click()


async def test_from_the_door_to_the_end_without_scripts(journey: Visits, world: World) -> None:
    address = world.mail(900)
    await asyncio.to_thread(world.resident, email=address)
    page = await journey.open("/my", javascript=False)

    await page.get_by_label("Ihre E-Mail-Adresse oder Telefonnummer").fill(address)
    await _press(page, "Code schicken")
    await page.get_by_label("Code aus sechs Ziffern").fill(await code(world, address))
    await _press(page, "Meine Seite öffnen")
    assert await page.inner_text("h1") == "Was ich bekomme"

    await page.get_by_label("E-Mail").first.uncheck()
    await _press(page, "Speichern")
    assert "Keine Warnungen?" in await page.inner_text("main")
    await _press(page, "Ohne Warnungen speichern")
    assert "gespeichert" in await page.inner_text("main")
    await _follow(page, "Einstellungen")
    await page.get_by_label("English").check()
    await page.get_by_label("Von").fill("22:00")
    await page.get_by_label("Bis").fill("06:00")
    await _press(page, "Speichern")
    assert await page.inner_text("h1") == "Settings"
    await _follow(page, "What I was sent")
    assert "A code" in await page.inner_text("main")
    await _follow(page, "What I get")
    await _follow(page, "Delete everything about me")
    await _press(page, "Delete everything")
    assert "deleted" in await page.inner_text("h1")

    known = await asyncio.to_thread(
        world.rows, "SELECT FROM addresses WHERE value = %(v)s", v=address
    )
    assert known == []
