"""From the link in a mail to the button, to the mail that no longer comes, and back again."""

import asyncio
import itertools
import re
from collections import Counter
from uuid import UUID

import pytest
from playwright.async_api import Page
from psycopg.types.json import Jsonb

from notify.domain.words import Kind
from notify.services import leaving
from tests.browser.looking import NARROW, WIDE, Visits, axe, picture, sideways
from tests.journeys.processes import until
from tests.journeys.world import World
from tests.town import Town

KITA = {
    "de": {"title": "Die Kita backt", "body": "Am Freitag um drei."},
    "en": {"title": "The kindergarten bakes", "body": "On Friday at three."},
}
WORDS = {
    "de": {
        "leave": "Abmelden von: {group}", "left": "✓ Sie sind abgemeldet",
        "back": "Wieder anmelden", "returned": "✓ Sie sind wieder angemeldet",
    },
    "en": {
        "leave": "Leave {group}", "left": "✓ You have left", "back": "Back again",
        "returned": "✓ You are back",
    },
}  # fmt: skip
WAYS = list(itertools.product(("de", "en"), (True, False), (NARROW, WIDE)))
NAMES = [f"{lang}-{'scripts' if js else 'plain'}-{width}" for lang, js, width in WAYS]


def _sent(world: World, *broadcasts: str) -> Counter[str]:
    """Who has got how many mails of these broadcasts, once nothing more is to come."""
    for one in broadcasts:
        world.at_rest(one)
    return world.reached("email")


def _comes(world: World, mails: dict[str, int]) -> None:
    """Wait until so many mails came to each, and no more."""
    until(lambda: world.reached("email") == mails, why=world.everything)


def _link(world: World, to: str) -> str:
    """The leave link at the end of the only mail that came to an address."""
    (letter,) = (mail for mail in world.box.books("email") if mail["to"] == to)
    found = re.search(r"https?://[^/\s]+(/leave/\S+)", letter["text"])
    assert found, letter["text"]
    return found[1]


async def _press(page: Page, name: str, then: str) -> None:
    await page.get_by_role("button", name=name, exact=True).click()
    await page.get_by_role("heading", level=1, name=then.removeprefix("✓ ")).wait_for()


@pytest.mark.parametrize(("language", "javascript", "width"), WAYS, ids=NAMES)
async def test_a_group_left_by_its_button_sends_nothing_more_until_the_way_back(
    journey: Visits, world: World, language: str, javascript: bool, width: int
) -> None:
    anna, neighbour, words = world.mail(1), world.mail(2), WORDS[language]
    kita = f"{world.town}-kita"

    def live_here() -> None:
        world.post("/api/v1/groups", {"slug": kita, "name": {"de": kita}})
        both = [{"group": group, "alerts": ["email"], "news": ["email"]}
                for group in (world.town, kita)]  # fmt: skip
        world.resident(email=anna, language=language, subscriptions=both)
        world.resident(email=neighbour)
        assert _sent(world, world.send("announcement")) == {anna: 1, neighbour: 1}

    await asyncio.to_thread(live_here)
    page = await journey.open(
        _link(world, anna), language=language, javascript=javascript, width=width
    )
    assert await page.get_by_role("button", name=kita).count() == 0  # it did not come from there
    await _press(page, words["leave"].format(group=world.town), words["left"])
    world.box.clear()
    sent = world.send("announcement"), world.send("announcement", groups=[kita], texts=KITA)
    assert await asyncio.to_thread(_sent, world, *sent) == {anna: 1, neighbour: 1}
    (letter,) = (mail for mail in world.box.books("email") if mail["to"] == anna)
    assert KITA[language]["title"] in letter["subject"]

    world.box.clear()
    await _press(page, words["back"], words["returned"])
    world.send("announcement")
    await asyncio.to_thread(_comes, world, {anna: 1, neighbour: 1})


@pytest.mark.parametrize(
    ("button", "alert_comes"),
    [
        ("Abmelden von: {group}", False),
        ("Nur diese abmelden", True),
        ("Keine E-Mails mehr", False),
        ("Alles abmelden", False),
    ],
)
async def test_each_button_leaves_what_it_says_until_the_way_back(
    journey: Visits, world: World, button: str, alert_comes: bool
) -> None:
    anna = world.mail(1)

    def live_here() -> None:
        world.resident(email=anna)
        assert _sent(world, world.send("announcement")) == {anna: 1}

    await asyncio.to_thread(live_here)
    page = await journey.open(_link(world, anna), javascript=False)
    await _press(page, button.format(group=world.town), WORDS["de"]["left"])
    world.box.clear()
    sent = world.send("announcement"), world.send("alert")
    assert await asyncio.to_thread(_sent, world, *sent) == ({anna: 1} if alert_comes else {})

    world.box.clear()
    await _press(page, WORDS["de"]["back"], WORDS["de"]["returned"])
    world.send("announcement")
    # The alert that is still in force comes too.
    await asyncio.to_thread(_comes, world, {anna: 1 if alert_comes else 2})


async def _many(town: Town, count: int) -> str:
    """The leave link of a resident who follows so many groups, each of which was written to."""
    made = [await town.group(f"gruppe-{number}") for number in range(count)]
    for number, group in enumerate(made):
        name = "Elternbeirat der Kindertagesstätte am Mühlenweg" if number == 1 else f"Ort {number}"
        await town.change(
            "UPDATE groups SET names = %(names)s WHERE id = %(id)s",
            names=Jsonb({"de": name, "en": name}), id=group,
        )  # fmt: skip
    anna = await town.resident(*made, email="anna@example.org")
    sent = await town.broadcast(*[f"gruppe-{n}" for n in range(count)], kind=Kind.ANNOUNCEMENT)
    (row,) = await town.rows("SELECT id FROM addresses")
    token = leaving.seal(
        town.keyring, resident=UUID(str(anna)), address_id=row["id"], broadcast=sent
    )
    return f"/leave/{token}"


@pytest.mark.parametrize(
    ("language", "width", "dark"), [("de", NARROW, False), ("en", WIDE, True)], ids=["de", "en"]
)
async def test_every_page_of_leaving_is_sound_with_few_groups_and_with_many(
    visits: Visits, town: Town, language: str, width: int, dark: bool
) -> None:
    link = await _many(town, 12)
    page = await visits.open(f"{link}?lang={language}", width=width, dark=dark)
    wrong: list[str] = []

    async def sound(name: str) -> None:
        await picture(page, f"leave-{name} {language} {width} {'dark' if dark else 'light'}")
        wrong.extend(f"{name}: {found}" for found in await axe(page))
        if await sideways(page):
            wrong.append(f"{name}: sideways")

    await sound("many")
    assert await page.locator("button[name=group]").count() == 12
    assert await page.locator("button[name=group]:visible").count() == 5
    await page.click("summary")
    await sound("all of them")
    folded = page.locator("button[name=group]").last
    await folded.evaluate("button => button.value = 'nowhere'")
    await folded.click()
    await page.wait_for_selector(".summary")
    await sound("no such group")
    await page.locator("button[name=group]").nth(1).click()
    await page.wait_for_selector("button[name=back]")
    await sound("left")
    await page.click("button[name=back]")
    await page.wait_for_selector("button[name=back]", state="detached")
    await sound("returned")
    await town.change("DELETE FROM subscriptions WHERE group_id <> (SELECT min(id) FROM groups)")
    await page.goto(f"{link}?lang={language}")
    await sound("one group")
    await page.click("button[name=group]")
    await page.wait_for_selector("button[name=back]")
    await sound("left the last")
    await page.goto(f"{link}?lang={language}")
    await sound("left before")

    assert wrong == []
