"""Signing up tells strangers nothing, floods nobody, and costs the town no more than a day's SMS."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientSession

from notify.domain.keyring import Keyring
from notify.domain.replying import Say
from notify.services import texting
from notify.services.asking import BY_ADDRESS, BY_NETWORK
from notify.store.database import Connection, Database
from tests.town import Town
from tests.web.joiner import Browser, latest_code
from tests.web.test_pages_join import ANNA, PHONE, browser, settings

MakeGroup = Callable[..., Awaitable[int]]
__all__ = ["browser", "settings"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that is run, in order."""
    told: list[str] = []
    for name in ("rows", "row", "run"):
        real = getattr(Connection, name)

        async def listening(self: Connection, query: Any, _real: Any = real, **values: Any) -> Any:
            if "page_stamp" not in query:  # asked once a second, whoever comes
                told.append(query)
            return await _real(self, query, **values)

        monkeypatch.setattr(Connection, name, listening)
    return told


def _plain(browser: Browser) -> tuple[int, str, str]:
    """A page without what differs from one sign-up to the next."""
    body = re.sub(r'(value|id|name|href|for|aria-describedby)="[^"]*\d+[^"]*"', "", browser.body)
    return browser.status, browser.path, body.replace("known@", "x@").replace("never@", "x@")


@pytest.mark.parametrize("state", ["proven", "unverified"])
async def test_a_known_address_looks_like_an_unknown_one(
    site: ClientSession, town: Town, group: MakeGroup, asked: list[str], state: str
) -> None:
    following = await group("town")
    await town.resident(following, email="known@example.org", phone=PHONE, state=state)
    known, unknown = Browser(site), Browser(site)
    await known.get("/join")  # what is kept ready for all is read by the first
    pages, statements = [], []

    for one, mail, phone in (
        (known, "known@example.org", PHONE), (unknown, "never@example.org", "+4915112345679"),
    ):  # fmt: skip
        asked.clear()
        await one.join("town", email=mail, phone=phone)
        pages.append(_plain(one))
        statements.append(list(asked))
        asked.clear()
        await one.type(one.addresses()[0], "000000")
        pages.append(_plain(one))
        statements.append(list(asked))

    assert pages[0][0] == 200
    assert pages[0][2].replace("+49 1511 2345678", "") == pages[2][2].replace(
        "+49 1511 2345679", ""
    )
    assert pages[1][:2] == pages[3][:2]
    assert statements[0] == statements[2]
    assert statements[1] == statements[3]
    # Both were sent the same: a code over each way.
    rows = await town.rows(
        "SELECT a.value, d.channel, d.lane FROM deliveries d JOIN addresses a ON a.id = d.address_id"
        " ORDER BY d.id"
    )
    assert [(row["channel"], row["lane"]) for row in rows] == 2 * [
        ("email", "note"),
        ("sms", "note"),
    ]


async def test_an_address_is_not_flooded_and_the_page_says_when_to_try_again(
    site: ClientSession, town: Town, group: MakeGroup
) -> None:
    await group("town")
    browser = Browser(site)
    for _ in range(BY_ADDRESS[0].most):
        browser = Browser(site)
        await browser.join("town", email=ANNA)
        assert browser.path.startswith("/join/code")
    await browser.post("/join/code", address=browser.addresses()[0], again="yes")
    assert browser.status == 429
    assert "in 15 Minuten" in browser.body

    late = Browser(site)
    await late.join("town", email=ANNA)

    assert late.status == 429
    assert 'href="#f-email"' in late.body
    assert f'value="{ANNA}"' in late.body
    assert len(await town.rows("SELECT FROM deliveries")) == BY_ADDRESS[0].most


async def test_changing_the_address_is_bounded_too(
    site: ClientSession, town: Town, group: MakeGroup
) -> None:
    """Else one sign-up could send codes to the whole world."""
    await group("town")
    browser = Browser(site)
    await browser.join("town", email="a0@example.org")
    for n in range(1, BY_NETWORK[0].most + 5):
        (address,) = browser.addresses()
        await browser.post(
            "/join/code", ("change", "yes"), ("address", address), (f"to_{address}", f"a{n}@x.org")
        )

    assert browser.status == 429
    assert len(await town.rows("SELECT FROM deliveries")) == BY_NETWORK[0].most


async def test_when_the_day_s_sms_are_used_up_the_phone_texts_the_code(
    browser: Browser, town: Town, db: Database, keyring: Keyring, group: MakeGroup,
) -> None:  # fmt: skip
    await group("town")
    await town.change(
        "INSERT INTO sms_asked VALUES ((now() AT TIME ZONE 'Europe/Berlin')::date, 500)"
    )
    await browser.join("town", phone=PHONE)
    assert "an +49 1573 5980001" in browser.body
    assert not await town.rows("SELECT FROM deliveries")
    (row,) = await town.rows("SELECT id FROM codes")
    digits = texting.digits(keyring, row["id"])
    assert f'<p class="digits">{digits}</p>' in browser.body
    word = re.search(r'name="page" value="([^"]+)"', browser.body)
    assert word

    # What the page shows is not worth anything typed.
    await browser.type((await town.rows("SELECT id FROM addresses"))[0]["id"], digits)
    assert browser.status == 422
    await browser.post("/join/code", page=word[1])
    assert browser.status == 409
    assert "noch nicht da" in browser.body
    await browser.post("/join/code", page=word[1], look="1")
    assert (browser.status, browser.body) == (204, "")
    async with db.transaction() as connection:
        assert await texting.texted(connection, keyring, PHONE, digits, settings=town.settings)
    await browser.post("/join/code", page=word[1])

    assert browser.path.startswith("/join/done")
    assert "+49 1511 2345678" in browser.body


async def test_a_code_shown_for_a_known_number_opens_nobody_s_page(
    site: ClientSession, town: Town, db: Database, keyring: Keyring, group: MakeGroup,
) -> None:  # fmt: skip
    """A stranger has its owner text it. What the stranger sees is what they saw before."""
    anna = await town.resident(await group("town"), phone=PHONE)
    await group("other")
    await town.change(
        "INSERT INTO sms_asked VALUES ((now() AT TIME ZONE 'Europe/Berlin')::date, 500)"
    )
    stranger = Browser(site)
    await stranger.join("other", phone=PHONE)
    (row,) = await town.rows("SELECT id FROM codes")
    word = texting.word(keyring, row["id"])
    before = await stranger.post("/join/code", page=word)

    async with db.transaction() as connection:
        digits = texting.digits(keyring, row["id"])
        assert (
            await texting.texted(connection, keyring, PHONE, digits, settings=town.settings)
            is Say.TAKEN
        )

    assert await stranger.post("/join/code", page=word) == before
    assert stranger.status == 409
    await town.change("UPDATE codes SET valid_until = now()")
    await stranger.post("/join/code", page=word, look="1")
    assert (stranger.status, stranger.body) == (204, "")
    await stranger.post("/join/code", page=word)
    assert stranger.status == 422
    (number,) = await town.rows("SELECT id FROM addresses WHERE state = 'asked'")
    assert f'href="#f-code_{number["id"]}">Dieser Code gilt nicht mehr.' in stranger.body
    await stranger.get("/my")
    assert "Meine Seite öffnen" in stranger.body
    rows = await town.rows("SELECT group_id FROM subscriptions WHERE resident_id = %(a)s", a=anna)
    assert len(rows) == 1


async def test_mail_goes_on_when_the_sms_are_used_up(
    browser: Browser, town: Town, db: Database, keyring: Keyring, group: MakeGroup
) -> None:
    await group("town")
    await town.change(
        "INSERT INTO sms_asked VALUES ((now() AT TIME ZONE 'Europe/Berlin')::date, 500)"
    )
    await browser.join("town", email=ANNA, phone=PHONE)
    rows = await town.rows("SELECT channel FROM deliveries")
    assert [row["channel"] for row in rows] == ["email"]

    _, digits = await latest_code(db, keyring, ANNA)
    (mail,) = await town.rows("SELECT id FROM addresses WHERE channel = 'email'")
    await browser.type(str(mail["id"]), digits)
    assert "anna@example.org ist bestätigt" in browser.body
