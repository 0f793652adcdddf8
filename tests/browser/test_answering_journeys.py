"""From the mail that asks to the answer that counts, with a mind that changes on the way."""

import asyncio
import re
import urllib.request
from typing import Any, Final
from uuid import UUID

import pytest

from tests.browser.asked import DAYS, PLACE, send
from tests.browser.hands import press
from tests.browser.looking import NARROW, WIDE, Visits
from tests.journeys.processes import until
from tests.journeys.world import World

BALLOTS: Final = "SELECT question, choices FROM ballots WHERE broadcast_id = %(id)s ORDER BY 1, 2"


def letter(world: World, to: str) -> dict[str, Any]:
    """The mail that came to an address."""
    until(lambda: world.reached("email")[to] == 1, why=world.everything)
    (mail,) = (mail for mail in world.box.books("email") if mail["to"] == to)
    return dict(mail)


def link(mail: dict[str, Any]) -> str:
    found = re.search(r"https?://[^/\s]+(/answer/\S+)", mail["text"])
    assert found, mail["text"]
    return found[1]


def scan(mail: dict[str, Any]) -> int:
    """Open all links of a mail as a scanner does, twice; how many there are."""
    links = set(re.findall(r"https?://127\.0\.0\.1[^\s\"<>]+", mail["text"]))
    for url in links:
        for method in ("HEAD", "GET", "GET"):
            request = urllib.request.Request(url, method=method)  # noqa: S310 - our own
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                assert answer.status == 200
    return len(links)


def votes(world: World, poll: UUID) -> list[tuple[int, list[int]]]:
    return [(row["question"], row["choices"]) for row in world.rows(BALLOTS, id=poll)]


@pytest.mark.parametrize(
    ("language", "javascript", "width"), [("de", False, NARROW), ("en", True, WIDE)],
    ids=["German, narrow, plain", "English, wide"],
)  # fmt: skip
async def test_an_answer_by_the_link_in_a_mail_and_another_one_after_it(
    journey: Visits, world: World, language: str, javascript: bool, width: int
) -> None:
    anna, ben = world.mail(1), world.mail(2)
    for who in (anna, ben):
        await asyncio.to_thread(world.resident, email=who, language=language)
    poll = await send(world, PLACE, DAYS)
    mail, other = [await asyncio.to_thread(letter, world, who) for who in (anna, ben)]
    assert link(mail) != link(other)

    scanned = await asyncio.to_thread(scan, mail)

    assert scanned >= 3
    assert votes(world, poll) == []
    assert (
        world.rows("SELECT FROM voters WHERE broadcast_id = %(id)s AND answered <> '{}'", id=poll)
        == []
    )
    page = await journey.open(link(mail), language=language, javascript=javascript, width=width)
    await page.check("#f-q1-2")
    await page.check("#f-q2")
    await page.check("#f-q2-3")
    await press(page, "main button.main")
    counted = {"de": "✓ Ihre Antwort zählt", "en": "✓ Your answer is counted"}
    assert await page.inner_text("h1") == counted[language]
    receipt = await page.inner_text(".receipt")
    assert votes(world, poll) == [(1, [2]), (2, [1, 3])]

    await press(page, "a[href*='/answer/']")
    assert receipt in await page.inner_text(".told")
    assert await page.locator("main input:checked").count() == 0
    await page.check("#f-q1")
    await press(page, "main button.main")

    anew = {"de": "✓ Ihre neue Antwort zählt", "en": "✓ Your new answer is counted"}
    assert await page.inner_text("h1") == anew[language]
    assert await page.inner_text(".receipt") == receipt
    assert votes(world, poll) == [(1, [1]), (2, [1, 3])]
    (voter,) = world.rows(
        "SELECT how, answered FROM voters WHERE broadcast_id = %(id)s AND answered <> '{}'", id=poll
    )
    assert (voter["how"], sorted(voter["answered"])) == ("mail", [1, 2])


async def test_too_many_are_told_and_what_was_chosen_stays(journey: Visits, world: World) -> None:
    anna = world.mail(1)
    await asyncio.to_thread(world.resident, email=anna)
    poll = await send(world, PLACE, DAYS)
    page = await journey.open(link(await asyncio.to_thread(letter, world, anna)))
    for pick in ("#f-q1-3", "#f-q2", "#f-q2-2", "#f-q2-3"):
        await page.check(pick)

    await press(page, "main button.main")

    assert await page.inner_text("#said-q2") == "! Bitte wählen Sie höchstens 2."
    assert await page.locator("main input:checked").count() == 4
    await page.click(".summary a")
    assert await page.evaluate("document.activeElement.id") == "f-q2"
    assert votes(world, poll) == []
    await page.uncheck("#f-q2-3")
    await press(page, "main button.main")
    assert votes(world, poll) == [(1, [3]), (2, [1, 2])]
