"""A whole warning with a thumb: two phones of 360 pixels, from signing in to the message in a mailbox."""

from typing import Any, Final, Literal

import pytest
from playwright.async_api import Locator
from typing_extensions import override

from notify.domain.grants import Role
from tests.browser.desk import Desk
from tests.browser.looking import NARROW, Visits
from tests.browser.walking import Way, link
from tests.journeys.world import World
from tests.town import Town

PHONE: Final[dict[str, Any]] = {"has_touch": True, "is_mobile": True, "device_scale_factor": 3}
SMALLEST: Final = 44  # pixels, for a thumb
WRITES: Final = 7  # taps of whoever writes it
APPROVES: Final = 2  # of whoever lets it go


class Thumb(Desk):
    """Somebody who taps, and types as little as can be."""

    taps = 0
    typed = 0

    async def tap(self, target: Locator) -> None:
        """Touch something large enough, which is whole within the width of the screen."""
        await target.scroll_into_view_if_needed()
        box = await target.bounding_box()
        assert box is not None
        assert box["height"] >= SMALLEST, (await target.inner_text(), box)
        assert box["x"] >= 0, box
        assert box["x"] + box["width"] <= NARROW, box
        await target.tap()
        self.taps += 1

    @override
    async def press(self, button: str, *, to: str | None = None, into: str | None = None) -> None:
        async with self.page.expect_navigation():
            await self.tap(self.page.get_by_role("button", name=self.say(button), exact=True))
        self.language = into or self.language
        await self.arrives(to)

    @override
    async def pick(self, label: str) -> None:
        await self._touch("radio", label)

    @override
    async def tick(self, label: str) -> None:
        await self._touch("checkbox", label)

    @override
    async def fill(self, label: str, value: str) -> None:
        await super().fill(label, value)
        self.typed += 1

    @override
    async def choose_hours(self, label: str, hours: int) -> None:
        await super().choose_hours(label, hours)
        self.taps += 1

    @override
    async def write(self, title: str, body: str) -> None:
        await super().write(title, body)
        self.typed += 2

    async def _touch(self, role: Literal["radio", "checkbox"], label: str) -> None:
        """By its words, as thumbs do."""
        box = self.page.get_by_role(role, name=self.say(label), exact=True)
        await self.tap(box.locator("xpath=following-sibling::label"))
        assert await box.is_checked()


@pytest.mark.parametrize("way", [Way("de", True, NARROW), Way("en", False, NARROW)], ids=str)
async def test_two_thumbs_warn_a_town_in_nine_taps(
    journey: Visits, world: World, office: Town, way: Way
) -> None:
    world.resident(email=world.mail(), phone=world.phone())
    anna = await Thumb.of(
        journey, world, office, way, Role.AUTHOR, name="Anna Weber", outside=True, **PHONE
    )
    vera = await Thumb.of(
        journey, world, office, way, Role.APPROVER, name="Vera Amt", outside=True, **PHONE
    )
    title = "Giftiger Rauch über der Altstadt"

    await anna.sign_in()
    await anna.press("New warning", to="Write a message")
    await anna.pick("Extreme danger")
    await anna.tick(world.town)
    await anna.write(title, "Gehen Sie hinein. Schließen Sie Fenster und Türen.")
    await anna.choose_hours("Or from now for", 3)
    await anna.press("Look it over", to="Look it over")
    give = "Give this warning for %(groups)s for approval"
    await anna.press(anna.say(give, groups=world.town), to=title)
    assert (anna.taps, anna.typed) == (WRITES, 5)

    await vera.look(link(await vera.mail(vera.who.email), "/staff/messages/"))
    await vera.sign_in()
    approve = vera.say("Approve this warning for %(groups)s", groups=world.town)
    await vera.press(approve, to=title)
    await vera.sees("You approved this.")
    assert (vera.taps, vera.typed) == (APPROVES, 3)

    assert title in (await vera.mail(world.mail()))["subject"]
    assert title in await vera.text(world.phone())
