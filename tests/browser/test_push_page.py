"""Push messages in a real browser, from the tap that turns them on to the one that turns them off."""

from tests.browser.device import device
from tests.browser.looking import Visits, axe, picture
from tests.journeys.world import World

QUIET = [{"channel": "push", "do": "beacon", "how": "none"}]
"""The sandbox tells of nothing: our own service worker has to."""


async def test_a_browser_is_turned_on_tried_and_turned_off(
    journey: Visits, world: World
) -> None:
    world.box.rules(QUIET)
    here = await device(journey, world)
    page = here.page

    await page.goto("/my/push")
    await page.wait_for_selector("#push-on", state="visible")
    assert await page.evaluate("window.asked") == 0
    assert await axe(page) == []
    await picture(page, "push-off")

    await page.click("#push-on button")
    await page.wait_for_selector('[data-when="on"] h2', state="visible")
    assert await page.evaluate("window.asked") == 1
    await picture(page, "push-on")
    (address,) = here.addresses()
    assert address["state"] == "proven"

    await page.click("#push-try")
    await page.wait_for_selector("#push-said:has-text('übergeben')")
    await here.deliver(await here.pushed(lambda said: said["kind"] == "trial"))
    await page.wait_for_selector("#push-said:has-text('Es klappt')")
    await picture(page, "push-tried")
    assert await axe(page) == []
    (shown,) = await here.shown()
    assert shown["title"] == "Testnachricht: Es klappt"
    await here.becomes("delivered", kind="note")

    await page.click("#push-off")
    await page.wait_for_selector("#push-on", state="visible")
    (address,) = here.addresses()
    assert address["state"] == "gone"
