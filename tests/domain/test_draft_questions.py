"""What a draft asks: as it is typed, as it is kept, and what is wrong with it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notify.domain import draft_questions_check
from notify.domain.draft import Content, Words, from_json, to_json
from notify.domain.draft_check import Wrong, check, submission
from notify.domain.draft_questions import (
    Asked,
    Asking,
    Typed,
    added,
    fields,
    half_asked,
    read,
    removed,
)
from notify.domain.draft_questions_check import Flaw
from notify.domain.poll import MOST_QUESTIONS, Ask, Question, Shape, Shown, Wording

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
YES_NO = Typed(wordings={"de": Asked("Länger öffnen?", "Ja\n Nein \n\n")})
SCALE = Typed(
    shape="scale", low="0", high="10", wordings={"de": Asked("Wie gut?", "gar nicht\nsehr")}
)
PICK = Typed(shape="several", most="2", wordings={"de": Asked("Was fehlt?", "Bank\nBaum\nBrunnen")})
POLL = Content(
    kind="poll", groups=("elbtal",), texts={"de": Words("Freibad", "Sagen Sie es.")},
    valid_until="2026-03-08T18:00", asking=Asking(questions=(YES_NO, SCALE, PICK)),
)  # fmt: skip
ALERT = replace(
    POLL, kind="alert", severity="severe",
    asking=Asking(on=True, one=Typed(wordings={"de": Asked("Sicher?", "Ja\nIch brauche Hilfe"),
                                               "en": Asked("Safe?", "Yes\nI need help")})),
)  # fmt: skip


def wrong(content: Content) -> list[tuple[str, Flaw | None]]:
    found = check(content, first_language="de", zone=BERLIN, now=NOW)
    assert all(problem.word for problem in found if problem.flaw is Flaw.RESERVED)
    return [(problem.field, problem.flaw) for problem in found]


def test_a_poll_asks_what_was_typed() -> None:
    assert wrong(POLL) == []

    assert submission(POLL).ask == Ask(
        (
            Question(Shape.SINGLE, {"de": Wording("Länger öffnen?", ("Ja", "Nein"))}),
            Question(
                Shape.SCALE, {"de": Wording("Wie gut?", ("gar nicht", "sehr"))}, low=0, high=10
            ),
            Question(
                Shape.SEVERAL, {"de": Wording("Was fehlt?", ("Bank", "Baum", "Brunnen"))}, most=2
            ),
        )
    )


def test_who_learns_what_is_as_it_was_chosen() -> None:
    asking = replace(POLL.asking, secret=False, shown="asked", live=True, tell=True)

    ask = submission(replace(POLL, asking=asking)).ask

    assert ask is not None
    assert (ask.secret, ask.shown, ask.live, ask.tell) == (False, Shown.ASKED, True, True)


def test_an_alert_asks_one_question_by_name_in_the_languages_of_its_texts() -> None:
    assert wrong(ALERT) == []

    assert submission(ALERT).ask == Ask(
        (Question(Shape.SINGLE, {"de": Wording("Sicher?", ("Ja", "Ich brauche Hilfe"))}),),
        secret=False, shown=Shown.STAFF, urgent=2,
    )  # fmt: skip
    both = replace(ALERT, texts={**ALERT.texts, "en": Words("Pool", "Say it.")})
    asked = submission(both).ask
    assert asked is not None
    assert set(asked.questions[0].wordings) == {"de", "en"}


@pytest.mark.parametrize(
    "content",
    [
        replace(ALERT, asking=replace(ALERT.asking, on=False)),
        replace(ALERT, severity="", relation="update"),
        replace(POLL, kind="announcement"),
    ],
    ids=["switched off", "follows", "news"],
)
def test_what_does_not_ask_asks_nothing_whatever_was_typed(content: Content) -> None:
    assert wrong(content) == []
    assert submission(content).ask is None


def _first(**changes: Any) -> Content:
    return replace(POLL, asking=Asking(questions=(replace(YES_NO, **changes),)))


def _said(ask: str, options: str) -> Content:
    return _first(wordings={"de": Asked(ask, options)})


def _ends(options: str) -> Content:
    return _first(shape="scale", wordings={"de": Asked("Wie gut?", options)})


def _in_english(one: Typed, ask: str, options: str) -> Content:
    both = replace(one, wordings={**one.wordings, "en": Asked(ask, options)})
    texts = {**POLL.texts, "en": Words("Pool", "Say it.")}
    return replace(POLL, texts=texts, asking=Asking(questions=(both,)))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (replace(POLL, asking=Asking()), ("ask1-de", Flaw.NO_ASK)),
        (replace(POLL, asking=Asking()), ("options1-de", Flaw.FEW)),
        (_said("x" * 301, "Ja\nNein"), ("ask1-de", Flaw.LONG_ASK)),
        (_said("Länger?", "Ja"), ("options1-de", Flaw.FEW)),
        (_said("Länger?", "\n".join("abcdefghij")), ("options1-de", Flaw.MANY)),
        (_said("Länger?", f"Ja\n{'n' * 81}"), ("options1-de", Flaw.LONG_OPTION)),
        (_said("Länger?", "Ja\nja"), ("options1-de", Flaw.TWICE)),
        (_said("Farbe?", "Grün\nGruen"), ("options1-de", Flaw.ALIKE)),
        (_said("Farbe?", "Grün\nGRÜN"), ("options1-de", Flaw.TWICE)),
        (_said("Länger?", "Weiter\nStop"), ("options1-de", Flaw.RESERVED)),
        (_said("Länger?", "Ja\n👍"), ("options1-de", Flaw.NO_WORD_OPTION)),
        (_said("?!", "Ja\nNein"), ("ask1-de", Flaw.NO_WORD_ASK)),
        (_said("Wo ist ((Ort))?", "Ja\nNein"), ("ask1-de", Flaw.GAP_ASK)),
        (_said("Wo?", "Ja\nIn ((Ort))"), ("options1-de", Flaw.GAP_OPTION)),
        (_said("Ja\x07?", "Ja\nNein"), ("ask1-de", Flaw.SIGNS_ASK)),
        (_said("Ja\u2028?", "Ja\nNein"), ("ask1-de", Flaw.SIGNS_ASK)),
        (_said("Ja?", "Ja\nNe\x07in"), ("options1-de", Flaw.SIGNS_OPTION)),
        (_ends("gut\ngut"), ("options1-de", Flaw.TWICE)),
        (_ends("gut\nStop"), ("options1-de", Flaw.RESERVED)),
        (_ends(f"gut\n{'n' * 81}"), ("options1-de", Flaw.LONG_OPTION)),
        (_ends("gut\n((Wort))"), ("options1-de", Flaw.GAP_OPTION)),
        (_in_english(SCALE, "How good?", ""), ("options1-en", Flaw.ENDS_APART)),
        (replace(ALERT, asking=replace(ALERT.asking, one=replace(ALERT.asking.one, shape="scale",
                                                                low="x"))),
         ("asks", Flaw.ONE_ANSWER)),
        (_first(shape="round"), ("shape1", Flaw.NO_SHAPE)),
        (_first(shape="scale", wordings={"de": Asked("Wie?", "a\nb\nc")}), ("options1-de", Flaw.ENDS)),
        (_first(shape="scale", low="5", high="5"), ("low1", Flaw.SCALE)),
        (_first(shape="scale", low="-1"), ("low1", Flaw.SCALE)),
        (_first(shape="scale", high="11"), ("low1", Flaw.SCALE)),
        (_first(shape="scale", high="²"), ("low1", Flaw.SCALE)),
        (_first(shape="scale", high=""), ("low1", Flaw.SCALE)),
        (_first(shape="several", most="3"), ("most1", Flaw.MOST)),
        (_first(shape="several", most="alle"), ("most1", Flaw.MOST)),
        (replace(POLL, asking=replace(POLL.asking, shown="nobody")), ("shown", Flaw.SHOWN)),
        (replace(POLL, asking=replace(POLL.asking, shown="staff", tell=True)), ("shown", Flaw.TELL)),
        (replace(ALERT, asking=replace(ALERT.asking, urgent="3")), ("urgent", Flaw.URGENT)),
        (replace(ALERT, asking=Asking(on=True)), ("ask0-de", Flaw.NO_ASK)),
        (
            replace(POLL, texts={**POLL.texts, "en": Words("Pool", "Say it.")}), ("ask2-en", Flaw.NO_ASK),
        ),
        (
            replace(
                ALERT, texts={**ALERT.texts, "en": Words("Pool", "Say it.")},
                asking=replace(ALERT.asking, one=Typed(wordings={
                    **ALERT.asking.one.wordings, "en": Asked("Safe?", "Yes\nNo\nI need help")})),
            ),
            ("options0-en", Flaw.UNEQUAL),
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_question_is_told_at_its_field(
    content: Content, told: tuple[str, Flaw]
) -> None:
    assert told in wrong(content)


def test_a_question_in_a_language_without_a_text_asks_for_the_text() -> None:
    asked = {**YES_NO.wordings, "en": Asked("Longer?", "Yes\nNo")}

    found = check(_first(wordings=asked), first_language="de", zone=BERLIN, now=NOW)

    assert [(one.field, one.wrong) for one in found] == [
        ("title-en", Wrong.MISSING), ("body-en", Wrong.MISSING),
    ]  # fmt: skip


@pytest.mark.parametrize("content", [POLL, ALERT, Content()], ids=["poll", "alert", "nothing"])
def test_what_is_asked_is_the_same_once_it_was_kept_or_sent_as_a_form(content: Content) -> None:
    assert from_json(to_json(content)) == content
    again = read(fields(content.asking), ["de", "en"], before=Asking())
    tidy = replace(again, questions=again.questions)
    assert fields(tidy) == fields(content.asking)


def test_a_draft_from_before_there_were_polls_asks_nothing() -> None:
    kept = to_json(Content(kind="alert"))
    del kept["asking"]

    assert from_json(kept).asking == Asking()


def test_questions_are_added_up_to_the_most_and_taken_out() -> None:
    asking = Asking()
    for wanted in (2, 3, 4, 5, MOST_QUESTIONS):
        asking = added(asking)
        assert len(asking.as_shown) == wanted

    assert removed(POLL.asking, 2).questions == (YES_NO, PICK)
    assert removed(POLL.asking, 9) == POLL.asking
    assert removed(Asking(questions=(YES_NO, Typed())), 1) == Asking()


@pytest.mark.parametrize("count", ["", "0", "99", "-1", "x", "²"])
def test_a_count_that_is_none_does_no_harm(count: str) -> None:
    assert len(read({"count": count, "ask1-de": "Was?"}, ["de"], before=Asking()).as_shown) <= 5


def test_of_a_draft_half_done_what_is_there_is_shown() -> None:
    half = Asking(
        questions=(
            YES_NO, Typed(), Typed(shape="scale", low="x", wordings=SCALE.wordings),
            Typed(shape="scale", low="0", high="1" * 3000, wordings=SCALE.wordings),
            Typed(wordings={**YES_NO.wordings, "en": Asked("Longer?", "Yes")}),
        ),
        shown="", tell=True,
    )  # fmt: skip

    ask = half_asked(half, alert=False, languages=["de", "en"], first_language="de")

    assert ask is not None
    assert [set(one.wordings) for one in ask.questions] == [{"de"}, {"de"}]
    assert ask.tell  # which costs SMS
    assert half_asked(Asking(), alert=False, languages=["de"], first_language="de") is None
    assert half_asked(Asking(), alert=True, languages=["de"], first_language="de") is None


ODD = st.sampled_from(
    ["ja", "Gruen", "Stop", "((Ort))", "👍", "?!", "N\x07in", "x" * 81, ""]
) | st.text(
    st.sampled_from("aAbBäuü1?! .:-\t\x00\x07\u200b\u2028\ud800(( ))👍") | st.characters(),
    max_size=90,
)


@settings(max_examples=400)
@given(
    shape=st.sampled_from(Shape), odd=ODD, place=st.integers(0, 5), english=st.booleans(),
    ends=st.sampled_from([(1, 5), (0, 10), (5, 1), (-1, 12)]), alert=st.booleans(),
    most=st.sampled_from(["", "1", "2", "3", "0"]),
)  # fmt: skip
def test_whatever_is_refused_has_a_sentence_of_its_own(
    shape: Shape, odd: str, place: int, english: bool, ends: tuple[int, int], alert: bool, most: str
) -> None:
    """What the rules for every poll refuse of a question with something odd in one place, this check
    knows: nobody is left with a general word."""
    said = ["Was?", "Ja", "Grün", "What?", "Yes", "Green"]
    said[place] = odd
    wordings = {"de": Asked(said[0], "\n".join(said[1:3]))}
    if english:
        wordings["en"] = Asked(said[3], "\n".join(said[4:]))
    one = Typed(shape.value, wordings, str(ends[0]), str(ends[1]), most)
    asking = Asking(on=True, one=one, urgent="") if alert else Asking(questions=(one,))

    found = draft_questions_check.check(
        asking, alert=alert, languages=[*wordings], first_language="de"
    )

    assert Flaw.OTHER not in {flaw for _, flaw, _, _ in found}
