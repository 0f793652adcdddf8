"""Lists of people have pages: turned with the links below them, without scripts as well."""

import pytest
from playwright.async_api import Page, expect

from notify.domain.grants import Role
from notify.services import helping, votes
from tests.browser.hands import press
from tests.browser.looking import NARROW, WIDE, Visits, axe, picture, sideways
from tests.services.test_votes import named
from tests.town import Town
from tests.web.officer import enrol
from tests.web.test_staff_answers import asked


async def first(page: Page, selector: str) -> str:
    return await page.locator(selector).first.inner_text()


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_who_needs_help_is_turned_to_and_dealt_with_on_the_second_page(
    visits: Visits, town: Town, monkeypatch: pytest.MonkeyPatch, width: int, dark: bool
) -> None:
    monkeypatch.setattr(helping, "SHOWN", 2)
    polled = await asked(town, elbtal=6)
    for place, voter in enumerate(polled.everybody[:5]):
        await polled.vote(voter, 1, 2, after=place - 60)
    person = await enrol(town, Role.OPERATOR, email="op@example.org")
    page = await visits.open(
        f"/staff/messages/{polled.id}/answers", staff=person.word, width=width, dark=dark,
        javascript=not dark,
    )  # fmt: skip

    await press(page, "a[rel=next]")
    assert await first(page, ".call h2") == "elbtal 3"
    await expect(page.locator(".turning")).to_contain_text("Zu sehen: 3 bis 4 von 5.")
    assert await sideways(page) == 0
    if not dark:
        assert await axe(page) == []
    await picture(page, f"turning {width} {'dark' if dark else 'light'}")
    await press(page, ".call button.main")
    await expect(page.get_by_role("status")).to_contain_text("Vermerkt: erledigt.")
    assert await first(page, ".call h2") == "elbtal 4"
    await press(page, "a[rel=prev]")
    assert await first(page, ".call h2") == "elbtal 1"


async def test_who_answered_what_is_turned_to_and_back(
    visits: Visits, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(votes, "SHOWN", 3)
    polled = await named(town, elbtal=5)
    await polled.all_vote(polled.everybody, 1, 1)
    person = await enrol(town, Role.OPERATOR, email="op@example.org")
    page = await visits.open(f"/staff/messages/{polled.id}/votes", staff=person.word)

    await press(page, "a[rel=next]")
    assert await first(page, ".votes strong") == "elbtal 4"
    assert "elbtal" not in page.url
    assert await axe(page) == []
    await press(page, "a[rel=prev]")
    assert await first(page, ".votes strong") == "elbtal 1"
