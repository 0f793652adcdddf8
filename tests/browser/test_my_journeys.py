"""Residents open their page, choose anew, and the next message follows what they chose."""

import asyncio
from datetime import datetime, timedelta

from tests.browser.looking import NARROW, Visits
from tests.browser.walking import ZONE, Walk, Way, begin, in_every_way
from tests.journeys.world import TEXTS, World

OWN_NAMES = {"de": "Deutsch", "en": "English"}


@in_every_way
async def test_from_the_door_to_the_message_that_follows_the_choice(
    journey: Visits, world: World, way: Way
) -> None:
    """Warnings by SMS, news by mail; another group the other way round; in the other language."""
    mail, phone = world.mail(), world.phone()
    fair = f"{world.town}-fair"
    world.post("/api/v1/groups", {"slug": fair, "name": {"de": fair}})
    await asyncio.to_thread(world.resident, email=mail, phone=phone, language=way.language)
    walk = await begin(journey, world, way)
    await _open(walk, mail)

    await walk.choose("Warnings", "SMS", of=world.town)
    await walk.choose("News", "E-mail", of=world.town)
    await walk.press("Save", to="What I get")
    await walk.sees("Your choices are saved. They hold at once.")
    await walk.follow("Add groups", to="Add groups")
    await walk.tick(fair)
    await walk.choose("Warnings", "E-mail")
    await walk.choose("News", "SMS")
    await walk.press("I agree: add these groups", to="What I get")
    await walk.sees("The groups are added.")
    await _speak_the_other_language_and_be_quiet_now(walk)
    world.box.clear()
    news, other = world.send("announcement"), world.send("announcement", groups=[fair])
    alerts = world.send("alert"), world.send("alert", groups=[fair])

    await walk.text(phone, TEXTS[walk.language]["sms"])
    await walk.mail(mail, walk.news)
    await walk.comes(
        lambda: world.counts(news, "email") == world.counts(other, "sms") == {"pending": 1}
    )
    assert world.reached("email") == {mail: 1}
    assert len(walk.texts(phone)) == 1
    await walk.fill("From", "")
    await walk.fill("Until", "")
    await walk.press("Save", to="Settings")
    await walk.settled(*alerts, news, other)

    assert world.reached("email") == {mail: 2}
    assert all(walk.news in one["subject"] for one in world.box.books("email"))
    assert [TEXTS[walk.language]["sms"] in text for text in walk.texts(phone)] == [True, True]


async def _open(walk: Walk, mail: str) -> None:
    """Open the page with the code that is sent to a proven address."""
    await walk.follow("My page", to="Open my page")
    await walk.fill("Your e-mail address or phone number", mail)
    await walk.press("Send me a code")
    await walk.type_code((await walk.mail(mail))["subject"])
    await walk.press("Open my page", to="What I get")


async def _speak_the_other_language_and_be_quiet_now(walk: Walk) -> None:
    now = datetime.now(ZONE)
    other = "en" if walk.language == "de" else "de"
    await walk.follow("Settings", to="Settings")
    await walk.tick(OWN_NAMES[other])
    await walk.fill("From", f"{now - timedelta(hours=1):%H:%M}")
    await walk.fill("Until", f"{now + timedelta(hours=3):%H:%M}")
    await walk.press("Save", to="Settings", into=other)
    await walk.sees("Your settings are saved.")


_BELOW_ITS_EDGE = (
    "on => on.getBoundingClientRect().top - on.parentElement.getBoundingClientRect().top"
)


async def test_a_name_of_several_lines_stands_within_its_frame(
    journey: Visits, world: World
) -> None:
    name = "Freiwillige Feuerwehr Musterstadt-Oberniederhausen"
    group = world.post("/api/v1/groups", {"slug": f"{world.town}-fire", "name": {"de": name}})
    follows = [{"group": group["slug"], "alerts": ["email"], "news": ["email"]}]
    await asyncio.to_thread(world.resident, email=world.mail(), subscriptions=follows)
    walk = await begin(journey, world, Way("de", javascript=True, width=NARROW))
    await _open(walk, world.mail())

    legend = walk.page.locator(".place legend", has_text=name)
    assert await legend.evaluate(_BELOW_ITS_EDGE) > 10
