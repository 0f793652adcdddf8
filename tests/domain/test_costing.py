"""What sending costs, and how long it takes."""

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from notify.domain.costing import (
    Cap,
    Duration,
    Price,
    Queue,
    SenderPace,
    duration,
    read_price,
    segments_of,
)
from notify.domain.words import Channel


def test_a_price_is_exact() -> None:
    assert read_price("0.075 EUR") * 3 == Price(Decimal("0.225"), "EUR")
    assert read_price("1 CHF") == Price(Decimal(1), "CHF")


def test_each_phone_costs_the_segments_of_its_language() -> None:
    assert segments_of({"de": 100, "en": 10, "uk": 5}, {"de": 1, "en": 2, "uk": 3}) == 135
    assert segments_of({}, {"de": 4}) == 0
    assert segments_of({"fr": 2}, {}) == 2  # nothing costs less than one


TOWN = {"de": "Stadt"}


@pytest.mark.parametrize(
    ("cap", "beyond", "share"),
    [
        (Cap(TOWN, 1_000, 400, 100, stops=True), False, 0.5),
        (Cap(TOWN, 1_000, 900, 100, stops=True), False, 1.0),
        (Cap(TOWN, 1_000, 950, 100, stops=True), True, 1.05),
        (Cap(TOWN, 0, 0, 0, stops=True), False, math.inf),
        (Cap(TOWN, 0, 0, 1, stops=True), True, math.inf),
    ],
)
def test_a_cap_tells_what_is_left(cap: Cap, beyond: bool, share: float) -> None:
    assert (cap.beyond, cap.share) == (beyond, share)


FAST, SLOW, FREE = SenderPace(100.0), SenderPace(1.0, ahead=30.0), SenderPace(None)


@pytest.mark.parametrize(
    ("senders", "together", "measured", "rate", "seconds", "guessed"),
    [
        pytest.param([FAST], True, None, 100.0, 10.0, False, id="one sender"),
        pytest.param([FAST, SLOW], True, None, 101.0, 1_000 / 101, False, id="shared"),
        pytest.param([FAST, SLOW], False, None, 100.0, 10.0, False, id="news by the first"),
        pytest.param([SLOW, FAST], False, None, 1.0, 1_030.0, False, id="behind what lies ahead"),
        pytest.param([FREE], True, 500.0, 500.0, 2.0, False, id="as measured"),
        pytest.param([FREE], True, None, 50.0, 20.0, True, id="guessed"),
        pytest.param([FREE, FAST], True, 500.0, 500.0, 2.0, False, id="unbounded beside bounded"),
        pytest.param([], True, 500.0, 0.0, None, False, id="nothing works"),
    ],
)
def test_how_long_a_channel_takes(
    senders: list[SenderPace], together: bool, measured: float | None, rate: float,
    seconds: float | None, guessed: bool,
) -> None:  # fmt: skip
    found = duration(
        Channel.SMS, 1_000, senders, measured=measured, assumed=50.0, together=together
    )

    assert found.rate == rate
    assert found.seconds == pytest.approx(seconds) if seconds else found.seconds is None
    assert found.guessed is guessed


TWO = [SenderPace(30.0, ahead=2.0), SenderPace(10.0)]


@pytest.mark.parametrize(
    ("together", "queue", "later", "behind", "seconds"),
    [
        pytest.param(False, Queue(), 0, 2.0, 12.0, id="nobody"),
        pytest.param(False, Queue(beside=[90]), 0, 5.0, 15.0, id="all of a small one"),
        pytest.param(False, Queue(beside=[9_000]), 0, 12.0, 22.0, id="a big one takes turns"),
        pytest.param(False, Queue(400, [90]), 0, 15.0, 25.0, id="alerts first, by all senders"),
        pytest.param(False, Queue(400, [90]), 9, 6.0, 16.0, id="some of it is gone by then"),
        pytest.param(False, Queue(400), 3_600, 0.0, 10.0, id="all of it is"),
        pytest.param(True, Queue(beside=[400, 100]), 0, 10.0, 17.5, id="of alerts"),
    ],
)
def test_others_go_first_or_take_turns(
    together: bool, queue: Queue, later: float, behind: float, seconds: float
) -> None:
    found = duration(
        Channel.SMS, 300, TWO, measured=None, assumed=1.0, together=together, queue=queue,
        later=later,
    )  # fmt: skip

    assert found.behind == pytest.approx(behind)
    assert found.seconds == pytest.approx(seconds)


def test_it_ends_so_long_after_it_begins() -> None:
    begins = datetime(2026, 11, 26, 13, 0, tzinfo=UTC)

    assert Duration(Channel.SMS, 1, 1.0, 90.0).ends(begins) == begins + timedelta(seconds=90)
    assert Duration(Channel.SMS, 1, 0.0, None).ends(begins) is None
