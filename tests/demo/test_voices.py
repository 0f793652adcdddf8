"""The phones of the demo: they write in all the ways that people do, and are never misunderstood."""

from collections.abc import Iterator

import pytest

from demo import words
from demo.voices import HAZY, MISSPELT, SPEED, SPEED_TURNS, SURVEY, SURVEY_TURNS, Turn, Voice, voice
from notify.domain.answers import addressed, read
from notify.domain.inbound import Word, word_of
from notify.domain.poll import Ask
from notify.domain.poll_check import check
from notify.web.api.questions import AskIn, to_ask

CODES = {SURVEY: "K7", SPEED: "T3"}
ASKS: dict[str, Ask] = {
    SURVEY: to_ask(AskIn(**words.SURVEY_ASKS), alert=False),
    SPEED: to_ask(AskIn(**words.SPEED_ASKS), alert=False),
}
EVERY = len(SPEED_TURNS) * len(SURVEY_TURNS) * 2


def voices() -> Iterator[Voice]:
    return (voice(number, codes=CODES, seed=7) for number in range(EVERY))


def texts() -> list[str]:
    return [text.body for one in voices() for text in (*one.texts, *one.late)]


@pytest.mark.parametrize("name", ASKS)
def test_what_is_asked_can_be_answered_by_sms(name: str) -> None:
    check(ASKS[name], languages=["de", "en"], first_language="de")


@pytest.mark.parametrize(
    "body",
    ["1", "1.", "A", "a)", "Altstadt", "Stadtprak", "ja", "yes", "٢", "２", "२", "1 3", "1 und 3",
     "STOP", "weiß nicht", "2 - Neustadt", "2 bitte"],
)  # fmt: skip
def test_every_way_to_answer_is_among_them(body: str) -> None:
    said = {part for text in texts() for part in (text, text[3:].strip(" -"))}
    assert body in said


def test_every_turn_is_taken() -> None:
    assert {*SPEED_TURNS, *SURVEY_TURNS} == set(Turn)
    assert any("K7 " in body for body in texts())
    assert any(text.times == 2 for one in voices() for text in one.texts)
    assert any(one.late for one in voices())
    assert any("Grüßen" in body for body in texts())
    assert any(body.lower() in {"neu", "new"} for body in texts())


def test_each_text_is_read_as_one_of_both_questions_or_asked_back_on_purpose() -> None:
    for body in texts():
        code, rest = addressed(body, CODES.values())
        asked = [ask for name, ask in ASKS.items() if code in {None, CODES[name]}]
        understood = any(read(rest, one).chosen for ask in asked for one in ask.questions)
        on_purpose = rest in {*HAZY, *MISSPELT.values()} or rest.lower() in {"neu", "new"}
        assert understood or on_purpose or word_of(body) is Word.STOP, body
