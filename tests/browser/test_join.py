"""People sign up in a real browser: from the form to the alert in their mailbox and on their phone."""

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import Page
from pydantic import SecretStr

from notify.domain.keyring import Keyring
from notify.settings import Settings
from notify.store.database import Database
from tests.browser.looking import NARROW, WIDE, Visits, axe, picture, sideways
from tests.journeys.processes import until
from tests.journeys.world import World
from tests.town import Town
from tests.web.joiner import latest_code

LIGHT = 100_000  # bytes of a first page, all told
ABOUT = (
    '{"de": {"sends": "Was den Ort angeht.", "often": "Zweimal im Monat", "example": "Kein Wasser."},'
    ' "en": {"sends": "What concerns the town.", "often": "Twice a month", "example": "No water."}}'
)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={
            "smtp_urls": (SecretStr("smtp://127.0.0.1:1?tls=none"),),
            "twilio_account_sid": "AC1",
            "twilio_auth_token": SecretStr("t"),
            "twilio_senders": ("+4915735980001@1",),
            "vapid_private_key": SecretStr("x"),
        }
    )


async def _town(town: Town) -> None:
    await town.change(
        "INSERT INTO groups (slug, names, about, identity) VALUES ('town',"
        ' \'{"de": "Musterstadt", "en": "Sampletown"}\', %(about)s,'
        ' \'{"privacy": "Wir speichern **wenig**."}\')',
        about=ABOUT,
    )
    await town.change(
        "INSERT INTO groups (slug, parent_id, names, closed) SELECT 'kita', id,"
        ' \'{"de": "Kita Süd", "en": "Kita South"}\', true FROM groups WHERE slug = \'town\''
    )


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize(("width", "dark"), [(NARROW, False), (WIDE, True)], ids=["narrow", "wide"])
async def test_every_page_is_sound_and_fits(
    visits: Visits, town: Town, db: Database, keyring: Keyring, language: str, width: int,
    dark: bool,
) -> None:  # fmt: skip
    await _town(town)
    page = await visits.open("/join", width=width, dark=dark, language=language)
    tag = f"join-{language}-{width}"

    async def sound(name: str) -> None:
        await picture(page, f"{tag}-{name}")
        assert await axe(page) == [], name
        assert await sideways(page) == 0, name

    await sound("form")
    await page.click("button.main")
    await sound("errors")
    await page.check("#f-group-town")
    await page.check("#f-group-kita")
    await page.fill("#f-email", "anna@example.org")
    for box in ("#f-alerts-email", "#f-alerts-sms"):
        await page.uncheck(box)
    await page.click("button.main")
    await sound("no-warnings")
    await page.check("#f-alerts-email")
    await page.fill("#f-phone", "0151 12345678")
    await page.check("#f-alerts-sms")
    await page.check("#f-alerts-push")
    await page.click("button.main")
    await sound("codes")
    await page.click("section.choice >> nth=0 >> button.main")
    await sound("wrong-code")
    await page.click("summary >> nth=0")
    await sound("change")
    _, digits = await latest_code(db, keyring, "anna@example.org")
    await page.fill("section.choice >> nth=0 >> .code input", digits)
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".calm")
    await sound("one-left")
    _, digits = await latest_code(db, keyring, "+4915112345678")
    await page.fill(".code input", digits)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("dl.gets")
    await sound("done")
    await page.goto(f"/join/kita?lang={language}")
    await sound("landing")
    await page.goto(f"/join/kita/poster?lang={language}")
    await sound("poster")
    await page.context.clear_cookies()
    await page.goto(f"/join/code?lang={language}")
    await sound("closed")


@pytest.mark.parametrize("language", ["de", "en"])
async def test_the_page_of_a_code_to_be_texted_is_sound(
    visits: Visits, town: Town, language: str
) -> None:
    await _town(town)
    await town.change(
        "INSERT INTO sms_asked VALUES ((now() AT TIME ZONE 'Europe/Berlin')::date, 500)"
    )
    page = await visits.open("/join/town", language=language)
    await page.fill("#f-phone", "0151 12345678")
    await page.click("button.main")
    await page.wait_for_selector(".digits")
    assert await axe(page) == []
    await page.click("button.main")
    await page.wait_for_selector(".summary")

    assert await axe(page) == []
    assert await sideways(page) == 0
    await picture(page, f"join-{language}-texted")


async def test_the_first_page_is_light(visits: Visits, town: Town) -> None:
    await _town(town)
    page = await visits.open("/healthz")
    sizes: list[int] = []

    async def weigh(response: Any) -> None:
        sizes.append(len(await response.body()))

    page.on("response", lambda response: asyncio.ensure_future(weigh(response)))
    await page.goto("/join", wait_until="networkidle")

    assert len(sizes) >= 2
    assert sum(sizes) < LIGHT


async def test_by_keyboard_alone_from_the_form_to_the_code(
    visits: Visits, town: Town, db: Database, keyring: Keyring
) -> None:
    await _town(town)
    page = await visits.open("/join")

    async def tab_to(selector: str) -> None:
        for _ in range(40):
            await page.keyboard.press("Tab")
            if await page.evaluate("s => document.activeElement.matches(s)", selector):
                outline = "getComputedStyle(document.activeElement).outlineStyle"
                assert await page.evaluate(outline) != "none"
                return
        raise AssertionError(selector)

    await tab_to("#f-group-town")
    await page.keyboard.press("Space")
    await tab_to("#f-email")
    await page.keyboard.type("anna@example.org")
    await tab_to("button.main")
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".code")
    _, digits = await latest_code(db, keyring, "anna@example.org")
    await tab_to(".code input")
    await page.keyboard.type(digits)
    await page.keyboard.press("Enter")

    await page.wait_for_selector("dl.gets")


def _letter(world: World, to: str) -> Any:
    """The last mail that came to an address."""

    def look() -> Any:
        mails = [mail for mail in world.box.books("email") if mail["to"] == to]
        return mails[-1] if mails else None

    return until(look, why=world.everything)


async def _typed_in(page: Page, world: World, **addresses: str) -> None:
    for field, value in addresses.items():
        await page.fill(f"#f-{field}", value)
    await page.click("button.main")
    await page.wait_for_selector(".code")


@pytest.mark.parametrize(
    ("language", "javascript", "width"),
    [("de", False, NARROW), ("en", True, WIDE)],
    ids=["German, narrow, without scripts", "English, wide"],
)
async def test_from_the_landing_link_to_the_alert_in_the_mailbox(
    journey: Visits, world: World, language: str, javascript: bool, width: int
) -> None:
    page = await journey.open(
        f"/join/{world.town}", language=language, javascript=javascript, width=width
    )
    await _typed_in(page, world, email=world.mail())

    letter = await asyncio.to_thread(_letter, world, world.mail())
    digits = re.search(r"\b\d{6}\b", letter["subject"])
    assert digits, letter["subject"]
    await page.fill(".code input", digits[0])
    await page.click("button.main")
    await page.wait_for_selector("dl.gets")
    world.box.clear()
    sent = world.send("alert")
    await asyncio.to_thread(world.at_rest, sent)

    assert world.reached("email") == {world.mail(): 1}
    words = "Hochwasser" if language == "de" else "Flood"
    assert words in (await asyncio.to_thread(_letter, world, world.mail()))["subject"]


async def test_the_link_in_the_mail_opened_on_another_device(journey: Visits, world: World) -> None:
    page = await journey.open(f"/join/{world.town}", javascript=False)
    await _typed_in(page, world, email=world.mail())
    letter = await asyncio.to_thread(_letter, world, world.mail())
    body = letter["text"]
    link = re.search(r"https?://\S+(/code/\S+)", body)
    assert link, body

    phone = await journey.open(link[1], javascript=False)
    await phone.click("button.main")
    await phone.wait_for_selector("dl.gets")

    assert await phone.inner_text("h1") == "✓ Sie sind angemeldet"
    await page.reload()
    assert "geschlossen" in await page.inner_text("h1")


async def test_from_the_form_to_the_alert_on_the_phone(journey: Visits, world: World) -> None:
    page = await journey.open(f"/join/{world.town}", language="de", javascript=False)
    await _typed_in(page, world, phone=world.phone())

    def screen() -> list[str]:
        return [sms["body"] for sms in world.box.books("sms") if sms["to"] == world.phone()]

    await asyncio.to_thread(until, screen, why=world.everything)
    (code,) = screen()
    digits = re.search(r"\b\d{6}\b", code)
    assert digits, code
    await page.fill(".code input", digits[0])
    await page.click("button.main")
    await page.wait_for_selector("dl.gets")
    await asyncio.to_thread(world.at_rest, world.send("alert"))

    assert "Hochwasser" in screen()[-1]
