"""The link in the mail of somebody who was signed up at the town hall."""

from aiohttp import ClientSession

from notify.domain.codes import Verdict
from notify.domain.keyring import Keyring
from notify.services import desk, proving
from notify.store.database import Database
from tests.services.test_desk import PHONE, signed_up
from tests.town import Town
from tests.web.joiner import Browser, latest_code

MAIL = "anna@example.org"


async def _at_the_desk(town: Town, db: Database, keyring: Keyring) -> str:
    """Somebody's phone was proven there; gives the path of the link in their mail."""
    await town.group("town")
    anna = await signed_up(town, "town", email=MAIL, phone=PHONE)
    _, digits = await latest_code(db, keyring, PHONE)
    await desk.confirm(db, keyring, anna, digits, settings=town.settings)
    code, _ = await latest_code(db, keyring, MAIL)
    return f"/code/{proving.seal(keyring, code)}"


async def test_its_button_confirms_the_address_and_opens_nobody_s_page(
    site: ClientSession, town: Town, db: Database, keyring: Keyring
) -> None:
    link = await _at_the_desk(town, db, keyring)
    browser = Browser(site)

    assert "Adresse bestätigen" in await browser.get(link)
    assert "Ihre Adresse ist bestätigt" in await browser.post(link)

    assert browser.status == 200
    assert browser.cookies == {}
    rows = await town.rows("SELECT state FROM addresses")
    assert [row["state"] for row in rows] == ["proven", "proven"]
    await browser.post(link)
    assert browser.status == 404


async def test_where_a_page_asked_for_the_address_it_is_typed_there(
    site: ClientSession, town: Town, db: Database, keyring: Keyring
) -> None:
    link = await _at_the_desk(town, db, keyring)
    await town.change("UPDATE addresses SET state = 'asked' WHERE channel = 'email'")
    browser = Browser(site)

    assert "Bitte tippen Sie den Code ein" in await browser.post(link)

    assert browser.status == 409
    code, digits = await latest_code(db, keyring, MAIL)
    assert await proving.check(db, keyring, code, digits) is Verdict.RIGHT
