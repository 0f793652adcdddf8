"""How fast it goes and when it is done."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from notify.domain.pace import Pace, pace, together

NOW = datetime(2026, 11, 26, 14, 0, tzinfo=UTC)


def _points(*counts: int, ago: int = 0) -> list[tuple[datetime, int]]:
    """So many in each of the seconds that end `ago` seconds before now."""
    begins = NOW - timedelta(seconds=ago + len(counts))
    return [(begins + timedelta(seconds=i), n) for i, n in enumerate(counts)]


def test_of_late_is_ten_seconds() -> None:
    found = pace(_points(*[900] * 20, *[50] * 10), open_=3_000, now=NOW)

    assert found == Pace(50, 3_000, NOW + timedelta(seconds=60))


def test_what_has_just_begun_is_measured_from_its_beginning() -> None:
    assert pace(_points(100, 100), open_=1_000, now=NOW).speed == 100
    assert pace([(NOW, 100)], open_=1, now=NOW + timedelta(milliseconds=50)).speed == 100


def test_where_nothing_moves_nobody_knows_when_it_is_done() -> None:
    assert pace([], open_=7, now=NOW) == Pace(0, 7, None)
    assert pace(_points(50, 50, ago=11), open_=7, now=NOW) == Pace(0, 7, None)


def test_nothing_left_is_done() -> None:
    assert pace(_points(50, 50), open_=0, now=NOW).ends_at is None


def test_all_is_done_when_the_slowest_is() -> None:
    fast, slow = Pace(100, 100, NOW), Pace(1, 60, NOW + timedelta(minutes=1))

    assert together([fast, slow, Pace(3, 0, None)]) == Pace(104, 160, NOW + timedelta(minutes=1))


def test_when_one_stands_still_nobody_knows() -> None:
    assert together([Pace(100, 100, NOW), Pace(0, 5, None)]) == Pace(100, 105, None)
    assert together([]) == Pace(0, 0, None)


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=40), st.integers(1, 10**7))
def test_it_ends_when_all_that_is_left_has_gone_at_this_speed(
    counts: list[int], open_: int
) -> None:
    found = pace(_points(*counts), open_=open_, now=NOW)

    assert (found.ends_at is None) == (sum(counts[-10:]) == 0)
    if found.ends_at:
        left = found.speed * (found.ends_at - NOW).total_seconds()
        assert abs(left - open_) <= max(1, open_ * 1e-3)
