"""The pages to sign up on, in a real browser: sound in every look, and light."""

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr

from notify.domain.keyring import Keyring
from notify.settings import Settings
from notify.store.database import Database
from tests.browser.looking import NARROW, WIDE, Visits, axe, picture, sideways
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
