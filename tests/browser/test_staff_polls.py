"""Staff ask the town something, with scripts and without, and see how it stands."""

import asyncio
from uuid import UUID

import pytest
from playwright.async_api import Page, expect

from notify import clock
from notify.domain.grants import Role
from notify.domain.poll import How
from notify.services import voting
from tests.browser.hands import press
from tests.browser.looking import Visits, axe, picture, sideways
from tests.browser.test_staff_writing import said
from tests.browser.walking import OPPOSITES, Way
from tests.journeys.world import World
from tests.town import Town
from tests.web.officer import enrol


@pytest.mark.parametrize("way", OPPOSITES, ids=str)
async def test_a_poll_is_written_sent_answered_and_closed(
    journey: Visits, world: World, office: Town, way: Way
) -> None:
    await asyncio.to_thread(world.resident, email=world.mail(), language="de")
    person = await enrol(office, Role.AUTHOR, world.town, email=f"poll@{world.town}.example")
    page = await journey.open(
        f"/staff/messages?lang={way.language}", language=way.language, width=way.width,
        javascript=way.javascript, staff=person.word,
    )  # fmt: skip

    await press(page, f'button:has-text("{said(way.language, "New poll")}")')
    await expect(page.locator("#f-severity-severe")).to_be_hidden()
    await page.check(f"#f-groups-{world.town}")
    await page.fill("#f-title-de", "Freibad")
    await page.fill("#f-body-de", "Sagen Sie uns, was Sie denken.")
    await page.fill("#f-ask1-de", "Soll es länger öffnen?")
    await page.fill("#f-options1-de", "Ja\nNein")
    await expect(page.locator("#f-low1")).to_be_hidden()
    await press(page, "button[value=question]")
    assert await page.input_value("#f-ask1-de") == "Soll es länger öffnen?"
    await page.fill("#f-ask2-de", "Wie gut ist es?")
    await page.check("#f-shape2-scale")
    await expect(page.locator("#f-low2")).to_be_visible()
    await page.fill("#f-options2-de", "schlecht\ngut")
    await page.select_option("#f-until_in", "3")
    await picture(page, f"poll written {way}")
    await press(page, "#draft button.main")
    await expect(page.locator("main")).to_contain_text("Soll es länger öffnen?")
    await expect(page.locator("main")).to_contain_text("2 Nein")
    if way.javascript:
        assert await axe(page) == []
    assert await sideways(page) == 0
    await press(page, "main form button.main")

    broadcast = UUID(page.url.partition("?")[0].rpartition("/")[2])
    voter = await _voter(office, broadcast)
    async with office.db.transaction() as connection:
        await voting.vote(
            connection, broadcast, voter, question=1, chosen=[1], how=How.MAIL, at=clock.now(),
        )  # fmt: skip
    one = said(way.language, "%(answered)s of %(asked)s people who were asked took part")
    await _shows(page, one % {"answered": 1, "asked": 1})
    await expect(page.locator(".standing-poll")).not_to_contain_text("Nein")
    await press(page, "form[action*='/close'] button")
    await press(page, "form[action*='/close'] button.main")
    await expect(page.locator("main")).to_contain_text(
        said(way.language, "Closed. No more answers are taken.")
    )
    await picture(page, f"poll closed {way}")


async def _shows(page: Page, text: str) -> None:
    """Within some seconds: what is counted is kept for a few."""
    for _ in range(60):
        await page.reload()
        if await page.locator(".turnout", has_text=text).count():
            return
        await asyncio.sleep(0.5)
    raise AssertionError(text)


async def _voter(town: Town, broadcast: UUID) -> int:
    """Who is asked, once a worker has planned it."""
    for _ in range(200):
        rows = await town.rows("SELECT id FROM voters WHERE broadcast_id = %(id)s", id=broadcast)
        if rows:
            return int(rows[0]["id"])
        await asyncio.sleep(0.1)
    raise AssertionError
