"""A newcomer's way in a real browser: from the form to the alert on the screen."""

import pytest

from tests.browser.device import device
from tests.browser.hands import code, press
from tests.browser.looking import NARROW, WIDE, Visits
from tests.journeys.world import World

QUIET = {"channel": "push", "do": "beacon", "how": "none"}
"""The sandbox tells of nothing: our own service worker has to."""


@pytest.mark.parametrize(
    ("language", "width", "title"),
    [
        ("de", NARROW, "Warnung: Hochwasser an der Elbe"),
        ("en", WIDE, "Warning: Flood at the river"),
    ],
    ids=["German, narrow", "English, wide"],
)
async def test_from_the_sign_up_to_the_alert_on_the_screen(
    journey: Visits, world: World, language: str, width: int, title: str
) -> None:
    world.box.rules([QUIET])
    here = await device(journey, world, language=language, width=width)
    page, mail = here.page, world.mail(1)
    await page.context.clear_cookies()  # whoever sits here now is not known yet

    await page.goto(f"/join/{world.town}")
    await page.fill("#f-email", mail)
    await page.check("#f-alerts-push")
    await press(page, "button.main")
    asked = [await page.evaluate("window.asked")]
    await page.fill(".code input", await code(world, mail))
    await press(page, ".choice button.main")
    asked.append(await page.evaluate("window.asked"))
    await page.click("a.button[href^='/my/push']")
    await page.wait_for_selector("#push-on", state="visible")
    asked.append(await page.evaluate("window.asked"))
    assert asked == [0, 0, 0]  # the browser's own question comes only after the tap
    await page.click("#push-on button")
    await page.wait_for_selector('[data-when="on"] h2', state="visible")
    assert await page.evaluate("window.asked") == 1

    (row,) = world.rows("SELECT resident_id FROM addresses WHERE value = %(mail)s", mail=mail)
    here.resident = str(row["resident_id"])
    world.box.clear()
    alert = world.send()
    await here.deliver(await here.pushed(lambda said: said["kind"] == "alert"))

    (shown,) = await here.shows(lambda found: len(found) == 1)
    assert (shown["title"], shown["lang"]) == (title, language)
    await here.becomes("delivered")
    assert here.receipts() == ["delivered"]
    assert world.counts(alert, "push") == {"delivered": 1}
    assert world.reached("email")[mail] == 1
