"""Watching in a real browser: figures that change by themselves, and without scripts by looking again;
a recall from the phone; and the pictures in every guise."""

import re

import pytest
from playwright.async_api import expect

from channels.memory import MemoryChannel
from channels.messages import Email
from notify.bootstrap import App
from notify.domain.grants import Role
from tests.browser.looking import NARROW, WIDE, Visits, axe, picture, sideways
from tests.services.test_overseeing import waiting
from tests.town import Town
from tests.web.officer import enrol


async def _town(app: App) -> Town:
    return Town(app.db, app.keyring, app.settings)


def _figure(name: str) -> str:
    return f".counts > div:has(dt:has-text('{name}')) dd"


async def test_figures_change_by_themselves_and_a_recall_stops_it(app: App, visits: Visits) -> None:
    town = await _town(app)
    await town.readers(4)
    alert = await town.broadcast("town")
    await town.plan()
    operator = await enrol(town, Role.OPERATOR)
    carrier = MemoryChannel[Email]()
    page = await visits.open(f"/staff/messages/{alert}", staff=operator.word, width=NARROW)
    await expect(page.locator("#numbers")).to_contain_text("4 stehen noch aus")

    await town.change(
        "UPDATE deliveries SET due_at = now() + interval '1 h' WHERE id ="
        " (SELECT max(id) FROM deliveries)"
    )
    await (await town.pump(carrier)).round()
    await expect(page.locator("#numbers")).to_contain_text("1 stehen noch aus")
    await expect(page.locator(_figure("Übergeben"))).to_have_text("3")

    await page.click("button:has-text('Diese Nachricht zurückrufen')")
    await page.click("button:has-text('Zurückrufen')")
    await expect(page.locator("[role=status]")).to_contain_text("zurückgerufen")
    await expect(page.locator("#numbers")).not_to_contain_text("stehen noch aus")
    await expect(page.locator(_figure("Angehalten"))).to_have_text("1")
    assert await axe(page) == []


async def test_whoever_waits_for_approval_sees_that_it_went_on(app: App, visits: Visits) -> None:
    town = await _town(app)
    await town.group("altstadt")
    author = await enrol(town, Role.AUTHOR)
    alert = await waiting(town, "altstadt")
    page = await visits.open(f"/staff/messages/{alert}", staff=author.word, width=NARROW)
    head, moved = page.locator(".banner .facts"), page.locator("#moved")
    await expect(head).to_contain_text("wartet auf Freigabe")
    await expect(moved).to_be_hidden()

    await town.change("UPDATE broadcasts SET status = 'approved', approved_at = now()")
    await town.plan()

    await expect(head).not_to_contain_text("wartet auf Freigabe")
    await expect(head.locator("strong")).to_have_text(
        await page.locator(".standing strong").inner_text()
    )
    await expect(moved).to_be_visible()
    assert await axe(page) == []
    assert await sideways(page) == 0
    await picture(page, "it went on")
    await moved.locator("a").click()
    await expect(page.locator("button:has-text('Entwarnung geben')")).to_be_visible()


async def test_a_mail_is_shown_as_it_arrives(app: App, visits: Visits) -> None:
    town = await _town(app)
    person = await enrol(town, Role.APPROVER)
    await town.group("altstadt")
    alert = await waiting(town, "altstadt")
    page = await visits.open(f"/staff/messages/{alert}", staff=person.word)
    frame = page.locator('iframe[title="E-Mail, wie sie ankommt, Deutsch"]')
    await frame.scroll_into_view_if_needed()
    mail = frame.content_frame

    await expect(mail.locator("h1")).to_have_text("Sturm")

    # Its links lead nowhere.
    await mail.locator("a").first.click()
    await page.wait_for_timeout(300)
    await expect(mail.locator("h1")).to_have_text("Sturm")
    assert len(page.context.pages) == 1
    # With the styles that it has in a mailbox, on white, and all of it within its frame.
    assert await mail.locator("h1").get_attribute("style")
    paper = "getComputedStyle(document.documentElement).colorScheme"
    assert "dark" not in await page.evaluate(
        paper.replace("document.documentElement", "document.querySelector('iframe')")
    )
    assert await sideways(page) == 0
    assert await axe(page) == []
    await picture(page, "mail as it arrives")


async def test_without_scripts_looking_again_does_the_same(app: App, visits: Visits) -> None:
    town = await _town(app)
    await town.readers(2)
    alert = await town.broadcast("town")
    await town.plan()
    viewer = await enrol(town, Role.VIEWER)
    page = await visits.open(f"/staff/messages/{alert}", staff=viewer.word, javascript=False)
    await expect(page.locator("#numbers")).to_contain_text("2 stehen noch aus")

    await (await town.pump(MemoryChannel[Email]())).round()
    await page.click("a:has-text('Noch einmal nachsehen')")

    await expect(page.locator("#numbers")).to_contain_text("ist alles übergeben")


async def test_a_lost_connection_is_told_and_found_again(app: App, visits: Visits) -> None:
    town = await _town(app)
    await town.readers(1)
    alert = await town.broadcast("town")
    viewer = await enrol(town, Role.VIEWER)
    page = await visits.open("/staff", staff=viewer.word)
    live, broken = re.compile(r"/live$"), {"now": True}

    async def through(route: object) -> None:
        if broken["now"]:
            await route.fulfill(status=502, body="Bad gateway")  # type: ignore[attr-defined]
        else:
            await route.continue_()  # type: ignore[attr-defined]

    await page.route(live, through)
    await page.goto(f"/staff/messages/{alert}")
    await expect(page.locator("#numbers-lost")).to_be_visible()

    broken["now"] = False
    await expect(page.locator("#numbers-lost")).to_be_hidden(timeout=15_000)


async def test_who_is_signed_out_is_told_so(app: App, visits: Visits) -> None:
    town = await _town(app)
    await town.readers(1)
    alert = await town.broadcast("town")
    viewer = await enrol(town, Role.VIEWER)
    page = await visits.open(f"/staff/messages/{alert}", staff=viewer.word)
    await expect(page.locator("#numbers-out")).to_be_hidden()

    await town.change("DELETE FROM staff_sessions")

    await expect(page.locator("#numbers-out")).to_be_visible()
    await page.click("a:has-text('Noch einmal nachsehen')")
    await page.wait_for_url("**/staff/sign-in?next=**")


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize(
    "guise",
    [{"forced_colors": "active"}, {"media": "print"}, {"color_scheme": "dark"}],
    ids=["forced colours", "print", "dark"],
)
async def test_pictures_can_be_seen_in_every_guise(
    app: App, visits: Visits, width: int, guise: dict[str, str]
) -> None:
    viewer = await enrol(await _town(app), Role.VIEWER)
    page = await visits.open("/staff/style", staff=viewer.word, width=width)
    await page.emulate_media(**guise)  # type: ignore[arg-type]

    assert await sideways(page) == 0
    for name, of in ((".chart .line", "stroke"), (".chart .part", "fill"), (".chart text", "fill")):
        drawn = await page.locator(name).first.evaluate(f"e => getComputedStyle(e).{of}")
        behind = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert drawn not in {"none", behind}, name
    letters = await page.locator(".chart text").first.evaluate(
        "e => e.getBoundingClientRect().height"
    )
    assert letters >= 10  # pixels: read without a glass
    await picture(page, f"pictures {width} {'-'.join(guise.values())}")
