"""Who gets a broadcast, and who is left out and why."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg import OperationalError

from channels.memory import MemoryChannel
from channels.messages import Email
from notify import clock
from notify.domain.broadcast import Text
from notify.domain.words import Channel, Kind, Lane, Relation
from notify.services import submitting
from notify.services.planning import Planner
from notify.store import claiming, pump, sweep
from notify.store import planning as store
from notify.store.database import Connection
from tests.town import Town


async def _planned(town: Town, broadcast: UUID) -> list[tuple[str, str]]:
    rows = await town.rows(
        "SELECT d.channel, a.value FROM deliveries d JOIN addresses a ON a.id = d.address_id"
        " WHERE d.broadcast_id = %(id)s ORDER BY 1, 2",
        id=broadcast,
    )
    return [(row["channel"], row["value"]) for row in rows]


async def _skips(town: Town, broadcast: UUID) -> list[tuple[str, str]]:
    rows = await town.rows(
        "SELECT channel, reason FROM skips WHERE broadcast_id = %(id)s ORDER BY 1, 2", id=broadcast
    )
    return [(row["channel"], row["reason"]) for row in rows]


async def test_an_alert_reaches_everyone_at_or_below_the_group_once(town: Town) -> None:
    district = await town.group("district")
    village = await town.group("village", parent=district)
    await town.resident(district, village, email="alice@example.org", phone="+4915112345678")
    await town.resident(village, email="bob@example.org", alerts=["email"])
    await town.resident(await town.group("elsewhere"), email="charlie@example.org")

    alert = await town.broadcast("district")
    await town.plan()

    assert await _planned(town, alert) == [
        ("email", "alice@example.org"),
        ("email", "bob@example.org"),
        ("sms", "+4915112345678"),
    ]
    assert await _skips(town, alert) == [("push", "no_address")]


async def test_news_reach_groups_below_only_where_they_carry_their_parents_news(town: Town) -> None:
    district = await town.group("district")
    carrying = await town.group("carrying", parent=district, carries=True)
    silent = await town.group("silent", parent=district)
    await town.resident(carrying, email="alice@example.org", news=["email"])
    await town.resident(silent, email="bob@example.org", news=["email"])

    news = await town.broadcast("district", kind=Kind.ANNOUNCEMENT)
    await town.plan(Lane.BULK)

    assert await _planned(town, news) == [("email", "alice@example.org")]


async def test_whoever_is_left_out_is_written_down_with_the_reason(town: Town) -> None:
    group = await town.group()
    await town.resident(group, email="new@example.org", alerts=["email"], state="unverified")
    await town.resident(group, email="gone@example.org", alerts=["email"])
    await town.resident(group, alerts=["email"])
    await town.resident(group, email="quiet@example.org", alerts=[])
    await town.resident(group, phone="+4915112345678", alerts=["sms"])
    await town.change(
        "INSERT INTO suppressions (channel, hash, reason) VALUES ('email', %(h)s, 'bounced')",
        h=town.keyring.address_hash("email", "gone@example.org"),
    )
    town.channels = ("email",)

    alert = await town.broadcast("town")
    await town.plan()

    assert await _planned(town, alert) == []
    assert await _skips(town, alert) == [
        ("email", "no_address"),
        ("email", "suppressed"),
        ("email", "unverified"),
        ("none", "no_channel"),
        ("sms", "channel_off"),
    ]


async def test_every_browser_of_a_resident_gets_its_own_delivery(town: Town) -> None:
    group = await town.group()
    await town.resident(group, push=["https://push.example/1", "https://push.example/2"])

    alert = await town.broadcast("town")
    await town.plan()

    assert [channel for channel, _ in await _planned(town, alert)] == ["push", "push"]


async def test_an_all_clear_goes_to_those_reached_and_replaces_what_is_pending(town: Town) -> None:
    group = await town.group()
    await town.resident(group, email="reached@example.org", alerts=["email"])
    await town.resident(group, email="unknown@example.org", alerts=["email"])
    await town.resident(group, email="waiting@example.org", alerts=["email"])
    await town.resident(group, email="failed@example.org", alerts=["email"])
    alert = await town.broadcast("town")
    await town.plan()
    for value, status in (("reached", "sent"), ("unknown", "unknown"), ("failed", "failed")):
        await town.change(
            "UPDATE deliveries d SET status = %(status)s FROM addresses a"
            " WHERE a.id = d.address_id AND a.value = %(value)s",
            status=status,
            value=f"{value}@example.org",
        )
    await town.resident(group, email="newcomer@example.org", alerts=["email"])

    clear = await town.broadcast("town", follows=alert, relation=Relation.ALL_CLEAR)
    await town.plan()

    assert [v for _, v in await _planned(town, clear)] == [
        "reached@example.org",
        "unknown@example.org",
    ]
    await _expire(town)
    assert sorted(await town.statuses(alert)) == ["failed", "sent", "superseded", "unknown"]


@pytest.mark.parametrize("kind", [Kind.ALERT, Kind.ANNOUNCEMENT])
async def test_a_correction_of_what_is_being_sent_reaches_those_who_still_waited(
    town: Town, kind: Kind
) -> None:
    group = await town.group()
    lane = Lane.ALERT if kind is Kind.ALERT else Lane.BULK
    for name in ("reached", "waiting"):
        await town.resident(group, email=f"{name}@example.org", alerts=["email"], news=["email"])
    wrong = await town.broadcast("town", kind=kind)
    await town.plan(lane)
    await town.change(
        "UPDATE deliveries d SET status = 'sent' FROM addresses a"
        " WHERE a.id = d.address_id AND a.value = 'reached@example.org'"
    )

    right = await town.broadcast("town", kind=kind, follows=wrong, relation=Relation.CORRECTION)
    await town.plan(lane)

    both = [("email", "reached@example.org"), ("email", "waiting@example.org")]
    assert await _planned(town, right) == both


async def test_a_correction_reaches_those_whom_planning_had_not_come_to(town: Town) -> None:
    group = await town.group()
    await town.resident(group, email="alice@example.org", alerts=["email"])
    wrong = await town.broadcast("town")
    await Planner(
        town.db, lane=Lane.ALERT, settings=town.settings, channels=town.channels
    ).plan_slice()
    await town.change("DELETE FROM deliveries")
    await town.change("UPDATE broadcasts SET planned_at = NULL WHERE id = %(id)s", id=wrong)

    right = await town.broadcast("town", follows=wrong, relation=Relation.CORRECTION)
    await town.plan()

    assert await _planned(town, right) == [("email", "alice@example.org")]


async def test_a_correction_of_an_all_clear_reaches_those_whom_that_kept_the_alert_from(
    town: Town,
) -> None:
    group = await town.group()
    await town.resident(group, email="waiting@example.org", alerts=["email"])
    alert = await town.broadcast("town")
    await town.plan()
    clear = await town.broadcast("town", follows=alert, relation=Relation.ALL_CLEAR)
    await town.plan()
    assert await _planned(town, clear) == []

    wrong = await town.broadcast("town", follows=clear, relation=Relation.CORRECTION)
    await town.plan()

    assert await _planned(town, wrong) == [("email", "waiting@example.org")]


@pytest.mark.parametrize("how", ["all sent", "recalled", "out of date"])
async def test_a_correction_of_what_goes_no_further_adds_nobody(town: Town, how: str) -> None:
    group = await town.group()
    for name in ("reached", "other"):
        await town.resident(group, email=f"{name}@example.org", alerts=["email"])
    wrong = await town.broadcast("town")
    await town.plan()
    await town.change(
        "UPDATE deliveries d SET status = CASE WHEN a.value = 'reached@example.org' THEN 'sent'"
        " WHEN %(how)s = 'all sent' THEN 'failed' ELSE d.status END"
        " FROM addresses a WHERE a.id = d.address_id",
        how=how,
    )
    until = clock.now() + timedelta(hours=1)
    if how == "recalled":
        await submitting.cancel(town.db, wrong, within=None)
    if how == "out of date":
        await town.change("UPDATE broadcasts SET valid_until = now() WHERE id = %(id)s", id=wrong)

    right = await town.broadcast(
        "town", follows=wrong, relation=Relation.CORRECTION, valid_until=until
    )
    await town.plan()

    assert await _planned(town, right) == [("email", "reached@example.org")]


async def test_an_update_adds_who_follows_today_and_a_leaver_gets_nothing_more(town: Town) -> None:
    group = await town.group()
    stays = await town.resident(group, email="stays@example.org", alerts=["email"])
    leaves = await town.resident(group, email="leaves@example.org", alerts=["email"])
    alert = await town.broadcast("town")
    await town.plan()
    await town.change("UPDATE deliveries SET status = 'sent'")
    await town.change("DELETE FROM subscriptions WHERE resident_id = %(r)s", r=leaves)
    await town.resident(group, email="newcomer@example.org", alerts=["email"])

    update = await town.broadcast("town", follows=alert, relation=Relation.UPDATE)
    await town.plan()

    assert stays != leaves
    assert [v for _, v in await _planned(town, update)] == [
        "newcomer@example.org",
        "stays@example.org",
    ]


async def test_whoever_joins_while_an_alert_is_in_force_gets_it(town: Town) -> None:
    group = await town.group()
    alert = await town.broadcast("town")
    await town.plan()
    await town.resident(group, email="late@example.org", alerts=["email"])
    planner = Planner(town.db, lane=Lane.ALERT, settings=town.settings, channels=town.channels)

    made = [await planner.plan_latecomers(), await planner.plan_latecomers()]

    assert made == [1, 0]
    assert await _planned(town, alert) == [("email", "late@example.org")]


async def test_whoever_waits_for_a_repeat_gets_the_all_clear(town: Town) -> None:
    group = await town.group()
    await town.resident(group, phone="+4915112345678", alerts=["sms"])
    alert = await town.broadcast("town")
    await town.plan()
    await town.change("UPDATE deliveries SET status = 'unknown'")
    await town.change("UPDATE deliveries SET status = 'pending', repeats = 1")

    clear = await town.broadcast("town", follows=alert, relation=Relation.ALL_CLEAR)
    await town.plan()

    await _expire(town)
    assert await town.statuses(alert) == ["superseded"]
    assert await town.statuses(clear) == ["pending"]


async def test_a_follow_up_replaces_what_a_planner_writes_meanwhile(town: Town) -> None:
    group = await town.group()
    await town.resident(group, email="alice@example.org", alerts=["email"])
    alert = await town.broadcast("town")
    first = Planner(town.db, lane=Lane.ALERT, settings=town.settings, channels=town.channels)
    await first.plan_slice()
    await town.change("UPDATE broadcasts SET planned_at = NULL, planned_through = NULL")
    await town.change("DELETE FROM deliveries")
    await town.broadcast("town", follows=alert, relation=Relation.ALL_CLEAR)

    async with town.db.transaction() as connection:
        row = await store.choose(connection, alert=True)  # the alert's planner holds its row …
        assert row is not None
        followed = row["id"] if row["sequence"] == 0 else alert
        await connection.run("SELECT FROM broadcasts WHERE id = %(id)s FOR UPDATE", id=followed)
        await connection.run(
            "INSERT INTO deliveries (broadcast_id, resident_id, address_id, address_version,"
            " channel, lane, language) SELECT %(id)s, resident_id, id, version, channel, 'alert',"
            " 'de' FROM addresses",
            id=alert,
        )
        other = Planner(town.db, lane=Lane.ALERT, settings=town.settings, channels=town.channels)
        following = asyncio.create_task(other.plan_slice())
        await asyncio.sleep(0.2)  # … while the all-clear is begun; it may wait or come after
    await following
    await town.plan()
    await _expire(town)

    assert await town.statuses(alert) == ["superseded"]


async def test_a_follow_up_that_never_began_is_ended_by_the_next_one(town: Town) -> None:
    group = await town.group()
    await town.resident(group, email="alice@example.org", alerts=["email"])
    alert = await town.broadcast("town")
    await town.plan()
    later = clock.now() + timedelta(hours=1)
    update = await town.broadcast("town", follows=alert, relation=Relation.UPDATE, send_at=later)
    await town.broadcast("town", follows=alert, relation=Relation.ALL_CLEAR)

    await town.plan()

    rows = await town.rows("SELECT status FROM broadcasts WHERE id = %(id)s", id=update)
    assert rows[0]["status"] == "cancelled"


async def test_two_follow_ups_at_once_take_their_places_in_turn(town: Town) -> None:
    await town.group()
    alert = await town.broadcast("town")
    await town.plan()

    await asyncio.gather(
        *(town.broadcast("town", follows=alert, relation=Relation.UPDATE) for _ in range(3))
    )

    places = await town.rows("SELECT sequence FROM broadcasts ORDER BY sequence")
    assert [row["sequence"] for row in places] == [0, 1, 2, 3]


async def test_nobody_who_joins_after_the_all_clear_gets_the_alert(town: Town) -> None:
    group = await town.group()
    alert = await town.broadcast("town")
    await town.plan()
    await town.broadcast("town", follows=alert, relation=Relation.ALL_CLEAR)
    await town.plan()
    await town.resident(group, email="late@example.org", alerts=["email"])
    planner = Planner(town.db, lane=Lane.ALERT, settings=town.settings, channels=town.channels)

    assert await planner.plan_latecomers() == 0


async def test_a_plan_broken_off_goes_on_where_it_was(town: Town) -> None:
    group = await town.group()
    for number in range(520):
        await town.resident(group, email=f"r{number}@example.org", alerts=["email"])
    alert = await town.broadcast("town")
    first = Planner(town.db, lane=Lane.ALERT, settings=town.settings, channels=town.channels)
    await first.plan_slice()
    half = len(await town.statuses(alert))

    await town.plan()

    assert half == 500
    assert await town.statuses(alert) == ["pending"] * 520
    counted = await town.rows("SELECT sum(n)::int AS n FROM progress")
    assert counted[0]["n"] == 520


async def test_a_recalled_broadcast_is_planned_no_further(town: Town) -> None:
    group = await town.group()
    await town.resident(group, email="alice@example.org")
    alert = await town.broadcast("town")
    await town.change("UPDATE broadcasts SET cancelled_at = now(), status = 'cancelled'")

    await town.plan()

    assert await town.statuses(alert) == []


async def _expire(town: Town) -> None:
    async with town.db.transaction() as connection:
        await sweep.expire(connection, size=100)


async def test_a_follow_up_begins_at_once_however_many_still_wait_for_what_it_replaces(
    town: Town,
) -> None:
    await town.readers(2)
    alert = await town.broadcast("town")
    await town.plan()
    await town.broadcast("town", follows=alert, relation=Relation.ALL_CLEAR)
    planner = Planner(town.db, lane=Lane.ALERT, settings=town.settings, channels=town.channels)

    async with town.db.transaction() as connection:  # not one of their rows is waited for
        await connection.run("SELECT FROM deliveries FOR UPDATE")
        async with asyncio.timeout(2):
            assert await planner.plan_slice()

    carrier = MemoryChannel[Email]()
    while await (await town.pump(carrier)).round():
        pass
    assert not carrier.taken
    assert await town.statuses(alert) == ["superseded"] * 2


async def test_what_was_claimed_before_a_follow_up_began_is_not_started_after(town: Town) -> None:
    await town.readers(1)
    alert = await town.broadcast("town")
    await town.plan()
    worker = uuid4()
    async with town.db.transaction() as connection:
        claimed = await claiming.claim(
            connection, lane=Lane.ALERT, channel=Channel.EMAIL, sender="relay", worker=worker,
            size=1, lease=60, allowed=["pending"],
        )  # fmt: skip
    await town.broadcast("town", follows=alert, relation=Relation.ALL_CLEAR)
    await town.plan()

    async with town.db.transaction() as connection:
        started = await pump.start(
            connection, attempts=[claimed[0].attempt_id], worker=worker, lease=60
        )

    assert started == set()


async def test_a_slice_that_fails_does_not_keep_the_others_from_their_turn(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.readers(2)
    broken = await town.broadcast("town")
    other = await town.broadcast("town", texts={"de": Text("Flut", "Weg vom Fluss.")})
    real = store.plan_followers

    async def fail(connection: Connection, **values: Any) -> store.Slice:
        if values["id"] == broken:
            raise OperationalError("took too long")
        return await real(connection, **values)

    monkeypatch.setattr(store, "plan_followers", fail)
    planner = Planner(town.db, lane=Lane.ALERT, settings=town.settings, channels=town.channels)

    with pytest.raises(OperationalError):
        await planner.plan_slice()
    await planner.plan_slice()

    assert await town.statuses(other) == ["pending"] * 2
    assert await town.statuses(broken) == []
