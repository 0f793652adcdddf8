"""Looks at a page as people do: in a width, a language, light or dark, with or without scripts."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    ViewportSize,
    expect,
)

NARROW: Final = 360
WIDE: Final = 1280
PATIENCE: Final = 20_000.0  # milliseconds for whatever a page is to do on a busy machine
expect.set_options(timeout=PATIENCE)
PICTURES: Final = os.environ.get("NOTIFY_TEST_PICTURES")
"""A folder: each page that a test takes a picture of is put there, for people to look at."""

_RULES: Final = {"color-contrast-enhanced": {"enabled": True}, "target-size": {"enabled": True}}
"""What axe leaves out unless asked: contrast of AAA, and targets that fingers hit."""


class Visits:
    """Opens pages of one site, each in a browser without a past, and holds what went wrong there:
    what a page asked of other hosts, what its policy forbade, what its scripts broke at.

    `one_window`: each takes the place of the one before, in a window that is made to forget it. A new
    one takes longer than most looks.
    """

    def __init__(self, browser: Browser, origin: str, *, one_window: bool = False) -> None:
        self.origin = origin
        self.troubles: list[str] = []
        self.asked: list[str] = []
        """Every URL that a page had fetched."""
        self._browser = browser
        self._stack = AsyncExitStack()
        self._one_window = one_window
        self._windows: dict[str, Page] = {}

    async def open(
        self,
        path: str = "/",
        *,
        width: int = NARROW,
        height: int = 800,
        language: str = "de",
        dark: bool = False,
        javascript: bool = True,
        session: str | None = None,
        staff: str | None = None,
        **more: Any,
    ) -> Page:
        """A page in a context of its own. `session` is the word of a resident's session that is
        open in it, `staff` that of somebody signed in; `more` goes to Playwright's `new_context`."""
        page = await self._window(
            ViewportSize(width=width, height=height), "dark" if dark else "light",
            locale=language, java_script_enabled=javascript, **more,
        )  # fmt: skip
        for name, word in (("notify", session), ("notify-staff", staff)):
            if word:
                await page.context.add_cookies([{"name": name, "value": word, "url": self.origin}])
        await page.goto(path)
        return page

    async def _window(
        self, size: ViewportSize, scheme: Literal["dark", "light"], **how: Any
    ) -> Page:
        """A new one, or the one of its kind that there is."""
        kind = repr(how)
        page = self._windows.get(kind)
        if page is None:
            page = await self._new(viewport=size, color_scheme=scheme, **how)
            if self._one_window:
                self._windows[kind] = page
            return page
        await self._forget(page)
        await page.set_viewport_size(size)
        await page.emulate_media(color_scheme=scheme)
        return page

    async def _new(self, **how: Any) -> Page:
        context = await self._browser.new_context(base_url=self.origin, **how)
        await self._stack.enter_async_context(_closing(context))
        context.set_default_timeout(PATIENCE)
        context.on("request", self._fetched)
        context.on("console", self._said)
        context.on("weberror", lambda error: self.troubles.append(f"script: {error.error}"))
        return await context.new_page()

    async def leave(self) -> None:
        """Let no page be open any more."""
        for page in self._windows.values():
            await self._forget(page)

    async def _forget(self, page: Page) -> None:
        if page.url.startswith(self.origin):
            await page.evaluate("sessionStorage.clear()")
        await page.goto("about:blank")
        await page.context.clear_cookies()
        devtools = await page.context.new_cdp_session(page)
        await devtools.send(
            "Storage.clearDataForOrigin", {"origin": self.origin, "storageTypes": "all"}
        )
        await devtools.detach()

    async def close(self) -> None:
        await self._stack.aclose()

    def _fetched(self, request: Request) -> None:
        self.asked.append(request.url)
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https"} and f"{parts.scheme}://{parts.netloc}" != self.origin:
            self.troubles.append(f"fetched from elsewhere: {request.url}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            self.troubles.append(f"policy: {message.text}")


@asynccontextmanager
async def _closing(context: BrowserContext) -> AsyncIterator[None]:
    yield
    await context.close()


async def axe(page: Page) -> list[str]:
    """What axe finds wrong with a page: empty where nothing is."""
    if not await page.evaluate("typeof axe === 'object'"):
        await page.evaluate(AXE_SCRIPT)
    found = await page.evaluate(
        "options => axe.run(options).then(found => found.violations)",
        {"resultTypes": ["violations"], "rules": _RULES},
    )
    return [
        f"{violation['id']}: {node['target']} {node['html'][:200]} {node.get('failureSummary')}"
        for violation in found
        for node in violation["nodes"]
    ]


async def sideways(page: Page) -> int:
    """Pixels that the page is wider than its window; 0 where nobody has to scroll sideways."""
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    return int(await page.evaluate(wider))


async def picture(page: Page, name: str) -> None:
    """Put a picture of the whole page into the folder that NOTIFY_TEST_PICTURES names, if any."""
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
