"""What people do on pages with their hands: press buttons, type codes, open their page."""

import asyncio
import re
from typing import Final

from playwright.async_api import Page

from tests.journeys.world import World

LOOKS: Final = 400  # at the mailbox, each 0.05 s after the one before


async def press(page: Page, selector: str) -> None:
    """Press a button or link, wait for where it leads, and take the hand away."""
    async with page.expect_navigation():
        await page.locator(selector).first.click()
    await page.mouse.move(0, 0)


async def code(world: World, to: str) -> str:
    """The code of the last message that came to an address."""
    for _ in range(LOOKS):
        for channel, field in (("email", "subject"), ("sms", "body")):
            books = await asyncio.to_thread(world.box.books, channel)
            texts = [one[field] for one in books if one["to"] == to]
            found = re.search(r"\b\d{6}\b", texts[-1]) if texts else None
            if found:
                return found[0]
        await asyncio.sleep(0.05)
    raise AssertionError("no code came")


async def enter(page: Page, world: World, address: str) -> None:
    """Open a resident's page, from its door."""
    world.box.clear()  # a code that came before is over
    await page.goto("/my")
    await page.fill("#f-address", address)
    await press(page, "main button.main")
    await page.fill("#f-code", await code(world, address))
    await press(page, "main button.main")
