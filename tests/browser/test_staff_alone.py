"""One officer alone: the warning, and its end or its correction, each reviewed by somebody else."""

import re

import pytest
from playwright.async_api import expect

from notify.domain.grants import Role
from notify.domain.words import Relation
from tests.browser.desk import Desk
from tests.browser.looking import Visits
from tests.browser.walking import OPPOSITES, Way
from tests.journeys.world import World
from tests.services.test_preparing import approved
from tests.town import Town

TITLES = {"de": "Wasser abkochen in Elbtal", "en": "Boil water in Elbtal"}
REASON = "Why can nobody approve it?"
TRIED = "I tried, and reached nobody who may approve it"

ENDINGS = [
    pytest.param(OPPOSITES[0], Relation.ALL_CLEAR, "Entwarnung", id=f"all-clear, {OPPOSITES[0]}"),
    pytest.param(OPPOSITES[1], Relation.CORRECTION, "Korrektur", id=f"correction, {OPPOSITES[1]}"),
]  # fmt: skip
SENT = ("You sent this alone.", "It is on its way.", "All who approve are told.")
BUTTONS = {
    Relation.ALL_CLEAR: (
        "Give the all-clear", "Give this all-clear for %(groups)s for approval",
        "Send the all-clear, alone",
    ),
    Relation.CORRECTION: (
        "Correct it", "Give this warning for %(groups)s for approval",
        "Send the correction, alone",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("way", "relation", "mark"), ENDINGS)
async def test_somebody_alone_warns_and_takes_it_back_and_somebody_else_reviews_both(
    journey: Visits, world: World, office: Town, way: Way, relation: Relation, mark: str
) -> None:
    await approved(office, world.town, groups=(world.town,))
    for number in range(2):
        world.resident(email=world.mail(number))
    anna = await Desk.of(journey, world, office, way, Role.AUTHOR, name="Anna Weber")
    vera = await Desk.of(journey, world, office, way, Role.APPROVER, name="Vera Amt")
    begin, give, alone = BUTTONS[relation]
    title = TITLES[way.language]

    await _warn(anna, world)

    for number in range(2):
        assert TITLES["de"] in (await anna.mail(world.mail(number)))["subject"]
    told = await vera.mail(vera.who.email, "Anna Weber")
    assert "Niemand hebt ab" in told["text"]

    await anna.until(begin)
    await anna.press(begin, to="Write a message")
    await anna.press("Look it over", to="Look it over")
    await anna.press(anna.say(give, groups=world.town), to=title)
    world.box.clear()
    await anna.press(alone, to=title)
    await anna.alerted("Please check this first")
    await anna.fill(REASON, "Immer noch niemand")
    await anna.tick(TRIED)
    await anna.press(alone, to=title)
    for said in SENT:
        await anna.sees(said)

    for number in range(2):
        assert (await anna.mail(world.mail(number)))["subject"].startswith(
            f"{mark}: {TITLES['de']}"
        )
    assert "Immer noch niemand" in (await vera.mail(vera.who.email, "Anna Weber"))["text"]
    resident = await journey.open("/", language="de", width=way.width, javascript=way.javascript)
    await expect(resident.locator("main")).to_contain_text(f"{mark}: {TITLES['de']}")

    await anna.look("/staff")
    await anna.sees("Sent by one person alone, not reviewed yet")
    await anna.lacks("Review it")
    await _review_both(vera)
    rows = world.rows(
        "SELECT decision, count(*) AS n FROM decisions d JOIN staff s ON s.id = d.staff_id"
        " WHERE s.email LIKE %(town)s GROUP BY 1 ORDER BY 1",
        town=f"%@{world.town}.example",
    )
    assert [(row["decision"], row["n"]) for row in rows] == [("broke_glass", 2), ("reviewed", 2)]


async def _warn(anna: Desk, world: World) -> None:
    """From the overview to the warning that is on its way."""
    title = TITLES[anna.language]
    await anna.follow("Warn alone", to="Warn alone, without approval")
    await anna.page.get_by_role("link", name=re.compile("^Wasser abkochen")).click()
    await anna.arrives("Wasser abkochen")
    await anna.fill("Ort", "Elbtal")
    await anna.fill("Grund", "Keime im Netz")
    await anna.press("Go on: see what goes out", to=title)
    send = anna.say("Send this warning to %(count)s people, alone", count="2")
    await anna.press(send, to=title)
    await anna.alerted("Please check this first")
    assert world.mail() not in world.reached("email")
    await anna.fill(REASON, "Niemand hebt ab")
    await anna.tick(TRIED)
    await anna.press(send, to=title)
    for said in SENT:
        await anna.sees(said)


async def _review_both(vera: Desk) -> None:
    """What was sent alone, and what was sent alone after it."""
    title = TITLES[vera.language]
    await vera.look("/staff")
    reviews = vera.page.get_by_role("link", name=re.compile(f"^{vera.say('Review it')}"))
    assert await reviews.count() == 2
    for left in (1, 0):
        await reviews.first.click()
        await vera.arrives("Review")
        await vera.fill(
            "Was it right to send this alone? What should be done otherwise?", "War richtig."
        )
        await vera.press("Keep this review", to=title)
        await vera.sees({"de": "Geprüft von Vera Amt", "en": "Reviewed by Vera Amt"}[vera.language])
        await vera.look("/staff")
        assert await reviews.count() == left
    await vera.lacks("Sent by one person alone, not reviewed yet")
