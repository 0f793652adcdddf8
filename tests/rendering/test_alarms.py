"""Every alarm says in plain words what is wrong and what to do, in both languages."""

from collections.abc import Mapping
from datetime import UTC, datetime
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
