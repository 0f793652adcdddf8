"""What a draft asks, as it was typed: right or wrong, whole or half done.

Its fields have the number of the question in their names, `ask1-de` for its text in German; 0 is that of
the question that an alert may carry.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from notify.domain.poll import HIGHEST, MOST_QUESTIONS, Ask, Question, Shape, Shown, Wording

OF_ALERT: Final = 0
"""The number of the question that an alert may carry."""

_FIELD: Final = re.compile(r"(ask|options|shape|low|high|most)([0-9])(?:-(.+))?")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed of a question in one language; of the options each has a line."""

    ask: str = ""
    options: str = ""

    @property
    def empty(self) -> bool:
        return not (self.ask.strip() or self.options.strip())

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(line.strip() for line in self.options.splitlines() if line.strip())


@dataclass(frozen=True, slots=True)
class Typed:
    """A question; `low` and `high` are the ends of a scale, `most` how many options may be chosen."""

    shape: str = Shape.SINGLE.value
    wordings: Mapping[str, Asked] = field(default_factory=dict[str, Asked])
    low: str = "1"
    high: str = "5"
    most: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """All that a draft asks. `questions` are a poll's; `one` is that of an alert, which is asked where
    it is `on`, and `urgent` the number of the answer by which somebody asks for help."""

    questions: tuple[Typed, ...] = ()
    secret: bool = True
    shown: str = Shown.EVERYONE.value
    live: bool = False
    tell: bool = False
    on: bool = False
    one: Typed = field(default_factory=Typed)
    urgent: str = "2"

    @property
    def as_shown(self) -> tuple[Typed, ...]:
        """The questions as the form has them: one at least."""
        return self.questions or (Typed(),)


def from_json(kept: Mapping[str, Any] | None) -> Asking:
    """As it was kept; nothing of what was begun before there were polls."""
    if kept is None:
        return Asking()
    return replace(
        Asking(**kept),
        questions=tuple(_typed_from(one) for one in kept["questions"]), one=_typed_from(kept["one"]),
    )  # fmt: skip


def _typed_from(kept: Mapping[str, Any]) -> Typed:
    wordings = {language: Asked(**said) for language, said in kept["wordings"].items()}
    return replace(Typed(**kept), wordings=wordings)


def fields(asking: Asking) -> dict[str, str]:
    """What each field of the form holds."""
    found = {
        "count": str(len(asking.as_shown)),
        "secret": "secret" if asking.secret else "named",
        "shown": asking.shown,
        "live": "1" if asking.live else "",
        "tell": "1" if asking.tell else "",
        "asks": "1" if asking.on else "",
    }
    for number, one in enumerate(asking.as_shown, 1):
        found |= _fields_of(number, one, whole=True)
    return found | dict(_fields_of(OF_ALERT, asking.one, whole=False)) | {"urgent": asking.urgent}


def _fields_of(number: int, one: Typed, *, whole: bool) -> Iterable[tuple[str, str]]:
    if whole:
        yield from (
            (f"{name}{number}", getattr(one, name)) for name in ("shape", "low", "high", "most")
        )
    for language, said in one.wordings.items():
        yield f"ask{number}-{language}", said.ask
        yield f"options{number}-{language}", said.options


def number_of(name: str) -> int | None:
    """Of which question this is a field; None where of none."""
    found = _FIELD.fullmatch(name)
    return int(found[2]) if found else None


def is_field(name: str) -> bool:
    """Whether a field belongs here."""
    return name in fields(Asking()) or number_of(name) is not None


def read(values: Mapping[str, str], languages: Sequence[str], *, before: Asking) -> Asking:
    """What these fields say. Where there are none of a poll, or of an alert's question, that stays as
    it was `before`; so does a text in a language that the form does not show."""
    asking = before
    if "count" in values:
        asking = replace(
            asking,
            questions=_questions(values, languages, before),
            secret=values.get("secret") != "named",
            shown=values.get("shown", ""),
            live=bool(values.get("live")),
            tell=bool(values.get("tell")),
        )
    return replace(
        asking,
        on=bool(values.get("asks")),
        one=_read_one(values, OF_ALERT, languages, before.one),
        urgent=values.get("urgent", before.urgent),
    )


def _questions(
    values: Mapping[str, str], languages: Sequence[str], before: Asking
) -> tuple[Typed, ...]:
    count = values["count"]
    many = min(int(count), MOST_QUESTIONS) if re.fullmatch("[1-9]", count) else 1
    was = [*before.questions, *[Typed()] * MOST_QUESTIONS]
    found = tuple(
        _read_one(values, number, languages, was[number - 1]) for number in range(1, many + 1)
    )
    return () if found == (Typed(),) else found


def _read_one(
    values: Mapping[str, str], number: int, languages: Sequence[str], before: Typed
) -> Typed:
    wordings = {}
    for language in dict.fromkeys([*languages, *before.wordings]):
        was = before.wordings.get(language, Asked())
        said = Asked(
            values.get(f"ask{number}-{language}", was.ask),
            values.get(f"options{number}-{language}", was.options),
        )
        if not said.empty:
            wordings[language] = said
    plain = {
        name: values.get(f"{name}{number}", getattr(before, name))
        for name in ("shape", "low", "high", "most")
    }
    return Typed(wordings=wordings, **plain)


def added(asking: Asking) -> Asking:
    """With one question more, as far as there may be."""
    return replace(asking, questions=(*asking.as_shown, Typed())[:MOST_QUESTIONS])


def removed(asking: Asking, number: int) -> Asking:
    """Without the question of this number, counted from 1."""
    kept = tuple(one for at, one in enumerate(asking.questions, 1) if at != number)
    return replace(asking, questions=() if kept == (Typed(),) else kept)


def asked_of(asking: Asking, *, alert: bool) -> list[tuple[int, Typed]]:
    """The questions that are asked, each with its number."""
    if alert:
        return [(OF_ALERT, asking.one)] if asking.on else []
    return list(enumerate(asking.as_shown, 1))


def to_ask(asking: Asking, *, alert: bool, languages: Collection[str]) -> Ask | None:
    """What is to be asked in these languages, of a draft in which nothing is wrong; None where an alert
    does not ask."""
    questions = tuple(_question(one, languages) for _, one in asked_of(asking, alert=alert))
    if not questions:
        return None
    if alert:
        urgent = int(asking.urgent) if asking.urgent else None
        return Ask(questions, secret=False, shown=Shown.STAFF, urgent=urgent)
    return Ask(questions, asking.secret, Shown(asking.shown), asking.live, asking.tell)


def half_asked(
    asking: Asking, *, alert: bool, languages: Collection[str], first_language: str
) -> Ask | None:
    """The same of a draft that may be half done, to show how it looks: what is not there yet in the
    first language is left out, and so is a language that offers something else."""
    shown = tuple(
        question
        for _, one in asked_of(asking, alert=alert)
        if (question := _half(one, languages, first_language)) is not None
    )
    if not shown:
        return None
    who = Shown(asking.shown) if asking.shown in set(Shown) else Shown.STAFF
    return Ask(shown, secret=asking.secret and not alert, shown=who, tell=asking.tell and not alert)


def _question(one: Typed, languages: Collection[str]) -> Question:
    shape = Shape(one.shape)
    wordings = {
        language: Wording(said.ask.strip(), said.lines)
        for language, said in one.wordings.items()
        if language in languages
    }
    match shape:
        case Shape.SCALE:
            return Question(shape, wordings, low=int(one.low), high=int(one.high))
        case Shape.SEVERAL:
            return Question(shape, wordings, most=int(one.most) if one.most else None)
        case Shape.SINGLE:
            return Question(shape, wordings)


def _half(one: Typed, languages: Collection[str], first_language: str) -> Question | None:
    first = one.wordings.get(first_language, Asked())
    alike = {
        language: said
        for language, said in one.wordings.items()
        if said.ask.strip() and len(said.lines) == len(first.lines)
    }
    try:
        question = _question(replace(one, wordings=alike), [first_language, *languages])
    except ValueError:
        return None
    in_bounds = 0 <= question.low < question.high <= HIGHEST
    there = first_language in question.wordings and in_bounds
    return question if there and len(question.choices) > 1 else None
