"""What residents do on the public pages, in a real browser, with scripts and without."""

import pytest
import pytest_asyncio
from playwright.async_api import Response
from psycopg import OperationalError
from pydantic import SecretStr

from notify.bootstrap import App
from notify.services import feedback
from notify.settings import Settings
from tests.browser.looking import NARROW, WIDE, Visits, axe, picture, sideways
from tests.browser.places import Scene, build

LIGHT = 100_000  # bytes of the first page with all that it needs


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A town that sends mails, so that people can sign up."""
    return settings.model_copy(update={"smtp_urls": (SecretStr("smtp://127.0.0.1"),)})


@pytest_asyncio.fixture(loop_scope="session")
async def scene(app: App) -> Scene:
    return await build(app)


async def test_the_first_page_with_all_it_needs_is_light(visits: Visits, scene: Scene) -> None:
    page = await visits.open("/healthz")
    got: list[Response] = []

    def came(answer: Response) -> None:
        got.append(answer)

    page.on("response", came)

    await page.goto("/")
    await page.wait_for_load_state("networkidle")

    sizes = {answer.url: len(await answer.body()) for answer in got}  # unpacked
    assert any(url.endswith(".css") or ".css?" in url for url in sizes)
    assert sum(sizes.values()) < LIGHT


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize(
    ("language", "label", "button", "wrong", "done"),
    [
        ("de", "Was können Sie nicht lesen oder bedienen?", "Nachricht schicken",
         "Bitte schreiben Sie, was nicht stimmt.", "Ihre Nachricht ist angekommen"),
        ("en", "What can you not read or use?", "Send message",
         "Please write what is wrong.", "Your message has arrived"),
    ],
)  # fmt: skip
async def test_somebody_tells_of_a_barrier(
    visits: Visits, scene: Scene, app: App, javascript: bool, language: str, label: str,
    button: str, wrong: str, done: str,
) -> None:  # fmt: skip
    page = await visits.open("/", language=language, javascript=javascript)
    await page.click("footer >> text=/Barrierefreiheit|Accessibility/")
    await page.fill("#f-place", "Archiv")
    await page.click(f"text={button}")
    await page.click(f".summary >> text={wrong}")

    assert await page.locator("#f-message").evaluate("on => on === document.activeElement")
    assert await page.input_value("#f-place") == "Archiv"
    if javascript:
        assert await axe(page) == []
        await picture(page, f"accessibility-wrong {language} {NARROW} light")

    await page.get_by_label(label).fill("Die Schrift ist zu klein.")
    await page.click(f"text={button}")

    assert done in await page.inner_text("h1")
    assert [row["message"] for row in await feedback.latest(app.db, limit=9)] == [
        "Die Schrift ist zu klein."
    ]
    if javascript:
        assert await axe(page) == []
        await picture(page, f"accessibility-sent {language} {NARROW} light")


@pytest.mark.parametrize(
    ("language", "too_much", "away"),
    [("de", "Das ist zu viel auf einmal", "Das geht im Moment nicht"),
     ("en", "This is too much at once", "This does not work at the moment")],
)  # fmt: skip
async def test_a_form_that_cannot_be_taken_is_answered_with_a_page_for_everybody(
    visits: Visits, scene: Scene, monkeypatch: pytest.MonkeyPatch, language: str, too_much: str,
    away: str,
) -> None:  # fmt: skip
    async def gone(*_: object, **__: object) -> None:
        raise OperationalError

    monkeypatch.setattr(feedback, "give", gone)
    for said, length in ((too_much, 70_000), (away, 7)):
        page = await visits.open("/accessibility", language=language)
        await page.locator("#f-message").evaluate(
            "(on, length) => { on.removeAttribute('maxlength'); on.value = 'x'.repeat(length); }",
            length,
        )
        await page.click("main form button")

        assert await page.inner_text("h1") == said
        for width, dark in ((NARROW, False), (WIDE, True)):
            await page.set_viewport_size({"width": width, "height": 800})
            await page.emulate_media(color_scheme="dark" if dark else "light")
            assert await axe(page) == []
            assert await sideways(page) == 0
            look = f"{language} {width} {'dark' if dark else 'light'}"
            await picture(page, f"failed-{length} {look}")


@pytest.mark.parametrize("javascript", [True, False])
async def test_somebody_looks_for_an_old_message_in_another_language(
    visits: Visits, scene: Scene, javascript: bool
) -> None:
    page = await visits.open("/", language="de", javascript=javascript, width=WIDE)
    await page.click("text=English")
    await page.click("text=All earlier messages")
    await page.select_option("#f-group", label="Old town")
    await page.click("text=Show")
    await page.click("text=Deutsch")

    assert await page.inner_text("h1") == "Archiv"
    assert await page.input_value("#f-group") == "altstadt"

    await page.click("main >> text=Wasser abkochen")
    assert await page.inner_text("h1") == "Wasser abkochen"
    await page.click("header >> text=Musterstadt")
    assert await page.get_attribute("html", "lang") == "de"


async def test_somebody_finds_a_group_and_the_way_to_join_it(visits: Visits, scene: Scene) -> None:
    page = await visits.open("/groups", language="en", javascript=False)
    await page.click("main >> text=Old town")
    assert await page.inner_text("h1") == "Old town"
    await page.click("text=Sign up for this group")

    assert "/join/altstadt" in page.url
    assert await page.get_by_label("Old town").is_checked()


async def test_nothing_moves_for_those_who_ask_for_it(visits: Visits, scene: Scene) -> None:
    page = await visits.open("/", reduced_motion="reduce")

    moving = await page.evaluate(
        "() => [...document.querySelectorAll('*')].map(on => getComputedStyle(on)).filter("
        "style => style.transitionDuration !== '0s' || style.animationName !== 'none').length"
    )

    assert moving == 0


async def test_in_forced_colours_what_is_coloured_has_an_edge(visits: Visits, scene: Scene) -> None:
    page = await visits.open("/", forced_colors="active")

    for piece in (".banner", "a.button"):
        width = await page.locator(piece).first.evaluate("on => getComputedStyle(on).borderWidth")
        assert width == "2px"
    await picture(page, f"front-forced de {NARROW} light")


async def test_on_paper_there_is_what_is_to_be_read_and_no_more(
    visits: Visits, scene: Scene
) -> None:
    page = await visits.open(f"/b/{scene.alert}", width=WIDE, dark=True)
    await page.emulate_media(media="print", color_scheme="light")

    assert await page.locator("h1").is_visible()
    for piece in (".languages", ".ways-out", ".skip"):
        assert not await page.locator(piece).is_visible()
    colours = "on => [getComputedStyle(on).color, getComputedStyle(on).backgroundColor]"
    assert await page.locator("article .banner").evaluate(colours) == [
        "rgb(0, 0, 0)",
        "rgb(255, 255, 255)",
    ]
    await picture(page, f"broadcast-paper de {WIDE} light")
