"""What is wrong with the service is noticed, raised once it lasts, and over when it is."""

import asyncio
from pathlib import Path

import pytest

from channels.base import Failure, NotAsked, SenderDown, TryAgain
from channels.memory import MemoryChannel
from channels.messages import Email
from notify.domain.alarms import ALERTS_CANNOT_LEAVE, CALM, REMIND, What
from notify.domain.words import Kind
from notify.services import noticing, ringing, watching
from notify.store import alarms, progress
from tests.services.watched import DUTY, MAIL, TARGETS, Watched
from tests.town import Town

OPERATIONS = Path(__file__).parents[2] / "docs/operations.md"


@pytest.fixture
async def watched(town: Town) -> Watched:
    watched = Watched(town)
    await watched.well()
    return watched


async def _tellings(town: Town) -> list[tuple[str, str, str]]:
    rows = await town.rows(
        "SELECT t.way, t.state, a.key FROM tellings t JOIN alarms a ON a.id = t.alarm_id"
        " WHERE t.dropped_at IS NULL ORDER BY t.id"
    )
    return [(row["way"], row["state"], row["key"]) for row in rows]


async def _late_alert(town: Town, *, seconds: int) -> None:
    await town.readers(3)
    await town.broadcast("town")
    await town.plan()
    await town.change("UPDATE deliveries SET due_at = now() - %(s)s * interval '1 s'", s=seconds)


@pytest.mark.parametrize(
    ("read", "due", "found"),
    [
        pytest.param(3_700, -30, ["pull"], id="tried in vain for an hour"),
        pytest.param(3_500, -30, [], id="not that long"),
        pytest.param(90_000, 90_000, [], id="a number that was given up"),
    ],
)
async def test_a_list_that_cannot_be_read_is_noticed(
    watched: Watched, read: int, due: int, found: list[str]
) -> None:
    await watched.town.change(
        "INSERT INTO inbound_pulls (number, through, read_at, due_at) VALUES ('+491511', now(),"
        " now() - %(read)s * interval '1 s', now() - %(due)s * interval '1 s')",
        read=read, due=due,
    )  # fmt: skip

    assert await watched.raised() == found
    assert await _tellings(watched.town) == []


async def test_where_all_is_well_nothing_is_raised(watched: Watched) -> None:
    assert await watched.raised() == []


async def test_an_alert_that_does_not_leave_is_noticed(watched: Watched) -> None:
    await _late_alert(watched.town, seconds=11)

    assert await watched.raised() == ["late:alert"]


async def test_an_alert_within_its_ten_seconds_is_not_late(watched: Watched) -> None:
    await _late_alert(watched.town, seconds=5)

    assert await watched.raised() == []


async def test_an_alert_that_moves_slowly_is_only_shown(watched: Watched) -> None:
    town = watched.town
    await town.readers(3)
    await town.broadcast("town")
    await town.plan()
    await town.change(
        "UPDATE deliveries SET due_at = now() + interval '1 h'"
        " WHERE id > (SELECT min(id) FROM deliveries)"
    )
    await (await town.pump(MemoryChannel[Email]())).round()
    await town.change(
        "UPDATE deliveries SET due_at = now() - interval '1 min' WHERE status = 'pending'"
    )

    assert await watched.raised() == ["slow:alert"]
    assert await _tellings(town) == []


async def test_an_alert_that_nobody_begins_to_plan_is_noticed(watched: Watched) -> None:
    await watched.town.readers(1)
    await watched.town.broadcast("town")
    await watched.town.change("UPDATE broadcasts SET approved_at = now() - interval '11 s'")

    assert await watched.raised() == ["late:alert"]


@pytest.mark.parametrize(
    "failure",
    [TryAgain("try_later", code="451"), NotAsked("service_resting", after=1.0),
     SenderDown("unreachable")],
    ids=["put off", "resting", "down"],
)  # fmt: skip
async def test_an_alert_that_is_tried_in_vain_is_noticed(
    watched: Watched, failure: Failure
) -> None:
    town = watched.town
    await _late_alert(town, seconds=0)
    await town.change("UPDATE deliveries SET created_at = now() - interval '2 min'")
    await (await town.pump(MemoryChannel[Email](script=lambda _: failure))).round()
    put_off = await town.change(
        "UPDATE deliveries SET due_at = now() + interval '1 min' WHERE status = 'pending'"
    )
    assert put_off > 0

    assert await watched.raised() == ["late:alert"]
    (age,) = (await watching.health(town.db)).queue
    assert age["age"] >= 120


async def test_the_rest_of_an_alert_that_is_tried_in_vain_is_noticed(watched: Watched) -> None:
    town = watched.town
    await _late_alert(town, seconds=0)
    await (await town.pump(MemoryChannel[Email]())).round()
    await town.change(
        "UPDATE deliveries SET status = 'pending', claims = 5, due_at = now() + interval '5 min',"
        " created_at = now() - interval '11 min' WHERE id = (SELECT min(id) FROM deliveries)"
    )
    assert await watched.raised() == []
    await town.change(
        "UPDATE handovers SET last_at = last_at - interval '11 min',"
        " second = second - interval '11 min'"
    )

    assert await watched.raised() == ["stuck:alert"]
    async with town.db.transaction() as connection:
        assert await alarms.take_beat(
            connection, every=60, silenced_by=ALERTS_CANNOT_LEAVE, lanes=[], lately=20
        )


async def test_an_alert_whose_planning_stands_still_is_noticed(watched: Watched) -> None:
    await watched.town.readers(1)
    await watched.town.broadcast("town")
    await watched.town.change(
        "UPDATE broadcasts SET status = 'dispatching', dispatching_at = now() - interval '1 h',"
        " advanced_at = now() - interval '11 s'"
    )

    assert await watched.raised() == ["late:alert"]
    (row,) = await noticing.in_force(watched.town.db)
    assert row["facts"]["channels"] == ["planning"]


async def test_looking_for_what_waits_costs_the_same_however_much_waits(town: Town) -> None:
    await town.readers(1)
    made = await town.broadcast("town", kind=Kind.ANNOUNCEMENT, valid_until=None)
    await town.change(
        "INSERT INTO deliveries (broadcast_id, resident_id, address_id, address_version, channel,"
        " lane, language, claims) SELECT %(id)s, gen_random_uuid(), n, 1, 'email', 'bulk', 'de', 1"
        " FROM generate_series(1000, 60000) AS n",
        id=made,
    )
    await town.change("ANALYZE deliveries")

    for query in (alarms.WAITING, progress.QUEUE):
        plan = await town.rows("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + query, seconds=0)
        assert plan[0]["QUERY PLAN"][0]["Plan"]["Shared Hit Blocks"] < 1000


async def test_an_alert_held_after_a_restore_is_not_late_but_waits_for_a_decision(
    watched: Watched,
) -> None:
    await watched.town.readers(1)
    await watched.town.broadcast("town")
    await watched.town.change(
        "UPDATE broadcasts SET approved_at = now() - interval '1 h', held_at = now(),"
        " held_why = 'waiting'"
    )

    assert await watched.raised() == ["held"]


async def test_a_lane_without_a_worker_is_noticed(watched: Watched) -> None:
    await watched.town.change("DELETE FROM workers WHERE lane = 'note'")

    assert await watched.raised() == ["no_worker:note"]


async def test_a_sender_that_is_stopped_is_noticed_and_one_not_in_use_is_not(
    watched: Watched,
) -> None:
    await watched.town.change(
        "INSERT INTO senders (name, channel, stopped_at, reason, code) VALUES"
        " ('relay', 'email', now(), 'bad_credentials', '535'), ('old', 'email', now(), 'x', NULL)"
    )

    assert await watched.raised() == ["sender_stopped:relay"]
    (row,) = await noticing.in_force(watched.town.db)
    assert row["facts"]["reason"] == "bad_credentials, 535"


@pytest.mark.parametrize(
    ("failed_for", "raised"),
    [pytest.param(119, [], id="a moment"), pytest.param(121, ["sender_down:relay"], id="longer")],
)
async def test_a_sender_that_failed_for_long_is_noticed(
    watched: Watched, failed_for: int, raised: list[str]
) -> None:
    await watched.town.change(
        "INSERT INTO senders (name, channel, failures, down_since, down_until, down_reason)"
        " VALUES ('relay', 'email', 3, now() - interval '1 h',"
        " now() - interval '1 h' + %(s)s * interval '1 s', 'unreachable')",
        s=failed_for,
    )

    assert await watched.raised() == raised


async def test_redis_that_does_not_answer_is_only_shown(watched: Watched) -> None:
    assert await watched.raised(redis=False) == ["redis"]
    assert await _tellings(watched.town) == []


async def test_a_channel_that_nobody_uses_is_nothing_to_notice(town: Town) -> None:
    watched = Watched(town)
    await watched.work("alert", "note", "bulk")
    assert await watched.raised() == []
    await town.resident(email=MAIL)
    await town.resident(phone="+4915199999999")

    assert await watched.raised() == ["duty:sms"]


async def test_a_channel_that_reaches_nobody_on_duty_is_noticed(watched: Watched) -> None:
    await watched.town.resident(push=["https://push.example/2"])
    await watched.town.change(
        "UPDATE addresses SET state = 'gone' WHERE value = 'https://push.example/1'"
    )
    await watched.town.change(
        "INSERT INTO suppressions (channel, hash, reason)"
        " SELECT channel, hash, 'bounced' FROM addresses WHERE channel = 'sms'"
    )

    assert await watched.raised() == ["duty:push", "duty:sms"]


async def test_a_ring_that_failed_is_an_alarm_until_a_later_one_comes_through(
    watched: Watched,
) -> None:
    await watched.town.change(
        "INSERT INTO rings (channel, check_at, result, reason, judged_at)"
        " VALUES ('sms', now(), 'silent', 'sent', now())"
    )
    assert await watched.raised() == ["ring:sms"]

    await watched.town.change(
        "INSERT INTO rings (channel, check_at, result, judged_at)"
        " VALUES ('sms', now(), 'ok', now())"
    )

    assert await watched.raised() == []


async def test_a_mail_that_comes_back_hours_after_its_ring_was_judged_is_noticed(
    watched: Watched,
) -> None:
    rings = await ringing.ring_by_hand(watched.town.db, DUTY, channels=["email"])
    await watched.town.change("UPDATE deliveries SET status = 'sent'")
    await watched.town.change("UPDATE rings SET check_at = now()")
    assert await ringing.check(watched.town.db) == len(rings) == 1
    before = await watched.raised()

    await watched.town.change("UPDATE deliveries SET status = 'failed', reason = 'mailbox_full'")

    assert (before, await watched.raised()) == ([], ["ring:email"])


async def test_an_alarm_is_told_once_by_every_way_and_once_when_it_is_over(
    watched: Watched,
) -> None:
    await _late_alert(watched.town, seconds=11)
    await watched.raised()
    await watched.look()
    await watched.look()
    raised = await _tellings(watched.town)
    await watched.town.change("UPDATE tellings SET told_at = now()")
    await watched.town.change("UPDATE deliveries SET status = 'cancelled'")
    await watched.look()
    unsure = await _tellings(watched.town)
    await watched.later(CALM)
    await watched.look()

    assert raised == [(way, "raised", "late:alert") for way, _ in TARGETS]
    assert unsure == raised
    assert await _tellings(watched.town) == [
        *raised, *((way, "over", "late:alert") for way, _ in TARGETS)
    ]  # fmt: skip
    assert await noticing.in_force(watched.town.db) == []


async def test_what_lasts_no_longer_than_a_hiccup_is_never_told(watched: Watched) -> None:
    await watched.town.change("DELETE FROM workers WHERE lane = 'alert'")
    await watched.look()
    await watched.work("alert")
    await watched.later(CALM)
    await watched.look()

    assert await watched.town.rows("SELECT key FROM alarms") == []
    assert await _tellings(watched.town) == []


async def test_what_flickers_is_one_alarm(watched: Watched) -> None:
    await watched.town.change("DELETE FROM workers WHERE lane = 'alert'")
    await watched.raised()
    for _ in range(3):
        await watched.work("alert")
        await watched.later(CALM - 1)
        await watched.look()
        await watched.town.change("DELETE FROM workers WHERE lane = 'alert'")
        await watched.look()

    assert [state for _, state, _ in await _tellings(watched.town)] == ["raised"] * 2


async def test_what_lasts_is_said_again_once_a_day(watched: Watched) -> None:
    await watched.town.change("DELETE FROM workers WHERE lane = 'bulk'")
    await watched.raised()
    await watched.town.change("UPDATE tellings SET told_at = now()")
    day = REMIND.total_seconds()
    await watched.later(day - 60)
    await watched.look()
    before = await _tellings(watched.town)
    await watched.later(60)
    await watched.look()
    await watched.look()

    assert [state for _, state, _ in before] == ["raised"] * 2
    after = await _tellings(watched.town)
    assert [state for _, state, _ in after] == ["raised"] * 2 + ["reminder"] * 2


async def test_who_had_not_heard_of_it_hears_only_that_it_was(watched: Watched) -> None:
    await watched.town.change("DELETE FROM workers WHERE lane = 'bulk'")
    await watched.raised()
    await watched.work("bulk")
    await watched.later(CALM)
    await watched.look()

    assert await _tellings(watched.town) == [(way, "over", "no_worker:bulk") for way, _ in TARGETS]


async def test_of_many_processes_one_looks_at_a_time(watched: Watched) -> None:
    looks = await asyncio.gather(*(watched.lookout.look(redis=True, every=60) for _ in range(8)))

    assert sum(looks) == 1


async def test_a_clock_that_was_put_back_does_not_blind_us(watched: Watched) -> None:
    await watched.town.change("UPDATE watch SET looked_at = now() + interval '1 h'")

    assert await watched.lookout.look(redis=True)


def test_every_alarm_is_in_the_manual() -> None:
    manual = OPERATIONS.read_text()

    for what in What:
        assert f"| `{what}:" in manual or f"| `{what}` |" in manual, what
