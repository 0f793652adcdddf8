"""Waiting goes on while something changes, and ends all the same."""

import time
from collections.abc import Callable
from itertools import count

import pytest

from rig.processes import InVain, until


def after(seconds: float) -> Callable[[], bool]:
    """Something that comes so long from now."""
    due = time.monotonic() + seconds
    return lambda: time.monotonic() > due


def never() -> bool:
    return False


def test_what_comes_while_things_go_on_is_waited_for() -> None:
    numbers = count()

    assert until(after(1.0), seconds=0.4, stand=lambda: next(numbers))


def test_where_nothing_changes_any_more_patience_ends() -> None:
    with pytest.raises(InVain, match=r"waited 0 s in vain\. All is still"):
        until(never, seconds=0.2, stand=lambda: 7, why=lambda: "All is still")


def test_what_never_comes_is_given_up_though_something_changes_for_ever() -> None:
    numbers = count()
    began = time.monotonic()

    with pytest.raises(InVain, match=r"waited 2 s in vain\. Round and round"):
        until(never, seconds=0.2, stand=lambda: next(numbers), why=lambda: "Round and round")

    assert time.monotonic() - began < 5
