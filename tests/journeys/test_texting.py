"""A phone with buttons only: joins, leaves, comes back, and is answered on its own screen."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.journeys.processes import until
from tests.journeys.world import SENDER, World


@pytest.fixture
def texted(make_world: Callable[..., World]) -> World:
    """A town that runs, and whose number calls its hook."""
    world = make_world(TOWN="Musterstadt")
    world.begin()
    _listen(world)
    return world


def _listen(world: World) -> None:
    world.box.settings(inbound_url=f"{world.environment['NOTIFY_PUBLIC_URL']}/hooks/twilio/inbound")


def _text(world: World, body: str, *, phone: str | None = None) -> None:
    said = world.box.inbound(sender=phone or world.phone(0), to=SENDER, body=body)
    assert said["answer"]["status"] == 200


def _screen(world: World, *, phone: str | None = None) -> list[str]:
    """What came to a phone, the oldest first, all of it from the number that it texts to."""
    records = [r for r in world.box.books("sms") if r["to"] == (phone or world.phone(0))]
    assert {record["from"] for record in records} <= {SENDER}
    return [record["body"] for record in records]


def _shown(world: World, count: int) -> list[str]:
    def look() -> list[str] | None:
        screen = _screen(world)
        return screen if len(screen) >= count else None

    screen: Any = until(look, why=world.everything)
    return list(screen)


def test_an_unknown_phone_joins_is_answered_in_german_and_gets_the_next_alert(
    texted: World,
) -> None:
    _text(texted, f"MITMACHEN {texted.town}")

    (answer,) = _shown(texted, 1)
    assert answer.startswith("Musterstadt: Sie bekommen jetzt Warnungen (auch nachts)")
    assert answer.endswith("Keine SMS mehr: STOP")
    texted.at_rest(texted.send("alert"))
    assert "Hochwasser" in _shown(texted, 2)[1]


def test_a_stop_reaches_what_is_queued_is_confirmed_and_taken_back(texted: World) -> None:
    _text(texted, f"MITMACHEN {texted.town}")
    _shown(texted, 1)
    for process in texted.processes[1:]:
        process.end()  # the worker: what is announced now stays in the queue
    queued = texted.send("announcement")

    _text(texted, "Stopp bitte")
    texted.ready(texted.start("worker"))
    texted.at_rest(queued)

    assert _shown(texted, 2)[1:] == [
        "Musterstadt: Sie bekommen keine SMS mehr von uns. Wieder anmelden: START an diese Nummer."
    ]
    assert "sent" not in texted.counts(queued, "sms")
    _text(texted, "START")
    assert _shown(texted, 3)[2].startswith("Musterstadt: Sie bekommen wieder SMS von: ")
    texted.at_rest(texted.send("announcement"))
    assert "Hochwasser" in _shown(texted, 4)[3]


def test_a_block_of_the_provider_and_ours_go_together(texted: World) -> None:
    """The sandbox acts on English words as Twilio does: it blocks, with 21610, until START."""
    _text(texted, f"JOIN {texted.town}")
    _shown(texted, 1)

    _text(texted, "STOP")
    stopped = texted.send("announcement")
    texted.at_rest(stopped)
    page = texted.get(f"/api/v1/broadcasts/{stopped}/skips")
    assert [skip["reason"] for skip in page["skips"]] == ["suppressed"]
    _text(texted, "START")

    screen = _shown(texted, 2)
    assert [text.split(":")[1] for text in screen] == [
        " You now get warnings (at night too) and news by SMS", " You get SMS again about",
    ]  # fmt: skip


def test_a_phone_that_answers_by_itself_ends_nothing_but_the_talk(texted: World) -> None:
    for number in range(3):
        _text(texted, f"Ich habe eine Frage zum Wasser, Nummer {number}")
    _text(texted, "HILFE")
    _shown(texted, 2)
    for answer in _screen(texted):
        _text(texted, answer)
    _text(texted, "LISTE")

    screen = _shown(texted, 3)
    assert len(screen) == 3
    assert ["112" in text for text in screen] == [True, True, False]
    assert len(texted.rows("SELECT 1 FROM inbound WHERE handled_at IS NULL")) == 5


def test_what_was_texted_while_the_service_was_down_is_done_and_answered_once(
    texted: World,
) -> None:
    for process in texted.processes:
        process.end()
    missed = texted.box.inbound(sender=texted.phone(0), to=SENDER, body=f"MITMACHEN {texted.town}")
    assert missed["answer"]["status"] == 0

    texted.ready(texted.start("api"), texted.start("worker"))

    (answer,) = _shown(texted, 1)
    assert "Sie bekommen jetzt" in answer
    assert texted.rows("SELECT how, say FROM inbound") == [{"how": "pull", "say": "joined"}]
    for process in texted.processes:
        assert texted.phone(0).lstrip("+") not in process.said()
