"""Quiet hours: news waits for their end, on the town's clocks; an alert does not."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from channels.memory import MemoryChannel
from channels.messages import Email
from notify import clock
from notify.domain.words import Kind, Lane, Relation
from notify.store import sweep
from notify.store.progress import queue_ages
from tests.town import Town

BERLIN = ZoneInfo("Europe/Berlin")


async def end(town: Town, at: datetime, begin: str, until: str) -> datetime | None:
    (row,) = await town.rows(
        "SELECT quiet_end(%(at)s, %(b)s::time, %(u)s::time, 'Europe/Berlin') AS at",
        at=at, b=begin, u=until,
    )  # fmt: skip
    found: datetime | None = row["at"]
    return found


@pytest.mark.parametrize(
    ("local", "begin", "until", "ends"),
    [
        ("2026-11-26 21:59:59", "22:00", "06:00", None),
        ("2026-11-26 22:00", "22:00", "06:00", "2026-11-27 06:00"),
        ("2026-11-27 05:59:59", "22:00", "06:00", "2026-11-27 06:00"),
        ("2026-11-27 06:00", "22:00", "06:00", None),
        ("2026-12-31 23:00", "22:00", "06:00", "2027-01-01 06:00"),
        ("2026-11-26 13:30", "13:00", "15:00", "2026-11-26 15:00"),
        ("2026-11-26 15:00", "13:00", "15:00", None),
        ("2026-11-26 12:00", "13:00", "13:00", None),
        ("2026-11-26 00:00", "00:00", "07:00", "2026-11-26 07:00"),
        ("2026-11-26 23:30", "22:00", "00:00", "2026-11-27 00:00"),
        # The clocks go forward at 2, and back at 3.
        ("2027-03-27 23:00", "22:00", "06:00", "2027-03-28 06:00"),
        ("2027-03-28 01:30", "22:00", "02:30", "2027-03-28 03:30"),
        ("2026-10-24 23:00", "22:00", "06:00", "2026-10-25 06:00"),
    ],
)
async def test_the_end_of_quiet_hours_is_told_by_the_clocks_of_the_town(
    town: Town, local: str, begin: str, until: str, ends: str | None
) -> None:
    at = datetime.fromisoformat(local).replace(tzinfo=BERLIN)

    found = await end(town, at, begin, until)

    assert found == (datetime.fromisoformat(ends).replace(tzinfo=BERLIN) if ends else None)


async def test_quiet_hours_end_later_than_any_moment_in_them_also_when_clocks_change(
    town: Town,
) -> None:
    windows = [("22:00", "02:30"), ("01:30", "02:30"), ("02:00", "03:00"), ("02:30", "02:15")]
    for day in (datetime(2026, 10, 24, 20, tzinfo=UTC), datetime(2027, 3, 27, 20, tzinfo=UTC)):
        for begin, until in windows:
            rows = await town.rows(
                "SELECT at, quiet_end(at, %(b)s::time, %(u)s::time, 'Europe/Berlin') AS until"
                " FROM generate_series(%(day)s::timestamptz, %(day)s + interval '12 hours',"
                " interval '5 minutes') AS t (at)",
                b=begin, u=until, day=day,
            )  # fmt: skip
            waits = [row for row in rows if row["until"] is not None]
            assert waits or until == "03:00"  # that hour is not there when clocks go forward
            for row in waits:
                assert row["at"] < row["until"] <= row["at"] + timedelta(hours=25)


def around(now: datetime, before: float, after: float) -> tuple[time, time]:
    """Quiet hours on Berlin's clocks from so many hours before now to so many after."""
    local = now.astimezone(BERLIN)
    begin, until = local - timedelta(hours=before), local + timedelta(hours=after)
    return begin.time().replace(microsecond=0), until.time().replace(microsecond=0)


async def quiet(town: Town, resident: UUID, before: float, after: float) -> None:
    begin, until = around(clock.now(), before, after)
    await town.change(
        "UPDATE residents SET quiet_from = %(b)s, quiet_until = %(u)s WHERE id = %(id)s",
        b=begin, u=until, id=resident,
    )  # fmt: skip


async def deliveries(town: Town, broadcast: UUID) -> dict[UUID, Any]:
    rows = await town.rows(
        "SELECT resident_id, status, reason, due_at > now() AS waits, due_at FROM deliveries"
        " WHERE broadcast_id = %(id)s",
        id=broadcast,
    )
    return {row["resident_id"]: row for row in rows}


@pytest.fixture
async def people(town: Town) -> tuple[UUID, UUID]:
    """One who wants quiet, one who does not."""
    group = await town.group()
    sleeper, awake = [
        await town.resident(group, email=f"{name}@example.org", alerts=["email"], news=["email"])
        for name in "sw"
    ]
    return sleeper, awake


@pytest.mark.parametrize("kind", [Kind.ANNOUNCEMENT, Kind.ALERT])
async def test_news_planned_in_quiet_hours_waits_for_their_end_and_an_alert_does_not(
    town: Town, people: tuple[UUID, UUID], kind: Kind
) -> None:
    sleeper, awake = people
    await quiet(town, sleeper, 1, 1)
    broadcast = await town.broadcast("town", kind=kind)

    await town.plan(Lane.ALERT if kind is Kind.ALERT else Lane.BULK)

    found = await deliveries(town, broadcast)
    assert not found[awake]["waits"]
    assert found[awake]["reason"] is None
    assert found[sleeper]["waits"] == (kind is not Kind.ALERT)
    if kind is not Kind.ALERT:
        left = found[sleeper]["due_at"] - clock.now()
        assert timedelta(minutes=58) < left < timedelta(minutes=61)
        assert found[sleeper]["reason"] == "quiet"


async def test_news_planned_before_them_waits_from_when_they_begin(
    town: Town, people: tuple[UUID, UUID]
) -> None:
    sleeper, awake = people
    broadcast = await town.broadcast("town", kind=Kind.ANNOUNCEMENT)
    await town.plan(Lane.BULK)
    await quiet(town, sleeper, 0.5, 2)
    pump = await town.pump(MemoryChannel[Email](), lane=Lane.BULK)

    while await pump.round():
        pass

    found = await deliveries(town, broadcast)
    assert found[awake]["status"] == "sent"
    assert (found[sleeper]["status"], found[sleeper]["reason"]) == ("pending", "quiet")
    assert found[sleeper]["waits"]
    assert [row["outcome"] for row in await town.rows("SELECT outcome FROM attempts")] == ["sent"]

    # Their end comes.
    await town.change(
        "UPDATE residents SET quiet_from = quiet_until, quiet_until = quiet_until + interval '1 h'"
        " WHERE quiet_from IS NOT NULL"
    )
    await town.change("UPDATE deliveries SET due_at = now() WHERE reason = 'quiet'")
    while await pump.round():
        pass
    found = await deliveries(town, broadcast)
    assert (found[sleeper]["status"], found[sleeper]["reason"]) == ("sent", None)


async def test_an_alert_planned_before_them_leaves_in_them(
    town: Town, people: tuple[UUID, UUID]
) -> None:
    sleeper, _ = people
    broadcast = await town.broadcast("town")
    await town.plan()
    await quiet(town, sleeper, 0.5, 2)
    pump = await town.pump(MemoryChannel[Email]())

    while await pump.round():
        pass

    assert await town.statuses(broadcast) == ["sent", "sent"]


async def test_a_follow_up_to_news_waits_as_well(town: Town, people: tuple[UUID, UUID]) -> None:
    sleeper, awake = people
    before = await town.broadcast("town", kind=Kind.ANNOUNCEMENT)
    await town.plan(Lane.BULK)
    pump = await town.pump(MemoryChannel[Email](), lane=Lane.BULK)
    while await pump.round():
        pass
    await quiet(town, sleeper, 1, 1)

    after = await town.broadcast(
        "town", kind=Kind.ANNOUNCEMENT, follows=before, relation=Relation.CORRECTION
    )
    await town.plan(Lane.BULK)

    found = await deliveries(town, after)
    assert (found[sleeper]["waits"], found[awake]["waits"]) == (True, False)


async def test_what_runs_out_in_quiet_hours_ends_as_expired_and_says_why(
    town: Town, people: tuple[UUID, UUID]
) -> None:
    sleeper, _ = people
    await quiet(town, sleeper, 1, 3)
    broadcast = await town.broadcast("town", kind=Kind.ANNOUNCEMENT)
    await town.plan(Lane.BULK)
    await town.change("UPDATE broadcasts SET valid_until = now() - interval '1 s'")

    async with town.db.transaction() as connection:
        await sweep.expire(connection, size=100)

    found = await deliveries(town, broadcast)
    assert (found[sleeper]["status"], found[sleeper]["reason"]) == ("expired", "quiet")


async def test_what_waits_because_its_reader_wants_it_to_makes_no_queue_old(
    town: Town, people: tuple[UUID, UUID]
) -> None:
    sleeper, _ = people
    await town.broadcast("town", kind=Kind.ANNOUNCEMENT)
    await town.plan(Lane.BULK)
    await town.change("DELETE FROM deliveries WHERE resident_id <> %(id)s", id=sleeper)
    await town.change(
        "UPDATE deliveries SET claims = 1, reason = 'greylisted',"
        " created_at = now() - interval '3 hours'"
    )
    async with town.db.transaction() as connection:
        assert await queue_ages(connection)
    await quiet(town, sleeper, 1, 1)
    pump = await town.pump(MemoryChannel[Email](), lane=Lane.BULK)
    while await pump.round():
        pass

    async with town.db.transaction() as connection:
        assert not await queue_ages(connection)
