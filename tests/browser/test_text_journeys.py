"""Somebody with a push-button phone texts JOIN, and later opens their page on a computer."""

import asyncio

from tests.browser.looking import Visits
from tests.browser.walking import Way, begin, in_opposite_ways
from tests.journeys.world import SENDER, TEXTS, World


@in_opposite_ways
async def test_who_joined_by_sms_finds_their_page(journey: Visits, world: World, way: Way) -> None:
    phone = world.phone()
    world.box.settings(inbound_url=f"{world.environment['NOTIFY_PUBLIC_URL']}/hooks/twilio/inbound")
    walk = await begin(journey, world, way)

    async def text(body: str) -> None:
        said = await asyncio.to_thread(world.box.inbound, sender=phone, to=SENDER, body=body)
        assert said["answer"]["status"] == 200

    await text(f"{walk.say('JOIN')} {world.town}")
    await walk.text(phone, "STOP")
    world.box.clear()
    await text(walk.say("LIST"))
    await walk.text(phone, world.town)
    world.box.clear()
    await walk.follow("My page", to="Open my page")
    await walk.fill("Your e-mail address or phone number", phone)
    await walk.press("Send me a code")
    await walk.type_code(await walk.text(phone))
    await walk.press("Open my page", to="What I get")
    for kind in ("Warnings", "News"):
        ways = walk.ways(kind, of=world.town)
        assert await ways.get_by_label("SMS", exact=True).is_checked()
    world.box.clear()
    await walk.choose("News", of=world.town)
    await walk.press("Save", to="What I get")
    await walk.settled(world.send("announcement"), world.send("alert"))

    (alert,) = walk.texts(phone)
    assert TEXTS[way.language]["sms"] in alert
