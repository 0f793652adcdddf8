"""Residents take along all that is kept about them, and have it erased, in a real browser."""

import asyncio
import json
from pathlib import Path
from uuid import UUID

import pytest

from tests.browser.hands import enter, press
from tests.browser.looking import Visits
from tests.journeys.world import SENDER, World

COUNTED = {
    "addresses": "SELECT FROM addresses WHERE resident_id = %(id)s",
    "subscriptions": "SELECT FROM subscriptions WHERE resident_id = %(id)s",
    "consents": "SELECT FROM consents WHERE resident_id = %(id)s",
    "messages": "SELECT FROM deliveries WHERE resident_id = %(id)s",
    "sessions": "SELECT FROM sessions WHERE resident_id = %(id)s",
    "codes": "SELECT FROM codes WHERE resident_id = %(id)s",
}
"""Where the parts of what is taken along are kept."""


@pytest.mark.parametrize("javascript", [True, False])
async def test_everything_about_me_comes_as_a_file(
    journey: Visits, world: World, javascript: bool
) -> None:
    mail, phone, neighbour = world.mail(), world.phone(), world.mail(1)
    who = world.resident(email=mail, phone=phone, name="Erika Müller")
    world.resident(email=neighbour)
    world.box.settings(inbound_url=f"{journey.origin}/hooks/twilio/inbound")
    await asyncio.to_thread(world.box.inbound, sender=phone, to=SENDER, body="Wo ist Sand?")
    alert = world.send()
    await asyncio.to_thread(world.at_rest, alert)
    page = await journey.open("/my", javascript=javascript)
    await enter(page, world, mail)

    async with page.expect_download() as coming:
        await page.click("main a[href^='/my/export']")
    file = await coming.value

    assert file.suggested_filename == "my-data.json"
    text = await asyncio.to_thread(Path(await file.path()).read_text, "utf-8")
    told = json.loads(text)
    assert (told["resident"]["id"], told["resident"]["name"]) == (who, "Erika Müller")
    assert {one["value"] for one in told["addresses"]} == {mail, phone}
    assert [one["group"] for one in told["subscriptions"]] == [world.town]
    alerts = [one for one in told["messages"] if one["broadcast"] == alert]
    assert {one["channel"] for one in alerts} == {"email", "sms"}
    assert {one["title"] for one in alerts} == {"Hochwasser an der Elbe"}
    assert all(one["attempts"] for one in alerts)
    assert [one["body"] for one in told["texts"]] == ["Wo ist Sand?"]
    kept = {name: len(world.rows(rows, id=UUID(who))) for name, rows in COUNTED.items()}
    assert {name: len(told[name]) for name in COUNTED} == kept
    assert min(kept.values()) > 0
    assert neighbour not in text


@pytest.mark.parametrize("javascript", [True, False])
async def test_after_the_erasure_nothing_comes_and_no_page_is_open(
    journey: Visits, world: World, javascript: bool
) -> None:
    mail, phone, neighbour = world.mail(), world.phone(), world.mail(1)
    who = world.resident(email=mail, phone=phone)
    world.resident(email=neighbour)
    page = await journey.open("/my", javascript=javascript)
    await enter(page, world, mail)
    elsewhere = await journey.open("/my", javascript=javascript)
    await enter(elsewhere, world, phone)

    await press(page, "main a[href^='/my/erase']")
    await press(page, "main button.main")

    assert await page.inner_text("h1") == "✓ Alles über Sie ist gelöscht"
    for one in (page, elsewhere):
        await one.goto("/my/received")
        assert await one.inner_text("h1") == "Meine Seite öffnen"
    world.box.clear()
    await asyncio.to_thread(world.at_rest, world.send())
    assert world.reached("email") == {neighbour: 1}
    assert world.reached("sms") == {}
    assert world.rows("SELECT FROM addresses WHERE resident_id = %(id)s", id=UUID(who)) == []
