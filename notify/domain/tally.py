"""Counts ballots. The same ballots give the same result, in whatever order they come.

Groups are told apart only where enough answered through each: of a few, everybody would know what
they said.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from notify.domain.poll import Ask, Question, Shape

ENOUGH: Final = 10
"""So many who answered are told about by themselves."""

PERCENT: Final = 100


@dataclass(frozen=True, slots=True)
class Pile:
    """`n` ballots that say the same. `group` is the one through which they were asked; None where it
    is not kept."""

    question: int
    choices: tuple[int, ...]
    group: int | None
    n: int = 1


@dataclass(frozen=True, slots=True)
class Part:
    """The answers of some: of a group, of all groups too small to tell (`group` None), or of all.
    `counts` has every choice. `mean` and `median` are those of a scale with an answer."""

    group: int | None
    answered: int
    counts: Mapping[int, int]
    mean: float | None = None
    median: float | None = None

    def share(self, choice: int) -> float:
        """Of those who answered, in per cent: of several, shares add up to more than all."""
        return PERCENT * self.counts[choice] / self.answered if self.answered else 0.0


@dataclass(frozen=True, slots=True)
class Counted:
    """What became of one question. `groups` holds the groups that are told apart, the rest last;
    it is empty where there would be but one. `withheld`: only how many answered is told."""

    number: int
    question: Question
    whole: Part
    groups: tuple[Part, ...] = ()
    withheld: bool = False


def told_apart(answered: Mapping[int | None, int]) -> frozenset[int]:
    """The groups that may be told apart, of how many answered through each.

    What is left is nobody or enough, so that it cannot be had by subtraction either.
    """
    shown = {group: n for group, n in answered.items() if group is not None and n >= ENOUGH}
    rest = sum(answered.values()) - sum(shown.values())
    if 0 < rest < ENOUGH and shown:
        del shown[min(shown, key=lambda group: (shown[group], group))]
    return frozenset(shown)


def withhold(counted: Counted) -> Counted:
    """While a secret poll is open: nothing of what a few have said so far."""
    answered = counted.whole.answered
    if answered >= ENOUGH or not answered:
        return counted
    nothing = Part(None, answered, dict.fromkeys(counted.whole.counts, 0))
    return Counted(counted.number, counted.question, nothing, withheld=True)


def by_question(piles: Iterable[Pile]) -> dict[int, Counter[int | None]]:
    """How many answered each question, by group."""
    found: dict[int, Counter[int | None]] = {}
    for pile in piles:
        found.setdefault(pile.question, Counter())[pile.group] += pile.n
    return found


def tally(ask: Ask, piles: Iterable[Pile]) -> tuple[Counted, ...]:
    """The result, question by question; what is no answer to them is left out."""
    sorted_out: dict[int, list[Pile]] = {}
    for pile in piles:
        sorted_out.setdefault(pile.question, []).append(pile)
    return tuple(
        _count(number, question, sorted_out.get(number, []))
        for number, question in enumerate(ask.questions, start=1)
    )


def _count(number: int, question: Question, piles: list[Pile]) -> Counted:
    good = [pile for pile in piles if question.accepts(frozenset(pile.choices))]
    whole = _part(None, question, good)
    apart = told_apart(by_question(good).get(number, Counter()))
    if not apart:
        return Counted(number, question, whole)
    groups = [_part(group, question, [p for p in good if p.group == group]) for group in apart]
    groups.sort(key=lambda part: (-part.answered, part.group or 0))
    rest = [pile for pile in good if pile.group not in apart]
    if rest:
        groups.append(_part(None, question, rest))
    return Counted(number, question, whole, tuple(groups) if len(groups) > 1 else ())


def _part(group: int | None, question: Question, piles: list[Pile]) -> Part:
    counts = dict.fromkeys(question.choices, 0)
    for pile in piles:
        for choice in set(pile.choices):
            counts[choice] += pile.n
    answered = sum(pile.n for pile in piles)
    if question.shape is not Shape.SCALE or not answered:
        return Part(group, answered, counts)
    mean = sum(value * n for value, n in counts.items()) / answered
    return Part(group, answered, counts, mean, _median(counts, answered))


def _median(counts: Mapping[int, int], answered: int) -> float:
    """The value in the middle; between two, half way."""
    low, high = (answered - 1) // 2, answered // 2
    found, seen = [], 0
    for value, n in counts.items():
        found += [value for place in (low, high) if seen <= place < seen + n]
        seen += n
    return sum(found) / 2
