"""How soon and how often a provider is asked that says "again" each time, in virtual time."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.base import Failure, NotAsked, SenderDown, TryAgain
from channels.memory import MemoryChannel
from notify.domain.delivery import DeliveryStatus
from notify.domain.outcome import (
    JITTER,
    LONGEST_UNASKED,
    LONGEST_UNASKED_URGENT,
    LONGEST_WISH,
    LONGEST_WISH_URGENT,
    QUICK,
    SLOW,
    judge,
    pause,
)
from notify.domain.words import Channel, Lane
from notify.services.senders import Sender

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
TOO_OFTEN = 1_000
TICK = 0.000_01  # seconds; what a moment is rounded to, and a little more
URGENT = [Lane.ALERT, Lane.NOTE]
WISHES = st.one_of(st.none(), st.floats(0, 100_000))
FAILURES = st.one_of(
    st.builds(TryAgain, st.sampled_from(["throttled", "greylisted"]), after=WISHES),
    st.builds(SenderDown, st.just("unreachable"), after=WISHES),
    st.builds(NotAsked, st.just("service_resting"), after=WISHES),
)


@dataclass
class Life:
    """One delivery that is never taken: when it was tried, and how it ended."""

    lane: Lane
    worth: float = 3_600.0
    spread: Random = field(default_factory=lambda: Random(7))
    ended: tuple[DeliveryStatus, float] | None = None

    def calls(self, failure: TryAgain, *, until: float) -> Iterator[float]:
        """Seconds from its birth at which the provider is asked; as the pump does it, the sender
        rests as a whole where the failure says so."""
        sender = Sender(Channel.EMAIL, MemoryChannel[str]())
        at, tries = 0.0, 0
        for _ in range(TOO_OFTEN):
            at = max(at, sender.down_until)
            if at >= self.worth - TICK:
                self.ended = (DeliveryStatus.EXPIRED, self.worth)
            if self.ended or at >= until:
                return
            yield at
            verdict = judge(
                failure, lane=self.lane, tries=tries, created_at=NOW,
                valid_until=NOW + timedelta(seconds=self.worth), now=NOW + timedelta(seconds=at),
                spread=self.spread.random(),
            )  # fmt: skip
            tries += verdict.judged
            if verdict.sender_down:
                sender.went_down(now=at, rest=failure.after)
            if verdict.status is DeliveryStatus.FAILED:
                self.ended = (verdict.status, at)
                return
            assert verdict.delay is not None
            at += verdict.delay
        raise AssertionError("asked without end")


@pytest.mark.parametrize("lane", Lane)
@pytest.mark.parametrize(
    ("failure", "urgent", "bulk"),
    [
        pytest.param(TryAgain("throttled"), 6, 1, id="no wish"),
        pytest.param(TryAgain("throttled", after=0.0), 6, 1, id="at once, please"),
        pytest.param(TryAgain("throttled", after=0.001), 6, 1, id="almost at once"),
        pytest.param(TryAgain("throttled", after=10.0), 6, 1, id="in ten seconds"),
        pytest.param(TryAgain("greylisted"), 1, 1, id="greylisted"),
        pytest.param(SenderDown("throttled"), 8, 8, id="the sender is away"),
        pytest.param(SenderDown("throttled", after=0.0), 60, 60, id="away, but at once, please"),
        pytest.param(NotAsked("service_resting", after=0.0), 40, 40, id="nobody asked"),
        pytest.param(NotAsked("service_resting", after=60.0), 1, 1, id="resting for a minute"),
    ],
)
def test_who_always_says_again_is_asked_a_few_times_in_a_minute(
    lane: Lane, failure: TryAgain, urgent: int, bulk: int
) -> None:
    calls = list(Life(lane).calls(failure, until=60))

    assert 1 <= len(calls) <= (bulk if lane is Lane.BULK else urgent), calls


@pytest.mark.parametrize("lane", URGENT)
def test_the_first_retry_of_an_alert_or_a_code_comes_at_once(lane: Lane) -> None:
    first, second, *_ = Life(lane).calls(TryAgain("throttled"), until=60)

    assert (first, second) == (0, 0)


def test_the_first_retry_of_bulk_waits_a_minute() -> None:
    _, second, *_ = Life(Lane.BULK).calls(TryAgain("throttled"), until=600)

    assert SLOW[0] <= second <= SLOW[0] * (1 + JITTER)


@pytest.mark.parametrize("lane", Lane)
def test_a_service_that_is_away_for_an_hour_costs_ever_fewer_looks(lane: Lane) -> None:
    calls = list(Life(lane, worth=100_000).calls(NotAsked("x", after=1.0), until=3_600))

    early = sum(1 for at in calls if at < 60)
    late = sum(1 for at in calls if at >= 3_540)
    assert early > 5
    assert late <= 1
    assert len(calls) < 100


@given(st.sampled_from(Lane), FAILURES, st.floats(0.1, 40_000), st.integers(0, 2**32))
def test_nothing_is_tried_past_its_end_and_what_time_ended_is_expired(
    lane: Lane, failure: TryAgain, worth: float, seed: int
) -> None:
    life = Life(lane, worth=worth, spread=Random(seed))

    calls = list(life.calls(failure, until=min(worth, 600)))

    assert all(at < worth for at in calls)
    if worth <= 600:
        assert life.ended == (DeliveryStatus.EXPIRED, worth) or life.ended is None


@given(st.sampled_from(Lane), FAILURES, st.integers(0, 30), st.floats(0, 10**6), st.floats(0, 1))
def test_a_pause_is_bounded_and_its_jitter_too(
    lane: Lane, failure: TryAgain, tries: int, waited: float, spread: float
) -> None:
    plain = pause(failure, lane=lane, tries=tries, waited=waited, spread=0.0)
    found = pause(failure, lane=lane, tries=tries, waited=waited, spread=spread)

    bulk = lane is Lane.BULK
    longest = max(LONGEST_WISH, LONGEST_UNASKED) if bulk else max(QUICK)
    assert 0 <= plain <= longest
    assert plain <= found <= plain * (1 + JITTER)


@given(st.sampled_from(Lane), st.integers(0, 30), st.floats(0, 10**6))
def test_a_wish_is_honoured_as_far_as_the_lane_can_wait(
    lane: Lane, tries: int, wish: float
) -> None:
    bounded = min(wish, LONGEST_WISH if lane is Lane.BULK else LONGEST_WISH_URGENT)

    for failure in (TryAgain("x", after=wish), NotAsked("x", after=wish)):
        assert pause(failure, lane=lane, tries=tries, spread=0.0) >= bounded


def test_an_alert_is_looked_at_again_within_a_minute_however_long_nobody_could_be_asked() -> None:
    found = pause(NotAsked("x"), lane=Lane.ALERT, tries=0, waited=10**6, spread=0.0)

    assert found == LONGEST_UNASKED_URGENT


def test_a_failure_that_is_no_call_for_another_try_is_not_a_matter_of_the_schedule() -> None:
    verdict = judge(
        Failure("x"), lane=Lane.ALERT, tries=0, created_at=NOW, valid_until=None, now=NOW, spread=0
    )

    assert (verdict.status, verdict.delay) == (DeliveryStatus.FAILED, None)
