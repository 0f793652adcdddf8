"""The cheap way round in a real browser: the page shows a code, and the phone texts it to the town."""

import asyncio
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser.looking import NARROW, WIDE, Visits, axe, picture, sideways
from tests.journeys.processes import until
from tests.journeys.world import SENDER, World

SPENT = (
    "INSERT INTO sms_asked AS s (day, n) VALUES ((now() AT TIME ZONE 'Europe/Berlin')::date, %(n)s)"
    " ON CONFLICT (day) DO UPDATE SET n = %(n)s"
)
HALF = 250
"""Of the day's segments: with that, numbers that are only claimed get no code."""

LONG = 15_000.0  # milliseconds for a page to go on by itself: it looks every four seconds


@pytest.fixture
def poor(world: World) -> Iterator[World]:
    """A town whose SMS for new numbers are used up for today, and whose number calls its hook."""
    world.change(SPENT, n=HALF)
    world.box.settings(inbound_url=f"{world.environment['NOTIFY_PUBLIC_URL']}/hooks/twilio/inbound")
    yield world
    world.change("DELETE FROM sms_asked")


def _text(world: World, body: str, *, phone: str | None = None) -> None:
    said = world.box.inbound(sender=phone or world.phone(), to=SENDER, body=body)
    assert said["answer"]["status"] == 200


def _screen(world: World, phone: str | None = None) -> list[str]:
    return [sms["body"] for sms in world.box.books("sms") if sms["to"] == (phone or world.phone())]


async def _came(world: World, look: Callable[[], Any]) -> Any:
    return await asyncio.to_thread(until, look, why=world.everything)


async def _sound(page: Page, name: str) -> None:
    await picture(page, f"texted-{name}")
    assert await axe(page) == [], name
    assert await sideways(page) == 0, name


async def _digits(page: Page) -> str:
    digits = (await page.inner_text(".digits")).strip()
    assert re.fullmatch(r"\d{6}", digits)
    return digits


@pytest.mark.parametrize(
    ("language", "javascript", "width", "dark"),
    [("de", True, NARROW, False), ("en", True, WIDE, True), ("de", False, WIDE, False),
     ("en", False, NARROW, True)],
    ids=["German, narrow", "English, wide", "German, wide, no scripts", "English, narrow, no scripts"],
)  # fmt: skip
async def test_from_the_form_over_the_texted_code_to_the_alert_on_the_phone(
    journey: Visits, poor: World, language: str, javascript: bool, width: int, dark: bool
) -> None:
    page = await journey.open(
        f"/join/{poor.town}", language=language, javascript=javascript, width=width, dark=dark
    )
    await page.fill("#f-phone", poor.phone())
    await page.click("button.main")
    await page.wait_for_selector(".digits")
    assert "+49 1573 5990000" in await page.inner_text("main")
    assert await page.is_visible("[data-by-itself]") is javascript
    assert _screen(poor) == []
    tag = f"{language}-{width}-{'script' if javascript else 'plain'}"
    if javascript:
        await _sound(page, f"{tag}-code")
    else:
        await picture(page, f"texted-{tag}-code")
        await page.click("main form button.main")
        await page.wait_for_selector(".summary")
        await picture(page, f"texted-{tag}-not-yet")

    await asyncio.to_thread(_text, poor, await _digits(page))

    if not javascript:
        await page.click("main form button.main")
    await page.wait_for_selector("dl.gets", timeout=LONG)
    if javascript:
        await _sound(page, f"{tag}-done")
    (answer,) = await _came(poor, lambda: _screen(poor))
    assert ("bestätigt" if language == "de" else "confirmed") in answer
    await asyncio.to_thread(poor.at_rest, poor.send("alert"))
    assert ("Hochwasser" if language == "de" else "Flood") in _screen(poor)[-1]
    # The page that went on is the resident's own.
    await page.goto("/my")
    assert await page.locator("fieldset, form").count() > 0
    assert await page.locator("#f-address").count() == 0


async def test_on_a_phone_a_link_writes_the_sms(journey: Visits, poor: World) -> None:
    page = await journey.open(f"/join/{poor.town}", has_touch=True, is_mobile=True)
    await page.fill("#f-phone", poor.phone())
    await page.click("button.main")
    await page.wait_for_selector(".digits")

    link = page.locator(".by-thumb a")
    assert await link.is_visible()
    assert await link.get_attribute("href") == f"sms:{SENDER}?&body={await _digits(page)}"
    await _sound(page, "phone")

    desk = await journey.open(f"/join/{poor.town}", width=WIDE)
    await desk.fill("#f-phone", poor.phone(1))
    await desk.click("button.main")
    await desk.wait_for_selector(".digits")
    assert not await desk.locator(".by-thumb a").is_visible()


async def test_a_page_that_somebody_types_on_is_left_alone(journey: Visits, poor: World) -> None:
    """The code of the mail is being typed when the SMS comes."""
    page = await journey.open(f"/join/{poor.town}")
    await page.fill("#f-email", poor.mail())
    await page.fill("#f-phone", poor.phone())
    await page.click("button.main")
    await page.wait_for_selector(".digits")
    await page.fill(".code input", "123")

    await asyncio.to_thread(_text, poor, await _digits(page))
    await _came(poor, lambda: _screen(poor))
    await page.wait_for_timeout(9_000)
    assert await page.input_value(".code input") == "123"

    await page.fill(".code input", "")
    await page.locator(".code input").blur()
    await page.wait_for_selector(".calm", timeout=LONG)


async def test_a_stranger_s_page_stays_as_it_is_when_its_owner_is_talked_into_texting(
    journey: Visits, poor: World
) -> None:
    await asyncio.to_thread(poor.phones, 1)  # the number is a resident's, and proven
    page = await journey.open(f"/join/{poor.town}")
    await page.fill("#f-phone", poor.phone())
    await page.click("button.main")
    await page.wait_for_selector(".digits")

    await asyncio.to_thread(_text, poor, await _digits(page))

    (warned,) = await _came(poor, lambda: _screen(poor))
    assert "schon angemeldet" in warned
    await page.wait_for_timeout(9_000)
    assert await page.locator(".digits").count() == 1
    await page.click("main form button.main")
    await page.wait_for_selector(".summary")
    await page.goto("/my")
    assert await page.locator("#f-address").count() == 1  # the door


async def _opened(journey: Visits, world: World, *, javascript: bool, **more: Any) -> Page:
    """Her page, opened with a code to her mail."""
    await asyncio.to_thread(world.readers, 1)
    page = await journey.open("/my", javascript=javascript, **more)
    await page.fill("#f-address", world.mail())
    await page.click("main form button.main")
    await page.wait_for_selector(".code")

    def letter() -> Any:
        mails = [mail for mail in world.box.books("email") if mail["to"] == world.mail()]
        return mails[-1] if mails else None

    digits = re.search(r"\b\d{6}\b", (await _came(world, letter))["subject"])
    assert digits
    await page.fill(".code input", digits[0])
    await page.click("main form button.main")
    await page.wait_for_url("**/my*")
    return page


@pytest.mark.parametrize(
    ("language", "javascript", "width", "dark"),
    [("de", True, NARROW, True), ("en", False, WIDE, False), ("de", True, WIDE, False)],
    ids=["German, narrow", "English, wide, no scripts", "German, wide"],
)
async def test_a_phone_is_added_on_the_open_page_by_a_text(
    journey: Visits, poor: World, language: str, javascript: bool, width: int, dark: bool
) -> None:
    page = await _opened(
        journey, poor, javascript=javascript, language=language, width=width, dark=dark
    )
    await page.goto(f"/my/addresses?lang={language}")
    await page.fill("#f-address", poor.phone())
    await page.click("main form:last-of-type button.main")
    await page.wait_for_selector(".digits")
    tag = f"my-{language}-{width}"
    if javascript:
        await _sound(page, f"{tag}-code")
    else:
        await page.click("form[data-texted] button.main")
        await page.wait_for_selector(".summary")
        await picture(page, f"texted-{tag}-not-yet")

    await asyncio.to_thread(_text, poor, await _digits(page))

    if not javascript:
        await page.click("form[data-texted] button.main")
    await page.wait_for_url("**/my/addresses?done=proven*", timeout=LONG)
    assert await page.locator(".digits").count() == 0
    if javascript:
        await _sound(page, f"{tag}-done")


async def test_the_door_says_what_goes_by_sms_when_no_code_can_be_sent(
    journey: Visits, poor: World
) -> None:
    await asyncio.to_thread(poor.phones, 1)
    poor.change(SPENT, n=2 * HALF)
    for language, width, dark in (("de", NARROW, False), ("en", WIDE, True), ("de", WIDE, False)):
        page = await journey.open(f"/my?lang={language}", language=language, width=width, dark=dark)
        await page.fill("#f-address", poor.phone())
        await page.click("main form button.main")
        await page.wait_for_selector(".summary")
        assert "+49 1573 5990000" in await page.inner_text("main")
        assert await page.locator(".digits").count() == 0
        await _sound(page, f"door-{language}-{width}")
