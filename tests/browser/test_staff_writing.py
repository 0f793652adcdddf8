"""Staff write and approve in two browsers, until the message is in a mailbox; a draft saves itself."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from playwright.async_api import Page, Route, expect

from notify import clock
from notify.bootstrap import App
from notify.domain.draft import Content, Words
from notify.domain.grants import Role
from notify.rendering.languages import words
from notify.services import drafting, staff_sessions
from tests.browser.hands import press
from tests.browser.looking import WIDE, Visits, axe, picture, sideways
from tests.browser.walking import OPPOSITES, Way
from tests.journeys.processes import until
from tests.journeys.world import World
from tests.town import Town
from tests.web.officer import Person, enrol


def said(language: str, english: str) -> str:
    spoken = words(language, default="de", zone=ZoneInfo("Europe/Berlin"))
    return spoken.gettext(english)


@pytest.mark.parametrize("way", OPPOSITES, ids=str)
async def test_two_people_warn_a_town_and_give_the_all_clear(
    journey: Visits, world: World, office: Town, way: Way
) -> None:
    mail = world.mail()
    await asyncio.to_thread(world.resident, email=mail, language="de")
    pages: list[Page] = []
    for role in (Role.AUTHOR, Role.APPROVER):
        person = await enrol(office, role, world.town, email=f"{role}@{world.town}.example")
        pages.append(
            await journey.open(
                f"/staff/messages?lang={way.language}", language=way.language, width=way.width,
                javascript=way.javascript, staff=person.word,
            )
        )  # fmt: skip
    author, approver = pages

    await press(author, f'button:has-text("{said(way.language, "New warning")}")')
    await author.check("#f-severity-severe")
    await author.check(f"#f-groups-{world.town}")
    await author.fill("#f-title-de", "Gasleck in der Hauptstraße")
    await author.fill("#f-body-de", "Schließen Sie die Fenster.\n\n- Bleiben Sie im Haus.")
    await author.select_option("#f-until_in", "3")
    await press(author, "#draft button.main")
    await _for_everybody(author, f"look it over {way}", javascript=way.javascript)
    await press(author, "main form button.main")
    waits = said(way.language, "Submitted. It is sent once somebody else approves it.")
    await expect(author.locator("main")).to_contain_text(waits)

    await approver.reload()
    await press(approver, 'main a:has-text("Gasleck in der Hauptstraße")')
    await expect(approver.locator("main")).to_contain_text("Bleiben Sie im Haus.")
    assert mail not in world.reached("email")
    await press(approver, "form[action*='/approve'] button")
    (letter,) = await _mails(world, mail, 1)
    assert "Gasleck in der Hauptstraße" in letter["subject"]

    message = author.url.partition("?")[0]
    await author.goto(f"{message}?lang={way.language}")
    done = said(way.language, "sent")
    for _ in range(100):
        if await author.locator(f'.facts strong:text-is("{done}")').count():
            break
        await asyncio.sleep(0.2)
        await author.reload()
    await _for_everybody(author, f"sent {way}", javascript=way.javascript)
    await press(author, "button[value=all_clear]")
    assert await author.input_value("#f-title-de") == "Entwarnung: Gasleck in der Hauptstraße"
    await press(author, "#draft button.main")
    await press(author, "main form button.main")
    await approver.goto(f"{author.url.partition('?')[0]}?lang={way.language}")
    approve = said(way.language, "Approve this all-clear for %(groups)s") % {"groups": world.town}
    await expect(approver.locator("form[action*='/approve'] button")).to_have_text(approve)
    await press(approver, "form[action*='/approve'] button")
    assert "Entwarnung" in (await _mails(world, mail, 2))[-1]["subject"]


async def _mails(world: World, to: str, count: int) -> list[Any]:
    def look() -> list[Any]:
        came = [one for one in world.box.books("email") if one["to"] == to]
        return came if len(came) >= count else []

    return await asyncio.to_thread(until, look)


async def _for_everybody(page: Page, name: str, *, javascript: bool) -> None:
    if javascript:  # axe is a script itself
        assert await axe(page) == []
    assert await sideways(page) == 0
    await picture(page, name)


# Writing


@pytest_asyncio.fixture(loop_scope="session")
async def town(app: App) -> Town:
    made = Town(app.db, app.keyring, app.settings)
    await made.group("elbtal")
    return made


async def _begun(town: Town) -> tuple[Person, UUID]:
    person = await enrol(town, Role.AUTHOR)
    vera = await staff_sessions.find(town.db, person.word)
    assert vera is not None
    content = Content(
        kind="alert", severity="severe", groups=("elbtal",), texts={"de": Words("Sturm", "Drin bleiben.")},
        valid_until=(clock.now() + timedelta(days=1)).strftime("%Y-%m-%dT18:00"),
    )  # fmt: skip
    return person, (await drafting.begin(town.db, vera, content)).id


async def _kept(town: Town) -> Any:
    (row,) = await town.rows("SELECT version, content FROM drafts")
    return row


async def test_it_saves_itself_and_says_when_it_cannot(visits: Visits, town: Town) -> None:
    person, draft = await _begun(town)
    page = await visits.open(f"/staff/drafts/{draft}", staff=person.word)
    before = await page.inner_text("#saved")
    assert before.startswith("Gespeichert ")

    await page.fill("#f-title-de", "Orkan")
    await expect(page.locator("#draft [name=version]")).to_have_value("2")
    assert (await _kept(town))["content"]["texts"]["de"]["title"] == "Orkan"

    async def away(route: Route) -> None:
        await route.abort()

    await page.route("**/staff/drafts/*", away)
    await page.fill("#f-title-de", "Orkan heute")
    await expect(page.locator("#unsaved")).to_be_visible()
    await page.unroute("**/staff/drafts/*")
    await expect(page.locator("#saved")).to_be_visible(timeout=20_000)  # it tries again after 5 s
    assert await page.locator("#unsaved").is_hidden()
    assert (await _kept(town))["content"]["texts"]["de"]["title"] == "Orkan heute"

    await town.change("DELETE FROM staff_sessions")
    await page.fill("#f-title-de", "Orkan morgen")
    await expect(page.locator("#outside")).to_be_visible()
    assert await page.input_value("#f-title-de") == "Orkan morgen"


async def test_the_mail_beside_it_is_the_one_that_is_typed(visits: Visits, town: Town) -> None:
    person, draft = await _begun(town)
    page = await visits.open(f"/staff/drafts/{draft}", staff=person.word)
    frame = page.locator("#previews iframe")
    # In one go: the frame is loaded where it is seen, and put anew by what is reckoned meanwhile.
    scroll = "document.querySelector('#previews iframe').scrollIntoView()"
    await page.evaluate(scroll)
    await expect(frame.content_frame.locator("h1")).to_have_text("Sturm")

    await page.fill("#f-title-de", "Orkan heute Abend")
    await expect(page.locator("#draft [name=version]")).to_have_value("2")
    await expect(page.locator("#previews .bubble").first).to_contain_text("Orkan")

    await page.evaluate(scroll)
    await expect(frame.content_frame.locator("h1")).to_have_text("Orkan heute Abend")


async def test_a_button_pressed_while_it_saves_itself_meets_no_conflict(
    visits: Visits, town: Town
) -> None:
    person, draft = await _begun(town)
    page = await visits.open(f"/staff/drafts/{draft}", staff=person.word)

    async def slowly(route: Route) -> None:
        if "application/json" in route.request.headers.get("accept", ""):
            await asyncio.sleep(1.5)
        await route.continue_()

    await page.route("**/staff/drafts/*", slowly)
    await page.fill("#f-title-de", "Orkan")
    await page.wait_for_timeout(1_300)  # it has begun to save itself
    await page.fill("#f-body-de", "Anders.")
    await press(page, "#draft button.main")

    assert page.url.endswith("/submit")
    assert (await _kept(town))["content"]["texts"]["de"] == {
        "title": "Orkan", "body": "Anders.", "sms": "",
    }  # fmt: skip


@pytest.mark.parametrize("button", [False, True])
async def test_a_save_that_was_kept_but_never_answered_is_no_conflict_with_oneself(
    visits: Visits, town: Town, button: bool
) -> None:
    person, draft = await _begun(town)
    page = await visits.open(f"/staff/drafts/{draft}", staff=person.word)

    async def unanswered(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await page.route("**/staff/drafts/*", unanswered)
    await page.fill("#f-title-de", "Orkan")
    await expect(page.locator("#unsaved")).to_be_visible()
    assert (await _kept(town))["version"] == 2
    await page.unroute("**/staff/drafts/*")
    await page.fill("#f-body-de", "Anders.")
    if button:
        await press(page, "#draft button.main")
        assert page.url.endswith("/submit")
    else:
        await expect(page.locator("#draft [name=version]")).to_have_value("3")
        assert await page.locator("#stale").is_hidden()

    assert (await _kept(town))["content"]["texts"]["de"] == {
        "title": "Orkan", "body": "Anders.", "sms": "",
    }  # fmt: skip


@pytest.mark.parametrize("javascript", [True, False])
async def test_who_comes_second_sees_both_and_chooses(
    visits: Visits, town: Town, javascript: bool
) -> None:
    person, draft = await _begun(town)
    page = await visits.open(
        f"/staff/drafts/{draft}", staff=person.word, javascript=javascript, width=WIDE
    )
    await town.change(
        "UPDATE drafts SET version = version + 1,"
        " content = jsonb_set(content, '{texts,de,title}', '\"Orkan\"')"
    )

    await page.fill("#f-body-de", "Im Haus bleiben.")
    if javascript:
        await expect(page.locator("#stale")).to_be_visible()
    await press(page, "#draft .buttons button:not(.main)")

    await _for_everybody(page, f"versions, scripts {javascript}", javascript=javascript)
    assert await page.is_checked("#f-theirs-title-de")
    assert await page.is_checked("#f-mine-body-de")
    await press(page, "main button.main")
    kept = await _kept(town)
    assert kept["content"]["texts"]["de"] == {
        "title": "Orkan",
        "body": "Im Haus bleiben.",
        "sms": "",
    }
    assert kept["version"] == 3


async def test_it_is_written_and_submitted_with_the_keyboard_alone(
    visits: Visits, town: Town
) -> None:
    person, draft = await _begun(town)
    page = await visits.open(f"/staff/drafts/{draft}", staff=person.word, javascript=False)

    await page.focus("#f-title-de")
    async with page.expect_navigation():
        await page.keyboard.press("Enter")  # saves, and nothing else
    assert page.url.endswith("?done=saved")
    await _tab_to(page, "#draft button.main")
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    await _tab_to(page, "main form button.main")
    async with page.expect_navigation():
        await page.keyboard.press("Space")

    assert "done=submitted" in page.url
    (row,) = await town.rows("SELECT status FROM broadcasts")
    assert row["status"] == "submitted"


async def _tab_to(page: Page, selector: str) -> None:
    for _ in range(80):
        await page.keyboard.press("Tab")
        if await page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"the tab key does not reach {selector}")
