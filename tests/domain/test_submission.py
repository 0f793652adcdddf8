"""Times in the town's zone, and texts that can be kept."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify.domain.broadcast import Text
from notify.domain.submission import Submission, check_texts, check_times, moment
from notify.domain.words import Kind
from notify.errors import Invalid

BERLIN = ZoneInfo("Europe/Berlin")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # its clocks change by half an hour
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given_", "zone", "utc"),
    [
        pytest.param("2026-07-01T12:00", BERLIN, "2026-07-01T10:00", id="summer"),
        pytest.param("2026-12-01T12:00", BERLIN, "2026-12-01T11:00", id="winter"),
        pytest.param("2026-10-25T02:30", BERLIN, "2026-10-25T00:30", id="twice: the first"),
        pytest.param("2026-03-29T03:00", BERLIN, "2026-03-29T01:00", id="just after the gap"),
        pytest.param("2026-04-05T01:45", LORD_HOWE, "2026-04-04T14:45", id="half an hour"),
        pytest.param("2026-07-01T12:00-05:00", BERLIN, "2026-07-01T17:00", id="its own offset"),
    ],
)
def test_a_time_without_an_offset_is_wall_time(given_: str, zone: ZoneInfo, utc: str) -> None:
    found = moment(datetime.fromisoformat(given_), zone=zone, field="send_at")

    assert found == datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("given_", "zone"),
    [
        pytest.param("2026-03-29T02:00", BERLIN, id="first of the gap"),
        pytest.param("2026-03-29T02:59:59", BERLIN, id="last of the gap"),
        pytest.param("2026-10-04T02:15", LORD_HOWE, id="half an hour"),
    ],
)
def test_an_hour_that_clocks_leave_out_is_refused(given_: str, zone: ZoneInfo) -> None:
    with pytest.raises(Invalid, match="clocks go forward") as refusal:
        moment(datetime.fromisoformat(given_), zone=zone, field="send_at")

    assert refusal.value.field == "send_at"


@pytest.mark.parametrize(
    ("open_for", "says"),
    [
        (timedelta(seconds=5), "later valid_until"),
        (timedelta(seconds=59), "later valid_until"),
        (timedelta(days=366, seconds=1), "earlier valid_until"),
    ],
)
@pytest.mark.parametrize("send_at", [None, NOW + timedelta(days=40)], ids=["at once", "scheduled"])
def test_a_poll_is_open_for_no_less_than_a_minute_and_no_more_than_a_year(
    open_for: timedelta, says: str, send_at: datetime | None
) -> None:
    wanted = _poll(open_for, send_at)
    with pytest.raises(Invalid, match=says) as refusal:
        check_times(wanted, now=NOW, zone=BERLIN)
    assert refusal.value.field == "valid_until"


@pytest.mark.parametrize("open_for", [timedelta(minutes=1), timedelta(days=366)])
@pytest.mark.parametrize("send_at", [None, NOW + timedelta(days=40)], ids=["at once", "scheduled"])
def test_a_poll_may_be_open_for_just_that(open_for: timedelta, send_at: datetime | None) -> None:
    assert check_times(_poll(open_for, send_at), now=NOW, zone=BERLIN) == send_at


def _poll(open_for: timedelta, send_at: datetime | None) -> Submission:
    until = (send_at or NOW) + open_for
    return Submission(Kind.POLL, ["town"], {}, valid_until=until, send_at=send_at)


def test_an_alert_may_be_over_after_seconds() -> None:
    check_times(
        Submission(Kind.ALERT, ["town"], {}, valid_until=NOW + timedelta(seconds=5)),
        now=NOW, zone=BERLIN,
    )  # fmt: skip


@given(st.datetimes(timezones=st.one_of(st.none(), st.timezones())))
def test_any_time_is_read_or_refused(given_: datetime) -> None:
    try:
        found = moment(given_, zone=BERLIN, field="send_at")
    except Invalid:
        return

    assert 1969 <= found.year <= 2201


def _times(
    *, send_at: datetime | None = None, valid_until: datetime | None = None
) -> datetime | None:
    wanted = Submission(
        kind=Kind.ANNOUNCEMENT, groups=["town"], texts={}, send_at=send_at, valid_until=valid_until
    )
    return check_times(wanted, now=NOW, zone=BERLIN)


def test_an_announcement_may_hold_for_ever_and_go_at_once() -> None:
    assert _times() is None


@pytest.mark.parametrize(
    ("send_at", "valid_until"),
    [
        pytest.param(NOW, None, id="just now"),
        pytest.param(NOW + timedelta(hours=2), NOW + timedelta(hours=1), id="after its end"),
        pytest.param(NOW + timedelta(hours=1), NOW + timedelta(hours=1), id="at its end"),
        pytest.param(None, NOW, id="over already"),
    ],
)
def test_times_that_make_no_sense_are_refused(
    send_at: datetime | None, valid_until: datetime | None
) -> None:
    with pytest.raises(Invalid):
        _times(send_at=send_at, valid_until=valid_until)


@given(st.text(), st.text(), st.one_of(st.none(), st.text()))
def test_a_text_that_is_taken_can_be_kept(title: str, body: str, sms: str | None) -> None:
    try:
        check_texts({"de": Text(title, body, sms)}, first_language="de")
    except Invalid:
        return

    for words in (title, body, sms or ""):
        assert "\0" not in words
        assert words.encode("utf-8").decode("utf-8") == words
