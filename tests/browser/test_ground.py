"""The tests' own eyes: what is wrong with a page is seen, in every way of looking."""

import pytest
from playwright.async_api import Page

from tests.browser.looking import NARROW, WIDE, Visits, axe, sideways
from tests.journeys.world import World

FAULTY = (
    "<!DOCTYPE html><html lang=de><title>x</title><main><h1>x</h1>"
    "<p style='color:#777;background:#fff'>Grau</p><p style='color:#666;background:#fff'>Ernst</p><img src=/x.png><input>"
    "<p style='width:2000px'>Breit</p></main></html>"
)


async def _page_of(visits: Visits, html: str, *, javascript: bool = True) -> Page:
    """A page of this text, without the site's policy."""
    page = await visits.open("/healthz", javascript=javascript)
    await page.route("**/x", lambda route: route.fulfill(body=html, content_type="text/html"))
    await page.goto("/x")
    return page


async def test_a_page_comes_as_it_was_asked_for(visits: Visits) -> None:
    dark = await visits.open("/", language="en", dark=True, width=WIDE)
    plain = await visits.open("/", language="de", javascript=False)

    ground = "getComputedStyle(document.body).backgroundColor"
    assert await dark.evaluate(ground) == "rgb(22, 22, 20)"
    assert await dark.evaluate("innerWidth") == WIDE
    assert await dark.get_attribute("html", "lang") == "en"
    assert await plain.evaluate("innerWidth") == NARROW
    assert await plain.inner_text("h1") == "Warnungen und Neuigkeiten"


@pytest.mark.parametrize(("javascript", "ran"), [(True, 1), (False, 0)])
async def test_scripts_run_only_where_they_may(visits: Visits, javascript: bool, ran: int) -> None:
    html = "<body><script>document.body.id = 'ran'</script>"

    page = await _page_of(visits, html, javascript=javascript)

    assert await page.locator("#ran").count() == ran


async def test_axe_and_the_ruler_see_what_is_wrong(visits: Visits) -> None:
    fine = await visits.open("/")
    faulty = await _page_of(visits, FAULTY)

    found = {line.partition(":")[0] for line in await axe(faulty)}

    assert await axe(fine) == []
    assert await sideways(fine) == 0
    assert found >= {"color-contrast", "color-contrast-enhanced", "image-alt", "label"}
    assert await sideways(faulty) > 1_000


@pytest.mark.parametrize(
    ("html", "told"),
    [
        ("<img src='http://127.0.0.1:9/x.png' alt=x>", "fetched from elsewhere: http://127.0"),
        ("<script>nothing()</script>", "script: nothing is not defined"),
    ],
)
async def test_what_a_page_may_not_do_is_a_trouble(visits: Visits, html: str, told: str) -> None:
    await _page_of(visits, html)

    assert told in visits.troubles.pop()


async def test_what_the_policy_forbids_is_a_trouble(visits: Visits) -> None:
    page = await visits.open("/")
    await page.set_content("<p style='color: red'>x</p>")

    assert visits.troubles.pop().startswith("policy: ")


async def test_a_journey_goes_through_a_town_of_real_processes(
    journey: Visits, world: World
) -> None:
    world.resident(email=world.mail())
    sent = world.send()
    world.at_rest(sent)

    page = await journey.open("/")
    await page.click("text=Hochwasser an der Elbe")

    assert await page.inner_text("h1") == "Hochwasser an der Elbe"
    assert world.reached("email") == {world.mail(): 1}
