"""Beside the draft of a poll stands the page that residents will answer on, as they will see it."""

import pytest
from playwright.async_api import expect

from notify.domain.grants import Role
from tests.browser.looking import NARROW, WIDE, Visits, axe, picture, sideways
from tests.town import Town
from tests.web.officer import enrol
from tests.web.test_staff_answer_frames import LONGER, ON_DAYS, begun


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_the_form_stands_beside_the_draft_and_sends_nothing(
    visits: Visits, town: Town, width: int, dark: bool
) -> None:
    await town.group("elbtal")
    draft = await begun(town, LONGER, ON_DAYS)
    person = await enrol(town, Role.AUTHOR, email="writes@example.org")
    page = await visits.open(
        f"/staff/drafts/{draft}", staff=person.word, width=width, dark=dark, javascript=not dark
    )
    await page.wait_for_load_state("networkidle")  # what stands beside it was reckoned once more

    frame = page.locator('iframe[title="Wo man antwortet, Deutsch"]')
    await frame.scroll_into_view_if_needed()
    inside = frame.content_frame
    await expect(inside.locator("h1")).to_have_text("Freibad")
    # Our styles are there: of another origin the frame would not get them.
    assert (
        await inside.locator("main button.main").evaluate("b => getComputedStyle(b).minHeight")
        != "auto"
    )
    await inside.locator("#f-q1").check()
    await inside.locator("main button.main").click()
    await inside.locator("a[href='/imprint']").click()
    await expect(inside.locator("h1")).to_have_text("Freibad")
    await expect(inside.locator("#f-q1")).to_be_checked()
    assert len(page.context.pages) == 1
    assert await inside.locator("html").evaluate("e => e.scrollWidth - e.clientWidth") == 0
    assert await sideways(page) == 0
    if not dark:
        assert await axe(page) == []
    await picture(page, f"poll preview {width} {'dark' if dark else 'light'}")
