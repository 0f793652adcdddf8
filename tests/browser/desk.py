"""Walks through the staff's pages, by the words that staff read, each in a browser of their own."""

import asyncio
from typing import Any, Final, Self

from playwright.async_api import expect

from notify.domain.grants import Role
from tests.browser.looking import Visits
from tests.browser.walking import Walk, Way
from tests.journeys.world import World
from tests.town import Town
from tests.web.officer import PASSWORD, Person, code, enrol

LOOKS: Final = 150
PAUSE: Final = 0.2  # seconds between two looks


class Desk(Walk):
    """Somebody of the staff at the pages, and before their mailbox. `who` they are."""

    who: Person
    way: Way

    @classmethod
    async def of(
        cls, journey: Visits, world: World, office: Town, way: Way, role: Role, *, name: str,
        path: str = "/staff", outside: bool = False, **more: Any,
    ) -> Self:  # fmt: skip
        """Somebody new, with this role in the world's town, in a browser in which they are signed in,
        if not `outside`. `more` goes to Playwright's `new_context`."""
        first = name.partition(" ")[0].lower()
        who = await enrol(
            office, role, world.town, email=f"{first}@{world.town}.example", name=name,
            language=way.language,
        )  # fmt: skip
        page = await journey.open(
            path, language=way.language, javascript=way.javascript, width=way.width,
            staff=None if outside else who.word, **more,
        )  # fmt: skip
        made = cls(page, world, way)
        made.who, made.way = who, way
        return made

    async def elsewhere(self, journey: Visits, path: str = "/staff", **more: Any) -> Self:
        """The same person in a browser in which they are not signed in. `more` as for `of`."""
        page = await journey.open(
            path, language=self.way.language, javascript=self.way.javascript,
            width=self.way.width, **more,
        )  # fmt: skip
        made = type(self)(page, self.world, self.way)
        made.who, made.way = self.who, self.way
        return made

    async def sign_in(self, *, code_: str | None = None) -> None:
        """With all that is asked for; a recovery code instead of the app's where one is given."""
        await self.fill("E-mail address", self.who.email)
        await self.fill("Password", PASSWORD)
        await self.fill("Code from your app", code_ or code(self.who.secret))
        await self.press("Sign in")

    async def pick(self, label: str) -> None:
        """Choose one of several."""
        await self.page.get_by_role("radio", name=self.say(label), exact=True).check()

    async def untick(self, label: str) -> None:
        await self.page.get_by_label(self.say(label), exact=True).uncheck()

    async def write(self, title: str, body: str) -> None:
        """The text of the first language."""
        for label, value in (("Title", title), ("Text", body)):
            await self.page.get_by_label(self.say(label), exact=True).first.fill(value)

    async def choose_hours(self, label: str, hours: int) -> None:
        """How long it holds."""
        chosen = self.say("%(count)s hours", count=str(hours))
        await self.page.get_by_label(self.say(label), exact=True).select_option(label=chosen)

    async def save(self) -> None:
        """Keep what was typed, by the button above it."""
        button = self.page.get_by_role("button", name=self.say("Save"), exact=True).first
        async with self.page.expect_navigation():
            await button.click()
        await self.arrives()

    async def look(self, path: str) -> None:
        """Go to a page by its address, as from a bookmark."""
        await self.page.goto(path)
        await self.arrives()

    async def alerted(self, said: str) -> None:
        """The page says aloud that something is wrong."""
        alert = self.page.get_by_role("alert")
        await expect(alert).to_contain_text(self.say(said))

    async def until(self, said: str) -> None:
        """Look again, as one does without scripts, until these words stand on the page."""
        main = self.page.locator("main")
        for _ in range(LOOKS):
            if self.say(said) in await main.inner_text():
                return
            await asyncio.sleep(PAUSE)
            await self.page.reload()
        raise AssertionError(f"{said!r} does not come: {await main.inner_text()}")
