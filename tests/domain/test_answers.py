"""How texts are understood as answers: by a table of what people write, and by rules."""

import string
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify.domain.answers import Reading, Why, addressed, collides, read
from notify.domain.inbound import STOP_WORDS
from notify.domain.poll import Question, Shape, Wording
from tests.domain.answer_texts import CODED, ROWS, Row
from tests.domain.poll_questions import ASKED

_WHY = {"near": Why.NEAR, "many": Why.TOO_MANY, "out": Why.OUT_OF_RANGE, "unclear": Why.UNCLEAR}


def question_of(row: Row) -> Question:
    """The question in the languages of the row only."""
    asked = ASKED[row.question]
    return replace(asked, wordings={one: asked.wordings[one] for one in row.languages.split()})


def expected(written: str) -> Reading:
    first, *others = written.split()
    if first in _WHY:
        return Reading(frozenset(), frozenset(map(int, others)), _WHY[first])
    return Reading(frozenset(map(int, written.split())), frozenset(), Why.ANSWER)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.question}-{row.text[:30]!r}")
def test_each_text_of_the_table_is_read_as_it_is_meant(row: Row) -> None:
    assert read(row.text, question_of(row)) == expected(row.expected)


@pytest.mark.parametrize(("text", "code", "rest"), CODED)
def test_the_code_of_a_poll_is_found_beside_the_answer(
    text: str, code: str | None, rest: str
) -> None:
    assert addressed(text, ["K7", "M4"]) == (code, rest)


def test_every_text_stands_once_for_its_question() -> None:
    seen = [row[:3] for row in ROWS]
    assert len(seen) == len(set(seen)) > 750


@pytest.mark.parametrize(
    "text", ["1" * 10_000, "bitte " * 2_000 + "1", "\n" * 10_000 + "1", "ﷺ" * 600]
)
@pytest.mark.parametrize("name", ASKED)
def test_what_is_too_long_to_be_an_answer_is_not_read(text: str, name: str) -> None:
    assert read(text, ASKED[name]) == Reading(frozenset(), frozenset(), Why.UNCLEAR)
    assert addressed("K7 " + text, ["K7"])[0] in {None, "K7"}


def test_what_is_not_understood_within_one_sms_is_for_people() -> None:
    chatter = "Das finde ich übrigens " + "sehr " * 30
    assert read(f"2. {chatter}interessant", ASKED["works"]).why is Why.UNCLEAR
    assert read("2. Das finde ich interessant", ASKED["works"]).why is Why.NEAR
    assert read("2. Das finde ich " + "sehr " * 40 + "wichtig", ASKED["works"]).chosen == {2}


# In these a digit may also be a word of an option.
PLAIN = {name: one for name, one in ASKED.items() if name not in {"line", "fee", "month"}}
ZEROS = "0٠۰߀०০੦૦୦௦౦೦൦๐໐༠၀០᠐０"  # digits follow each of them
AROUND = st.text(" \t\n.!,;:()[]*\"'„“…#=~", max_size=6)
POLITE = st.sampled_from(["", "bitte", "BITTE", "danke", "Please", "nur"])
questions = st.sampled_from(list(ASKED.values()))
texts = st.one_of(
    st.text(max_size=200),
    st.lists(st.sampled_from([row.text for row in ROWS]), max_size=3).map(" ".join),
    st.lists(
        st.sampled_from(["1", "2", "ja", "nein", "nicht", "und", "oder", "a", "i", "alle", "von", "10",
                         "sie", "grün", "linie", "euro", "weil", "lg", "-", "/", ",", "+", "2.", "te"]),
        max_size=12,
    ).map(" ".join),
)  # fmt: skip


@given(st.data())
def test_a_number_that_answers_is_read_as_itself_however_it_is_dressed(data: st.DataObject) -> None:
    question = data.draw(st.sampled_from(list(PLAIN.values())))
    number = data.draw(st.sampled_from(list(question.choices)))
    zero = data.draw(st.sampled_from(ZEROS))
    said = "".join(chr(ord(zero) + int(sign)) for sign in str(number))
    before, after, polite = data.draw(AROUND), data.draw(AROUND), data.draw(POLITE)

    assert read(f"{before}{said}{after} {polite}", question).chosen == {number}


@given(st.data())
def test_a_letter_that_answers_is_read_as_itself_however_it_is_dressed(data: st.DataObject) -> None:
    choices = [one for one in ASKED.values() if one.shape is not Shape.SCALE]
    question = data.draw(st.sampled_from(choices))
    number = data.draw(st.sampled_from(question.choices[:8]))  # the ninth is an English word
    letter = data.draw(st.sampled_from([string.ascii_lowercase, string.ascii_uppercase]))[
        number - 1
    ]
    before, after = data.draw(AROUND), data.draw(AROUND)

    assert read(f"{before}{letter}{after}", question).chosen == {number}


@given(texts, questions)
def test_any_text_is_read_and_what_is_chosen_may_be_chosen(text: str, question: Question) -> None:
    reading = read(text, question)

    assert bool(reading.chosen) == (reading.why is Why.ANSWER)
    assert not reading.chosen or question.accepts(reading.chosen)
    assert reading.near <= set(question.choices)
    assert bool(reading.near) == (reading.why in {Why.NEAR, Why.TOO_MANY})


@given(
    texts,
    st.sampled_from(["STOP", "stopp", "Unsubscribe", "abmelden", "cancel", "quit"]),
    questions,
)
def test_what_also_asks_to_stop_is_no_answer(text: str, word: str, question: Question) -> None:
    assert not read(f"{word} {text}", question).chosen


@given(
    st.sampled_from(sorted(STOP_WORDS)), AROUND, st.sampled_from([str.lower, str.title, str.upper])
)
def test_a_word_to_stop_is_no_answer_even_where_it_is_an_option(
    word: str, around: str, case: Callable[[str], str]
) -> None:
    question = Question(Shape.SINGLE, {"de": Wording("Wie weiter?", ("Los", word))})
    for one in (*ASKED.values(), question):
        assert read(f"{around}{case(word)}{around}", one) == Reading(
            frozenset(), frozenset(), Why.UNCLEAR
        )


@given(st.data(), questions)
def test_a_strange_word_keeps_a_number_from_being_counted(
    data: st.DataObject, question: Question
) -> None:
    number = data.draw(st.sampled_from(list(question.choices)))
    strange = "q" + data.draw(st.text("bcdfghjklmpqrvwxz", min_size=5, max_size=12))
    for text in (f"{number} {strange}", f"{strange} {number}", f"{number}. {strange}!"):
        assert not read(text, question).chosen


ANSWERS = st.one_of(
    st.sampled_from([row.text for row in ROWS if row.expected[0].isdigit() and row.text.isascii()])
    .map(str.strip)
    .filter(lambda text: "\n" not in text and text[0].isalnum() and text[-1].isalnum()),
    st.text(string.ascii_letters + " ", min_size=1).map(str.strip).filter(bool),
)


@given(
    ANSWERS,
    st.sampled_from(["K7", "k7", "K 7", "k-7", "Umfrage K7", "(K7)"]),
    st.sampled_from([" ", ": ", ":", "-", " - ", "\n", ", ", ". ", " – ", "="]),
)
def test_the_code_is_taken_off_and_the_rest_stays(rest: str, code: str, between: str) -> None:
    assert addressed(f"{code}{between}{rest}", ["M4", "K7"]) == ("K7", rest)
    if not code.startswith("Umfrage"):
        assert addressed(f"{rest}{between}{code}", ["K7"]) == ("K7", rest)


@given(st.text(max_size=200))
def test_a_text_without_a_code_stays_as_it_is(text: str) -> None:
    assert addressed(text, []) == (None, text)


def test_two_codes_that_a_text_could_name_are_none() -> None:
    assert addressed("K 7 2", ["K7", "K72"]) == (None, "K 7 2")
    assert addressed("K72", ["K7", "K72"]) == ("K72", "")
    assert addressed("K7 2", ["K7", "K72"]) == ("K7", "2")
    assert addressed("K7 M4", ["K7", "M4"]) == (None, "K7 M4")


@pytest.mark.parametrize(
    ("option", "word"),
    [("Stop", "STOP"), ("Ende", None), ("END", "END"), ("Ja", None), ("Yes", None), ("Hilfe", "HILFE"),
     ("Help!", "HELP"), ("Info", "INFO"), ("Start", "START"), ("brauche Hilfe", None),
     ("Stopp dem Lärm", "STOPP"), ("Anmelden", "ANMELDEN"), ("Liste", "LISTE"), ("Halt", None)],
)  # fmt: skip
def test_an_option_that_is_one_of_our_words_is_found(option: str, word: str | None) -> None:
    assert collides(option) == word
