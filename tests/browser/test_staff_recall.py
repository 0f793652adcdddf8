"""A warning is being sent, slowly; it is recalled from its page, and within a second no phone rings any
more. What the page says then is what the phones and the rows say."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Final

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from notify.domain.grants import Role
from rig.crowd import settle
from tests.browser.conftest import looking, staff_town
from tests.browser.desk import Desk
from tests.browser.looking import NARROW, WIDE
from tests.browser.walking import Way
from tests.databases import Databases
from tests.journeys.world import SENDER, World
from tests.town import Town

PHONES: Final = 200
RATE: Final = 4  # SMS a second


@pytest.fixture(scope="module")
def slow_world(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Real processes, and a sender that takes its time."""
    with (
        databases.lent() as url,
        World(url, tmp_path_factory.mktemp("slow"), TWILIO_SENDERS=f"{SENDER}@{RATE}") as made,
    ):
        made.begin()
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def slow_office(slow_world: World) -> AsyncIterator[Town]:
    slow_world.new_town()
    async with staff_town(slow_world) as town:
        yield town


@pytest.mark.parametrize(
    "way", [Way("de", True, NARROW), Way("en", False, WIDE)], ids=str
)  # fmt: skip
async def test_a_recall_from_the_live_page_stops_all_that_still_waits(
    browser: Browser, slow_world: World, slow_office: Town, way: Way
) -> None:
    world = slow_world
    settle(world, PHONES, town=world.town, channels=("sms",))
    async with looking(browser, world.environment["NOTIFY_PUBLIC_URL"]) as visits:
        ole = await Desk.of(visits, world, slow_office, way, Role.OPERATOR, name="Ole Post")
        alert = world.send(severity="severe")
        await ole.look(f"/staff/messages/{alert}")
        await ole.comes(lambda: world.reached("sms").total() > RATE)
        await ole.press("Recall this message")
        await ole.alerted("Recall this message?")
        await ole.press("Recall it")
        await ole.sees("You recalled this. What was not handed over stays unsent.")
        await ole.settled(alert)

        (recalled,) = world.rows(
            "SELECT decided_at FROM decisions WHERE broadcast_id = %(id)s", id=alert
        )
        texts = world.box.books("sms")
        last = max(text["at"] for text in texts)
        assert last < (recalled["decided_at"] + timedelta(seconds=1)).timestamp()
        counts = {status: n for (_, status), n in world.statuses().items()}
        unsent = counts.pop("cancelled")
        assert (len(texts), len(texts) + unsent) == (sum(counts.values()), PHONES), counts
        assert RATE < len(texts) < PHONES
        assert set(world.reached("sms").values()) == {1}

        numbers = ole.page.locator("#numbers")
        if not way.javascript:
            await ole.page.reload()
        held = numbers.get_by_role("term").filter(has_text=ole.say("Stopped"))
        await expect(held.locator("xpath=following-sibling::dd")).to_have_text(str(unsent))
