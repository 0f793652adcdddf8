"""Ballots are counted: the same ones always to the same result, and nobody is found out by it."""

import random
from collections import Counter
from fractions import Fraction
from statistics import fmean, median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify.domain.poll import Ask, Question, Shape, Wording
from notify.domain.tally import ENOUGH, Pile, tally, told_apart
from tests.polled import ASK, DAYS, GRADE

group_sizes = st.dictionaries(
    st.none() | st.integers(1, 8), st.integers(0, 30), min_size=1, max_size=9
)


def scale(*values: int, low: int = 1, high: int = 5) -> tuple[Ask, list[Pile]]:
    ask = Ask((Question(Shape.SCALE, {"de": Wording("?")}, low, high),))
    return ask, [Pile(1, (value,), None) for value in values]


def test_people_are_counted_not_ticks() -> None:
    piles = [Pile(2, (1, 3), None, 6), Pile(2, (3,), None, 2)]

    counted = tally(ASK, piles)[1]

    assert counted.question is DAYS
    assert counted.whole.answered == 8
    assert counted.whole.counts == {1: 6, 2: 0, 3: 8, 4: 0}
    assert [counted.whole.share(choice) for choice in (1, 2, 3)] == [75.0, 0.0, 100.0]


def test_a_question_without_an_answer_has_all_its_choices_and_no_mean() -> None:
    first, _, third = tally(ASK, [])

    assert first.whole.counts == {1: 0, 2: 0, 3: 0}
    assert third.question is GRADE
    assert (third.whole.mean, third.whole.median, third.whole.share(1)) == (None, None, 0.0)


def test_what_is_no_answer_to_the_question_is_left_out() -> None:
    piles = [Pile(1, (7,), None), Pile(1, (1, 2), None), Pile(9, (1,), None), Pile(1, (1,), None)]

    assert [one.whole.answered for one in tally(ASK, piles)] == [1, 0, 0]


@given(st.lists(st.integers(0, 10), min_size=1, max_size=40))
def test_a_scale_has_its_mean_and_its_median(values: list[int]) -> None:
    ask, piles = scale(*values, low=0, high=10)

    (counted,) = tally(ask, piles)

    assert counted.whole.mean == pytest.approx(fmean(values))
    assert counted.whole.median == median(values)


@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.sets(st.integers(1, 5), min_size=1, max_size=4),
                  st.none() | st.integers(1, 4), st.integers(1, 15)), max_size=30,
    ),
    st.randoms(),
)  # fmt: skip
def test_the_order_and_the_piling_of_ballots_change_nothing(
    drawn: list[tuple[int, set[int], int | None, int]], chance: random.Random
) -> None:
    piles = [
        Pile(question, tuple(sorted(chosen)), group, n) for question, chosen, group, n in drawn
    ]
    singles = [
        Pile(pile.question, pile.choices, pile.group) for pile in piles for _ in range(pile.n)
    ]
    chance.shuffle(singles)

    assert tally(ASK, singles) == tally(ASK, piles)


@given(group_sizes)
def test_neither_a_group_nor_what_is_left_tells_of_a_few(sizes: dict[int | None, int]) -> None:
    shown = told_apart(sizes)

    rest = sum(sizes.values()) - sum(sizes[group] for group in shown)
    assert all(sizes[group] >= ENOUGH for group in shown)
    assert rest == 0 or rest >= ENOUGH or not shown
    # Once written down so, it is read so.
    kept = Counter[int | None]()
    for group, n in sizes.items():
        kept[group if group in shown else None] += n
    assert told_apart(kept) == shown


def test_the_smallest_goes_with_a_rest_that_is_too_small() -> None:
    assert told_apart({1: 20, 2: 10, 3: 11, 4: 3}) == {1, 3}
    assert told_apart({1: 20, 2: 10, 3: 9}) == {1}
    assert told_apart({1: 20, 2: 10}) == {1, 2}
    assert told_apart({1: 9, 2: 9}) == frozenset()
    assert told_apart({1: 12, 2: 1}) == frozenset()


def test_groups_are_told_apart_question_by_question() -> None:
    piles = [
        Pile(1, (1,), 5, 30), Pile(1, (2,), 6, 10), Pile(1, (2,), 7, 4), Pile(1, (3,), 8, 6),
        Pile(2, (1,), 5, 9), Pile(2, (2,), 6, 3),
    ]  # fmt: skip

    first, second, _ = tally(ASK, piles)

    assert [(part.group, part.answered) for part in first.groups] == [(5, 30), (6, 10), (None, 10)]
    assert first.groups[-1].counts == {1: 0, 2: 4, 3: 6}
    assert second.groups == ()


def test_one_group_alone_is_the_whole() -> None:
    (first, *_) = tally(ASK, [Pile(1, (1,), 5, 30)])
    assert first.groups == ()


@given(group_sizes)
def test_parts_add_up_to_the_whole(sizes: dict[int | None, int]) -> None:
    piles = [Pile(1, (1 + i % 3,), group, n) for i, (group, n) in enumerate(sizes.items()) if n]

    (first, *_) = tally(ASK, piles)

    if first.groups:
        assert sum(part.answered for part in first.groups) == first.whole.answered
        for choice in (1, 2, 3):
            assert sum(part.counts[choice] for part in first.groups) == first.whole.counts[choice]
    assert Fraction(sum(first.whole.counts.values())) == first.whole.answered
