"""Whoever once texted STOP is told to which number START goes: who carries our SMS waits for it."""

from collections.abc import Awaitable, Callable

import pytest
from aiohttp import ClientSession
from pydantic import SecretStr

from notify.settings import Settings
from tests.town import Town
from tests.web.joiner import Browser
from tests.web.visitor import Visitor

MakeGroup = Callable[..., Awaitable[int]]
PHONE = "+4915112345678"
SENDERS = {
    "+4915735980001@1": "START an +49 1573 5980001",
    "MG00000000000000000000000000000000@1": "START an die Nummer, von der unsere SMS kommen",
}


@pytest.fixture(params=SENDERS)
def sender(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def settings(settings: Settings, sender: str) -> Settings:
    return settings.model_copy(
        update={
            "twilio_account_sid": "AC1",
            "twilio_auth_token": SecretStr("t"),
            "twilio_senders": ("Musterstadt", sender),
        }
    )


async def test_the_own_page_tells_it_of_the_number_and_of_what_did_not_come(
    site: ClientSession, town: Town, sender: str
) -> None:
    resident = await town.resident(await town.group(), phone=PHONE, alerts=["sms"])
    anna = await Visitor.of(site, town, resident)
    await town.broadcast("town")
    await town.plan()
    await town.change("UPDATE deliveries SET status = 'failed', reason = 'opted_out'")
    await town.change(
        "INSERT INTO suppressions (channel, hash, reason)"
        " SELECT channel, hash, 'opted_out' FROM addresses"
    )

    for path in ("/my/addresses", "/my/received"):
        html = (await anna.get(path))[1]
        assert f"Sie wollten keine SMS mehr. Schicken Sie {SENDERS[sender]}" in html, path


async def test_pages_that_wait_for_a_code_by_sms_tell_it_and_those_for_a_mail_do_not(
    site: ClientSession, group: MakeGroup, town: Town, sender: str
) -> None:
    await group("town")
    said = f"Dann schicken Sie zuerst {SENDERS[sender]}"
    anna = await Visitor.of(
        site, town, await town.resident(email="anna@example.org", alerts=["email"])
    )
    shown = []
    for field, value in (("phone", "0151 12345678"), ("email", "new@example.org")):
        browser = Browser(site)
        pages = [await browser.join("town", **{field: value})]
        pages.append((await anna.post("/my/enter", {"address": value}))[1])
        await anna.post("/my/addresses/add", {"address": value})
        pages.append((await anna.get("/my/addresses"))[1])
        shown.append([html.count(said) for html in pages])

    assert shown == [[1, 1, 1], [0, 0, 1]]  # the own page still waits for the phone's
