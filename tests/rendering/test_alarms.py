"""Every alarm says in plain words what is wrong and what to do, in both languages."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notify.domain.alarms import News, State, What
from notify.domain.broadcast import Identity
from notify.domain.words import Channel, Lane
from notify.rendering import alarms
from notify.rendering.messages import Renderer
from notify.settings import Settings

AT = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
FACTS: list[tuple[What, Mapping[str, Any]]] = [
    *((What.LATE, {"lane": lane, "channels": ["email", "planning"]}) for lane in Lane),
    *((What.SLOW, {"lane": lane, "channels": ["sms"]}) for lane in Lane),
    (What.STUCK, {"lane": Lane.ALERT, "channels": ["email"]}),
    *((What.NO_WORKER, {"lane": lane}) for lane in Lane),
    (What.SENDER_STOPPED, {"sender": "smtps://relay:465", "reason": "bad_credentials, 535"}),
    (What.SENDER_DOWN, {"sender": "100%", "reason": ""}),
    *((What.RING, {"channel": channel, "result": "failed", "reason": "x"}) for channel in Channel),
    (What.RING, {"channel": "sms", "result": "silent", "reason": "sent"}),
    *((What.DUTY, {"channel": channel}) for channel in Channel),
    (What.DATABASE, {"problem": "PoolTimeout", "host": "a"}),
    (What.PULL, {"numbers": 2}),
    (What.HELD, {"broadcasts": 3, "alerts": 1}),
    (What.REDIS, {}),
]


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize(("what", "facts"), FACTS)
def test_every_alarm_has_its_words(
    settings: Settings, what: What, facts: Mapping[str, Any], language: str
) -> None:
    said = alarms.say(Renderer(settings).words(language), what, facts)

    for sentence in (said.what, said.todo):
        assert sentence[0].isupper() or sentence.startswith(("smtps://", "100%"))
        assert "%(" not in sentence
        assert len(sentence) < 260
    assert said.what.endswith(".")


def test_nothing_that_can_be_wrong_is_without_a_trial() -> None:
    assert {what for what, _ in FACTS} == set(What)


def test_what_is_over_is_told_in_the_past_with_from_and_until(
    settings: Settings, identity: Identity
) -> None:
    renderer = Renderer(settings)
    facts = {"lane": "alert", "channels": ["email"]}
    news = [News("late:alert", State.OVER, facts, AT, AT + timedelta(minutes=5))]

    letter = alarms.letter(
        renderer, renderer.words("de"), news, identity=identity, url=settings.public_url
    )

    assert letter.subject == "Behoben: Warnungen wurden nicht versendet (E-Mail)."
    for part in (letter.text, letter.html):
        assert re.search(r"Das war so von .*10:00 Uhr bis .*10:05 Uhr\.", part)
        assert "werden" not in part


@pytest.mark.parametrize(
    ("what", "facts", "said"),
    [
        (What.SENDER_STOPPED, {"sender": "relay", "reason": "credentials_refused, 535"},
         ("Das Mail-Relay hat Benutzername oder Passwort abgelehnt. Bitte in den Einstellungen"
          " berichtigen und den Absender wieder freigeben. (535)")),
        (What.RING, {"channel": "sms", "result": "failed", "reason": "no_such_number"},
         ("Diese Telefonnummer gibt es nicht. Sie wird nicht mehr benutzt; bitte nach einer neuen"
          " fragen.")),
        (What.RING, {"channel": "email", "result": "failed", "reason": "try_later"},
         "Nicht zugestellt: Der Mailserver konnte die Mail jedes Mal nicht annehmen."),
        (What.RING, {"channel": "sms", "result": "silent", "reason": "sent"},
         "Der Anbieter hat sie angenommen und seitdem nichts gemeldet."),
    ],
)  # fmt: skip
def test_causes_are_sentences_and_not_words_for_machines(
    settings: Settings, what: What, facts: Mapping[str, Any], said: str
) -> None:
    assert alarms.say(Renderer(settings).words("de"), what, facts).why == said


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("state", list(State))
def test_a_mail_about_every_state_renders(
    settings: Settings, identity: Identity, state: State, language: str
) -> None:
    renderer = Renderer(settings)
    over = AT if state is State.OVER else None
    news = [News(f"{what}:x", state, facts, AT, over) for what, facts in FACTS]

    letter = alarms.letter(
        renderer, renderer.words(language), news, identity=identity, url=settings.public_url
    )

    assert letter.subject.startswith(str(len(FACTS)))
    for part in (letter.text, letter.html):
        assert ("notify ring" in part) is (state is not State.OVER)
        assert "smtps://relay:465" in part
    assert letter.placeholder not in letter.text + letter.html


def test_what_a_provider_said_is_data(settings: Settings, identity: Identity) -> None:
    renderer = Renderer(settings)
    facts = {"sender": "<b>x</b>", "reason": "%(x)s {{ 7*7 }} <i>"}
    news = [News("sender_down:x", State.RAISED, facts, AT)]

    letter = alarms.letter(
        renderer, renderer.words("en"), news, identity=identity, url="https://notify.example"
    )

    assert "%(x)s {{ 7*7 }} <i>" in letter.text
    assert "&lt;b&gt;x&lt;/b&gt;" in letter.html
    assert "<i>" not in letter.html
