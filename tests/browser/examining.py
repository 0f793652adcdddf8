"""Looks whether a page is for everybody: axe, the keyboard, and a window as narrow as any."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from playwright.async_api import Page

from tests.browser.looking import NARROW, PICTURES, WIDE, axe, picture, sideways

SMALLEST: Final = 320  # CSS pixels (WCAG 2.2, 1.4.10)
SOME: Final = 8  # more presses, where fields have several parts

_EVERY: Final = [(width, dark) for width in (NARROW, WIDE) for dark in (False, True)]
LOOKS: Final = {
    "de": _EVERY if PICTURES else [(NARROW, False), (WIDE, True)],
    "en": [(NARROW, True), (WIDE, False)],
}
"""By language: a width, and whether in the dark. Each pair of them comes up."""

GLANCES: Final = {"de": LOOKS["de"] if PICTURES else [(NARROW, False)], "en": [(WIDE, True)]}
"""Enough for what is made of the same pieces."""

Looks = Mapping[str, Sequence[tuple[int, bool]]]


async def examine(page: Page, name: str, language: str, *, looks: Looks = LOOKS) -> list[str]:
    """What is wrong with a page in this language, in its looks. Pictures are of this name."""
    if await page.locator("[data-reckon]").count():
        await page.wait_for_load_state("networkidle")  # what stands beside a draft is fetched
    wrong = [] if await page.get_attribute("html", "lang") == language else ["in another language"]
    wrong += await _walk(page)
    wrong += [f"leads nowhere: {name}" for name in await page.evaluate(_NOWHERE)]
    wrong += [f"tied to no field: {said}" for said in await page.evaluate(_LOOSE)]
    for width, dark in looks[language]:
        await page.set_viewport_size({"width": width, "height": 800})
        await page.emulate_media(color_scheme="dark" if dark else "light")
        look = f"{width} {'dark' if dark else 'light'}"
        wrong += [f"{look}: {found}" for found in await axe(page)]
        await picture(page, f"{name.strip('/').replace('/', '-') or 'front'} {language} {look}")
    await page.set_viewport_size({"width": SMALLEST, "height": 800})
    if await sideways(page):
        wrong.append(f"{await sideways(page)} px to scroll sideways")
    return [f"{language}: {found}" for found in wrong]


_NOWHERE: Final = """() => [...document.querySelectorAll('a[href^="#"]')]
  .map(on => on.hash).filter(hash => !document.getElementById(hash.slice(1)))"""

_LOOSE: Final = """() => [...document.querySelectorAll('.said')]
  .filter(on => !document.querySelector(`[aria-describedby~="${on.id}"]`)).map(on => on.innerText)"""

# Of radio buttons that belong together, the tab key reaches the one that is chosen, or the first; and
# nothing of what is folded away.
_CAN_BE_REACHED: Final = """() => [...document.querySelectorAll(
    'a[href], button, input, select, textarea, summary, [tabindex="0"]')]
  .filter(e => e.type !== 'hidden' && !e.disabled && e.checkVisibility() && !(e.type === 'radio' && e !==
    (document.querySelector(`input[type=radio][name="${e.name}"]:checked`)
      || document.querySelector(`input[type=radio][name="${e.name}"]`))))
  .map((e, at) => { e.dataset.at = at; return at; })"""

# Where the focus is after a press of the key is looked at before the next one: by then all is where it
# stays. To ask from here after each took as long as to press it.
_WATCH: Final = """() => {
  const where = () => {
    const on = document.activeElement;
    if (on === document.body) return null;
    const style = getComputedStyle(on), box = on.getBoundingClientRect();
    // A browser brings the line to write at into view, and not all of a text that takes many.
    const end = on.tagName === 'TEXTAREA' ? Math.min(box.bottom, box.top + 88) : box.bottom;
    const seen = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
      && box.width > 0 && box.left >= 0 && box.top >= 0 && end <= innerHeight + 1;
    return {at: Number(on.dataset.at), seen: seen, html: on.outerHTML.slice(0, 200)};
  };
  let steps = [], begun = false;
  addEventListener('keydown', () => { if (begun) steps.push(where()); begun = true; }, true);
  window.walked = () => {
    const found = [...steps, where()];
    steps = [];
    begun = false;
    return found;
  };
}"""


async def _walk(page: Page) -> list[str]:
    """Press the tab key until it has been everywhere: what it skips, and where nobody sees it."""
    there = await page.evaluate(_CAN_BE_REACHED)
    await page.evaluate(_WATCH)
    reached: list[int] = []
    wrong: list[str] = []
    steps = await _step(page, len(there) + 1)
    while True:
        if not steps:
            steps = await _step(page, SOME)
        where = steps.pop(0)
        if where is not None and reached and where["at"] == reached[-1]:
            continue  # a field of several parts, like a time
        if where is None or where["at"] in reached:
            break
        reached.append(where["at"])
        if not where["seen"]:
            wrong.append(f"the focus is not seen: {where['html']}")
    await page.evaluate("document.activeElement.blur()")
    return wrong if reached == there else [*wrong, f"reached by tab: {reached} of {there}"]


async def _step(page: Page, times: int) -> list[dict[str, Any] | None]:
    """Press the tab key so often: where the focus was after each."""
    for _ in range(times):
        await page.keyboard.press("Tab")
    found: list[dict[str, Any] | None] = await page.evaluate("walked()")
    return found
