"""Limits of what is late, and the database seen from memory."""

from datetime import UTC, datetime, timedelta

import pytest

from notify.domain.alarms import (
    CALM,
    LATE,
    NOTHING_LEFT,
    PATIENCE,
    STUCK,
    News,
    Outage,
    State,
    Waiting,
    What,
    empty_lanes,
    lateness,
    off_duty,
    retry_after,
)
from notify.domain.words import Lane

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


@pytest.mark.parametrize("lane", list(Lane))
def test_a_lane_is_late_beyond_its_limit_and_not_before(lane: Lane) -> None:
    limit = LATE[lane]

    assert lateness([Waiting(lane, "sms", ago(limit))], now=NOW) == []
    (late,) = lateness([Waiting(lane, "sms", ago(limit + 1))], now=NOW)

    assert (late.key, late.level, late.since) == (f"late:{lane}", "alarm", ago(limit + 1))


def test_what_moves_is_slow_and_no_alarm_and_what_stopped_moving_is() -> None:
    moving = Waiting(Lane.ALERT, "sms", ago(300), moved_at=ago(1))
    stuck = Waiting(Lane.ALERT, "email", ago(200), moved_at=ago(11))

    found = {one.key: one for one in lateness([moving, stuck], now=NOW)}

    assert found["slow:alert"].level == "warning"
    assert found["late:alert"].facts["channels"] == ["email"]


@pytest.mark.parametrize("left", [False, True], ids=["nothing left", "others left"])
def test_an_alert_that_is_tried_in_vain_is_noticed_though_it_is_due_ever_later(left: bool) -> None:
    def seen(seconds: float, moved: float | None = None) -> list[str]:
        one = Waiting(
            Lane.ALERT, "email", NOW + timedelta(seconds=60), ago(moved) if moved else None,
            ago(seconds), left,
        )  # fmt: skip
        return [found.key for found in lateness([one], now=NOW)]

    limit, key = (STUCK, "stuck:alert") if left else (NOTHING_LEFT, "late:alert")
    assert seen(limit) == []
    assert seen(limit + 1) == [key]
    assert not left or seen(limit + 1, moved=limit - 1) == []


def test_an_announcement_of_which_nothing_leaves_is_late_and_a_rest_of_it_is_not() -> None:
    def seen(*, left: bool) -> list[str]:
        one = Waiting(Lane.BULK, "email", None, None, ago(LATE[Lane.BULK] + 1), left)
        return [found.key for found in lateness([one], now=NOW)]

    assert seen(left=False) == ["late:bulk"]
    assert seen(left=True) == []


def test_a_lane_that_is_late_on_two_channels_is_one_alarm_since_the_first() -> None:
    waiting = [Waiting(Lane.BULK, "sms", ago(1000)), Waiting(Lane.BULK, "push", ago(2000))]

    (late,) = lateness(waiting, now=NOW)

    assert late.facts["channels"] == ["sms", "push"]
    assert late.since == ago(2000)


def test_empty_lanes_and_channels_without_duty_are_named() -> None:
    assert [one.key for one in empty_lanes({"note", "bulk"})] == ["no_worker:alert"]
    assert [one.key for one in off_duty(["sms", "push"], {"sms"})] == ["duty:push"]
    assert off_duty(["sms"], {"sms", "email"}) == []


def test_everything_that_can_be_wrong_has_its_patience() -> None:
    assert set(PATIENCE) == set(What)


def test_tries_are_made_less_and_less_often() -> None:
    pauses = [retry_after(tries) for tries in range(1, 20)]

    assert pauses == sorted(pauses)
    assert pauses[0] < 10
    assert max(pauses) <= 900


def _look(outage: Outage, *, seconds: float, problem: str | None, back: float = 0.0) -> News | None:
    return outage.saw(problem, at=seconds, now=NOW + timedelta(seconds=seconds - back))


def test_a_clock_put_back_delays_no_word_about_the_database() -> None:
    outage = Outage("host-a")
    patience = PATIENCE[What.DATABASE]
    _look(outage, seconds=0, problem="PoolTimeout")

    raised = _look(outage, seconds=patience, problem="PoolTimeout", back=3600)
    _look(outage, seconds=100, problem=None, back=3600)
    over = _look(outage, seconds=100 + CALM, problem=None, back=7200)

    assert raised is not None
    assert raised.since == NOW - timedelta(hours=1)
    assert over is not None
    assert over.over_at is not None
    assert over.over_at - over.since == timedelta(seconds=100)


def test_a_database_that_is_away_for_a_moment_is_no_news() -> None:
    outage = Outage("host-a")

    assert _look(outage, seconds=0, problem="OperationalError") is None
    assert _look(outage, seconds=PATIENCE[What.DATABASE] - 1, problem="PoolTimeout") is None
    assert _look(outage, seconds=100, problem=None) is None
    assert _look(outage, seconds=200, problem=None) is None


def test_a_database_that_stays_away_is_told_once_daily_and_when_it_is_back() -> None:
    outage = Outage("host-a")
    patience, day = PATIENCE[What.DATABASE], 86_400
    looks = [
        (0, "OperationalError"), (patience, "OperationalError"), (patience + 2, "PoolTimeout"),
        (patience + day, "PoolTimeout"), (patience + day + 2, "PoolTimeout"),
        (2 * day, None), (2 * day + CALM - 1, None), (2 * day + CALM, None),
        (2 * day + 2 * CALM, None),
    ]  # fmt: skip

    said = [_look(outage, seconds=at, problem=problem) for at, problem in looks]

    assert [one and one.state for one in said] == [
        None, State.RAISED, None, State.REMINDER, None, None, None, State.OVER, None,
    ]  # fmt: skip
    raised, over = said[1], said[7]
    assert raised is not None
    assert raised.facts == {"problem": "OperationalError", "host": "host-a"}
    assert over is not None
    assert (over.since, over.over_at) == (NOW, NOW + timedelta(days=2))


def test_a_database_that_flickers_is_one_outage() -> None:
    outage = Outage("host-a")
    _look(outage, seconds=0, problem="OperationalError")
    _look(outage, seconds=PATIENCE[What.DATABASE], problem="OperationalError")

    assert _look(outage, seconds=40, problem=None) is None
    assert _look(outage, seconds=40 + CALM - 1, problem="OperationalError") is None
    assert _look(outage, seconds=100, problem=None) is None
    over = _look(outage, seconds=100 + CALM, problem=None)

    assert over is not None
    assert over.state is State.OVER
