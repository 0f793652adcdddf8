"""Push messages in a real browser, from the tap that turns them on to the one that turns them off."""

import asyncio
import json
import re
from typing import Any, Final
from uuid import UUID

import pytest
from playwright.async_api import Route

from tests.browser.device import POLLS, Device, device
from tests.browser.looking import WIDE, Visits, axe, picture, sideways
from tests.journeys.world import World

QUIET: Final[dict[str, Any]] = {"channel": "push", "do": "beacon", "how": "none"}
"""The sandbox tells of nothing: our own service worker has to."""

IPHONE: Final = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/17.5 Mobile/15E148 Safari/604.1"
)
NO_PUSH: Final = "delete window.PushManager;"
DENIED: Final = 'Object.defineProperty(Notification, "permission", { get: () => "denied" });'
SAYS_NO: Final = 'Notification.requestPermission = async () => "denied";'
LOOKS_AWAY: Final = 'Notification.requestPermission = async () => "default";'
FAILS: Final = 'PushManager.prototype.subscribe = async () => { throw new Error("no service"); };'
SUBSCRIBED: Final = """(raw) => {
  PushManager.prototype.getSubscription = async () => ({ ...raw, toJSON: () => raw });
}"""
"""The service worker's share of what the page's `PushManager` hands out."""
INSECURE: Final = 'Object.defineProperty(window, "isSecureContext", { value: false });'


def followed(here: Device) -> dict[str, Any]:
    (row,) = here.world.rows(
        "SELECT alerts, news FROM subscriptions WHERE resident_id = %(id)s", id=UUID(here.resident)
    )
    return row


async def look(here: Device, name: str) -> None:
    """The page is fine for everybody, as it is now."""
    await here.page.mouse.move(0, 0)
    assert await axe(here.page) == []
    assert await sideways(here.page) == 0
    await picture(here.page, f"push-{name}")


async def said(here: Device, words: str) -> str:
    """What the page says, once these words are in it."""
    text = ""
    for _ in range(POLLS):
        text = await here.page.inner_text("#push-said")
        if words in text:
            return text
        await asyncio.sleep(0.1)
    raise AssertionError(text)


async def test_a_browser_is_turned_on_tried_and_turned_off(journey: Visits, world: World) -> None:
    world.box.rules([QUIET])
    here = await device(journey, world)
    page = here.page

    await page.goto("/my/push")
    await page.wait_for_selector("#push-on", state="visible")
    assert await page.evaluate("window.asked") == 0
    await look(here, "off")

    await page.click("#push-on button")
    await page.wait_for_selector('[data-when="on"] h2', state="visible")
    assert await page.evaluate("window.asked") == 1
    assert await page.evaluate("document.activeElement.tagName") == "H2"
    await look(here, "on")
    (address,) = here.addresses()
    assert address["state"] == "proven"
    assert "push" in followed(here)["alerts"]
    assert "push" in followed(here)["news"]
    (consent,) = world.rows(
        "SELECT * FROM consents WHERE resident_id = %(id)s AND channel = 'push'",
        id=UUID(here.resident),
    )
    assert (consent["language"], consent["version"]) == ("de", "1")
    assert consent["wording"] in await page.inner_text("#push")

    await page.click("#push-try")
    await said(here, "Jetzt muss Ihr Browser")
    await here.deliver(await here.pushed(lambda said: said["kind"] == "trial"))
    await said(here, "Es klappt")
    await look(here, "tried")
    (shown,) = await here.shown()
    assert shown["title"] == "Testnachricht: Es klappt"
    assert shown["data"]["url"].endswith("/my/push")
    await here.becomes("delivered", kind="note")

    await page.reload()
    await page.wait_for_selector('[data-when="on"] h2', state="visible")
    await page.click("#push-off")
    await page.wait_for_selector("#push-on", state="visible")
    (address,) = here.addresses()
    assert address["state"] == "gone"
    assert "push" not in followed(here)["alerts"] + followed(here)["news"]
    assert await page.evaluate("localStorage.subscribed") is None

    await page.click("#push-on button")
    await page.wait_for_selector('[data-when="on"] h2', state="visible")
    assert [one["state"] for one in here.addresses()] == ["gone", "proven"]


async def test_by_keyboard_in_english_and_only_warnings(journey: Visits, world: World) -> None:
    here = await device(journey, world, language="en", width=WIDE, dark=True)
    page = here.page
    await page.goto("/my/push?lang=en")
    await page.wait_for_selector("#push-on", state="visible")
    await look(here, "off-en-dark")

    for _ in range(30):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.name") == "news":
            await page.keyboard.press("Space")
        if await page.evaluate("document.activeElement.closest('#push-on button') !== null"):
            break
    await page.keyboard.press("Enter")
    await page.wait_for_selector('[data-when="on"] h2', state="visible")
    await look(here, "on-en-dark")

    assert "push" in followed(here)["alerts"]
    assert "push" not in followed(here)["news"]
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.id") == "push-try"
    await page.keyboard.press("Enter")
    assert "It works" in await said(here, "It works")
    await look(here, "tried-en-dark")


async def test_nothing_chosen_is_said_and_nothing_done(journey: Visits, world: World) -> None:
    here = await device(journey, world)
    await here.page.goto("/my/push")
    for name in ("alerts", "news"):
        await here.page.uncheck(f"[name={name}]")
    await here.page.click("#push-on button")

    assert "Bitte wählen Sie" in await said(here, "Bitte wählen")
    assert here.addresses() == []


OUTCOMES: Final = [
    pytest.param({"do": "refuse", "status": 410}, False, "nicht mehr angemeldet", "wieder ein", id="ended"),
    pytest.param({"do": "refuse", "status": 400}, False, "nicht angenommen", "in einigen Minuten", id="refused"),
    pytest.param({"do": "throttle", "retry_after": 2}, True, "konnte dem Push-Dienst", "An Ihrem Gerät liegt es nicht", id="no time for us"),
    pytest.param({"do": "hide"}, True, "nicht gemeldet", "Energiesparmodus", id="never shown"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "waits", "happened", "advice"), OUTCOMES)
async def test_what_went_wrong_with_a_trial_is_said_with_what_to_do(
    journey: Visits, world: World, rule: dict[str, Any], waits: bool, happened: str, advice: str
) -> None:
    here = await device(journey, world)
    await here.turn_on()
    (address,) = here.addresses()
    world.box.rules([{"channel": "push", "address": address["value"], **rule}])

    await here.page.click("#push-try")
    if waits:
        await said(here, "noch nicht angenommen" if rule["do"] != "hide" else "übergeben")
        world.change(
            "UPDATE deliveries SET created_at = created_at - interval '20 s'"
            " WHERE resident_id = %(id)s AND note_id IS NOT NULL",
            id=UUID(here.resident),
        )

    told = await said(here, happened)
    assert advice in told
    assert await here.page.get_attribute("#push-said", "class") == "problem"
    await look(here, f"trial-{rule['do']}-{rule.get('status', 0)}")


async def test_a_key_that_is_refused_here_only_is_told_from_one_that_nobody_takes(
    journey: Visits, world: World
) -> None:
    here = await device(journey, world)
    await here.turn_on()
    await here.page.click("#push-try")
    await said(here, "Es klappt")  # so that the push service is known to take our key
    (address,) = here.addresses()
    world.box.rules(
        [{"channel": "push", "address": address["value"], "do": "refuse", "status": 403}]
    )

    await here.page.click("#push-try")

    assert "wieder ein" in await said(here, "nimmt von uns nichts")


async def test_after_an_end_turning_off_and_on_helps(journey: Visits, world: World) -> None:
    here = await device(journey, world)
    await here.turn_on()
    (address,) = here.addresses()
    world.box.gone([address["value"]])
    await here.page.click("#push-try")
    await said(here, "nicht mehr angemeldet")

    await here.page.click("#push-off")
    await here.page.click("#push-on button")
    await here.page.click("#push-try")

    await said(here, "Es klappt")


@pytest.mark.parametrize(
    ("state", "script", "agent", "words"),
    [
        pytest.param("iphone", NO_PUSH, IPHONE, "Home-Bildschirm", id="iphone"),
        pytest.param("old", NO_PUSH, None, "privates Fenster", id="no push"),
        pytest.param("denied", DENIED, None, "blockiert", id="blocked"),
        pytest.param("unsafe", INSECURE, None, "https", id="insecure"),
    ],
)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_where_it_cannot_work_it_is_said_how_it_could(
    journey: Visits, world: World, state: str, script: str, agent: str | None, words: str, dark: bool
) -> None:  # fmt: skip
    here = await device(journey, world, script=script, user_agent=agent, dark=dark)
    await here.page.goto("/my/push")

    await here.page.wait_for_selector(f'[data-when="{state}"]', state="visible")
    assert words in await here.page.inner_text("#push")
    assert await here.page.locator("#push button:visible").count() == 0
    await look(here, f"{state}{'-dark' if dark else ''}")


@pytest.mark.parametrize(
    ("script", "state", "words"),
    [
        pytest.param(SAYS_NO, "denied", "", id="no"),
        pytest.param(LOOKS_AWAY, "off", "nicht erlaubt", id="neither"),
        pytest.param(FAILS, "off", "Push-Dienst Ihres Browsers", id="the browser cannot"),
    ],
)
async def test_an_answer_other_than_yes_changes_nothing(
    journey: Visits, world: World, script: str, state: str, words: str
) -> None:
    here = await device(journey, world, script=script)
    await here.page.goto("/my/push")
    await here.page.click("#push-on button")

    await here.page.wait_for_selector(f'[data-when="{state}"]', state="visible")
    if words:
        assert words in await said(here, words)
        await look(here, f"answer-{len(script)}")
    assert here.addresses() == []


async def test_without_scripts_the_page_says_that_only_this_needs_them(
    journey: Visits, world: World
) -> None:
    here = await device(journey, world, javascript=False)
    await here.page.goto("/my/push")

    text = await here.page.inner_text("main")
    assert "Dafür braucht es JavaScript" in text
    assert await here.page.locator("button:visible").count() == 0
    await picture(here.page, "push-nothing")


async def test_a_page_that_was_closed_meanwhile_says_so(journey: Visits, world: World) -> None:
    here = await device(journey, world)
    await here.turn_on()
    await here.page.context.clear_cookies()

    await here.page.click("#push-try")

    assert "nach einer Weile geschlossen" in await said(here, "geschlossen")


async def test_what_the_town_does_not_tell_is_not_called_off(journey: Visits, world: World) -> None:
    here = await device(journey, world)
    await here.turn_on()
    closed = {"said": "Ihre Seite wurde nach einer Weile geschlossen."}

    await here.page.route("**/my/push/known*", lambda route: route.abort())
    await here.page.reload()
    await said(here, "nicht zu erreichen")
    assert await here.page.locator("#push button:visible").count() == 0
    await look(here, "unknown")

    await here.page.unroute("**/my/push/known*")
    await here.page.route("**/my/push/known*", lambda route: route.fulfill(status=401, json=closed))
    await here.page.reload()
    await said(here, "nach einer Weile geschlossen")
    assert await here.page.locator("#push button:visible").count() == 0


async def test_a_call_that_fails_leaves_the_town_no_subscription_that_is_no_more(
    journey: Visits, world: World
) -> None:
    here = await device(journey, world)
    await here.turn_on()
    (before,) = here.addresses()
    worker = await here.worker()
    await worker.evaluate(
        SUBSCRIBED, json.loads(await here.page.evaluate("localStorage.subscribed"))
    )
    await worker.evaluate("keep()")

    async def fails(route: Route) -> None:
        await worker.evaluate(SUBSCRIBED, json.loads(route.request.post_data or "")["subscription"])
        await route.abort()

    await here.page.route(
        "**/my/push/known*", lambda route: route.fulfill(status=200, json={"known": False})
    )
    await here.page.reload()
    await here.page.wait_for_selector("#push-on", state="visible")
    await here.page.route(re.compile(r"/my/push\?"), fails)

    await here.page.click("#push-on button")
    await said(here, "nicht zu erreichen")

    (after,) = here.addresses()
    assert after["state"] == "proven"
    assert after["value"] != before["value"]


async def test_a_browser_removed_elsewhere_can_be_turned_on_again(
    journey: Visits, world: World
) -> None:
    here = await device(journey, world)
    await here.turn_on()
    world.change(
        "UPDATE addresses SET state = 'gone' WHERE resident_id = %(id)s AND channel = 'push'",
        id=UUID(here.resident),
    )

    await here.page.click("#push-try")
    assert "nicht mehr bekannt" in await said(here, "nicht mehr bekannt")
    await here.page.wait_for_selector("#push-on", state="visible")
    await here.page.click("#push-on button")
    await here.page.wait_for_selector('[data-when="on"] h2', state="visible")

    assert [one["state"] for one in here.addresses()] == ["gone", "proven"]


async def test_the_browser_can_read_the_manifest_and_its_pictures(
    journey: Visits, world: World
) -> None:
    here = await device(journey, world)
    await here.page.goto("/")

    read = await here.cdp.send("Page.getAppManifest")

    assert read["errors"] == []
    told = json.loads(read["data"])
    assert (told["name"], told["display"], told["start_url"]) == (
        "Citizen Notify", "standalone", "/?lang=de",
    )  # fmt: skip
    assert told["lang"] == "de"
    for icon in told["icons"]:
        size = await here.page.evaluate(
            "async (src) => { const one = new Image(); one.src = src; await one.decode();"
            " return one.naturalWidth; }",
            icon["src"],
        )
        assert icon["sizes"] in {"any", f"{size}x{size}"}
