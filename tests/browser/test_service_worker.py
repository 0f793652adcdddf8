"""The service worker in a real browser: what it shows, tells, opens and renews."""

import asyncio
import json
from typing import Any, Final
from uuid import UUID

import pytest
import pytest_asyncio

from tests.browser.asked import DAYS, PLACE, send
from tests.browser.device import Device, device
from tests.browser.hands import press
from tests.browser.looking import Visits
from tests.journeys.world import World

QUIET: Final = [{"channel": "push", "do": "beacon", "how": "none"}]
"""The sandbox tells of nothing: our own service worker has to."""

TEXTS: Final = {
    "de": {"title": "Übung: Öl läuft über – größte Gefahr", "body": "Schließen Sie **alle** Fenster.\n\n- Ärzte hören zu: „112“"},
}  # fmt: skip

TAP: Final = """async () => {
  const [notification] = await registration.getNotifications();
  const opened = [];
  clients.openWindow = async (url) => void opened.push(url);
  let work;
  const tap = new Event("notificationclick");
  tap.notification = notification;
  tap.waitUntil = (promise) => { work = promise; };
  self.dispatchEvent(tap);
  await work;
  return opened;
}"""
"""As a tap: only people can tap on the screen, and only after a tap may a window be opened."""


@pytest_asyncio.fixture(loop_scope="session")
async def here(journey: Visits, world: World) -> Device:
    """A device with notifications turned on."""
    world.box.rules(QUIET)
    made = await device(journey, world)
    await made.turn_on()
    return made


def message(seq: int, **more: Any) -> str:
    """A message of a thread as the server makes it."""
    return json.dumps(
        {"title": f"Nachricht {seq}", "body": "Text\nStadt", "url": "/b/x", "tag": "faden",
         "seq": seq, "lang": "de", "kind": "announcement", "severity": None, "beacon": None} | more
    )  # fmt: skip


async def titles(here: Device) -> list[str]:
    return [one["title"] for one in await here.shown()]


async def test_an_alert_is_shown_as_it_was_written_and_told_back(
    here: Device, world: World
) -> None:
    alert = world.send(severity="extreme", texts=TEXTS)
    payload = await here.pushed(lambda said: said["kind"] == "alert")
    said = json.loads(payload)

    await here.deliver(payload)

    (shown,) = await here.shows(lambda found: len(found) == 1)
    assert shown["title"] == "Warnung: Übung: Öl läuft über – größte Gefahr"
    assert shown["body"].startswith("Schließen Sie alle Fenster.")
    assert "- Ärzte hören zu: „112“" in shown["body"]
    assert shown["body"].endswith("\nCitizen Notify")
    assert (shown["lang"], shown["dir"], shown["requireInteraction"]) == ("de", "ltr", True)
    assert shown["silent"] in {None, False}
    assert shown["tag"] == said["tag"]
    assert said["url"].endswith(shown["data"]["url"].rpartition("/")[2])
    await here.becomes("delivered")
    assert here.receipts() == ["delivered"]
    assert world.counts(alert, "push") == {"delivered": 1}


async def test_it_works_while_no_page_is_open(journey: Visits, here: Device, world: World) -> None:
    world.send(texts=TEXTS)
    payload = await here.pushed(lambda said: said["kind"] == "alert")
    context = here.page.context
    elsewhere = await context.new_page()
    await here.listen(await context.new_cdp_session(elsewhere))
    await here.page.close()

    await here.deliver(payload)

    await here.becomes("delivered")
    here.page = elsewhere
    await elsewhere.goto(f"{here.origin}/help-is-not-needed-here")
    assert len(await here.shown()) == 1


async def test_news_does_not_stay_in_the_way_and_arabic_runs_from_the_right(here: Device) -> None:
    await here.deliver(message(1, lang="ar"))

    (shown,) = await here.shows(lambda found: len(found) == 1)
    assert (shown["dir"], shown["requireInteraction"]) == ("rtl", False)


async def test_a_newer_one_takes_the_place_of_an_older_one(here: Device) -> None:
    await here.deliver(message(1, kind="alert"))
    await here.shows(lambda found: len(found) == 1)
    await here.deliver(message(2, kind="alert"))

    (shown,) = await here.shows(lambda found: found[0]["title"] == "Nachricht 2")
    assert shown["silent"] in {None, False}


@pytest.mark.parametrize("seen", [False, True], ids=["still there", "put away by its reader"])
async def test_an_older_one_never_covers_a_newer_one(here: Device, seen: bool) -> None:
    await here.deliver(message(2))
    await here.shows(lambda found: len(found) == 1)
    if seen:
        worker = await here.worker()
        await worker.evaluate(
            "async () => { for (const one of await registration.getNotifications()) one.close(); }"
        )
        await here.shows(lambda found: not found)

    await here.deliver(message(1))

    (shown,) = await here.shows(lambda found: found != [] and found[0]["silent"] is True)
    assert shown["title"] == "Nachricht 2"


async def test_it_never_does_in_a_burst_either_nor_where_nothing_can_be_kept(here: Device) -> None:
    await asyncio.gather(*(here.deliver(message(seq)) for seq in (3, 1, 4, 2)))
    await here.shows(lambda found: found != [])
    await asyncio.sleep(0.3)
    assert await titles(here) == ["Nachricht 4"]

    worker = await here.worker()
    await worker.evaluate(
        "() => { IDBFactory.prototype.open = () => { throw new Error('no room'); }; }"
    )
    await here.deliver(message(3))
    await asyncio.sleep(0.3)
    assert await titles(here) == ["Nachricht 4"]
    await here.deliver(message(5))
    await here.shows(lambda found: [one["title"] for one in found] == ["Nachricht 5"])


async def test_the_same_again_makes_no_sound(here: Device) -> None:
    for _ in range(2):
        await here.deliver(message(1))

    await here.shows(lambda found: [one["silent"] for one in found] == [True])


async def test_threads_do_not_cover_each_other(here: Device) -> None:
    await here.deliver(message(1))
    await here.deliver(message(1, tag="andere", title="Anderes"))

    found = await here.shows(lambda found: len(found) == 2)
    assert {one["title"] for one in found} == {"Nachricht 1", "Anderes"}


@pytest.mark.parametrize(
    "garbage", ["", "{", "[]", "null", '"text"', '{"title": 7}', '{"title": "  "}', "\x00\xff"]
)
async def test_what_cannot_be_read_is_shown_as_a_message_all_the_same(
    here: Device, garbage: str
) -> None:
    await here.deliver(garbage)

    (shown,) = await here.shows(lambda found: len(found) == 1)
    assert shown["title"] == "Neue Nachricht von Citizen Notify"
    worker = await here.worker()
    assert await worker.evaluate(TAP) == [f"{here.origin}/"]


async def test_odd_fields_are_harmless(here: Device) -> None:
    odd = {"body": 3, "url": "https://böse.example/\u0000", "tag": None, "seq": "x", "lang": 7}
    await here.deliver(json.dumps({"title": "Nachricht", "beacon": "https://x.example/b", **odd}))

    (shown,) = await here.shows(lambda found: len(found) == 1)
    assert (shown["title"], shown["body"]) == ("Nachricht", "")
    worker = await here.worker()
    (opened,) = await worker.evaluate(TAP)
    assert opened.startswith(f"{here.origin}/")


async def test_a_tap_opens_the_broadcast_s_page_and_is_told_back(
    here: Device, world: World
) -> None:
    alert = world.send()
    await here.deliver(await here.pushed(lambda said: said["kind"] == "alert"))
    await here.becomes("delivered")

    worker = await here.worker()
    (opened,) = await worker.evaluate(TAP)

    await here.page.goto(opened)
    assert await here.page.inner_text("h1") == "Hochwasser an der Elbe"
    assert here.receipts() == ["delivered", "opened"]
    assert world.counts(alert, "push") == {"delivered": 1}
    assert await here.shown() == []


async def test_a_tap_goes_to_the_page_where_it_is_open_already(here: Device, world: World) -> None:
    world.send()
    payload = await here.pushed(lambda said: said["kind"] == "alert")
    await here.page.goto(json.loads(payload)["url"])
    await here.deliver(payload)
    await here.shows(lambda found: len(found) == 1)

    worker = await here.worker()
    await worker.evaluate(
        "() => { self.focused = []; WindowClient.prototype.focus ="
        " async function () { focused.push(this.url); }; }"
    )
    assert await worker.evaluate(TAP) == []
    assert await worker.evaluate("() => focused") == [json.loads(payload)["url"]]


async def test_a_lost_first_word_is_made_up_for_by_the_tap(here: Device, world: World) -> None:
    world.send()
    said = json.loads(await here.pushed(lambda said: said["kind"] == "alert"))
    await here.becomes("sent")

    answer = await here.page.request.post(f"{said['beacon']}/opened")

    assert answer.status == 204

    await here.becomes("delivered")


PRESS: Final = TAP.replace("() => {", "(action) => {", 1).replace(
    "tap.notification", "tap.action = action;\n  tap.notification", 1
)
"""The same with one of the notification's buttons."""

ANSWERED: Final = "SELECT answered, how FROM voters WHERE resident_id = %(id)s AND answered <> '{}'"


async def test_a_button_answers_and_what_came_of_it_stands_there_without_a_sound(
    here: Device, world: World
) -> None:
    poll = await send(world, PLACE)
    payload = await here.pushed(lambda said: said["kind"] == "poll")
    await here.deliver(payload)
    await here.becomes("delivered")
    (asked,) = await here.shown()
    assert asked["body"].startswith("Was ist Ihnen am wichtigsten?")
    assert [one["title"] for one in json.loads(payload)["actions"]] == [
        "Bäume und Bänke",
        "Parkplätze",
    ]

    worker = await here.worker()
    assert await worker.evaluate(PRESS, "2") == []

    (told,) = await here.shows(lambda found: bool(found) and found[0]["title"] != asked["title"])
    assert (told["title"], told["silent"], told["tag"]) == (
        "Ihre Antwort zählt",
        True,
        asked["tag"],
    )
    (voter,) = world.rows(ANSWERED, id=UUID(here.resident))
    assert (voter["answered"], voter["how"]) == ([1], "push")
    assert here.receipts() == ["delivered", "opened"]
    (ballot,) = world.rows("SELECT choices FROM ballots WHERE broadcast_id = %(id)s", id=poll)
    assert ballot["choices"] == [2]
    (there,) = await worker.evaluate(TAP)
    await here.page.goto(there)
    assert "Eine Antwort von Ihnen zählt" in await here.page.inner_text("main")


async def test_a_tap_on_what_asks_leads_to_the_page_that_answers(
    here: Device, world: World
) -> None:
    await send(world, PLACE, DAYS)
    await here.deliver(await here.pushed(lambda said: said["kind"] == "poll"))
    await here.becomes("delivered")

    (there,) = await (await here.worker()).evaluate(TAP)
    await here.page.goto(there)
    await here.page.check("#f-q1-3")
    await here.page.check("#f-q2")
    await press(here.page, "main button.main")

    assert await here.page.inner_text("h1") == "✓ Ihre Antwort zählt"
    (voter,) = world.rows(ANSWERED, id=UUID(here.resident))
    assert (voter["answered"], voter["how"]) == ([1, 2], "push")


async def test_an_answer_that_reaches_nobody_says_so(here: Device, world: World) -> None:
    answers = [{"action": "1", "title": "Ja"}, {"action": "2", "title": "Nein"}]
    await here.deliver(
        message(1, actions=answers, beacon=f"{here.origin}/hooks/push/1-forged", url="/answer/1-x")
    )
    await here.shows(lambda found: len(found) == 1)

    worker = await here.worker()
    await worker.evaluate(PRESS, "1")

    (told,) = await here.shows(lambda found: bool(found) and found[0]["title"] != "Nachricht 1")
    assert told["title"] == "Ihre Antwort zählt noch nicht"
    assert told["data"]["url"] == "/answer/1-x"


RENEWS: Final = """async ([before, after]) => {
  const made = (raw) => raw && ({ ...raw, toJSON: () => raw });
  self.current = after;
  PushManager.prototype.getSubscription = async () => made(self.current);
  PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
    if (!userVisibleOnly || applicationServerKey !== SETTINGS.key) throw new Error("bad options");
    return made(self.current = after ?? self.next);
  };
  const change = new Event("pushsubscriptionchange");
  Object.assign(change, { oldSubscription: made(before), newSubscription: null });
  let work;
  change.waitUntil = (promise) => { work = promise; };
  self.dispatchEvent(change);
  await work;
}"""


async def test_a_subscription_that_the_browser_replaced_is_followed(
    here: Device, world: World
) -> None:
    old, new = world.browsers(2)
    (address,) = here.addresses()
    world.change(
        "UPDATE addresses SET value = %(value)s, keys = %(keys)s::jsonb, hash = %(hash)s"
        " WHERE id = %(id)s",
        id=address["id"], value=old["endpoint"], keys=json.dumps(old["keys"]),
        hash=world.keyring.address_hash("push", old["endpoint"]),
    )  # fmt: skip

    worker = await here.worker()
    await worker.evaluate(RENEWS, [old, new])

    (address,) = here.addresses()
    assert (address["value"], address["state"]) == (new["endpoint"], "proven")
    assert address["keys"]["auth"] == new["keys"]["auth"]
    world.send()
    await here.pushed(lambda said: said["kind"] == "alert")
    assert world.reached("push") == {new["endpoint"]: 1}


async def test_a_browser_that_forgot_its_old_subscription_is_followed_by_what_was_kept(
    here: Device, world: World
) -> None:
    (address,) = here.addresses()
    known = {"endpoint": address["value"], "keys": address["keys"]}
    (new,) = world.browsers(1)
    worker = await here.worker()
    # What the page had it keep, which only a browser with a push service of its own could.
    await worker.evaluate(
        "async (raw) => { PushManager.prototype.getSubscription ="
        " async () => ({ ...raw, toJSON: () => raw }); await keep(); }",
        known,
    )

    await worker.evaluate(RENEWS, [None, new])

    (address,) = here.addresses()
    assert address["value"] == new["endpoint"]
