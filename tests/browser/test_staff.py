"""Staff in a real browser: from the invitation to the first page, out and in again, and somebody else
let in by them."""

import re

import pytest
from playwright.async_api import Page

from notify.bootstrap import App
from notify.domain.grants import Reach, Role
from notify.services import staffing
from tests.browser.looking import NARROW, WIDE, Visits, axe, picture, sideways
from tests.web.officer import PASSWORD, code

WORDS = {
    "de": {"save": "Speichern und anmelden", "out": "Abmelden", "in": "Anmelden", "go": "Ich habe sie, weiter",
           "give": "Dieses Recht geben", "author": "Schreiben"},
    "en": {"save": "Save and sign in", "out": "Sign out", "in": "Sign in", "go": "I have them, go on",
           "give": "Give this grant", "author": "Author"},
}  # fmt: skip


async def _face(page: Page, name: str, *, look: str) -> None:
    """A page as it stands is for everybody; what looks at it is a script itself."""
    if "plain" not in look:
        assert await axe(page) == []
        assert await sideways(page) == 0
    await picture(page, f"staff {name} {look}")


@pytest.mark.parametrize(
    ("language", "width", "dark", "javascript"),
    [
        ("de", NARROW, False, True), ("de", WIDE, True, False), ("en", NARROW, True, False),
        ("en", WIDE, False, True),
    ],
)  # fmt: skip
async def test_an_administrator_comes_in_and_lets_somebody_in(
    app: App, visits: Visits, language: str, width: int, dark: bool, javascript: bool
) -> None:
    words = WORDS[language]
    look = f"{language} {width} {'dark' if dark else 'light'}{'' if javascript else ' plain'}"
    async with app.db.transaction() as connection:
        await connection.run(
            "INSERT INTO groups (slug, names) VALUES ('elbtal', '{\"de\": \"Elbtal\"}')"
        )
    added = await staffing.add(
        app.db, settings=app.settings, within=Reach(everywhere=True), email="vera@example.org",
        name="Vera Amt", role=Role.ADMINISTRATOR, group=None, language=language,
    )  # fmt: skip
    assert added.link
    page = await visits.open(
        added.link.removeprefix(app.settings.public_url), language=language, width=width,
        dark=dark, javascript=javascript,
    )  # fmt: skip
    await _face(page, "welcome", look=look)
    spelled = (await page.inner_text(".secret")).replace(" ", "")
    await page.fill("#f-password", "kurz")
    await page.fill("#f-code", code(spelled))
    await page.click(f'button:has-text("{words["save"]}")')
    await _face(page, "welcome, weak", look=look)
    assert await page.get_attribute("#f-password", "aria-invalid") == "true"
    assert (await page.inner_text(".secret")).replace(" ", "") == spelled
    await page.fill("#f-password", PASSWORD)
    await page.fill("#f-code", code(spelled))
    await page.click(f'button:has-text("{words["save"]}")')
    await _face(page, "recovery", look=look)
    codes = await page.locator(".recovery code").all_inner_texts()
    assert len(codes) == 10
    await page.click(f'a:has-text("{words["go"]}")')
    await _face(page, "home", look=look)

    await page.click(f'footer button:has-text("{words["out"]}")')
    await _face(page, "sign in", look=look)
    await page.fill("#f-email", "vera@example.org")
    await page.fill("#f-password", "falsch")
    await page.fill("#f-code", codes[0])
    await page.click(f'main button:has-text("{words["in"]}")')
    await _face(page, "sign in, wrong", look=look)
    assert await page.input_value("#f-email") == "vera@example.org"
    await page.fill("#f-password", PASSWORD)
    await page.fill("#f-code", codes[0])
    await page.click(f'main button:has-text("{words["in"]}")')
    await page.wait_for_url("**/staff")

    await page.goto("/staff/people")
    await _face(page, "people", look=look)
    await page.fill("#f-email", "bert@example.org")
    await page.fill("#f-name", "Bert Feuer")
    await page.check("#f-role-author")
    await page.select_option("#f-group", "elbtal")
    await page.click(f'button:has-text("{words["give"]}")')
    await _face(page, "person, invited", look=look)
    link = await page.inner_text(".secret")
    assert re.fullmatch(re.escape(app.settings.public_url) + r"/staff/welcome/[\w-]{43}", link)
    await page.goto("/staff/me")
    await _face(page, "me", look=look)
    bert = await visits.open(link.removeprefix(app.settings.public_url), language=language)
    assert "Bert Feuer" in await bert.inner_text("h1")
