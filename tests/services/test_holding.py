"""After a restore: what may have gone out since the backup waits for a person, all else goes on."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from channels.memory import MemoryChannel
from channels.messages import Email
from notify import clock
from notify.domain.grants import OutOfReach, Role
from notify.domain.words import Channel, Kind, Lane, Relation
from notify.errors import Conflict, NotFound
from notify.services import confirming, holding, overseeing, ringing, submitting
from notify.services.composing import Composer
from notify.services.letting_go import Held
from notify.services.planning import Planner
from notify.services.sweeping import Sweeper
from notify.store import claiming
from notify.store.database import Row
from sandbox.gateway import Gateway
from sandbox.rules import Rules, read_rules
from tests.services.test_overseeing import officer, seen, villages, waiting
from tests.services.test_sweeping import carried, one_text, sweeper
from tests.town import Town

__all__ = ["villages"]


async def held(town: Town) -> dict[UUID, str]:
    return {row["id"]: row["held_why"] for row in await holding.held(town.db)}


async def row(town: Town, broadcast: UUID) -> Row:
    return (await town.rows("SELECT * FROM broadcasts WHERE id = %(id)s", id=broadcast))[0]


async def sent_by(town: Town, lane: Lane = Lane.ALERT) -> Sequence[Email]:
    """What leaves by mail when planner, pump and sweeper come round."""
    carrier = MemoryChannel[Email]()
    await town.plan(lane)
    pump = await town.pump(carrier, lane=lane)
    while await pump.round():
        pass
    await sweeping(town).sweep()
    return carrier.taken


def sweeping(town: Town) -> Sweeper:
    return Sweeper(
        town.db, senders=[], composer=Composer(settings=town.settings, keyring=town.keyring)
    )


async def half_sent(town: Town) -> UUID:
    """An alert to two readers, of whom one has it."""
    await town.readers(2)
    alert = await town.broadcast("town")
    await town.plan()
    await town.change("UPDATE deliveries SET due_at = now() + interval '1 h' WHERE id %% 2 = 0")
    await (await town.pump(MemoryChannel[Email]())).round()
    await town.change("UPDATE deliveries SET due_at = now() WHERE status = 'pending'")
    return alert


async def test_a_ring_that_was_out_is_forgotten_instead_of_failing(town: Town) -> None:
    on_duty = [("email", "erika@example.org")]
    await town.resident(email="erika@example.org")
    await ringing.ring_by_hand(town.db, on_duty, channels=["email"])

    await holding.hold(town.db)
    await ringing.check(town.db)

    assert await town.rows("SELECT result FROM rings") == []


async def test_what_was_not_over_is_held_and_told_where_it_stood(town: Town) -> None:
    await town.readers(1)
    soon = clock.now() + timedelta(minutes=5)
    waiting = [
        await town.broadcast("town", kind=Kind.ANNOUNCEMENT),
        await town.broadcast("town", kind=Kind.ANNOUNCEMENT, send_at=soon),
    ]
    under_way = await town.broadcast("town")
    await town.plan()
    over = await town.broadcast("town", kind=Kind.ANNOUNCEMENT)
    recalled = await town.broadcast("town")
    await submitting.cancel(town.db, recalled, within=None)
    past = await town.broadcast("town")
    later = await town.broadcast(
        "town", kind=Kind.ANNOUNCEMENT, send_at=clock.now() + timedelta(hours=3)
    )
    await town.change(
        "UPDATE broadcasts SET status = 'dispatched', dispatching_at = now() WHERE id = %(id)s",
        id=over,
    )
    await town.change(
        "UPDATE broadcasts SET valid_until = now() - interval '1 s' WHERE id = %(id)s", id=past
    )

    found = await holding.hold(town.db)

    assert await held(town) == dict.fromkeys(waiting, "waiting") | {under_way: "under_way"}
    assert [one["id"] for one in found.ahead] == [later]
    assert (await row(town, later))["status"] == "scheduled"


async def test_what_waits_for_approval_and_is_held_is_not_approved_before_it_is_released(
    town: Town,
) -> None:
    await town.readers(1)
    alert = await town.broadcast("town")
    await town.change("UPDATE broadcasts SET status = 'submitted'")
    await holding.hold(town.db)

    with pytest.raises(Held):
        await submitting.approve(town.db, alert)

    assert await held(town) == {alert: "waiting"}
    assert (await row(town, alert))["status"] == "submitted"
    await holding.release(town.db, alert)
    await submitting.approve(town.db, alert)
    assert len(await sent_by(town)) == 1


async def test_of_what_is_held_nothing_leaves_by_itself_and_all_else_does(town: Town) -> None:
    alert = await half_sent(town)
    await holding.hold(town.db)

    assert await sent_by(town) == ()
    assert sorted(await town.statuses(alert)) == ["pending", "sent"]

    fresh = await town.broadcast("town")
    assert len(await sent_by(town)) == 2
    assert await town.statuses(fresh) == ["sent", "sent"]
    assert await held(town) == {alert: "under_way"}


async def test_the_claim_itself_leaves_out_what_is_held_and_is_due(town: Town) -> None:
    alert = await half_sent(town)
    await holding.hold(town.db)
    await town.change("UPDATE deliveries SET due_at = now()")

    assert await sent_by(town) == ()

    assert sorted(await town.statuses(alert)) == ["pending", "sent"]
    async with town.db.transaction() as connection:
        assert await claiming.next_due(connection, lane=Lane.ALERT, channel=Channel.EMAIL) is None


async def test_released_it_sends_what_was_open_marked_as_a_repeat(town: Town) -> None:
    alert = await half_sent(town)
    await holding.hold(town.db)

    await holding.release(town.db, alert)

    assert len(await sent_by(town)) == 1
    assert await town.statuses(alert) == ["sent", "sent"]
    attempts = await town.rows("SELECT repeat FROM attempts ORDER BY id")
    assert [attempt["repeat"] for attempt in attempts] == [False, True]
    assert await held(town) == {}
    assert (await row(town, alert))["status"] == "dispatched"


async def test_what_is_planned_after_the_release_is_a_repeat_but_for_who_joined_since(
    town: Town,
) -> None:
    await town.readers(1)
    alert = await town.broadcast("town")
    await holding.hold(town.db)
    (group,) = await town.rows("SELECT id FROM groups")
    await town.resident(group["id"], email="new@example.org", alerts=["email"])

    await holding.release(town.db, alert)
    mails = await sent_by(town)

    marks = await town.rows(
        "SELECT a.value, t.repeat FROM attempts t JOIN deliveries d ON d.id = t.delivery_id"
        " JOIN addresses a ON a.id = d.address_id"
    )
    assert len(mails) == 2
    assert {mark["value"]: mark["repeat"] for mark in marks} == {
        "r0@example.org": True,
        "new@example.org": False,
    }


async def test_who_joins_gets_an_alert_in_force_only_once_it_is_released(town: Town) -> None:
    await town.readers(1)
    alert = await town.broadcast("town")
    await sent_by(town)
    await holding.hold(town.db)
    (group,) = await town.rows("SELECT id FROM groups")
    await town.resident(group["id"], email="new@example.org", alerts=["email"])
    planner = Planner(town.db, lane=Lane.ALERT, settings=town.settings, channels=town.channels)

    assert await held(town) == {alert: "in_force"}
    assert await planner.plan_latecomers() == 0
    await holding.release(town.db, alert)
    assert await planner.plan_latecomers() == 1

    assert [mail.to for mail in await sent_by(town)] == ["new@example.org"]
    (last,) = await town.rows("SELECT repeat FROM attempts ORDER BY id DESC LIMIT 1")
    assert last["repeat"] is False


async def started_and_not_settled(town: Town) -> None:
    await town.change(
        "UPDATE attempts SET settled_at = NULL, outcome = NULL, reason = NULL, provider_id = NULL"
    )
    await town.change(
        "UPDATE deliveries SET status = 'sending', handed_over_at = NULL, closed_at = NULL"
    )


async def test_a_text_started_at_the_backup_is_looked_up_while_it_is_held(town: Town) -> None:
    alert = await one_text(town)
    async with Gateway(pace=0) as gateway, carried(gateway) as sms:
        await (await town.pump(sms, channel=Channel.SMS)).round()
        await started_and_not_settled(town)

        await holding.hold(town.db)
        assert await town.statuses(alert) == ["unknown"]
        await sweeper(town, sms).resolve()

        assert (await town.statuses(alert))[0] in {"sent", "delivered"}
        assert len(gateway.book.all()) == 1
    assert await held(town) == {alert: "under_way"}


async def test_a_text_the_gateway_does_not_have_stays_unknown_until_the_release(
    town: Town,
) -> None:
    alert = await one_text(town)
    rules = Rules(read_rules('[{"channel": "sms", "do": "fail_before", "first": 1}]'))
    async with Gateway(rules, pace=0) as gateway, carried(gateway) as sms:
        pump = await town.pump(sms, channel=Channel.SMS)
        await pump.round()
        await started_and_not_settled(town)
        await holding.hold(town.db)

        await sweeper(town, sms).resolve()
        assert await town.statuses(alert) == ["unknown"]
        assert await sweeper(town, sms).resolve() == 0

        await holding.release(town.db, alert)
        await sweeper(town, sms).resolve()
        await pump.round()
        assert (await town.statuses(alert))[0] in {"sent", "delivered"}
        assert len(gateway.book.all()) == 1
    marks = await town.rows("SELECT repeat FROM attempts ORDER BY id")
    assert [mark["repeat"] for mark in marks] == [False, True]


async def test_what_was_claimed_and_not_started_is_open_again_as_a_possible_repeat(
    town: Town,
) -> None:
    alert = await one_text(town)
    await town.pump(MemoryChannel[Any](), channel=Channel.SMS)
    await town.change(
        "INSERT INTO attempts (delivery_id, number, sender, worker, lease_until)"
        " SELECT id, 1, 'memory', %(worker)s, now() + interval '1 min' FROM deliveries",
        worker=uuid4(),
    )
    await town.change(
        "UPDATE deliveries SET status = 'sending', claims = 1, attempt_id = (SELECT id FROM attempts)"
    )

    await holding.hold(town.db)

    assert await town.statuses(alert) == ["pending"]
    (delivery,) = await town.rows("SELECT repeats FROM deliveries")
    (attempt,) = await town.rows("SELECT outcome FROM attempts")
    assert (delivery["repeats"], attempt["outcome"]) == (1, "released")


@pytest.mark.parametrize(
    ("how", "ends"),
    [
        pytest.param("cancel", "cancelled", id="recalled"),
        pytest.param("expire", "expired", id="past its time"),
    ],
)
@pytest.mark.parametrize("status", ["dispatching", "dispatched"])
async def test_a_hold_ends_with_its_broadcast(town: Town, how: str, ends: str, status: str) -> None:
    alert = await half_sent(town)
    if status == "dispatched":
        await town.change("UPDATE broadcasts SET status = 'dispatched', dispatched_at = now()")
    await holding.hold(town.db)

    if how == "cancel":
        await submitting.cancel(town.db, alert, within=None)
        await submitting.cancel(town.db, alert, within=None)
    else:
        await town.change("UPDATE broadcasts SET valid_until = now() - interval '1 s'")
    await sweeping(town).sweep()

    assert sorted(await town.statuses(alert)) == sorted([ends, "sent"])
    assert (await row(town, alert))["held_at"] is None
    with pytest.raises(Conflict):
        await holding.release(town.db, alert)


async def test_an_all_clear_reaches_whoever_may_have_got_what_is_held(town: Town) -> None:
    alert = await half_sent(town)
    await holding.hold(town.db)

    await town.broadcast("town", follows=alert, relation=Relation.ALL_CLEAR)

    assert {mail.to for mail in await sent_by(town)} == {"r0@example.org", "r1@example.org"}
    await sweeping(town).sweep()
    assert sorted(await town.statuses(alert)) == ["sent", "superseded"]
    assert await held(town) == {}
    assert {row["repeat"] for row in await town.rows("SELECT repeat FROM attempts")} == {False}


@pytest.mark.parametrize("first", [None, "release", "cancel"])
async def test_an_all_clear_reaches_everyone_where_the_backup_knows_of_nobody(
    town: Town, first: str | None
) -> None:
    await town.readers(2)
    alert = await town.broadcast("town")
    await holding.hold(town.db)
    if first == "release":
        await holding.release(town.db, alert)
    elif first == "cancel":
        await submitting.cancel(town.db, alert, within=None)

    clear = await town.broadcast("town", follows=alert, relation=Relation.ALL_CLEAR)
    await town.change(
        "UPDATE broadcasts SET created_at = now() - interval '1 h' WHERE id = %(id)s", id=clear
    )

    assert len(await sent_by(town)) == 2
    assert await town.statuses(clear) == ["sent", "sent"]


async def test_codes_and_questions_that_were_on_their_way_end(town: Town) -> None:
    group = await town.group()
    await town.resident(group, email="new@example.org", state="unverified")
    await confirming.ask(town.db, channels=["email"])

    found = await holding.hold(town.db)

    (delivery,) = await town.rows("SELECT status, reason FROM deliveries")
    assert found.notes == 1
    assert (delivery["status"], delivery["reason"]) == ("cancelled", "restored")
    assert await sent_by(town, Lane.NOTE) == ()


async def test_numbers_given_away_after_the_backup_are_not_given_a_second_time(town: Town) -> None:
    await half_sent(town)
    (before,) = await town.rows("SELECT max(id) AS id FROM attempts")
    first = clock.now().timestamp() * 1e6

    await holding.hold(town.db)
    await town.broadcast("town")
    await sent_by(town)
    (once,) = await town.rows("SELECT max(id) AS id FROM attempts")
    await holding.hold(town.db)
    await town.broadcast("town")
    await sent_by(town)
    (twice,) = await town.rows("SELECT max(id) AS id FROM attempts")

    assert before["id"] < 100 < first - 60e6 < once["id"] < twice["id"]
    assert twice["id"] > once["id"] + 100
    mark = town.keyring.mark("bounce", twice["id"])
    assert town.keyring.unmark("bounce", mark) == twice["id"]


async def test_holding_twice_changes_nothing_more(town: Town) -> None:
    alert = await half_sent(town)
    await holding.hold(town.db)
    before = await town.rows("SELECT id, status, repeats, due_at FROM deliveries ORDER BY id")

    await holding.hold(town.db)

    assert (
        await town.rows("SELECT id, status, repeats, due_at FROM deliveries ORDER BY id") == before
    )
    assert await held(town) == {alert: "under_way"}


async def test_nothing_is_held_while_workers_are_at_work(town: Town) -> None:
    await town.change(
        "INSERT INTO workers (id, lane, host) VALUES (gen_random_uuid(), 'alert', 'here')"
    )

    with pytest.raises(Conflict, match="20 seconds"):
        await holding.check_idle(town.db)


async def test_only_what_is_held_can_be_released(town: Town) -> None:
    await town.readers(1)
    alert = await town.broadcast("town")

    with pytest.raises(Conflict, match="not held"):
        await holding.release(town.db, alert)
    with pytest.raises(NotFound):
        await holding.release(town.db, uuid4())


async def test_a_whole_town_is_held_and_released_in_seconds(town: Town) -> None:
    alert = await half_sent(town)
    await town.change(
        "INSERT INTO deliveries (broadcast_id, resident_id, address_id, address_version, channel,"
        " lane, language) SELECT %(id)s, gen_random_uuid(), 1000 + n, 1, 'sms', 'alert', 'de'"
        " FROM generate_series(1, 30000) AS n",
        id=alert,
    )
    began = clock.monotonic()

    await holding.hold(town.db)
    released = await holding.release(town.db, alert)

    assert released["open"] == 30_001
    assert clock.monotonic() - began < 20


async def test_nobody_lets_go_what_would_go_beyond_their_reach(town: Town, villages: None) -> None:
    """It names Elbtal. An update to the district, which waited in the backup, may have gone out since:
    what follows goes there as well."""
    first = await town.broadcast("elbtal")
    await town.plan(Lane.ALERT)
    follows: dict[str, Any] = {"in_reply_to": first, "relation": Relation.UPDATE}
    await waiting(town, "district", **follows)
    update = await waiting(town, "elbtal", **follows)
    approver = await officer(town, Role.APPROVER, "elbtal")
    await overseeing.approve(town.db, approver, update, seen=await seen(town, update))
    await holding.hold(town.db)

    village = await officer(town, Role.OPERATOR, "elbtal")
    with pytest.raises(OutOfReach):
        await holding.release(town.db, update, officer=village)

    await holding.release(town.db, first, officer=village)  # it has begun: to whom is known
    district = await officer(town, Role.OPERATOR, "district")
    await holding.release(town.db, update, officer=district)
