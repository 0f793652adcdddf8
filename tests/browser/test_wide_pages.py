"""Wide screens get columns, no window gets lines that are too long to be read."""

from dataclasses import asdict

import pytest
import pytest_asyncio
from playwright.async_api import Page

from notify.bootstrap import App
from tests.browser.looking import NARROW, WIDE, Visits, axe, picture, sideways
from tests.browser.places import Scene, build

LONGEST: int = 75  # characters of a line (LOOK.md)
MIDDLE, HUGE = 768, 1920
READ = ("/", "/archive", "/groups", "/groups/musterstadt", "/groups/altstadt", "/b/{alert}", "/leave/{leave}",
        "/my", "/help", "/accessibility", "/join",
        "/privacy")  # fmt: skip

# By the mean width of what stands there: narrow letters make no line too long.
_LONGEST_LINE = """() => {
  const pen = document.createElement('canvas').getContext('2d');
  return Math.max(...[...document.querySelectorAll('main p, main li, main dd')].map(on => {
    const text = on.innerText, style = getComputedStyle(on);
    if (text.length < 100 || on.querySelector('p, ul, ol, h3')) return 0;
    pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    const room = on.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    return room / (pen.measureText(text).width / text.length);
  }));
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def scene(app: App) -> Scene:
    return await build(app)


async def _edges(page: Page, selector: str) -> list[float]:
    """Where the pieces begin, from the left, without repeats."""
    found = await page.locator(selector).evaluate_all(
        "all => all.map(on => on.getBoundingClientRect().left)"
    )
    return sorted({round(left) for left in found})


@pytest.mark.parametrize("path", READ)
async def test_no_line_is_too_long(visits: Visits, scene: Scene, path: str) -> None:
    page = await visits.open(
        path.format_map(asdict(scene)), session=scene.resident if path.startswith("/my") else None
    )
    for width in (NARROW, MIDDLE, 1099, 1100, WIDE, HUGE):
        await page.set_viewport_size({"width": width, "height": 800})

        assert await page.evaluate(_LONGEST_LINE) <= LONGEST, width
        assert await sideways(page) == 0, width


@pytest.mark.parametrize(
    ("path", "pieces"),
    [("/", "main .news > li"), ("/archive", "main .news > li"), ("/groups", "main > .tree > li > .tree > li"),
     ("/", "main .banners > *"), ("/b/{alert}", ".beside > *")],
)  # fmt: skip
async def test_what_is_much_stands_side_by_side_where_there_is_room(
    visits: Visits, scene: Scene, app: App, path: str, pieces: str
) -> None:
    async with app.db.transaction() as connection:
        await connection.run(
            "INSERT INTO groups (slug, names, parent_id)"
            " SELECT 'neustadt', '{\"de\": \"Neustadt\"}', id FROM groups WHERE slug = 'musterstadt'"
        )
    page = await visits.open(path.format(alert=scene.alert), width=WIDE)

    wide = await _edges(page, pieces)
    name = f"wide{path.format(alert='alert').replace('/', '-')}"
    for width, dark in ((MIDDLE, False), (WIDE, True), (HUGE, False)):
        await page.set_viewport_size({"width": width, "height": 800})
        await page.emulate_media(color_scheme="dark" if dark else "light")
        assert await axe(page) == []
        await picture(page, f"{name} de {width} {'dark' if dark else 'light'}")
    await page.set_viewport_size({"width": MIDDLE, "height": 800})

    assert len(wide) == 2
    assert len(await _edges(page, pieces)) == 1
