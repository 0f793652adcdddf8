"""Walks through a town's pages as residents do, by the words they read, to the message they get.

Words are given in English, as they stand in the code; on a German page what the catalogue says for
them is looked for.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Locator, Page, expect
from typing_extensions import override

from notify.rendering.languages import words
from tests.browser.looking import NARROW, PATIENCE, WIDE, Visits, picture, sideways
from tests.journeys.processes import until
from tests.journeys.world import TEXTS, World

T = TypeVar("T")

ZONE: Final = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True, slots=True)
class Way:
    """A way of looking at the pages."""

    language: str
    javascript: bool
    width: int

    @override
    def __str__(self) -> str:
        language = "German" if self.language == "de" else "English"
        width = "narrow" if self.width == NARROW else "wide"
        return f"{language}, {width}, {'with' if self.javascript else 'without'} scripts"


WAYS: Final = [Way(*each) for each in product(("de", "en"), (True, False), (NARROW, WIDE))]
OPPOSITES: Final = [Way("de", False, NARROW), Way("en", True, WIDE)]

in_every_way = pytest.mark.parametrize("way", WAYS, ids=str)
in_opposite_ways = pytest.mark.parametrize("way", OPPOSITES, ids=str)


class Walk:
    """Somebody on their way through the pages, and before their mailbox and phone. `language` is
    that of the page they are on."""

    def __init__(self, page: Page, world: World, way: Way) -> None:
        self.page = page
        self.world = world
        self.language = way.language
        self._width = way.width

    @property
    def news(self) -> str:
        """The title of what the world sends, in the language of this page."""
        return TEXTS[self.language]["title"]

    def say(self, english: str, **values: str) -> str:
        """The same in the language of this page; a name stays as it is."""
        said = words(self.language, default="de", zone=ZONE).gettext(english)
        return said % values if values else said

    async def follow(self, link: str, *, to: str) -> None:
        """Go by a link; `to` is the heading of the page that it leads to."""
        async with self.page.expect_navigation():
            await self.page.get_by_role("link", name=self.say(link), exact=True).first.click()
        await self.arrives(to)

    async def press(self, button: str, *, to: str | None = None, into: str | None = None) -> None:
        """Press a button; `to` is the heading of the page that comes then, where it is to be looked
        at, `into` its language where that is another one."""
        async with self.page.expect_navigation():
            await self.page.get_by_role("button", name=self.say(button), exact=True).click()
        self.language = into or self.language
        await self.arrives(to)

    async def type_code(self, said: str) -> None:
        """Take the code out of what was sent, and type it."""
        await self.page.locator("input[autocomplete=one-time-code]").fill(digits(said))

    async def fill(self, label: str, value: str) -> None:
        await self.page.get_by_label(self.say(label), exact=True).fill(value)

    async def tick(self, label: str) -> None:
        await self.page.get_by_label(self.say(label), exact=True).check()

    def ways(self, kind: str, *, of: str | None = None) -> Locator:
        """The ways to be ticked for `Warnings` or `News`, of one group where several are there."""
        within = self.page.get_by_role("group", name=of, exact=True) if of else self.page
        return within.get_by_role("group", name=self.say(kind), exact=True)

    async def choose(self, kind: str, *channels: str, of: str | None = None) -> None:
        """Tick these ways, and no other."""
        ways = self.ways(kind, of=of)
        for box in await ways.get_by_role("checkbox").all():
            await box.uncheck()
        for channel in channels:
            await ways.get_by_label(self.say(channel), exact=True).check()

    async def sees(self, said: str) -> None:
        """These words stand on the page."""
        main = self.page.locator("main")
        await expect(main).to_contain_text(self.say(said), timeout=PATIENCE)

    async def lacks(self, said: str) -> None:
        """These words do not stand on the page."""
        assert self.say(said) not in await self.page.inner_text("main")

    async def arrives(self, heading: str | None = None) -> None:
        """Be on the page with these words in its heading; it speaks one language and fits."""
        name = self.say(heading) if heading else None
        first = self.page.get_by_role("heading", level=1, name=name)
        await expect(first).to_be_visible(timeout=PATIENCE)
        await picture(self.page, f"{heading or 'code'} {self.language} {self._width}")
        assert await self.page.get_attribute("html", "lang") == self.language
        assert await sideways(self.page) == 0

    async def mail(self, to: str, subject: str = "") -> dict[str, Any]:
        """The latest mail to an address with this in its subject, once it is there."""

        def look() -> list[dict[str, Any]]:
            mails = self.world.box.books("email")
            return [one for one in mails if one["to"] == to and subject in one["subject"]]

        return (await self.comes(look))[-1]

    async def text(self, to: str, said: str = "") -> str:
        """The latest text on a phone with this in it, once it is there."""
        return (await self.comes(lambda: [one for one in self.texts(to) if said in one]))[-1]

    def texts(self, to: str) -> list[str]:
        """All that is on the screen of a phone, the oldest first."""
        return [one["body"] for one in self.world.box.books("sms") if one["to"] == to]

    async def comes(self, look: Callable[[], T]) -> T:
        """Wait for what the world is to bring."""
        return await asyncio.to_thread(until, look, why=self.world.everything)

    async def settled(self, *broadcasts: str) -> None:
        """Wait until nothing more of these is to come."""
        for one in broadcasts:
            await asyncio.to_thread(self.world.at_rest, one)


async def begin(journey: Visits, world: World, way: Way, path: str = "/", **more: Any) -> Walk:
    """Open a page in a browser without a past. `more` goes to Playwright's `new_context`."""
    page = await journey.open(
        path, language=way.language, javascript=way.javascript, width=way.width, **more
    )
    return Walk(page, world, way)


def digits(said: str) -> str:
    """The code in a text, or in the subject of a mail."""
    found = re.findall(r"\b\d{6}\b", said)
    assert len(found) == 1, said
    return str(found[0])


def link(mail: Mapping[str, Any], path: str) -> str:
    """The path of the one link in a mail that begins with `path`."""
    found = re.findall(rf"https?://[^/\s]+({re.escape(path)}\S*)", mail["text"])
    assert len(found) == 1, mail["text"]
    return str(found[0])
