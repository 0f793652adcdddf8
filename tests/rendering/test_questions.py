"""What a poll asks by SMS: who asks, what, the options, how to answer, and no link."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from notify.domain.broadcast import Broadcast, BroadcastStatus, Identity, Text
from notify.domain.poll import Ask, Question, Shape, Shown, Wording
from notify.domain.words import Kind, Severity
from notify.rendering.looks import looks
from notify.rendering.messages import Renderer
from notify.settings import Settings

TOWN = Identity(sender_name="Musterstadt", mail_from="stadt@musterstadt.example")
PARK = Question(
    Shape.SINGLE,
    {"de": Wording("Wohin soll er?", ("Altstadt", "Park")),
     "en": Wording("Where should it go?", ("Old town", "Park"))},
)  # fmt: skip
BUS = Question(Shape.SCALE, {"de": Wording("Wie gut ist der Bus?", ("schlecht", "gut"))})
POLL = Broadcast(
    id=UUID(int=1), kind=Kind.POLL, status=BroadcastStatus.DISPATCHING, severity=None,
    texts={"de": Text("Neuer Spielplatz", "Wir bauen."), "en": Text("New playground", "We build.")},
    group_ids=(1,), valid_until=datetime(2026, 12, 1, tzinfo=UTC), send_at=None,
    thread_id=UUID(int=1), sequence=0, in_reply_to=None, relation=None,
    created_at=datetime(2026, 11, 26, tzinfo=UTC), ask=Ask((PARK, BUS)),
)  # fmt: skip


@pytest.fixture
def renderer() -> Renderer:
    return Renderer(Settings(public_url="https://town.example", town="Musterstadt"))


def test_a_poll_asks_its_first_question_in_the_language_of_its_reader(renderer: Renderer) -> None:
    german = renderer.sms(POLL, language="de", identity=TOWN)
    english = renderer.sms(POLL, language="en", identity=TOWN)

    assert german.body == (
        "Musterstadt, Umfrage K7: Neuer Spielplatz\nWohin soll er?\n1 Altstadt\n2 Park\n"
        "Antworten Sie mit der Ziffer."
    )
    assert english.body == (
        "Musterstadt, poll K7: New playground\nWhere should it go?\n1 Old town\n2 Park\n"
        "Reply with the digit."
    )
    assert german.segments == english.segments == 1


def test_a_poll_that_is_open_bears_its_code(renderer: Renderer) -> None:
    asked = renderer.sms(replace(POLL, code="D42"), language="de", identity=TOWN)

    assert asked.body.startswith("Musterstadt, Umfrage D42: Neuer Spielplatz\n")


def test_a_question_without_a_text_of_the_readers_own_is_asked_in_the_first_language(
    renderer: Renderer,
) -> None:
    asked = replace(POLL, ask=Ask((BUS,)))

    assert renderer.sms(asked, language="en", identity=TOWN).body == (
        "Musterstadt, poll K7: New playground\nWie gut ist der Bus?\n1 = schlecht\n5 = gut\n"
        "Reply with a number from 1 to 5."
    )


def test_an_alert_asks_after_it_has_warned_and_keeps_its_link(renderer: Renderer) -> None:
    alert = replace(POLL, kind=Kind.ALERT, severity=Severity.SEVERE, ask=Ask((PARK,), secret=False))

    body = renderer.sms(alert, language="de", identity=TOWN).body

    assert body.splitlines()[-4:-1] == ["1 Altstadt", "2 Park", "Antworten Sie mit der Ziffer."]
    assert body.splitlines()[-1].startswith("https://town.example/b/")


def test_a_poll_that_is_not_secret_says_so_where_a_digit_or_a_button_answers_it(
    renderer: Renderer,
) -> None:
    named = replace(POLL, ask=Ask((PARK,), secret=False))
    said = "Nicht geheim: Die Verwaltung sieht Ihre Antwort."

    body = renderer.sms(named, language="de", identity=TOWN).body
    assert body.splitlines()[-2:] == ["Antworten Sie mit der Ziffer.", said]
    push = renderer.push(named, language="de", identity=TOWN)
    assert push.body.splitlines()[:2] == ["Wohin soll er?", said]
    assert len(push.actions) == 2
    assert said not in renderer.sms(POLL, language="de", identity=TOWN).body
    assert said not in renderer.push(POLL, language="de", identity=TOWN).body


def test_an_exercise_says_so_before_it_asks(renderer: Renderer) -> None:
    drill = replace(POLL, drill=True)

    assert "ÜBUNG" in renderer.sms(drill, language="de", identity=TOWN).body.splitlines()[0]


def test_staff_see_the_questions_behind_the_first_as_the_sms_they_are(settings: Settings) -> None:
    german, english = looks(Renderer(settings), POLL, TOWN)

    assert [one.body.splitlines()[0] for one in german.later] == ["Wie gut ist der Bus?"]
    assert german.later_segments == german.later[0].segments + 1
    assert [one.body.splitlines()[0] for one in english.later] == ["Wie gut ist der Bus?"]
    assert POLL.ask is not None
    told = replace(POLL, ask=replace(POLL.ask, tell=True))  # with the result: two segments at most
    assert looks(Renderer(settings), told, TOWN)[0].later_segments == german.later_segments + 2
    staff = replace(told, ask=replace(POLL.ask, tell=True, shown=Shown.STAFF))
    assert looks(Renderer(settings), staff, TOWN)[0].later_segments == german.later_segments
    (plain, _) = looks(Renderer(settings), replace(POLL, ask=None), TOWN)
    assert (plain.later, plain.later_segments) == ((), 0)
