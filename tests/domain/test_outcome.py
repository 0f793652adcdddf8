"""What a hand-over makes of a delivery, and how long until the next try."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.base import (
    AddressGone,
    Failure,
    NotAsked,
    OutcomeUnknown,
    Rejected,
    SenderDown,
    SenderStopped,
    Sent,
    TryAgain,
)
from notify.domain.delivery import MOVES, DeliveryStatus
from notify.domain.outcome import (
    GIVE_UP,
    GRACE,
    LONGEST_WISH,
    LONGEST_WISH_URGENT,
    MOST_TRIES,
    QUICK,
    SLOW,
    Verdict,
    judge,
    pause,
    worth_until,
)
from notify.domain.words import Lane

S = DeliveryStatus
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def _judge(
    result: Sent | Failure, *, lane: Lane = Lane.ALERT, tries: int = 0, age: float = 0
) -> Verdict:
    return judge(
        result, lane=lane, tries=tries, created_at=NOW - timedelta(seconds=age), valid_until=None,
        now=NOW, spread=0.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("result", "outcome", "status"),
    [
        pytest.param(Sent("id"), "sent", S.SENT, id="sent"),
        pytest.param(TryAgain("busy"), "try_again", S.PENDING, id="try again"),
        pytest.param(Rejected("policy"), "rejected", S.FAILED, id="never this delivery"),
        pytest.param(AddressGone("no_mailbox"), "address_gone", S.FAILED, id="nor this address"),
        pytest.param(SenderStopped("auth"), "sender_stopped", S.PENDING, id="nor this provider"),
        pytest.param(SenderDown("refused"), "try_again", S.PENDING, id="provider away"),
        pytest.param(NotAsked("service_resting"), "try_again", S.PENDING, id="nobody asked"),
        pytest.param(OutcomeUnknown("timeout"), "unknown", S.UNKNOWN, id="unknown"),
    ],
)
def test_each_outcome_has_one_meaning(
    result: Sent | Failure, outcome: str, status: DeliveryStatus
) -> None:
    verdict = _judge(result)

    assert (verdict.outcome, verdict.status) == (outcome, status)
    assert verdict.status in MOVES[S.SENDING]
    assert verdict.suppress is isinstance(result, AddressGone)
    assert verdict.sender_stopped is isinstance(result, SenderStopped)
    assert verdict.sender_down is isinstance(result, SenderDown)
    assert verdict.judged is not isinstance(result, SenderStopped | SenderDown | NotAsked)


def test_an_unknown_outcome_waits_for_a_receipt_first() -> None:
    assert _judge(OutcomeUnknown("timeout")).delay == GRACE


@pytest.mark.parametrize(("lane", "schedule"), [(Lane.ALERT, QUICK), (Lane.BULK, SLOW)])
def test_each_lane_has_its_patience(lane: Lane, schedule: list[float]) -> None:
    pauses = [pause(TryAgain("busy"), lane=lane, tries=n, spread=0.0) for n in range(20)]

    assert pauses[: len(schedule)] == list(schedule)
    assert set(pauses[len(schedule) :]) == {schedule[-1]}


def test_the_provider_s_wish_comes_first() -> None:
    assert pause(TryAgain("busy", after=40), lane=Lane.ALERT, tries=0, spread=0.0) == 40


@pytest.mark.parametrize(
    ("lane", "longest"),
    [
        (Lane.ALERT, LONGEST_WISH_URGENT),
        (Lane.NOTE, LONGEST_WISH_URGENT),
        (Lane.BULK, LONGEST_WISH),
    ],
)
def test_a_provider_that_wishes_for_a_day_is_not_followed(lane: Lane, longest: float) -> None:
    assert pause(TryAgain("busy", after=86_400), lane=lane, tries=0, spread=0.0) == longest


def test_a_sender_out_of_reach_puts_a_delivery_off_by_seconds_only() -> None:
    # Another sender may take it at once, whatever this one wishes.
    assert pause(SenderDown("throttled", after=3_600), lane=Lane.BULK, tries=5, spread=0.0) == 5


def test_a_message_is_worth_trying_until_its_own_end() -> None:
    far = NOW + timedelta(days=30)

    assert worth_until(created_at=NOW, valid_until=far) == far
    assert worth_until(created_at=NOW, valid_until=None) == NOW + GIVE_UP


def test_greylisting_is_given_a_minute() -> None:
    assert pause(TryAgain("greylisted"), lane=Lane.ALERT, tries=0, spread=0.0) >= 60


@pytest.mark.parametrize(
    ("result", "tries", "age", "status"),
    [
        pytest.param(TryAgain("x"), MOST_TRIES - 2, 0, S.PENDING, id="one more try"),
        pytest.param(TryAgain("x"), MOST_TRIES - 1, 0, S.FAILED, id="tried enough"),
        pytest.param(SenderDown("x"), MOST_TRIES, 0, S.PENDING, id="not the delivery's fault"),
        pytest.param(TryAgain("x"), 0, GIVE_UP.total_seconds() - 1, S.PENDING, id="still worth it"),
        pytest.param(NotAsked("x"), MOST_TRIES, 0, S.PENDING, id="nobody was asked"),
    ],
)
def test_trying_ends_some_time(
    result: Failure, tries: int, age: float, status: DeliveryStatus
) -> None:
    assert _judge(result, tries=tries, age=age).status is status


@pytest.mark.parametrize("failure", [TryAgain("x"), SenderDown("x"), NotAsked("x")])
@pytest.mark.parametrize("left", [0.5, 0.0, -1.0])
def test_what_would_come_too_late_is_due_at_its_end_where_it_is_found_expired(
    failure: Failure, left: float
) -> None:
    verdict = _judge(failure, lane=Lane.BULK, tries=0, age=GIVE_UP.total_seconds() - left)

    assert (verdict.status, verdict.reason) == (S.PENDING, "x")
    assert verdict.delay == max(left, 0)


@pytest.mark.parametrize(("left", "status"), [(0.5, S.FAILED), (0.0, S.PENDING)])
def test_the_last_try_fails_only_what_was_still_worth_one(
    left: float, status: DeliveryStatus
) -> None:
    age = GIVE_UP.total_seconds() - left

    assert _judge(TryAgain("x"), tries=MOST_TRIES, age=age).status is status


@given(
    st.sampled_from(Lane), st.integers(0, 1000), st.floats(0, 1),
    st.one_of(st.none(), st.floats(0, 3600)), st.sampled_from(["busy", "greylisted"]),
)  # fmt: skip
def test_a_pause_is_never_negative_nor_endless(
    lane: Lane, tries: int, spread: float, after: float | None, reason: str
) -> None:
    found = pause(TryAgain(reason, after=after), lane=lane, tries=tries, spread=spread)

    assert 0 <= found <= 14400 * 1.25
