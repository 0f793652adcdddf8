"""Schedules: the change of summer time in between, and a service that was down at the time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from notify import clock
from notify.domain.words import Channel, Kind, Lane
from notify.services import watching
from notify.services.planning import Planner
from tests.services.test_sweeping import sweeper
from tests.town import Town


async def _scheduled(town: Town, *, kind: Kind = Kind.ANNOUNCEMENT, **more: Any) -> Any:
    """Made in time, and due two hours ago: nobody was at work."""
    if not await town.rows("SELECT 1 FROM groups"):
        group = await town.group()
        await town.resident(group, email="a@example.org")
    soon = clock.now() + timedelta(hours=1)
    made = await town.broadcast("town", kind=kind, send_at=soon, **more)
    assert not await _planner(town, kind).plan_slice()  # not yet
    await _hours_pass(town, 3)
    return made


async def _hours_pass(town: Town, hours: int) -> None:
    await town.change(
        "UPDATE broadcasts SET send_at = send_at - %(h)s * interval '1 h',"
        " approved_at = approved_at - %(h)s * interval '1 h',"
        " valid_until = valid_until - %(h)s * interval '1 h'",
        h=hours,
    )


def _planner(town: Town, kind: Kind) -> Planner:
    lane = Lane.ALERT if kind is Kind.ALERT else Lane.BULK
    return Planner(town.db, lane=lane, settings=town.settings, channels=town.channels)


async def _status(town: Town, broadcast: Any) -> str:
    rows = await town.rows("SELECT status FROM broadcasts WHERE id = %(id)s", id=broadcast)
    return str(rows[0]["status"])


@pytest.mark.parametrize("kind", [Kind.ALERT, Kind.ANNOUNCEMENT])
async def test_one_missed_and_still_valid_is_sent_and_says_how_late(town: Town, kind: Kind) -> None:
    made = await _scheduled(town, kind=kind)

    with capture_logs() as logs:
        assert await _planner(town, kind).plan_slice()

    assert await _status(town, made) == "dispatching"
    watched = await watching.broadcast(town.db, made, within=None)
    assert watched.late is not None
    assert abs(watched.late - 7200) < 60
    assert "broadcast.late" in [line["event"] for line in logs]


@pytest.mark.parametrize("kind", [Kind.ALERT, Kind.ANNOUNCEMENT])
async def test_one_missed_and_no_longer_valid_is_never_sent_and_says_so(
    town: Town, kind: Kind
) -> None:
    made = await _scheduled(town, kind=kind, valid_until=clock.now() + timedelta(hours=2))

    with capture_logs() as logs:
        assert not await _planner(town, kind).plan_slice()
        await sweeper(town, channel=Channel.EMAIL).sweep()

    assert await _status(town, made) == "expired"
    assert await town.statuses(made) == []
    assert "broadcast.expired_unsent" in [line["event"] for line in logs]


async def test_one_without_an_end_is_worth_sending_for_three_days(town: Town) -> None:
    early = await _scheduled(town, valid_until=None)
    await _hours_pass(town, 71)
    late = await _scheduled(town, valid_until=None)  # the first is three days late by now

    assert await _planner(town, Kind.ANNOUNCEMENT).plan_slice()
    assert not await _planner(town, Kind.ANNOUNCEMENT).plan_slice()
    await sweeper(town, channel=Channel.EMAIL).sweep()

    assert await _status(town, late) == "dispatching"
    assert await _status(town, early) == "expired"


async def test_what_begins_at_once_is_not_late(town: Town) -> None:
    await town.readers(1)
    made = await town.broadcast("town")
    await town.plan()

    assert (await watching.broadcast(town.db, made, within=None)).late is None


@pytest.mark.parametrize(
    ("wall", "utc"),
    [
        pytest.param("2027-03-27T08:00", "2027-03-27T07:00", id="the day before clocks go forward"),
        pytest.param("2027-03-28T08:00", "2027-03-28T06:00", id="that morning"),
        pytest.param("2027-10-30T08:00", "2027-10-30T06:00", id="the day before they go back"),
        pytest.param("2027-10-31T08:00", "2027-10-31T07:00", id="that morning, in winter time"),
        pytest.param(
            "2027-10-31T02:30", "2027-10-31T00:30", id="an hour there is twice: the first"
        ),
    ],
)
async def test_a_schedule_across_the_change_of_summer_time_keeps_its_wall_time(
    town: Town, wall: str, utc: str
) -> None:
    await town.group()

    made = await town.broadcast(
        "town", kind=Kind.ANNOUNCEMENT, valid_until=None, send_at=datetime.fromisoformat(wall)
    )

    rows = await town.rows("SELECT send_at FROM broadcasts WHERE id = %(id)s", id=made)
    assert rows[0]["send_at"] == datetime.fromisoformat(utc).replace(tzinfo=UTC)
