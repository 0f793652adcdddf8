"""Rule 4: what to do where nobody knows whether the provider took it."""

import pytest

from notify.domain.doubt import Resolution, resolve
from notify.domain.words import Channel, Lane

R = Resolution


@pytest.mark.parametrize("lane", list(Lane))
@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.PUSH])
def test_mail_and_push_are_sent_once_more_where_the_repeat_collapses(
    channel: Channel, lane: Lane
) -> None:
    def way(repeats: int) -> Resolution:
        return resolve(
            channel=channel, lane=lane, repeats=repeats, over=False, looked=False, can_look=False
        )

    assert [way(0), way(1), way(2)] == [R.RESEND, R.LEAVE, R.LEAVE]


@pytest.mark.parametrize(
    ("lane", "repeats", "looked", "way"),
    [
        pytest.param(Lane.ALERT, 0, False, R.LOOK_UP, id="ask first"),
        pytest.param(Lane.ALERT, 0, True, R.RESEND, id="an alert once more"),
        pytest.param(Lane.ALERT, 1, False, R.LOOK_UP, id="the repeat is looked up, too"),
        pytest.param(Lane.ALERT, 1, True, R.LEAVE, id="but never a third"),
        pytest.param(Lane.BULK, 0, False, R.LOOK_UP, id="bulk is looked up"),
        pytest.param(Lane.BULK, 0, True, R.LEAVE, id="and left"),
        pytest.param(Lane.NOTE, 0, True, R.LEAVE, id="a note as well"),
    ],
)
def test_an_sms_is_looked_up_before_it_is_judged(
    lane: Lane, repeats: int, looked: bool, way: Resolution
) -> None:
    found = resolve(
        channel=Channel.SMS, lane=lane, repeats=repeats, over=False, looked=looked, can_look=True
    )

    assert found is way


@pytest.mark.parametrize(
    ("lane", "repeats", "way"),
    [
        pytest.param(Lane.ALERT, 0, R.RESEND, id="an alert is sent once more"),
        pytest.param(Lane.ALERT, 1, R.LEAVE, id="but once"),
        pytest.param(Lane.BULK, 0, R.LEAVE, id="news are left"),
    ],
)
def test_an_sms_that_nobody_can_be_asked_about(lane: Lane, repeats: int, way: Resolution) -> None:
    found = resolve(
        channel=Channel.SMS, lane=lane, repeats=repeats, over=False, looked=False, can_look=False
    )

    assert found is way


@pytest.mark.parametrize("channel", list(Channel))
def test_what_is_over_is_never_sent_again(channel: Channel) -> None:
    for looked in (False, True):
        assert resolve(
            channel=channel, lane=Lane.ALERT, repeats=0, over=True, looked=looked, can_look=True
        ) is R.LEAVE  # fmt: skip
