"""Broadcasts of a lane take turns, so that none waits for the end of another."""

from uuid import UUID, uuid4

import pytest

from channels.memory import MemoryChannel
from channels.messages import Email
from notify import clock
from notify.domain.delivery import DeliveryStatus, allowed_from
from notify.domain.words import Channel, Kind, Lane
from notify.services import planning
from notify.services.courses import Course
from notify.services.planning import Planner
from notify.store import claiming
from notify.store.claiming import Claimed
from tests.town import Town


async def _news(town: Town, slug: str) -> UUID:
    made = await town.broadcast(slug, kind=Kind.ANNOUNCEMENT)
    await town.plan(Lane.BULK)
    return made


async def _readers(town: Town, slug: str, count: int) -> None:
    group = await town.group(slug)
    for number in range(count):
        await town.resident(group, email=f"{slug}{number}@example.org", news=["email"])


async def _left(town: Town, broadcast: UUID) -> int:
    return (await town.statuses(broadcast)).count("pending")


async def test_an_announcement_shares_with_one_planned_long_before(town: Town) -> None:
    await _readers(town, "town", 20)
    await _readers(town, "kita", 20)
    first = await _news(town, "town")
    second = await _news(town, "kita")
    pump = await town.pump(MemoryChannel[Email](), lane=Lane.BULK, rate=2.0)

    await pump.round()  # five seconds of work: ten mails

    assert await _left(town, first) == 15
    assert await _left(town, second) == 15


async def test_what_one_broadcast_does_not_need_of_its_share_is_taken_in_the_next_round(
    town: Town,
) -> None:
    await _readers(town, "town", 12)
    await _readers(town, "kita", 1)
    first, second = await _news(town, "town"), await _news(town, "kita")
    pump = await town.pump(MemoryChannel[Email](), lane=Lane.BULK)

    while await pump.round():
        pass

    assert [await _left(town, first), await _left(town, second)] == [0, 0]


async def test_with_room_for_one_only_each_comes_first_at_times(town: Town) -> None:
    await _readers(town, "town", 30)
    await _readers(town, "kita", 30)
    first, second = await _news(town, "town"), await _news(town, "kita")

    for _ in range(24):
        async with town.db.transaction() as connection:
            claimed = await claiming.claim(
                connection, lane=Lane.BULK, channel=Channel.EMAIL, sender="any", worker=uuid4(),
                size=1, lease=60, allowed=allowed_from(DeliveryStatus.SENDING),
            )  # fmt: skip
        assert len(claimed) == 1

    taken = [30 - await _left(town, one) for one in (first, second)]
    assert sum(taken) == 24
    assert min(taken) > 0


async def test_a_broadcast_that_waits_for_its_next_try_takes_no_share(town: Town) -> None:
    await _readers(town, "town", 10)
    await _readers(town, "kita", 10)
    waits, goes = await _news(town, "town"), await _news(town, "kita")
    await town.change(
        "UPDATE deliveries SET due_at = now() + interval '1 h' WHERE broadcast_id = %(id)s",
        id=waits,
    )
    pump = await town.pump(MemoryChannel[Email](), lane=Lane.BULK, rate=2.0)

    await pump.round()

    assert [await _left(town, waits), await _left(town, goes)] == [10, 0]


async def test_the_next_due_of_a_lane_is_the_earliest_of_all_its_broadcasts(town: Town) -> None:
    await _readers(town, "town", 2)
    await _readers(town, "kita", 2)
    first, second = await _news(town, "town"), await _news(town, "kita")
    for broadcast, minutes in ((first, 9), (second, 4)):
        await town.change(
            "UPDATE deliveries SET due_at = now() + %(m)s * interval '1 min'"
            " WHERE broadcast_id = %(id)s",
            m=minutes, id=broadcast,
        )  # fmt: skip

    async with town.db.transaction() as connection:
        bulk = await claiming.next_due(connection, lane=Lane.BULK, channel=Channel.EMAIL)
        alert = await claiming.next_due(connection, lane=Lane.ALERT, channel=Channel.EMAIL)
        waiting = await claiming.alert_waiting(connection, Channel.EMAIL)

    assert bulk is not None
    assert 200 < bulk < 240
    assert (alert, waiting) == (None, False)


async def test_finding_what_waits_costs_the_same_however_much_waits(town: Town) -> None:
    """The plan must be a few steps in the index, not a walk over what waits."""
    await _readers(town, "town", 1)
    made = await _news(town, "town")
    await town.change(
        "INSERT INTO deliveries (broadcast_id, resident_id, address_id, address_version, channel,"
        " lane, language) SELECT %(id)s, gen_random_uuid(), n, 1, 'email', 'bulk', 'de'"
        " FROM generate_series(1000, 60000) AS n",
        id=made,
    )
    await town.change("ANALYZE deliveries")

    began = clock.monotonic()
    plan = await town.rows(
        "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT next_due('bulk', 'email')"
    )

    assert clock.monotonic() - began < 5
    assert plan[0]["QUERY PLAN"][0]["Plan"]["Shared Hit Blocks"] < 500


async def test_two_big_announcements_are_planned_by_turns(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "FIRST_SLICE", 2)
    for slug in ("town", "kita"):
        await _readers(town, slug, 16)
    made = [
        await town.broadcast(slug, kind=Kind.ANNOUNCEMENT, valid_until=None)
        for slug in ("town", "kita")
    ]
    planner = Planner(town.db, lane=Lane.BULK, settings=town.settings, channels=town.channels)

    seen = []
    while await planner.plan_slice():
        seen.append([len(await town.statuses(one)) for one in made])

    assert seen[-1] == [16, 16]
    both_half_way = [state for state in seen if all(2 < n < 16 for n in state)]
    assert both_half_way


async def _claim(town: Town, size: int, onward: claiming.Onward | None = None) -> list[Claimed]:
    async with town.db.transaction() as connection:
        return await claiming.claim(
            connection, lane=Lane.BULK, channel=Channel.EMAIL, sender="any", worker=uuid4(),
            size=size, lease=60, allowed=allowed_from(DeliveryStatus.SENDING), onward=onward,
        )  # fmt: skip


async def test_a_course_leads_on_behind_what_was_taken_and_a_look_finds_what_came_back(
    town: Town,
) -> None:
    await _readers(town, "town", 6)
    await _news(town, "town")
    course = Course(10.0)

    first = await _claim(town, 2, course.onward(now=100.0))
    course.took(first, asked=2)
    await town.change(
        "UPDATE deliveries SET status = 'pending' WHERE id = %(id)s", id=first[0].delivery_id
    )
    second = await _claim(town, 2, course.onward(now=109.0))
    course.took(second, asked=2)
    third = await _claim(town, 2, course.onward(now=110.0))

    taken = [[one.delivery_id for one in batch] for batch in (first, second, third)]
    assert taken[0] + taken[1] == sorted(set(taken[0] + taken[1]))
    assert taken[2] == [taken[0][0], taken[1][1] + 1]


async def test_a_course_ends_with_too_little_and_with_a_ring(town: Town) -> None:
    await _readers(town, "town", 3)
    await _readers(town, "kita", 3)
    early = await _news(town, "town")
    course = Course(10.0)

    course.took(await _claim(town, 2, course.onward(now=100.0)), asked=2)
    late = await _news(town, "kita")
    behind = course.onward(now=101.0)
    course.end()

    assert set(behind or ()) == {early}
    assert course.onward(now=101.0) is None
    rest = await _claim(town, 9, behind)
    assert [one.broadcast_id for one in rest] == [early]
    course.took(rest, asked=9)
    assert course.onward(now=102.0) is None
    assert {one.broadcast_id for one in await _claim(town, 9)} == {late}


async def test_a_pump_that_goes_on_looks_at_what_a_ring_was_for(town: Town) -> None:
    await _readers(town, "town", 300)
    await _readers(town, "kita", 1)
    await _news(town, "town")
    pump = await town.pump(MemoryChannel[Email](), lane=Lane.BULK)
    await pump.round()  # as many as it asked for, so that more is expected
    urgent = await _news(town, "kita")

    pump.wake()
    await pump.round()

    assert await _left(town, urgent) == 0


async def test_a_ring_during_a_claim_is_not_forgotten_with_its_answer(town: Town) -> None:
    await _readers(town, "town", 3)
    await _news(town, "town")
    course = Course(10.0)

    batch = await _claim(town, 2, course.onward(now=100.0))
    course.end()
    course.took(batch, asked=2)

    assert course.onward(now=101.0) is None


async def test_a_pump_looks_at_everything_before_it_says_that_nothing_is_left(town: Town) -> None:
    await _readers(town, "town", 250)
    await _readers(town, "kita", 5)
    first = await _news(town, "town")
    pump = await town.pump(MemoryChannel[Email](), lane=Lane.BULK)
    assert await pump.round()  # all of it, and as many as it asked for
    second = await _news(town, "kita")

    assert await pump.round()

    assert [await _left(town, one) for one in (first, second)] == [0, 0]
