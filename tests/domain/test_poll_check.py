"""What may be asked, and what is said about what may not."""

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify.domain.answers import read
from notify.domain.poll import Ask, Question, Shape, Shown, Wording
from notify.domain.poll_check import check
from notify.errors import Invalid
from tests.domain.poll_questions import ASKED

SAFE = Question(
    Shape.SINGLE, {"de": Wording("Sind Sie in Sicherheit?", ("Ja", "Ich brauche Hilfe"))}
)
ALERT = Ask((SAFE,), secret=False, urgent=2)


def single(*options: str, ask: str = "Was nun?") -> Question:
    return Question(Shape.SINGLE, {"de": Wording(ask, options)})


def scale(low: int, high: int, *ends: str) -> Question:
    return Question(Shape.SCALE, {"de": Wording("Wie gut?", ends)}, low=low, high=high)


def several(most: int | None, *options: str) -> Question:
    return Question(
        Shape.SEVERAL, {"de": Wording("Welche?", options or ("A", "B", "C"))}, most=most
    )


def wrong(question: Question, **told: Any) -> tuple[str | None, str]:
    """The field and the words of what is wrong with a poll of this question."""
    with pytest.raises(Invalid) as raised:
        check(Ask((question,)), **{"first_language": "de", **told})
    return raised.value.field, raised.value.message


@pytest.mark.parametrize("name", ASKED)
def test_what_towns_ask_may_be_asked(name: str) -> None:
    question = ASKED[name]
    check(Ask((question,)), first_language="de", languages=list(question.wordings))


def test_what_only_staff_see_is_told_to_nobody() -> None:
    with pytest.raises(Invalid) as raised:
        check(Ask((single("Ja", "Nein"),), shown=Shown.STAFF, tell=True), first_language="de")
    assert raised.value.field == "tell"
    check(Ask((single("Ja", "Nein"),), shown=Shown.ASKED, tell=True), first_language="de")


@pytest.mark.parametrize(
    "question",
    [
        scale(0, 10), scale(1, 5, "schlecht", "gut"), scale(9, 10), several(None), several(1),
        several(3), single(*"ABCDEFGHI"), single("Ja", "Nein"), single("YES", "NO"),
        single("Ende des Jahres", "Später"), single("a" * 80, "b", ask="c" * 300),
        single("2 Euro", "3 Euro"), single("👍 Ja", "👎 Nein"),
    ],
)  # fmt: skip
def test_what_can_be_answered_may_be_asked(question: Question) -> None:
    check(Ask((question,) * 5), first_language="de")


def test_an_alert_may_ask_one_thing_openly() -> None:
    check(ALERT, first_language="de", alert=True)
    check(replace(ALERT, urgent=None), first_language="de", alert=True)


@pytest.mark.parametrize(
    ("ask", "field"),
    [
        (Ask((), secret=False), "questions"),
        (replace(ALERT, questions=(SAFE, SAFE)), "questions.1"),
        (replace(ALERT, questions=(several(None),)), "questions.0.shape"),
        (replace(ALERT, questions=(scale(1, 5),)), "questions.0.shape"),
        (replace(ALERT, secret=True), "secret"),
        (replace(ALERT, urgent=3), "urgent"),
        (replace(ALERT, urgent=0), "urgent"),
    ],
)
def test_an_alert_asks_nothing_else(ask: Ask, field: str) -> None:
    with pytest.raises(Invalid) as raised:
        check(ask, first_language="de", alert=True)
    assert raised.value.field == field


@pytest.mark.parametrize(
    ("ask", "field"),
    [
        (Ask(()), "questions"),
        (Ask((SAFE,) * 6), "questions"),
        (Ask((SAFE,), urgent=2), "urgent"),
    ],
)
def test_a_poll_asks_one_to_five_questions_and_not_for_help(ask: Ask, field: str) -> None:
    with pytest.raises(Invalid) as raised:
        check(ask, first_language="de")
    assert raised.value.field == field


def test_the_question_that_is_wrong_is_named() -> None:
    with pytest.raises(Invalid) as raised:
        check(Ask((SAFE, SAFE, single("A", "B", "a"))), first_language="de")
    assert raised.value.field == "questions.2.options.2"


@pytest.mark.parametrize(
    ("question", "field"),
    [
        (single("A", "B", ask=""), "ask"),
        (single("A", "B", ask=" \n "), "ask"),
        (single("A", "B", ask="?!"), "ask"),
        (single("A", "B", ask="Was wird aus ((Platz))?"), "ask"),
        (single("A", "((Name))"), "options.1"),
        (single("A", "B", ask="a" * 301), "ask"),
        (single("A", "B", ask="Was\x00nun?"), "ask"),
        (single("A", "B", ask="Was\nnun?"), "ask"),
        (single("A", "B", ask="Was \ud800 nun?"), "ask"),
        (single(), "options"),
        (single("A"), "options"),
        (single(*"ABCDEFGHIJ"), "options"),
        (single("A", ""), "options.1"),
        (single("  ", "B"), "options.0"),
        (single("👍", "👎"), "options.0"),
        (single("A", "B\x07"), "options.1"),
        (single("A", "\udfff"), "options.1"),
        (single("A", "b" * 81), "options.1"),
        (single("Grün", "Rot", "GRUEN"), "options.2"),
        (single("Grün", "Grun"), "options.1"),
        (single("Straße", "STRASSE"), "options.1"),
        (single("Café", "Cafe!"), "options.1"),
        (single("Weiter", "Stopp"), "options.1"),
        (scale(5, 1), "high"),
        (scale(3, 3), "high"),
        (scale(0, 11), "high"),
        (scale(-1, 5), "low"),
        (scale(10, 11), "low"),
        (scale(1, 5, "schlecht"), "options"),
        (scale(1, 5, "schlecht", "mittel", "gut"), "options"),
        (scale(1, 5, "gut", "gut"), "options.1"),
        (several(0), "most"),
        (several(4), "most"),
        (several(-1), "most"),
        (replace(single("A", "B"), most=1), "most"),
        (replace(scale(1, 5), most=1), "most"),
    ],
)
def test_what_cannot_be_asked_is_refused_where_it_is_wrong(question: Question, field: str) -> None:
    assert wrong(question)[0] == f"questions.0.{field}"


def test_every_language_has_all_of_it() -> None:
    german, english = Wording("Was?", ("A", "B")), Wording("What?", ("A", "B"))

    def asked(**wordings: Wording) -> Question:
        return Question(Shape.SINGLE, wordings)

    both = asked(de=german, en=english)
    check(Ask((both,)), first_language="de", languages=["de", "en"])
    assert wrong(asked(en=english))[0] == "questions.0.wordings.de"
    assert wrong(asked(de=german), languages=["de", "en"])[0] == "questions.0.wordings.en"
    assert wrong(asked())[0] == "questions.0.wordings.de"
    uneven = asked(de=german, en=Wording("What?", ("A", "B", "C")))
    assert wrong(uneven)[0] == "questions.0.options"
    assert wrong(asked(de=german, en=Wording("What?")))[0] == "questions.0.options"
    assert wrong(asked(de=german, en=Wording("", ("A", "B"))))[0] == "questions.0.ask"
    tagged: Mapping[str, Wording] = {"de": german, "\ud800": english}
    assert wrong(Question(Shape.SINGLE, tagged))[0] == "questions.0.wordings"


@pytest.mark.parametrize(
    ("option", "word"),
    [("Stop", "STOP"), ("END", "END"), ("Hilfe", "HILFE"), ("Info", "INFO"), ("Start", "START"),
     ("Hund anmelden", "ANMELDEN"), ("Stopp dem Lärm", "STOPP"), ("Liste", "LISTE")],
)  # fmt: skip
def test_an_option_that_is_a_command_is_refused_with_its_word(option: str, word: str) -> None:
    field, message = wrong(single("Ja", option))

    assert field == "questions.0.options.1"
    assert f" {word} " in message
    assert "differently" in message


QUESTIONS = st.builds(
    lambda shape, options, ask, low, high, most: Question(
        shape, {"de": Wording(ask, tuple(options))}, low, high, most
    ),
    st.sampled_from(Shape),
    st.lists(st.text(max_size=90), max_size=10),
    st.text(max_size=310),
    st.integers(-2, 12),
    st.integers(-2, 12),
    st.none() | st.integers(-1, 10),
)


@given(QUESTIONS)
def test_whatever_is_asked_is_taken_or_refused(question: Question) -> None:
    with contextlib.suppress(Invalid):
        check(Ask((question,)), first_language="de")


WORDS = st.lists(
    st.sampled_from(
        ["ja", "nein", "nicht", "kein", "alle", "zwei", "2", "1", "3", "a", "b", "i", "grün", "rot",
         "die", "und", "oder", "weil", "gut", "sehr", "guten", "tag", "auf", "keinen", "fall", "von",
         "10", "euro", "uhr", "mai", "2027", "platz", "no", "not", "ohne", "doch", "linie", "yes",
         "beide", "erste", "letzte", "v", "ii", "bitte", "danke", "+", "-", ",", "um", "ende", "13"]
    ),
    min_size=1, max_size=5,
).map(" ".join)  # fmt: skip


@given(
    st.lists(WORDS, min_size=2, max_size=9), st.sampled_from([Shape.SINGLE, Shape.SEVERAL]), WORDS
)
def test_an_option_that_passes_is_never_taken_for_another(
    options: list[str], shape: Shape, ask: str
) -> None:
    question = Question(shape, {"de": Wording(f"Was meinen Sie, {ask}?", tuple(options))})
    try:
        check(Ask((question,)), first_language="de")
    except Invalid:
        return
    for number, option in enumerate(options, 1):
        assert read(option, question).chosen in ({number}, set())
        reading = read(str(number), question)
        assert reading.chosen in ({number}, set())
        assert number in reading.chosen | reading.near
