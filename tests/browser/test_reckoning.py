"""Beside a draft in a real browser: numbers and previews follow what is chosen and typed."""

import pytest
from playwright.async_api import Page, expect
from pydantic import SecretStr

from notify.bootstrap import App
from notify.domain.draft import Content
from notify.domain.grants import Role
from notify.services import drafting, staff_sessions
from notify.settings import Settings
from tests.browser.looking import NARROW, WIDE, Visits, axe, picture, sideways
from tests.town import Town
from tests.web.officer import enrol


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With a way to send mails."""
    return settings.model_copy(update={"smtp_urls": (SecretStr("smtp://relay.example"),)})


async def _says(page: Page, selector: str, words: str) -> None:
    await expect(page.locator(selector)).to_contain_text(words)


async def _editor(
    app: App, visits: Visits, *, width: int, dark: bool, javascript: bool, query: str = ""
) -> Page:
    """An author of Elbtal, which two follow by mail, before an empty draft."""
    town = Town(app.db, app.keyring, app.settings)
    elbtal = await town.group("elbtal")
    for name, language in (("anna", "de"), ("ben", "en")):
        await town.resident(
            elbtal, email=f"{name}@example.org", language=language, alerts=["email", "sms"]
        )
    person = await enrol(town, Role.AUTHOR, "elbtal")
    officer = await staff_sessions.find(app.db, person.word)
    assert officer is not None
    draft = await drafting.begin(app.db, officer, Content(kind="alert"))
    return await visits.open(
        f"/staff/drafts/{draft.id}{query}", width=width, dark=dark, javascript=javascript,
        staff=person.word,
    )  # fmt: skip


@pytest.mark.parametrize(("width", "dark"), [(NARROW, False), (WIDE, True)])
async def test_numbers_and_previews_follow_what_is_typed(
    app: App, visits: Visits, width: int, dark: bool
) -> None:
    page = await _editor(app, visits, width=width, dark=dark, javascript=True)
    await _says(page, "#audience", "Wählen Sie, wer es bekommt")

    await page.check("#f-groups-elbtal")
    await _says(page, "#audience", "2 Menschen werden erreicht")
    await page.check("#f-severity-severe")
    await page.fill("#f-title-de", "Achtung")
    await page.fill("#f-body-de", "Bleiben Sie in Elbtal bis 22 Uhr im Haus.")
    await _says(page, "#previews", "WARNUNG: Achtung")
    await _says(page, "#previews", "„Achtung“ sagt nicht, was passiert ist")
    await page.fill("#f-title-de", "Orkan in Elbtal")
    await _says(page, "#previews", "WARNUNG: Orkan in Elbtal")
    await expect(page.locator("#previews")).not_to_contain_text("sagt nicht, was passiert ist")

    assert await axe(page) == []
    assert await sideways(page) == 0
    await picture(page, f"writing beside {width} {'dark' if dark else 'light'}")


async def test_it_speaks_the_language_of_the_page(app: App, visits: Visits) -> None:
    page = await _editor(app, visits, width=WIDE, dark=False, javascript=True, query="?lang=en")

    await page.check("#f-groups-elbtal")

    await _says(page, "#audience", "2 people are reached")
    await _says(page, "#previews", "What arrives")


async def test_without_scripts_the_page_shows_them_when_it_is_saved(
    app: App, visits: Visits
) -> None:
    page = await _editor(app, visits, width=NARROW, dark=False, javascript=False)
    await page.check("#f-groups-elbtal")
    await page.fill("#f-title-de", "Orkan in Elbtal")

    await page.click("form#draft button:not(.main):not(.small)")

    await _says(page, "#audience", "2 Menschen werden erreicht")
    await _says(page, "#previews", "WARNUNG: Orkan in Elbtal")
    await page.click("#previews button")
    assert "Der Test ist unterwegs zu Ihnen" in await page.inner_text("[role=status]")
    assert await page.input_value("input[name=title-de]") == "Orkan in Elbtal"
