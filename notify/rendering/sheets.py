"""The questions of a poll as a page or a mail shows them: what is asked, the options, how many."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from notify.domain.poll import Ask, Question, Shape
from notify.rendering.languages import Words, choose
from notify.rendering.lines import cut, one_line

_BUTTONS: Final = 2
"""Browsers show no more."""
_BUTTON: Final = 20  # characters: of more, phones show the beginning


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the options, by its number; `on` where it is chosen."""

    number: int
    text: str
    on: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A question. `name` is that of its field in a form, `language` that of what staff wrote,
    `hint` says how many may be chosen."""

    number: int
    name: str
    ask: str
    language: str
    shape: Shape
    hint: str
    choices: tuple[Choice, ...]


def buttons(asked: Sequence[Sheet]) -> tuple[Choice, ...]:
    """The first options of what is asked, short enough for the buttons of a notification; none
    where more is to be said than one of them, or they could not be told apart."""
    if len(asked) != 1 or asked[0].shape is not Shape.SINGLE:
        return ()
    short = tuple(
        Choice(one.number, cut(one.text, size=_BUTTON)) for one in asked[0].choices[:_BUTTONS]
    )
    return short if len({one.text for one in short if one.text}) == len(short) else ()


def field(number: int) -> str:
    """The name of a question's field in a form."""
    return f"q{number}"


def sheets(
    said: Words, ask: Ask, *, language: str, default: str,
    chosen: Mapping[int, Collection[int]] | None = None,
) -> list[Sheet]:  # fmt: skip
    """All questions for a reader of `language`; `chosen` by question."""
    return [
        _sheet(said, number, question, language, default, (chosen or {}).get(number, ()))
        for number, question in enumerate(ask.questions, 1)
    ]


def _sheet(
    said: Words, number: int, question: Question, language: str, default: str,
    chosen: Collection[int],
) -> Sheet:  # fmt: skip
    tag, wording = choose(question.wordings, language, default=default)
    texts = [one_line(text) for text in wording.options]
    if question.shape is Shape.SCALE:
        ends = dict(zip((question.low, question.high), texts, strict=False))
        named = {n: f"{n} – {ends[n]}" if ends.get(n) else str(n) for n in question.choices}
    else:
        named = dict(enumerate(texts, 1))
    return Sheet(
        number, field(number), one_line(wording.ask), tag, question.shape, _hint(said, question),
        tuple(Choice(n, named[n], n in chosen) for n in question.choices),
    )  # fmt: skip


def _hint(said: Words, question: Question) -> str:
    match question.shape:
        case Shape.SINGLE:
            return said.gettext("Choose one.")
        case Shape.SEVERAL if question.most is not None:
            return said.gettext("Choose up to %(most)s.") % {"most": question.most}
        case Shape.SEVERAL:
            return said.gettext("Choose one or more.")
        case Shape.SCALE:
            return said.gettext("Choose a number from %(low)s to %(high)s.") % {
                "low": question.low, "high": question.high,
            }  # fmt: skip
