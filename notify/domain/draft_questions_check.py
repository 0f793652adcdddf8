"""Says what is wrong with what a draft asks, all of it at once, each at its field."""

from collections.abc import Collection, Iterator, Sequence
from enum import StrEnum
from typing import Final

from notify.domain import poll_check
from notify.domain.answers import collides
from notify.domain.draft_questions import Asked, Asking, Typed, asked_of, to_ask
from notify.domain.lines import one_line
from notify.domain.poll import (
    HIGHEST,
    LONGEST_ASK,
    LONGEST_OPTION,
    MOST_OPTIONS,
    Shape,
    Shown,
)
from notify.domain.spelling import spellings
from notify.errors import Invalid

FEWEST_OPTIONS: Final = 2
ENDS: Final = 2  # of a scale, each of which may be given a meaning


class Flaw(StrEnum):
    """What can be wrong with a question."""

    NO_ASK = "no_ask"
    LONG_ASK = "long_ask"
    NO_SHAPE = "no_shape"
    FEW = "few"  # options
    MANY = "many"
    LONG_OPTION = "long_option"
    TWICE = "twice"  # an option
    ALIKE = "alike"  # an option is the same as another, once it is texted
    GAP_ASK = "gap_ask"  # of a template: nobody fills it in a question
    GAP_OPTION = "gap_option"
    SIGNS_ASK = "signs_ask"  # that nobody sees and no SMS carries
    SIGNS_OPTION = "signs_option"
    NO_WORD_ASK = "no_word_ask"  # neither a letter nor a digit in it
    NO_WORD_OPTION = "no_word_option"
    ENDS_APART = "ends_apart"  # of a scale, said in one language and not in another
    ONE_ANSWER = "one_answer"  # is what the question of an alert has
    UNEQUAL = "unequal"  # another number of options than in the first language
    ENDS = "ends"  # a scale that says something else than what its ends mean
    SCALE = "scale"
    MOST = "most"
    SHOWN = "shown"
    TELL = "tell"  # what nobody but staff sees
    URGENT = "urgent"
    RESERVED = "reserved"  # an option that is a word with another meaning when it is texted
    LONG_SMS = "long_sms"
    NO_RECEIVER = "no_receiver"  # nobody could answer by SMS
    OTHER = "other"


_OF_ASK: Final = {
    Flaw.SIGNS_OPTION: Flaw.SIGNS_ASK,
    Flaw.GAP_OPTION: Flaw.GAP_ASK,
    Flaw.NO_WORD_OPTION: Flaw.NO_WORD_ASK,
}

Found = tuple[str, Flaw, str | None, str]
"""A field, what is wrong, in which language, and the word that it is about."""


def check(
    asking: Asking, *, alert: bool, languages: Collection[str], first_language: str
) -> Iterator[Found]:
    """What is wrong, in the order of the form; `languages` are those in which there is a text."""
    found = list(_each(asking, alert=alert, languages=languages, first_language=first_language))
    if not found:
        found += _by_the_rules(asking, alert=alert, languages=languages, first=first_language)
    yield from found


def _each(
    asking: Asking, *, alert: bool, languages: Collection[str], first_language: str
) -> Iterator[Found]:
    tags = list(dict.fromkeys([first_language, *languages]))
    for number, one in asked_of(asking, alert=alert):
        if not alert:
            yield from _shape(number, one)
        elif one.shape != Shape.SINGLE:
            yield ("asks", Flaw.ONE_ANSWER, None, "")
        for tag in tags:
            yield from _wording(number, one, tag, first_language)
    if (
        alert
        and asking.on
        and asking.urgent not in {"", *map(str, _numbers(asking, first_language))}
    ):
        yield ("urgent", Flaw.URGENT, None, "")
    if not alert and asking.shown not in set(Shown):
        yield ("shown", Flaw.SHOWN, None, "")
    if not alert and asking.tell and asking.shown == Shown.STAFF:
        yield ("shown", Flaw.TELL, None, "")


def _numbers(asking: Asking, first_language: str) -> range:
    return range(1, len(asking.one.wordings.get(first_language, Asked()).lines) + 1)


def _shape(number: int, one: Typed) -> Iterator[Found]:
    if one.shape not in set(Shape):
        yield (f"shape{number}", Flaw.NO_SHAPE, None, "")
    if one.shape == Shape.SCALE:
        low, high = _number(one.low), _number(one.high)
        if low is None or high is None or not 0 <= low < high <= HIGHEST:
            yield (f"low{number}", Flaw.SCALE, None, "")
    if one.shape == Shape.SEVERAL and one.most:
        options = max((len(said.lines) for said in one.wordings.values()), default=0)
        most = _number(one.most)
        if most is None or not 1 <= most <= max(options, 1):
            yield (f"most{number}", Flaw.MOST, None, "")


def _wording(number: int, one: Typed, tag: str, first_language: str) -> Iterator[Found]:
    said = one.wordings.get(tag, Asked())
    asks, options = f"ask{number}-{tag}", f"options{number}-{tag}"
    if not said.ask.strip():
        yield (asks, Flaw.NO_ASK, tag, "")
    elif len(said.ask.strip()) > LONGEST_ASK:
        yield (asks, Flaw.LONG_ASK, tag, "")
    elif (unfit := _unfit(said.ask, limit=LONGEST_ASK)) is not None:
        yield (asks, _OF_ASK[unfit], tag, "")
    flaw = _options(one, said, one.wordings.get(first_language, Asked()))
    if flaw is not None:
        yield (options, *flaw[:1], tag, flaw[1])


def _options(one: Typed, said: Asked, first: Asked) -> tuple[Flaw, str] | None:
    lines = said.lines
    if one.shape == Shape.SCALE:
        if len(lines) not in {0, ENDS}:
            return (Flaw.ENDS, "")
        flaw = _lines(lines)
        apart = len(first.lines) in {0, ENDS} and len(lines) != len(first.lines)
        return (Flaw.ENDS_APART, "") if flaw is None and apart else flaw
    if len(lines) < FEWEST_OPTIONS:
        return (Flaw.FEW, "")
    if len(lines) > MOST_OPTIONS:
        return (Flaw.MANY, "")
    flaw = _lines(lines)
    if flaw is None and len(lines) != len(first.lines):
        return (Flaw.UNEQUAL, str(len(first.lines)))
    return flaw


def _lines(lines: Sequence[str]) -> tuple[Flaw, str] | None:
    seen: set[str] = set()
    for line in lines:
        spelled = spellings(line)
        if len(line) > LONGEST_OPTION:
            return (Flaw.LONG_OPTION, line)
        if (unfit := _unfit(line, limit=LONGEST_OPTION)) is not None:
            return (unfit, "" if unfit is Flaw.SIGNS_OPTION else line)
        if not seen.isdisjoint(spelled):
            twice = line.casefold() in (one.casefold() for one in lines[: lines.index(line)])
            return (Flaw.TWICE if twice or lines.count(line) > 1 else Flaw.ALIKE, line)
        if (word := collides(line)) is not None:
            return (Flaw.RESERVED, word)
        seen.update(spelled)
    return None


def _unfit(text: str, *, limit: int) -> Flaw | None:
    """Why a text can be no line of an SMS, in the words for an option; None where it can."""
    try:
        one_line(text, field="", limit=limit)
    except Invalid:
        return Flaw.SIGNS_OPTION
    if "((" in text:
        return Flaw.GAP_OPTION
    return None if any(spellings(text)) else Flaw.NO_WORD_OPTION


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 3 else None


def _by_the_rules(
    asking: Asking, *, alert: bool, languages: Collection[str], first: str
) -> Iterator[Found]:
    """What the rules for every poll say besides."""
    tags = list(dict.fromkeys([first, *languages]))
    ask = to_ask(asking, alert=alert, languages=tags)
    if ask is None:
        return
    try:
        poll_check.check(ask, languages=tags, first_language=first, alert=alert)
    except Invalid as wrong:
        yield _at_its_field(wrong, alert=alert, first=first)


def _at_its_field(wrong: Invalid, *, alert: bool, first: str) -> Found:
    """`questions.0.options.1` as the field of the form, in the language whose option it is."""
    _, at, part, *_ = [*(wrong.field or "").split("."), "", "", ""]
    number = 0 if alert else int(at) + 1 if at.isdigit() else 1
    name = "options" if part == "options" else "ask"
    return (f"{name}{number}-{first}", Flaw.OTHER, first, wrong.message)
