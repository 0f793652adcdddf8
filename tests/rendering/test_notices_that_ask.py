"""A notification that asks: its first answers are buttons, and a tap leads to all of them."""

import json
from dataclasses import replace
from typing import Any

import pytest

from notify.domain.broadcast import Broadcast, Identity
from notify.domain.poll import Ask, Question, Shape, Wording
from notify.domain.words import Kind
from notify.rendering.messages import Renderer
from notify.rendering.notices import PUSH_BYTES
from notify.settings import Settings
from tests.rendering.test_messages import BroadcastMaker

MARK = "https://notify.example/hooks/push/1-x"
THERE = "https://notify.example/answer/1-x"


@pytest.fixture
def renderer(settings: Settings) -> Renderer:
    return Renderer(settings)


def question(*options: str, shape: Shape = Shape.SINGLE) -> Question:
    return Question(shape, {"de": Wording("Wohin?", options), "en": Wording("Where?", options)})


def asking(make: BroadcastMaker, *questions: Question, kind: Kind = Kind.POLL) -> Broadcast:
    return replace(make(kind=kind, severity=None), ask=Ask(questions))


def said(renderer: Renderer, broadcast: Broadcast, who: Identity, **more: Any) -> dict[str, Any]:
    notice = renderer.push(broadcast, language="de", identity=who, **more)
    payload = notice.payload(MARK, url=THERE if notice.asks else None)
    assert len(payload) <= PUSH_BYTES
    return dict(json.loads(payload))


@pytest.mark.parametrize("kind", [Kind.POLL, Kind.ALERT])
def test_the_first_two_options_are_buttons(
    renderer: Renderer, make: BroadcastMaker, identity: Identity, kind: Kind
) -> None:
    payload = said(renderer, asking(make, question("Ja", "Nein", "Egal"), kind=kind), identity)

    assert payload["actions"] == [
        {"action": "1", "title": "Ja"}, {"action": "2", "title": "Nein"},
    ]  # fmt: skip
    assert payload["body"].startswith("Wohin?\n")
    assert payload["url"] == THERE


def test_long_options_are_cut_where_they_can_be_told_apart(
    renderer: Renderer, make: BroadcastMaker, identity: Identity
) -> None:
    long = ("Ein neues Schwimmbad am Fluss", "Rindfleischetikettierung", "x")
    same = ("Sanierung der Turnhalle Nord", "Sanierung der Turnhalle Süd")

    titles = [one["title"] for one in said(renderer, asking(make, question(*long)), identity)["actions"]]  # fmt: skip

    assert titles == ["Ein neues …", "Rindfleischetikett …"]
    assert "actions" not in said(renderer, asking(make, question(*same)), identity)


def test_other_questions_are_answered_on_the_page(
    renderer: Renderer, make: BroadcastMaker, identity: Identity
) -> None:
    one = question("Ja", "Nein")
    for several in (
        (one, one), (question("Ja", "Nein", shape=Shape.SEVERAL),),
        (question("gut", "schlecht", shape=Shape.SCALE),),
    ):  # fmt: skip
        payload = said(renderer, asking(make, *several), identity)

        assert "actions" not in payload
        assert payload["url"] == THERE


def test_a_test_of_a_draft_has_none(
    renderer: Renderer, make: BroadcastMaker, identity: Identity
) -> None:
    payload = said(renderer, asking(make, question("Ja", "Nein")), identity, test=True)

    assert "actions" not in payload
    assert "/b/" in payload["url"]


def test_the_longest_still_fits(
    renderer: Renderer, make: BroadcastMaker, identity: Identity
) -> None:
    ask = Question(Shape.SINGLE, {"de": Wording("🌊" * 400, ("🌊" * 60, "🔥" * 60))})

    assert len(said(renderer, asking(make, ask), identity)["actions"]) == 2
