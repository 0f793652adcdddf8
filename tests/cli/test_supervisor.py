"""The supervisor's children: started again when they end, later and later."""

from collections.abc import Iterator

import pytest

from notify.cli.children import LONGEST_PAUSE, Child


@pytest.fixture
def child() -> Iterator[Child]:
    child = Child(["no-such-command"])
    yield child
    if child.process is not None:
        child.process.kill()
        child.process.wait()


def ended(child: Child) -> None:
    assert child.process is not None
    child.process.kill()
    child.process.wait()


def test_a_child_that_ends_is_started_again_after_a_pause_that_grows(child: Child) -> None:
    child.look(100.0)
    first = child.process
    child.look(100.5)
    assert child.process is first

    pauses = []
    now = 101.0
    for _ in range(7):
        ended(child)
        child.look(now)
        assert child.process is None
        pauses.append(child.not_before - now)
        child.look(child.not_before - 0.01)
        assert child.process is None
        now = child.not_before
        child.look(now)

    assert pauses == [2, 4, 8, 16, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]


def test_a_child_that_ran_for_a_while_is_forgiven_its_past(child: Child) -> None:
    child.failures = 5
    child.not_before = 0.0
    child.look(100.0)
    # it need not live that long here: what counts is when it was looked at
    if child.process is not None and child.process.poll() is None:
        child.look(161.0)

        assert child.failures == 0
