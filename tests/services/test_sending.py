"""Claim, start, send, settle: what becomes of a delivery on its way out."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from channels.base import (
    AddressGone,
    Failure,
    OutcomeUnknown,
    Rejected,
    SenderDown,
    SenderStopped,
    Sent,
    TryAgain,
)
from channels.memory import MemoryChannel
from channels.messages import Email, Push, Sms
from channels.receipts import Receipt, Report
from notify import clock
from notify.domain.words import Channel, Kind, Lane, Relation
from notify.services import receiving, submitting
from notify.services.composing import Composer
from notify.services.sending import Pump
from notify.services.sweeping import Sweeper
from notify.store import pump as store
from notify.store import senders
from tests.town import Town


async def _one(town: Town) -> Any:
    """A town with one reader and an alert planned for her."""
    group = await town.group()
    await town.resident(group, email="alice@example.org", alerts=["email"])
    alert = await town.broadcast("town")
    await town.plan()
    return alert


async def _delivery(town: Town) -> dict[str, Any]:
    return (await town.rows("SELECT * FROM deliveries ORDER BY id"))[0]


async def _attempts(town: Town) -> list[dict[str, Any]]:
    return await town.rows("SELECT * FROM attempts ORDER BY id")


async def test_a_mail_taken_by_the_relay_is_sent_and_counted(town: Town) -> None:
    alert = await _one(town)
    carrier = MemoryChannel[Email]()
    pump = await town.pump(carrier)

    assert await pump.round()
    assert not await pump.round()

    mail = carrier.taken[0]
    assert (mail.to, mail.form.language) == ("alice@example.org", "de")
    assert await town.statuses(alert) == ["sent"]
    counts = await town.rows(
        "SELECT status, sum(n)::int AS n FROM progress GROUP BY 1 HAVING sum(n) <> 0"
    )
    assert [(row["status"], row["n"]) for row in counts] == [("sent", 1)]
    handed = await town.rows("SELECT sum(n)::int AS n FROM handovers")
    assert handed[0]["n"] == 1


@pytest.mark.parametrize(
    ("failure", "status", "outcome"),
    [
        pytest.param(TryAgain("greylisted", code="450"), "pending", "try_again", id="later"),
        pytest.param(SenderDown("refused"), "pending", "try_again", id="down"),
        pytest.param(Rejected("too_big", code="552"), "failed", "rejected", id="rejected"),
        pytest.param(AddressGone("no_such_address"), "failed", "address_gone", id="gone"),
        pytest.param(SenderStopped("credentials"), "pending", "sender_stopped", id="stopped"),
        pytest.param(OutcomeUnknown("no_answer"), "unknown", "unknown", id="unknown"),
    ],
)
async def test_each_way_to_fail_ends_in_its_status(
    town: Town, failure: Failure, status: str, outcome: str
) -> None:
    alert = await _one(town)
    pump = await town.pump(MemoryChannel[Email](script=lambda _: failure))

    await pump.round()

    assert await town.statuses(alert) == [status]
    attempt = (await _attempts(town))[0]
    assert (attempt["outcome"], attempt["reason"]) == (outcome, failure.reason)


async def test_an_address_that_is_gone_is_suppressed(town: Town) -> None:
    await _one(town)
    pump = await town.pump(MemoryChannel[Email](script=lambda _: AddressGone("no_such_address")))

    await pump.round()

    hit = await town.rows("SELECT channel, hash, reason FROM suppressions")
    assert bytes(hit[0]["hash"]) == town.keyring.address_hash("email", "alice@example.org")
    assert hit[0]["reason"] == "gone"


async def test_a_browser_that_is_gone_is_dropped(town: Town) -> None:
    group = await town.group()
    await town.resident(group, push=["https://push.example/1"])
    await town.broadcast("town")
    await town.plan()
    gone = MemoryChannel[Push](script=lambda _: AddressGone("subscription_gone"))

    await (await town.pump(gone, channel=Channel.PUSH)).round()

    assert [row["state"] for row in await town.rows("SELECT state FROM addresses")] == ["gone"]


async def test_a_stopped_sender_is_left_alone_and_the_next_one_takes_over(town: Town) -> None:
    alert = await _one(town)
    broken = MemoryChannel[Email]("first", script=lambda _: SenderStopped("credentials"))
    good = MemoryChannel[Email]("second")
    pump = await town.pump(broken, good)

    await pump.round()
    await town.change("UPDATE deliveries SET due_at = now()")
    await pump.round()

    assert (len(broken.taken), len(good.taken)) == (1, 1)
    assert await town.statuses(alert) == ["sent"]
    stopped = await town.rows("SELECT name, reason FROM senders WHERE stopped_at IS NOT NULL")
    assert [(row["name"], row["reason"]) for row in stopped] == [("first", "credentials")]


async def test_a_relay_out_of_reach_rests_and_the_next_one_takes_over(town: Town) -> None:
    alert = await _one(town)
    down = MemoryChannel[Email]("first", script=lambda _: SenderDown("refused"))
    good = MemoryChannel[Email]("second")
    pump = await town.pump(down, good)

    await pump.round()
    await pump.round()

    assert await town.statuses(alert) == ["sent"]
    assert [a["sender"] for a in await _attempts(town)] == ["first", "second"]


async def test_a_recall_between_claim_and_start_stops_the_message(town: Town) -> None:
    await town.readers(60)
    alert = await town.broadcast("town")
    await town.plan()
    carrier = MemoryChannel[Email]()
    carrier.hold.clear()
    pump = await town.pump(carrier)

    working = asyncio.create_task(pump.round())
    await carrier.has_taken(50)
    await submitting.cancel(town.db, alert, within=None)
    carrier.hold.set()
    await working
    await pump.round()

    assert len(carrier.taken) == 50
    assert sorted(await town.statuses(alert)) == ["cancelled"] * 10 + ["sent"] * 50


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        pytest.param(
            "UPDATE broadcasts SET valid_until = now() - interval '1 s'", "expired", None, id="late"
        ),
        pytest.param("UPDATE addresses SET state = 'gone'", "cancelled", "gone", id="gone"),
        pytest.param(
            "INSERT INTO suppressions (channel, hash, reason)"
            " SELECT channel, hash, 'opted_out' FROM addresses",
            "cancelled", "suppressed", id="suppressed",
        ),
        pytest.param(
            "WITH x AS (DELETE FROM subscriptions) UPDATE addresses SET version = version + 1",
            "cancelled", "left", id="left",
        ),
    ],
)  # fmt: skip
async def test_what_changed_since_the_plan_is_seen_at_the_claim(
    town: Town, change: str, status: str, reason: str | None
) -> None:
    alert = await _one(town)
    await town.change(change)
    carrier = MemoryChannel[Email]()

    await (await town.pump(carrier)).round()

    assert carrier.taken == ()
    assert await town.statuses(alert) == [status]
    assert (await _delivery(town))["reason"] == reason


async def test_leaving_one_of_two_groups_does_not_stop_what_the_other_brings(town: Town) -> None:
    district = await town.group("district")
    village = await town.group("village", parent=district)
    await town.resident(district, village, email="alice@example.org", alerts=["email"])
    alert = await town.broadcast("district")
    await town.plan()
    await town.change("DELETE FROM subscriptions WHERE group_id = %(g)s", g=village)
    await town.change("UPDATE addresses SET version = version + 1")

    await (await town.pump(MemoryChannel[Email]())).round()

    assert await town.statuses(alert) == ["sent"]


async def test_a_worker_past_its_lease_cannot_settle_what_another_took(town: Town) -> None:
    alert = await _one(town)
    slow = MemoryChannel[Email]("slow")
    slow.hold.clear()
    working = asyncio.create_task((await town.pump(slow)).round())
    await slow.has_taken(1)

    await town.change("UPDATE attempts SET lease_until = now() - interval '1 s'")
    sweeper = Sweeper(town.db, senders=[], composer=Composer(
        settings=town.settings, keyring=town.keyring))  # fmt: skip
    await sweeper.sweep()
    await sweeper.resolve()
    unknown = await town.statuses(alert)
    slow.hold.set()
    await working

    assert unknown == ["unknown"]
    assert await town.statuses(alert) == ["unknown"]
    assert (await _attempts(town))[0]["reason"] == "lease_lapsed"


async def test_what_was_claimed_and_never_started_goes_back(town: Town) -> None:
    alert = await _one(town)
    carrier = MemoryChannel[Email]()
    pump = await town.pump(carrier)
    pump.stop()
    await pump.round()
    await town.change(
        "UPDATE attempts SET settled_at = NULL, outcome = NULL, lease_until = now() - interval '1 s'"
    )
    await town.change("UPDATE deliveries SET status = 'sending'")

    sweeper = Sweeper(town.db, senders=[], composer=Composer(
        settings=town.settings, keyring=town.keyring))  # fmt: skip
    await sweeper.sweep()
    await sweeper.resolve()

    assert carrier.taken == ()
    assert await town.statuses(alert) == ["pending"]


async def test_an_unknown_mail_is_sent_once_more_with_the_same_id_and_marked(town: Town) -> None:
    alert = await _one(town)
    answers: list[Sent | Failure | None] = [OutcomeUnknown("no_answer"), OutcomeUnknown("again")]
    carrier = MemoryChannel[Email](script=lambda _: answers.pop(0) if answers else None)
    pump = await town.pump(carrier)
    sweeper = Sweeper(town.db, senders=[], composer=Composer(
        settings=town.settings, keyring=town.keyring))  # fmt: skip

    for _ in range(3):
        await pump.round()
        await town.change("UPDATE deliveries SET due_at = now() WHERE status = 'unknown'")
        await sweeper.resolve()

    assert len(carrier.taken) == 2
    assert len({mail.message_id for mail in carrier.taken}) == 1
    assert [attempt["repeat"] for attempt in await _attempts(town)] == [False, True]
    assert await town.statuses(alert) == ["unknown"]
    assert (await _delivery(town))["closed_at"] is not None


async def test_a_receipt_resolves_what_was_unknown(town: Town) -> None:
    alert = await _one(town)
    pump = await town.pump(MemoryChannel[Email](script=lambda _: OutcomeUnknown("no_answer")))
    await pump.round()
    attempt = (await _attempts(town))[0]["id"]

    await receiving.take(town.db, [(attempt, Receipt("p", "1", Report.DELIVERED))])

    assert await town.statuses(alert) == ["delivered"]


async def test_a_receipt_that_comes_before_our_own_write_stands(town: Town) -> None:
    alert = await _one(town)
    carrier = MemoryChannel[Email]()
    carrier.hold.clear()
    working = asyncio.create_task((await town.pump(carrier)).round())
    await carrier.has_taken(1)
    attempt = (await _attempts(town))[0]["id"]

    await receiving.take(town.db, [(attempt, Receipt("p", "1", Report.DELIVERED))])
    carrier.hold.set()
    await working

    assert await town.statuses(alert) == ["delivered"]
    assert (await _delivery(town))["handed_over_at"] is not None
    assert (await _attempts(town))[0]["outcome"] == "sent"


async def test_a_follow_up_waits_while_its_predecessor_is_being_sent(town: Town) -> None:
    alert = await _one(town)
    carrier = MemoryChannel[Email]()
    carrier.hold.clear()
    first = asyncio.create_task((await town.pump(carrier)).round())
    await carrier.has_taken(1)
    clear = await town.broadcast("town", follows=alert, relation=Relation.ALL_CLEAR)
    await town.plan()

    second = await town.pump(carrier)
    await second.round()
    waiting = await town.statuses(clear)
    carrier.hold.set()
    await first
    await town.change("UPDATE deliveries SET due_at = now()")
    await second.round()

    assert waiting == ["pending"]
    assert await town.statuses(clear) == ["sent"]
    alarm, ending = carrier.taken
    assert ending.in_reply_to == alarm.message_id


async def test_bulk_steps_aside_while_an_alert_is_due(town: Town) -> None:
    await _one(town)
    news = await town.broadcast("town", kind=Kind.ANNOUNCEMENT, valid_until=None)
    await town.change("UPDATE subscriptions SET news = ARRAY['email']")
    await town.plan(Lane.BULK)
    carrier = MemoryChannel[Email]()
    bulk = await town.pump(carrier, lane=Lane.BULK)

    moved = await bulk.round()
    await (await town.pump(carrier)).round()
    after = await bulk.round()

    assert (moved, after) == (False, True)
    assert await town.statuses(news) == ["sent"]


async def test_a_sender_is_never_given_more_than_five_seconds_of_work(town: Town) -> None:
    group = await town.group()
    for number in range(20):
        await town.resident(group, phone=f"+49151123450{number:02}", alerts=["sms"])
    await town.broadcast("town")
    await town.plan()
    carriers = [MemoryChannel[Sms]("one"), MemoryChannel[Sms]("one")]
    pumps = [await town.pump(c, channel=Channel.SMS, rate=2.0) for c in carriers]

    rounds = [asyncio.create_task(pump.round()) for pump in pumps]
    await asyncio.sleep(0.7)  # both have claimed what they may, and wait for the rate
    claimed = await town.rows("SELECT worker, count(*) AS n FROM attempts GROUP BY worker")
    for pump in pumps:
        pump.stop()
    await asyncio.gather(*rounds)

    assert 0 < sum(row["n"] for row in claimed) <= 10


async def test_readers_of_a_language_share_a_form_and_each_gets_the_own_link(town: Town) -> None:
    group = await town.group()
    for name in ("alice", "bob"):
        await town.resident(group, email=f"{name}@example.org", alerts=["email"])
    await town.broadcast("town")
    await town.plan()
    carrier = MemoryChannel[Email]()

    await (await town.pump(carrier)).round()

    alice, bob = carrier.taken
    assert alice.form is bob.form
    assert alice.form.gap is not None
    assert alice.form.gap in alice.form.text
    assert alice.unsubscribe_url != bob.unsubscribe_url
    assert alice.envelope_from != bob.envelope_from


async def test_a_message_that_cannot_be_composed_fails_alone(town: Town) -> None:
    group = await town.group()
    await town.resident(group, email="alice@example.org", alerts=["email"])
    await town.resident(group, email="bob@example.org", alerts=["email"])
    alert = await town.broadcast("town")
    await town.plan()
    await town.change(
        "UPDATE deliveries SET broadcast_id = gen_random_uuid()"
        " WHERE id = (SELECT min(id) FROM deliveries)"
    )
    carrier = MemoryChannel[Email]()

    await (await town.pump(carrier)).round()

    assert len(carrier.taken) == 1
    assert await town.statuses(alert) == ["sent"]
    reasons = await town.rows("SELECT reason FROM deliveries WHERE status = 'failed'")
    assert [row["reason"] for row in reasons] == ["cannot_compose"]


async def test_a_receipt_that_meets_our_own_write_half_way_is_not_lost(town: Town) -> None:
    alert = await _one(town)
    carrier = MemoryChannel[Email]()
    carrier.hold.clear()
    working = asyncio.create_task((await town.pump(carrier)).round())
    await carrier.has_taken(1)
    attempt = (await _attempts(town))[0]
    settled = store.Settled(attempt["id"], attempt["delivery_id"], "sent", "sent", clock.now())

    async with town.db.transaction() as connection:
        await store.settle(connection, [settled], worker=attempt["worker"])
        receipt = asyncio.create_task(
            receiving.take(town.db, [(attempt["id"], Receipt("p", "1", Report.DELIVERED))])
        )
        async with asyncio.timeout(10):
            while not await town.rows(  # noqa: ASYNC110 - PostgreSQL rings no bell for it
                "SELECT FROM pg_locks WHERE NOT granted"
            ):
                await asyncio.sleep(0.01)
    await receipt
    carrier.hold.set()
    await working

    assert await town.statuses(alert) == ["delivered"]


async def test_a_receipt_for_the_first_attempt_spares_the_repeat(town: Town) -> None:
    alert = await _one(town)
    carrier = MemoryChannel[Email](script=lambda _: OutcomeUnknown("no_answer"))
    pump = await town.pump(carrier)
    await pump.round()
    await town.change("UPDATE deliveries SET status = 'pending', repeats = 1, due_at = now()")
    attempt = (await _attempts(town))[0]["id"]

    await receiving.take(town.db, [(attempt, Receipt("p", "1", Report.DELIVERED))])
    await pump.round()

    assert len(carrier.taken) == 1
    assert await town.statuses(alert) == ["delivered"]


async def test_a_relay_that_hangs_is_as_good_as_away(town: Town) -> None:
    await town.readers(12)
    await town.broadcast("town")
    await town.plan()
    hangs = MemoryChannel[Email]("first", script=lambda _: TryAgain("timed_out"))
    good = MemoryChannel[Email]("second")
    pump = await town.pump(hangs, good)

    for _ in range(3):
        await pump.round()
        await town.change("UPDATE deliveries SET due_at = now() WHERE status = 'pending'")

    assert 5 <= len(hangs.taken) < 12  # those that had not begun by then went to the other one
    assert len(good.taken) == 12


async def test_an_outage_of_the_sender_uses_up_no_tries(town: Town) -> None:
    await _one(town)
    pump = await town.pump(MemoryChannel[Email](script=lambda _: SenderDown("refused")))

    await pump.round()

    assert (await _delivery(town))["tries"] == 0


async def test_a_sender_slower_than_one_in_five_seconds_still_sends(town: Town) -> None:
    await _one(town)
    carrier = MemoryChannel[Email]()
    pump = await town.pump(carrier, rate=0.5)
    async with town.db.transaction() as connection:
        given = await senders.reserve(connection, "memory", rate=0.1, wanted=5, window=5.0)
        more = await senders.reserve(connection, "memory", rate=0.1, wanted=5, window=5.0)

    assert (given, more) == (1, 0)
    assert not await pump.round()  # its ten seconds have not passed


async def test_one_broken_answer_takes_no_other_along(town: Town) -> None:
    await town.readers(3)
    alert = await town.broadcast("town")
    await town.plan()

    def answer(mail: Email) -> Sent:
        return Sent(parts=99_999, provider_id="a\0b" if mail.to.startswith("r1") else "good")

    await (await town.pump(MemoryChannel[Email](script=answer))).round()

    assert sorted(await town.statuses(alert)) == ["sending", "sent", "sent"]
    assert {a["parts"] for a in await _attempts(town)} == {None, 32_767}


async def _two_of_ten(
    town: Town,
) -> tuple[UUID, MemoryChannel[Email], Pump, asyncio.Task[bool]]:
    """An alert to ten with two calls under way and held, and eight that wait for a slot."""
    await town.readers(10)
    alert = await town.broadcast("town")
    await town.plan()
    carrier = MemoryChannel[Email]()
    carrier.hold.clear()
    pump = await town.pump(carrier, slots=2)
    working = asyncio.create_task(pump.round())
    await carrier.has_taken(2)
    return alert, carrier, pump, working


async def test_a_recall_stops_what_waits_for_a_slot_in_the_middle_of_a_group(town: Town) -> None:
    alert, carrier, pump, working = await _two_of_ten(town)

    await submitting.cancel(town.db, alert, within=None)
    async with asyncio.timeout(20):
        while alert not in pump.recalled:  # noqa: ASYNC110 - nothing to wait on
            await asyncio.sleep(0.05)
    carrier.hold.set()
    await working
    await pump.round()

    assert len(carrier.taken) == 2
    assert sorted(await town.statuses(alert)) == ["cancelled"] * 8 + ["sent"] * 2


async def test_a_pump_told_to_stop_begins_no_more_calls(town: Town) -> None:
    alert, carrier, pump, working = await _two_of_ten(town)

    pump.stop()
    carrier.hold.set()
    await working

    assert len(carrier.taken) == 2
    assert sorted(await town.statuses(alert)) == ["pending"] * 8 + ["sent"] * 2


async def test_a_sender_just_stopped_gets_no_more_calls(town: Town) -> None:
    await town.readers(60)
    await town.broadcast("town")
    await town.plan()
    carrier = MemoryChannel[Email](script=lambda _: SenderStopped("credentials"))

    await (await town.pump(carrier)).round()

    assert 0 < len(carrier.taken) <= 50
