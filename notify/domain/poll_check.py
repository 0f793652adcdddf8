"""Checks what a broadcast asks, before anything is kept.

Every function raises Invalid for the first thing that is wrong, with the dotted path of what it is
about, counted from 0, and says what to do instead.
"""

from collections.abc import Sequence
from typing import Final

from notify.domain.answers import collides
from notify.domain.lines import language_tag, one_line
from notify.domain.poll import (
    HIGHEST,
    LONGEST_ASK,
    LONGEST_OPTION,
    MOST_OPTIONS,
    MOST_QUESTIONS,
    Ask,
    Question,
    Shape,
    Shown,
)
from notify.domain.spelling import spellings
from notify.errors import Invalid

_FEWEST_OPTIONS: Final = 2
_ENDS_OF_SCALE: Final = 2


def check(
    ask: Ask, *, languages: Sequence[str] = (), first_language: str, alert: bool = False
) -> None:
    """`languages` are those that the broadcast is written in, and its questions have to be, too."""
    if not ask.questions:
        raise Invalid("Nothing is asked. Write a question.", field="questions")
    if len(ask.questions) > MOST_QUESTIONS:
        raise Invalid(
            f"{len(ask.questions)} questions are asked. Ask {MOST_QUESTIONS} at most: each is an "
            "SMS of its own.",
            field="questions",
        )
    if alert:
        _check_alert(ask)
    for number, question in enumerate(ask.questions):
        _check_question(question, f"questions.{number}", languages, first_language)
    if ask.tell and ask.shown is Shown.STAFF:
        raise Invalid(
            "Only staff see the result, so that nobody else can be told it. Choose who sees it: "
            "'asked' or 'everyone'; or leave tell out.",
            field="tell",
        )
    if ask.urgent is not None:
        _check_urgent(ask, ask.urgent, alert=alert)


def _check_alert(ask: Ask) -> None:
    if len(ask.questions) > 1:
        raise Invalid("An alert asks one question. Leave out the others.", field="questions.1")
    if ask.questions[0].shape is not Shape.SINGLE:
        raise Invalid(
            "The question of an alert has one answer. Choose single choice.",
            field="questions.0.shape",
        )
    if ask.secret:
        raise Invalid(
            "Staff have to see who needs help. The answers to an alert cannot be secret.",
            field="secret",
        )


def _check_urgent(ask: Ask, urgent: int, *, alert: bool) -> None:
    """Raises Invalid unless it is an option of the question of an alert."""
    if not alert:
        raise Invalid(
            "Only an alert has an option for those who need help. Leave urgent out.", field="urgent"
        )
    if urgent not in ask.questions[0].choices:
        raise Invalid(
            f"There is no option {urgent}. Name the one that says that somebody needs help.",
            field="urgent",
        )


def _check_question(
    question: Question, field: str, languages: Sequence[str], first_language: str
) -> None:
    for language in dict.fromkeys([first_language, *languages]):
        if language not in question.wordings:
            raise Invalid(
                f"The question is not written in {language!r}. Write it, with its options: every "
                "language of the broadcast needs it.",
                field=f"{field}.wordings.{language}",
            )
    for language, wording in question.wordings.items():
        language_tag(language, field=f"{field}.wordings")
        _check_line(
            wording.ask, f"The question in {language!r}", field=f"{field}.ask", most=LONGEST_ASK
        )
        _check_options(wording.options, language, field)
    _check_counts(question, field, first_language)
    if question.shape is Shape.SCALE:
        _check_scale(question, field)
    _check_most(question, field)


def _check_line(text: str, name: str, *, field: str, most: int) -> None:
    """Raises Invalid unless it is one line of some characters."""
    if not text.strip():
        raise Invalid(f"{name} is empty. Write it, or leave it out.", field=field)
    try:
        one_line(text, field=field, limit=most)
    except Invalid as wrong:
        raise Invalid(f"{name} cannot be sent. {wrong.message}", field=field) from None
    if "((" in text:
        raise Invalid(
            f"{name} holds a gap. Nobody fills gaps in questions: write what belongs there.",
            field=field,
        )
    if not any(spellings(text)):
        raise Invalid(f"{name} has no letters or digits. Write it in words.", field=field)


def _check_options(options: Sequence[str], language: str, field: str) -> None:
    seen: dict[str, int] = {}
    for number, option in enumerate(options):
        here = f"{field}.options.{number}"
        name = f"Option {number + 1} in {language!r}"
        _check_line(option, name, field=here, most=LONGEST_OPTION)
        alike = next((seen[form] for form in spellings(option) if form in seen), None)
        if alike is not None:
            raise Invalid(
                f"{name} is spelled like option {alike + 1}. Word one of them differently: who "
                "texts it could mean either.",
                field=here,
            )
        seen.update(dict.fromkeys(spellings(option), number))
        word = collides(option)
        if word is not None:
            raise Invalid(
                f"{name} is taken for the command {word} when it is texted. Word it differently, "
                "or put another word first.",
                field=here,
            )


def _check_counts(question: Question, field: str, first_language: str) -> None:
    """Raises Invalid unless there are enough options, and as many in every language."""
    count = len(question.wordings[first_language].options)
    for language, wording in question.wordings.items():
        if len(wording.options) != count:
            raise Invalid(
                f"There are {len(wording.options)} options in {language!r} and {count} in "
                f"{first_language!r}. Write them all in each language, in the same order.",
                field=f"{field}.options",
            )
    if question.shape is Shape.SCALE:
        return
    if count < _FEWEST_OPTIONS:
        raise Invalid("Write two options at least.", field=f"{field}.options")
    if count > MOST_OPTIONS:
        raise Invalid(
            f"There are {count} options. Write {MOST_OPTIONS} at most, so that one digit answers.",
            field=f"{field}.options",
        )


def _check_scale(question: Question, field: str) -> None:
    if not 0 <= question.low < question.high <= HIGHEST:
        raise Invalid(
            f"A scale from {question.low} to {question.high} cannot be answered. Choose two numbers "
            f"from 0 to {HIGHEST}, the lower one first.",
            field=f"{field}.high" if 0 <= question.low < HIGHEST else f"{field}.low",
        )
    ends = {len(wording.options) for wording in question.wordings.values()}
    if not ends <= {0, _ENDS_OF_SCALE}:
        raise Invalid(
            "Say of a scale what its lowest and its highest number mean, or say neither.",
            field=f"{field}.options",
        )


def _check_most(question: Question, field: str) -> None:
    if question.most is None:
        return
    if question.shape is not Shape.SEVERAL:
        raise Invalid(
            "How many may be chosen is asked for several choices only. Leave it out.",
            field=f"{field}.most",
        )
    count = len(question.choices)
    if not 1 <= question.most <= count:
        raise Invalid(
            f"{question.most} of {count} options cannot be chosen. Choose a number from 1 to "
            f"{count}, or none: then all may be.",
            field=f"{field}.most",
        )
