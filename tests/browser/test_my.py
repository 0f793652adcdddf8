"""The resident's own pages in a real browser: for everybody, and from the door to the end."""

import asyncio
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Page

from notify.bootstrap import App
from notify.services import visiting
from tests.browser.looking import NARROW, WIDE, Visits, axe, picture, sideways
from tests.journeys.world import World
from tests.town import Town

PAGES = ("/my", "/my/join", "/my/addresses", "/my/settings", "/my/received", "/my/erase")
SMALLEST = 320


@pytest_asyncio.fixture(loop_scope="session")
async def cookie(app: App) -> dict[str, Any]:
    """What the browser of a resident holds about whom there is something on every page."""
    town = Town(app.db, app.keyring, app.settings)
    top = await town.group("town")
    kita = await town.group("kita", parent=top)
    await town.group("nord", parent=top)
    anna = await town.resident(
        top, kita, email="anna.mit-einem-langen-namen@beispiel-verein.example",
        phone="+4915112345678", push=["https://fcm.googleapis.com/x"], alerts=["email"],
    )  # fmt: skip
    await town.change("UPDATE subscriptions SET alerts = '{}' WHERE group_id = %(id)s", id=kita)
    await town.change(
        "INSERT INTO addresses (resident_id, channel, value, hash, state) VALUES"
        " (%(id)s, 'email', 'new@example.org', 'x', 'asked')",
        id=anna,
    )
    await town.change(
        "INSERT INTO suppressions (channel, hash, reason)"
        " SELECT channel, hash, 'opted_out' FROM addresses WHERE channel = 'sms'"
    )
    await town.broadcast("town")
    await town.plan()
    async with app.db.transaction() as connection:
        word = await visiting.open_(connection, anna)
        await visiting.open_(connection, anna)
    host = urlsplit(app.settings.public_url).hostname
    held = {"name": "notify", "value": word, "domain": host, "path": "/", "expires": -1,
            "httpOnly": True, "secure": False, "sameSite": "Lax"}  # fmt: skip
    return {"cookies": [held], "origins": []}


@pytest.mark.parametrize("path", PAGES)
async def test_each_page_is_for_everybody(
    visits: Visits, cookie: dict[str, Any], path: str
) -> None:
    wrong = []
    for language, width, dark in (("de", NARROW, False), ("en", WIDE, True), ("de", WIDE, False),
                                  ("en", NARROW, True)):  # fmt: skip
        page = await visits.open(
            f"{path}?lang={language}", language=language, width=width, dark=dark,
            storage_state=cookie,
        )  # fmt: skip
        look = f"{language} {width} {'dark' if dark else 'light'}"
        assert await page.locator(".own").count() == 1, look
        wrong += [f"{look}: {found}" for found in await axe(page)]
        await picture(page, f"{path.strip('/').replace('/', '-')} {look}")
        await page.set_viewport_size({"width": SMALLEST, "height": 800})
        if await sideways(page):
            wrong.append(f"{look}: sideways")
    assert wrong == []


async def test_the_door_and_what_goes_wrong_at_it_are_for_everybody(visits: Visits) -> None:
    page = await visits.open("/my")
    wrong = await axe(page)
    await page.fill("#f-address", "nonsense")
    await page.click("main button")
    wrong += await axe(page)
    await page.click(".summary a")
    assert await page.evaluate("document.activeElement.id") == "f-address"
    await page.fill("#f-address", "nobody@example.org")
    await page.click("main button")
    await page.fill("#f-code", "123456")
    await page.click("main button.main")
    wrong += await axe(page)
    assert wrong == []


async def _code(world: World, address: str) -> str:
    """The code of the mail that comes to an address."""
    for _ in range(200):
        mails = [mail for mail in world.box.books("email") if mail["to"] == address]
        found = [re.match(r"\d{6}\b", mail["subject"]) for mail in mails]
        if found and found[-1]:
            return found[-1][0]
        await asyncio.sleep(0.1)
    raise AssertionError("no code came")


async def _press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name, exact=True).click()


async def test_from_the_door_to_the_end_without_scripts(journey: Visits, world: World) -> None:
    address = world.mail(900)
    await asyncio.to_thread(world.resident, email=address)
    page = await journey.open("/my", javascript=False)

    await page.get_by_label("Ihre E-Mail-Adresse oder Telefonnummer").fill(address)
    await _press(page, "Code schicken")
    await page.get_by_label("Code aus sechs Ziffern").fill(await _code(world, address))
    await _press(page, "Meine Seite öffnen")
    assert await page.inner_text("h1") == "Was ich bekomme"

    await page.get_by_label("E-Mail").first.uncheck()
    await _press(page, "Speichern")
    assert "Keine Warnungen?" in await page.inner_text("main")
    await _press(page, "Ohne Warnungen speichern")
    assert "gespeichert" in await page.inner_text("main")
    await page.get_by_role("link", name="Einstellungen").click()
    await page.get_by_label("English").check()
    await page.get_by_label("Von").fill("22:00")
    await page.get_by_label("Bis").fill("06:00")
    await _press(page, "Speichern")
    assert await page.inner_text("h1") == "Settings"
    await page.get_by_role("link", name="What I was sent").click()
    assert "A code" in await page.inner_text("main")
    await page.get_by_role("link", name="What I get").click()
    await page.get_by_role("link", name="Delete everything about me").click()
    await _press(page, "Delete everything")
    assert "deleted" in await page.inner_text("h1")

    known = await asyncio.to_thread(
        world.rows, "SELECT FROM addresses WHERE value = %(v)s", v=address
    )
    assert known == []
