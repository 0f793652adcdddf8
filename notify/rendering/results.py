"""Puts the result of a poll into words, tables and pictures, in the reader's language."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from notify.domain.csv_out import Cell
from notify.domain.poll import How, Question, Shape
from notify.domain.results import Result
from notify.domain.tally import Counted, Part
from notify.rendering import charts
from notify.rendering.languages import Words, choose

_DIGITS: Final = 2  # behind the point, of a mean


@dataclass(frozen=True, slots=True)
class Line:
    """One choice: how many chose it, and their share of those who answered, in per cent."""

    label: str
    n: int
    share: int


@dataclass(frozen=True, slots=True)
class Lines:
    """The answers of some; `name` is that of a group. `middle` says the mean and median of a scale."""

    name: str
    answered: int
    lines: Sequence[Line]
    middle: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """One question as a page shows it. `language` is that of what staff wrote; `picture` is SVG."""

    number: int
    ask: str
    language: str
    several: bool
    withheld: bool
    whole: Lines
    groups: Sequence[Lines]
    picture: str


def how(words: Words, way: How) -> str:
    """By which way it was proven whose answer it is."""
    return {
        How.SMS: words.gettext("by SMS, from their own number"),
        How.MAIL: words.gettext("by the personal link in a mail"),
        How.PUSH: words.gettext("by a notification on their device"),
        How.PAGE: words.gettext("signed in, on their own page"),
        How.DESK: words.gettext("on paper, entered by the town hall"),
    }[way]


def option(question: Question, choice: int, *, language: str, default: str) -> str:
    """What a choice is called. The ends of a scale say what they mean."""
    said = choose(question.wordings, language, default=default)[1].options
    if question.shape is not Shape.SCALE:
        return said[choice - 1]
    ends = dict(zip((question.low, question.high), said, strict=False))
    return f"{choice} ({ends[choice]})" if choice in ends else str(choice)


def group(words: Words, result: Result, group: int | None, *, language: str, default: str) -> str:
    """The name of a group; None is what is left of them all."""
    if group is None:
        return words.gettext("All other groups together")
    return choose(result.names[group], language, default=default)[1]


def sheets(words: Words, result: Result, *, language: str, default: str) -> list[Sheet]:
    """Question by question, for a reader of `language`; `default` is the town's."""
    return [
        _sheet(words, result, counted, language=language, default=default)
        for counted in result.questions
    ]


def table(words: Words, result: Result, *, language: str, default: str) -> list[Sequence[Cell]]:
    """The result as rows of a spreadsheet, with a row of headings: question by question, then who took
    part and how it was proven, which belong to no question."""
    tongue = {"language": language, "default": default}
    rows: list[Sequence[Cell]] = [[
        words.gettext("Question"), words.gettext("What was asked"), words.gettext("Group"),
        words.gettext("Choice"), words.gettext("Answer"), words.gettext("People"),
        words.gettext("Per cent of those who answered"), words.gettext("Who answered"),
    ]]  # fmt: skip
    everybody = words.gettext("All")
    for counted in result.questions:
        ask = choose(counted.question.wordings, language, default=default)[1].ask
        if counted.withheld:
            rows.append([counted.number, ask, everybody, None, _not_yet(words), None, None, None])
            continue
        for part in (counted.whole, *counted.groups):
            whole = part is counted.whole
            name = everybody if whole else group(words, result, part.group, **tongue)
            for choice, n in part.counts.items():
                label = option(counted.question, choice, language=language, default=default)
                share = words.number(round(part.share(choice), 1))
                rows.append([counted.number, ask, name, choice, label, n, share, part.answered])
    return rows + _turnout(words, result, **tongue)


def _not_yet(words: Words) -> str:
    return words.gettext(
        "Not yet: fewer than ten people have answered, and nobody is to be found out."
    )


def _turnout(words: Words, result: Result, *, language: str, default: str) -> list[Sequence[Cell]]:
    rows: list[Sequence[Cell]] = []
    everybody = words.gettext("All")
    said, by_way = words.gettext("Who took part"), words.gettext("How it was proven")
    for part in (result.turnout, *result.by_group):
        whole = part is result.turnout
        name = everybody if whole else group(
            words, result, part.group, language=language, default=default
        )  # fmt: skip
        rows += [
            [None, said, name, None, words.gettext("Asked"), part.asked, None, None],
            [None, said, name, None, words.gettext("Took part"), part.answered, None, None],
        ]
    return rows + [
        [None, by_way, everybody, None, how(words, way), n, None, None]
        for way, n in result.how.items()
        if n
    ]


def _sheet(words: Words, result: Result, counted: Counted, *, language: str, default: str) -> Sheet:
    tongue = {"language": language, "default": default}
    spoken, said = choose(counted.question.wordings, language, default=default)
    whole = _lines(words, counted, counted.whole, words.gettext("All"), **tongue)
    title = words.gettext("Answers to question %(number)s") % {"number": counted.number}
    bars = [charts.Bar(line.label, line.n, whole.answered) for line in whole.lines]
    picture = charts.bars(
        f"question-{counted.number}", bars, title=title, number=words.number,
        said=words.gettext("The table beside it says the same."),
    )  # fmt: skip
    return Sheet(
        number=counted.number, ask=said.ask, language=spoken,
        several=counted.question.shape is Shape.SEVERAL, withheld=counted.withheld, whole=whole,
        groups=[
            _lines(words, counted, part, group(words, result, part.group, **tongue),
                   **tongue)
            for part in counted.groups
        ],
        picture="" if counted.withheld else picture,
    )  # fmt: skip


def _lines(
    words: Words, counted: Counted, part: Part, name: str, *, language: str, default: str
) -> Lines:
    lines = [
        Line(
            option(counted.question, choice, language=language, default=default), n,
            round(part.share(choice)),
        )
        for choice, n in part.counts.items()
    ]  # fmt: skip
    middle = ""
    if part.mean is not None and part.median is not None:
        middle = words.gettext("Mean %(mean)s, median %(median)s") % {
            "mean": words.number(round(part.mean, _DIGITS)),
            "median": words.number(part.median),
        }
    return Lines(name, part.answered, lines, middle)
