"""Somebody of the town hall enters a vote from paper, its voter answers by SMS as well, and others watch
how it comes in."""

import asyncio
from typing import Any
from uuid import UUID

from playwright.async_api import expect

from notify.domain.grants import Role
from notify.rendering.links import shorten
from tests.browser.asked import PLACE, send
from tests.browser.desk import Desk
from tests.browser.looking import WIDE, Visits, axe, picture, sideways
from tests.browser.test_answering_journeys import votes
from tests.browser.walking import Way, in_opposite_ways
from tests.journeys.processes import until
from tests.journeys.world import SENDER, World
from tests.town import Town

PICKS = PLACE.wordings


async def asked(world: World, way: Way, *phones: str, **more: Any) -> UUID:
    """A poll that has come to these phones, from which answers are taken in."""
    world.box.settings(inbound_url=f"{world.environment['NOTIFY_PUBLIC_URL']}/hooks/twilio/inbound")
    for phone in phones:
        await asyncio.to_thread(world.resident, phone=phone, language=way.language)
    poll = await send(world, PLACE, **more)
    for phone in phones:
        await screen(world, phone, 1)
    return poll


async def screen(world: World, phone: str, count: int) -> list[str]:
    """What a phone shows once there are so many texts."""

    def look() -> list[str] | None:
        shown = [one["body"] for one in world.box.books("sms") if one["to"] == phone]
        return shown if len(shown) >= count else None

    found: Any = await asyncio.to_thread(lambda: until(look, why=world.everything))
    return list(found)


async def text(world: World, phone: str, body: str, *, times: int = 1) -> None:
    said = await asyncio.to_thread(
        world.box.inbound, sender=phone, to=SENDER, body=body, times=times
    )
    assert said["answer"]["status"] == 200


def hows(world: World, poll: UUID) -> list[str | None]:
    """By which way each who is asked answered last."""
    rows = world.rows(
        "SELECT how FROM voters WHERE broadcast_id = %(id)s ORDER BY how NULLS LAST", id=poll
    )
    return [row["how"] for row in rows]


async def enter(desk: Desk, phone: str, choice: int) -> None:
    """A paper of whoever has this phone."""
    await desk.fill("Their whole e-mail address, phone number or id", phone)
    await desk.press("Find them", to="Enter a paper")
    await desk.page.get_by_role("radio", name=PICKS[desk.language].options[choice - 1]).check()
    await desk.press("Enter from paper", to="Votes on paper")


async def counts(desk: Desk, answer: str) -> list[str]:
    """People who gave an answer, and their share, as the table on the page has them."""
    row = desk.page.locator(".standing-poll").get_by_role("row", name=answer)
    return await row.get_by_role("cell").all_inner_texts()


@in_opposite_ways
async def test_a_paper_and_an_sms_of_one_person_are_one_vote_and_the_result_says_how(
    journey: Visits, world: World, office: Town, way: Way
) -> None:
    anna, bert = world.phone(1), world.phone(2)
    poll = await asked(world, way, anna, bert)
    desk = await Desk.of(
        journey, world, office, way, Role.OPERATOR, name="Olga Amt", path=f"/staff/messages/{poll}"
    )

    await desk.follow("Enter votes from paper", to="Votes on paper")
    await enter(desk, anna, 2)
    await desk.sees("Entered from paper. It counts.")
    await enter(desk, bert, 2)
    assert votes(world, poll) == [(1, [2]), (1, [2])]
    assert hows(world, poll) == ["desk", "desk"]
    await text(world, anna, "3", times=2)  # the provider calls twice
    said = (await screen(world, anna, 2))[1]
    assert {"de": "Ihre neue Antwort", "en": "new answer"}[way.language] in said

    # One vote each: that of anna is the last one, by whichever way it came.
    assert votes(world, poll) == [(1, [2]), (1, [3])]
    assert hows(world, poll) == ["desk", "sms"]
    await desk.fill("Their whole e-mail address, phone number or id", anna)
    await desk.press("Find them", to="Enter a paper")
    await desk.sees("If you enter the paper, it takes the place of that one.")
    await expect(desk.page.locator("main")).to_contain_text(
        desk.say("by SMS, from their own number")
    )
    await picture(desk.page, f"paper of whoever answered by SMS {way}")
    assert await sideways(desk.page) == 0

    await desk.look(f"/staff/messages/{poll}")
    await desk.press("Close now")
    await desk.press("Close it")
    for path in (f"/staff/messages/{poll}", f"/polls/{shorten(poll)}?lang={way.language}"):
        await desk.look(path)
        main = desk.page.locator("main")
        for line in ("by SMS, from their own number", "on paper, entered by the town hall"):
            await expect(main).to_contain_text(f"1 {desk.say(line)}")
        await expect(main.get_by_role("row", name=PICKS[way.language].options[2])).to_contain_text(
            "50"
        )
    result = await asyncio.to_thread(world.get, f"/api/v1/broadcasts/{poll}/results")
    assert (result["asked"], result["answered"]) == (2, 2)
    assert {way_: n for way_, n in result["how"].items() if n} == {"sms": 1, "desk": 1}


async def test_the_page_of_a_poll_follows_the_answers_and_counts_people(
    journey: Visits, world: World, office: Town
) -> None:
    """Without looking again: the stream of the server alone changes it."""
    way = Way("de", javascript=True, width=WIDE)
    anna, bert = world.phone(1), world.phone(2)
    poll = await asked(world, way, anna, bert, secret=False)
    desk = await Desk.of(
        journey, world, office, way, Role.VIEWER, name="Vera Amt", path=f"/staff/messages/{poll}"
    )
    await desk.page.evaluate("window.never = 'loaded again'")
    turnout = desk.page.locator(".turnout")
    await expect(turnout).to_contain_text("0 von 2")

    await text(world, anna, "1")
    await expect(turnout).to_contain_text("1 von 2")
    assert await counts(desk, "Bäume und Bänke") == ["1", "100 %"]

    for body in ("2", "3", "2"):  # a mind that changes is still one person
        await text(world, anna, body)
    await text(world, bert, "2")
    await expect(turnout).to_contain_text("2 von 2")
    row = desk.page.locator(".standing-poll").get_by_role("row", name="Parkplätze")
    await expect(row.get_by_role("cell")).to_have_text(["2", "100 %"])
    assert await counts(desk, "Bäume und Bänke") == ["0", "0 %"]
    await expect(desk.page.locator(".standing-poll li")).to_have_text(
        ["2 per SMS von der eigenen Nummer"]
    )
    assert await axe(desk.page) == []

    assert await desk.page.evaluate("window.never") == "loaded again"
