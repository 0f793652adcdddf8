"""When the test ring is due, also where clocks change, and what its receipts prove."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify.domain.delivery import DeliveryStatus as S
from notify.domain.duty import RingResult, Rung, due_day, judge
from notify.domain.words import Channel

BERLIN = ZoneInfo("Europe/Berlin")
ERIKA, JOHN = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("now", "at", "day"),
    [
        pytest.param("2026-11-26T08:59:59", time(10), None, id="a second early"),
        pytest.param("2026-11-26T09:00:00", time(10), date(2026, 11, 26), id="to the second"),
        pytest.param("2026-11-26T22:59:59", time(10), date(2026, 11, 26), id="made up at night"),
        pytest.param("2026-11-26T23:00:00", time(10), None, id="not after midnight in town"),
        pytest.param("2026-07-01T08:00:00", time(10), date(2026, 7, 1), id="summer"),
        # 29 March 2026: at 2:00 the clocks in town go to 3:00, which is 1:00 UTC
        pytest.param("2026-03-29T01:29:59", time(2, 30), None, id="an hour that is not there"),
        pytest.param("2026-03-29T01:30:00", time(2, 30), date(2026, 3, 29), id="comes later"),
        # 25 October 2026: 2:30 comes twice, at 0:30 and at 1:30 UTC
        pytest.param("2026-10-25T00:29:59", time(2, 30), None, id="before the first 2:30"),
        pytest.param("2026-10-25T00:30:00", time(2, 30), date(2026, 10, 25), id="first 2:30"),
        pytest.param("2026-10-25T01:30:00", time(2, 30), date(2026, 10, 25), id="same day's ring"),
    ],
)
def test_the_ring_is_due_by_the_clocks_of_the_town(now: str, at: time, day: date | None) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)

    assert due_day(moment, at=at, zone=BERLIN) == day


@given(
    at=st.times(max_value=time(23, 30)),
    start=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),  # noqa: DTZ001
)
def test_every_whole_day_of_the_town_has_its_ring_and_keeps_it_due_until_midnight(
    at: time, start: datetime
) -> None:
    moments = [start.replace(tzinfo=UTC) + timedelta(minutes=15 * n) for n in range(300)]
    by_day: dict[date, list[date | None]] = {}
    for moment in moments:
        seen = due_day(moment, at=at, zone=BERLIN)
        by_day.setdefault(moment.astimezone(BERLIN).date(), []).append(seen)

    whole_days = list(by_day)[1:-1]
    assert len(whole_days) >= 2
    for day in whole_days:
        due = by_day[day]
        assert due[-1] == day
        first = due.index(day)
        assert set(due[:first]) <= {None}
        assert set(due[first:]) == {day}


@pytest.mark.parametrize(
    ("channel", "statuses", "late", "result"),
    [
        pytest.param("sms", [S.DELIVERED], False, RingResult.OK, id="sms arrived"),
        pytest.param("sms", [S.SENT], False, None, id="sms: receipt may come"),
        pytest.param("sms", [S.SENT], True, RingResult.SILENT, id="sms: no receipt"),
        pytest.param("sms", [S.FAILED], False, RingResult.FAILED, id="sms failed, at once"),
        pytest.param("sms", [S.PENDING], True, RingResult.SILENT, id="never left"),
        pytest.param("sms", [S.UNKNOWN], True, RingResult.SILENT, id="nobody knows"),
        pytest.param("sms", [S.EXPIRED], False, RingResult.FAILED, id="too late"),
        pytest.param("email", [S.SENT], False, None, id="mail: may come back"),
        pytest.param("email", [S.SENT], True, RingResult.OK, id="mail: did not come back"),
        pytest.param("email", [S.FAILED], False, RingResult.FAILED, id="mail came back"),
        pytest.param("push", [S.SENT], True, RingResult.SILENT, id="push not shown"),
        pytest.param("push", [S.DELIVERED], False, RingResult.OK, id="push shown"),
        pytest.param("push", [S.FAILED, S.DELIVERED], False, RingResult.OK, id="one browser"),
        pytest.param("push", [S.SENT, S.DELIVERED], False, RingResult.OK, id="other one is off"),
        pytest.param("push", [S.FAILED, S.SENT], False, None, id="the other may show it"),
        pytest.param("push", [S.FAILED, S.FAILED], False, RingResult.FAILED, id="no browser"),
    ],
)
def test_a_ring_is_judged_by_its_receipts(
    channel: str, statuses: list[S], late: bool, result: RingResult | None
) -> None:
    verdict = judge(Channel(channel), [Rung(ERIKA, status) for status in statuses], late=late)

    assert (verdict and verdict.result) == result


def test_everyone_on_duty_must_have_got_it() -> None:
    rung = [Rung(ERIKA, S.DELIVERED), Rung(JOHN, S.FAILED, "unreachable_handset")]

    verdict = judge(Channel.SMS, rung, late=False)

    assert verdict is not None
    assert (verdict.result, verdict.reason) == (RingResult.FAILED, "unreachable_handset")


def test_what_one_got_is_no_answer_while_another_waits() -> None:
    rung = [Rung(ERIKA, S.DELIVERED), Rung(JOHN, S.SENT)]

    assert judge(Channel.SMS, rung, late=False) is None


def test_a_ring_whose_readers_were_all_erased_failed() -> None:
    verdict = judge(Channel.SMS, [], late=False)

    assert verdict is not None
    assert (verdict.result, verdict.reason) == (RingResult.FAILED, "nobody_left")
