"""Staff keep order in real browsers: two of them at the same group, a file of residents from the trial
to one person in it, and the log that tells of it all."""

import pytest
import pytest_asyncio

from notify.bootstrap import App
from notify.domain.grants import Role
from tests.browser.hands import press
from tests.browser.looking import NARROW, WIDE, Visits
from tests.town import Town
from tests.web.officer import enrol

FILE = "name;email;groups\nErika Muster;erika@example.org;elbtal\nBert;nonsense;elbtal\n"


@pytest_asyncio.fixture(loop_scope="session")
async def town(app: App) -> Town:
    stage = Town(app.db, app.keyring, app.settings)
    await stage.group("elbtal")
    return stage


@pytest.mark.parametrize(("width", "javascript"), [(NARROW, False), (WIDE, True)])
async def test_two_change_a_group_at_once_and_neither_loses_a_word(
    town: Town, visits: Visits, width: int, javascript: bool
) -> None:
    people = [await enrol(town, email=f"{name}@example.org") for name in ("vera", "anna")]
    vera, anna = [
        await visits.open(
            "/staff/groups/elbtal?lang=de", width=width, javascript=javascript, staff=who.word
        )
        for who in people
    ]
    for page, name in ((anna, "Das Elbtal"), (vera, "Elbtal und Höhe")):
        await page.fill("[name='name.de']", name)
        await press(page, "form[action*='/names'] button")

    assert await vera.input_value("[name='name.de']") == "Elbtal und Höhe"
    assert "Das Elbtal" in await vera.inner_text("#f-names")
    assert await town.rows("SELECT names FROM groups") == [{"names": {"de": "Das Elbtal"}}]
    await press(vera, "form[action*='/names'] button")
    assert await town.rows("SELECT names FROM groups") == [{"names": {"de": "Elbtal und Höhe"}}]


@pytest.mark.parametrize(("width", "javascript"), [(NARROW, False), (WIDE, True)])
async def test_a_file_is_tried_and_taken_in_and_somebody_in_it_looked_at_for_a_reason(
    town: Town, visits: Visits, width: int, javascript: bool
) -> None:
    operator = await enrol(town, Role.OPERATOR, "elbtal", email="ole@example.org")
    page = await visits.open(
        "/staff/residents?lang=de", width=width, javascript=javascript, staff=operator.word
    )
    await press(page, "main a[href*='/import']")
    await page.set_input_files(
        "#f-file", {"name": "herbst.csv", "mimeType": "text/csv", "buffer": FILE.encode()}
    )
    await page.fill("#f-consent", "Papier 2026")
    await press(page, "main button.main")
    assert "Zeile 3" in await page.inner_text("main")
    assert await town.rows("SELECT FROM residents") == []
    await press(page, "main button.main")
    assert "Importiert" in await page.inner_text("h1")

    await page.goto("/staff/residents?lang=de")
    await page.fill("#f-named", "erika@example.org")
    await press(page, "main button.main")
    assert "Erika" not in await page.inner_text("main")
    await page.fill("#f-reason", "Sie fragt nach der Warnung")
    await press(page, "main button.main")
    assert "Erika Muster" in await page.inner_text("main")

    head = await enrol(town)
    log = await visits.open(
        "/staff/audit?lang=de", width=width, javascript=javascript, staff=head.word
    )
    said = await log.inner_text("main")
    assert "Sie fragt nach der Warnung" in said
    assert "erika@example.org" not in said
    await press(log, "form[action*='/verify'] button")
    assert "vollständig" in await log.inner_text("main")
