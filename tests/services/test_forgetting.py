"""Who got what is deleted when it was kept long enough: all of that, and nothing else."""

import asyncio
from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID, uuid4

import pytest

from channels.base import Sent
from channels.memory import MemoryChannel
from channels.messages import Email, Sms
from channels.receipts import Receipt, Report
from notify import clock
from notify.domain.delivery import MOVES, OVER, DeliveryStatus
from notify.domain.submission import Submission
from notify.domain.words import Channel, Kind, Lane, Relation
from notify.errors import Conflict
from notify.services import confirming, holding, receiving, submitting, watching
from notify.services.composing import Composer
from notify.services.forgetting import Forgetter, Kept
from notify.services.sweeping import Sweeper
from notify.store import forgetting, receipts
from notify.store.database import Row
from tests.town import TEXTS, Town

DAYS = 365
KEPT = Kept(deliveries=DAYS, notes=DAYS, feedback=DAYS, drafts=DAYS)
TABLES = ("deliveries", "attempts", "receipts", "skips")
TIMES = {
    "broadcasts": (
        "created_at", "approved_at", "valid_until", "send_at", "dispatching_at", "planned_at",
        "latecomers_through", "dispatched_at", "cancelled_at", "superseded_at",
    ),
    "deliveries": ("created_at", "due_at", "handed_over_at", "ended_at", "closed_at"),
    "notes": ("created_at", "valid_until"),
    "receipts": ("received_at",),
}  # fmt: skip


@pytest.fixture(autouse=True)
async def _clock_is_steady(town: Town) -> None:
    await town.change("UPDATE clock_mark SET steady_since = now() - interval '25 h'")


async def pass_time(town: Town, days: float) -> None:
    """Put everything there is so many days into the past."""
    for table, columns in TIMES.items():
        moved = ", ".join(f"{c} = {c} - %(days)s * interval '1 day'" for c in columns)
        await town.change(f"UPDATE {table} SET {moved}", days=days)


def sweeper(town: Town) -> Sweeper:
    return Sweeper(
        town.db, senders=[], composer=Composer(settings=town.settings, keyring=town.keyring)
    )


def forgetter(town: Town) -> Forgetter:
    return Forgetter(town.db, KEPT, rest=0.0)


async def send_out(town: Town) -> None:
    """What is due leaves by SMS, and the broadcasts are found to be done."""
    await town.plan()
    numbers = iter(range(1_000_000))
    carrier = MemoryChannel[Sms](script=lambda _: Sent(f"SM{uuid4().hex}{next(numbers)}", parts=1))
    pump = await town.pump(carrier, channel=Channel.SMS)
    while await pump.round():
        pass
    await sweeper(town).sweep()


async def town_of(town: Town, phones: int = 3) -> int:
    """So many residents with a phone, and one who wants mail, which she has no address for."""
    group = await town.group()
    for number in range(phones):
        await town.resident(group, phone=f"+4915112345{number:03}", alerts=["sms"])
    await town.resident(group, alerts=["email"])
    return group


async def sent(town: Town, **more: Any) -> UUID:
    """An alert that went to three phones: one delivered, one silent for 72 hours, one failed."""
    await town_of(town)
    alert = await town.broadcast("town", **more)
    await send_out(town)
    first, _, third = await attempts(town)
    await receiving.take(
        town.db,
        [
            (first, Receipt("twilio", "a", Report.DELIVERED)),
            (third, Receipt("twilio", "c", Report.FAILED, reason="unreachable")),
        ],
    )
    await pass_time(town, 4)
    await sweeper(town).sweep()
    return alert


async def attempts(town: Town) -> list[int]:
    return [row["id"] for row in await town.rows("SELECT id FROM attempts ORDER BY id")]


async def left(town: Town) -> dict[str, int]:
    """Rows that tell who got what, by table."""
    found = {}
    for table in TABLES:
        (row,) = await town.rows(f"SELECT count(*) AS n FROM {table}")
        if row["n"]:
            found[table] = row["n"]
    return found


async def one(town: Town, broadcast: UUID) -> Row:
    return (await town.rows("SELECT * FROM broadcasts WHERE id = %(id)s", id=broadcast))[0]


async def test_who_got_what_goes_and_how_many_got_it_stays(town: Town) -> None:
    alert = await sent(town)
    await town.change(
        "UPDATE deliveries SET status = 'unknown' WHERE status = 'sent' AND closed_at IS NOT NULL"
    )
    before = await watching.broadcast(town.db, alert, within=None)
    assert await left(town) == {"deliveries": 3, "attempts": 3, "receipts": 2, "skips": 1}
    await pass_time(town, DAYS)

    gone = await forgetter(town).round()

    assert gone > 0
    assert await left(town) == {}
    after = await watching.broadcast(town.db, alert, within=None)
    assert after.progress == before.progress
    assert {s: n for s, n in after.progress.counts["sms"].items() if n} == {
        "delivered": 1, "unknown": 1, "failed": 1,
    }  # fmt: skip
    assert after.progress.skips == {"email": {"no_address": 1}}
    assert after.row["texts"] == before.row["texts"]
    assert after.row["forgotten_at"] is not None
    assert after.row["status"] == "dispatched"
    assert (await one(town, alert))["forgotten_through"] is None
    assert await forgetter(town).round() == 0


async def test_what_was_kept_a_day_less_stays(town: Town) -> None:
    await sent(town)
    await pass_time(town, DAYS - 5)

    assert await forgetter(town).round() == 0
    assert (await left(town))["deliveries"] == 3


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("SET valid_until = now() + interval '1 day'", id="in force"),
        pytest.param("SET valid_until = now() - interval '300 days'", id="in force until lately"),
        pytest.param("SET status = 'dispatching', dispatched_at = NULL", id="under way"),
        pytest.param("SET status = 'cancelled', dispatched_at = NULL", id="recalled just now"),
        pytest.param("SET superseded_at = now()", id="replaced just now"),
        pytest.param("SET held_at = now(), held_why = 'open'", id="held"),
    ],
)
async def test_what_is_not_over_long_enough_stays(town: Town, change: LiteralString) -> None:
    alert = await sent(town)
    await pass_time(town, DAYS + 100)
    await town.change("UPDATE broadcasts " + change + " WHERE id = %(id)s", id=alert)

    assert await forgetter(town).round() == 0
    assert (await left(town))["deliveries"] == 3


@pytest.mark.parametrize("may_alert", [True, False], ids=["sent", "waiting for approval"])
async def test_a_thread_stays_whole_as_long_as_any_part_of_it_does(
    town: Town, may_alert: bool
) -> None:
    alert = await sent(town)
    await pass_time(town, DAYS)
    await town.change("UPDATE broadcasts SET valid_until = now() + interval '1 h'")
    update = await town.broadcast("town", follows=alert, relation=Relation.UPDATE)
    if not may_alert:
        await town.change(
            "UPDATE broadcasts SET status = 'submitted', approved_at = NULL WHERE id = %(id)s",
            id=update,
        )
    await town.change("UPDATE broadcasts SET valid_until = now() - interval '400 days'"
                      " WHERE id = %(id)s", id=alert)  # fmt: skip

    assert await forgetter(town).round() == 0

    if may_alert:  # the follow-up still finds whom it must reach
        await send_out(town)
        assert len(await town.statuses(update)) == 3
        await pass_time(town, 4)
        await sweeper(town).sweep()
        await pass_time(town, DAYS)
        assert await forgetter(town).round() > 0
        assert await left(town) == {}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            "SET status = 'sent', closed_at = NULL, ended_at = NULL", id="awaits a receipt"
        ),
        pytest.param("SET status = 'unknown', closed_at = NULL, ended_at = NULL", id="in doubt"),
        pytest.param(
            "SET status = 'delivered', ended_at = now() - interval '71 h'", id="just ended"
        ),
        pytest.param("SET status = 'sent', closed_at = now() - interval '71 h'", id="just closed"),
    ],
)
async def test_a_delivery_that_something_may_still_happen_to_goes_later(
    town: Town, change: LiteralString
) -> None:
    alert = await sent(town)
    await pass_time(town, DAYS)
    await town.change(
        "UPDATE deliveries " + change + " WHERE id = (SELECT max(id) FROM deliveries)"
    )

    await forgetter(town).round()
    await forgetter(town).round()

    assert await left(town) == {"deliveries": 1, "attempts": 1, "receipts": 1}
    assert (await one(town, alert))["forgotten_through"] == 0
    await town.change("UPDATE deliveries SET status = 'failed', ended_at = now() - interval '73 h',"
                      " closed_at = NULL")  # fmt: skip
    await forgetter(town).round()
    assert await left(town) == {}
    assert (await one(town, alert))["forgotten_through"] is None


async def test_nothing_goes_while_an_alert_is_on_its_way(town: Town) -> None:
    await sent(town)
    await pass_time(town, DAYS)
    news = await town.broadcast("town", kind=Kind.ALERT)
    assert await forgetter(town).round() == 0  # approved
    await town.plan()
    assert await forgetter(town).round() == 0  # pending
    await town.change("UPDATE broadcasts SET status = 'dispatched' WHERE id = %(id)s", id=news)
    assert await forgetter(town).round() == 0  # a rest of it
    await town.change("UPDATE broadcasts SET status = 'dispatching' WHERE id = %(id)s", id=news)

    await send_out(town)
    await forgetter(town).round()

    rows = await town.rows("SELECT DISTINCT broadcast_id AS id FROM deliveries")
    assert [row["id"] for row in rows] == [news]


async def test_a_follow_up_to_what_is_forgotten_is_refused(town: Town) -> None:
    alert = await sent(town)
    await pass_time(town, DAYS)
    await forgetter(town).round()

    with pytest.raises(Conflict, match="too long ago"):
        await town.broadcast("town", follows=alert, relation=Relation.ALL_CLEAR)


async def test_a_follow_up_that_comes_first_keeps_its_thread(town: Town) -> None:
    """It holds the thread, and is not committed yet, when the forgetting looks."""
    alert = await sent(town)
    await pass_time(town, DAYS)
    await town.change("UPDATE broadcasts SET valid_until = now() - interval '400 days'")

    async with town.db.transaction() as connection:
        await submitting.submit(
            connection,
            Submission(
                kind=Kind.ALERT, groups=("town",), texts=TEXTS, in_reply_to=alert,
                relation=Relation.ALL_CLEAR, valid_until=clock.now() + timedelta(hours=1),
            ),
            settings=town.settings, now=clock.now(), may_alert=True, within=None, key_id=None,
        )  # fmt: skip
        assert await forgetter(town).round() == 0
    assert await forgetter(town).round() == 0

    assert (await left(town))["deliveries"] == 3
    assert (await one(town, alert))["forgotten_at"] is None


async def test_a_follow_up_that_comes_second_is_refused_once_the_first_is_done(town: Town) -> None:
    alert = await sent(town)
    await pass_time(town, DAYS)

    async with town.db.transaction() as connection:
        assert await forgetting.forget(connection, alert, days=DAYS) == 1
        follow_up = asyncio.create_task(
            town.broadcast("town", follows=alert, relation=Relation.ALL_CLEAR)
        )
        await asyncio.sleep(0.2)
        assert not follow_up.done()

    with pytest.raises(Conflict, match="too long ago"):
        await follow_up


async def test_a_receipt_under_way_is_waited_for_and_counts(town: Town) -> None:
    alert = await sent(town)
    await pass_time(town, DAYS)
    third = (await attempts(town))[2]

    async with town.db.transaction() as connection:
        new = await receipts.record(connection, [(third, Receipt("twilio", "d", Report.DELIVERED))])
        assert await receipts.apply(connection, new) == 1
        await forgetter(town).round()
        assert (await town.statuses(alert)) == ["failed"]  # as others see it
    assert (await town.statuses(alert)) == ["delivered"]
    assert (await town.rows("SELECT key FROM receipts ORDER BY id")) == [{"key": "c"}, {"key": "d"}]

    await pass_time(town, 4)
    await forgetter(town).round()

    assert await left(town) == {}
    seen = await watching.broadcast(town.db, alert, within=None)
    assert (seen.progress.counts["sms"]["delivered"], seen.progress.counts["sms"]["failed"]) == (
        2,
        0,
    )


async def test_a_receipt_for_what_is_going_changes_nothing_and_goes_in_its_time(town: Town) -> None:
    alert = await sent(town)
    await pass_time(town, DAYS)
    before = await watching.broadcast(town.db, alert, within=None)
    *_, third = await attempts(town)
    late = [(third, Receipt("twilio", "late", Report.DELIVERED, gone=True))]

    async with town.db.transaction() as connection:
        await forgetting.forget(connection, alert, days=DAYS)
        assert len(await forgetting.delete_of_broadcast(connection, alert, after=0, size=10)) == 3
        taking = asyncio.create_task(receiving.take(town.db, late))
        await asyncio.sleep(0.2)
        assert not taking.done()  # it waits for the row, and then finds it gone
    await taking
    await receiving.take(town.db, [(third, Receipt("twilio", "later", Report.DELIVERED))])
    await forgetter(town).round()

    after = await watching.broadcast(town.db, alert, within=None)
    assert after.progress == before.progress
    assert await town.rows("SELECT 1 FROM suppressions") == []
    strays = await town.rows("SELECT key FROM receipts WHERE delivery_id IS NULL")
    assert strays == [{"key": "later"}]
    await pass_time(town, DAYS + 1)
    await forgetter(town).round()
    assert await town.rows("SELECT 1 FROM receipts WHERE delivery_id IS NULL") == []


async def test_two_at_once_delete_everything_once(town: Town) -> None:
    alert = await sent(town)
    await pass_time(town, DAYS)
    before = await watching.broadcast(town.db, alert, within=None)

    async with town.db.transaction() as connection:
        assert await forgetting.turn(connection)
        assert await forgetter(town).round() == 0
    await asyncio.gather(*(forgetter(town).round() for _ in range(3)))
    await forgetter(town).round()

    assert await left(town) == {}
    assert (await watching.broadcast(town.db, alert, within=None)).progress == before.progress


async def test_whoever_is_ended_in_the_middle_is_taken_over_from(town: Town) -> None:
    alert = await sent(town)
    await pass_time(town, DAYS)
    async with town.db.transaction() as connection:
        await forgetting.forget(connection, alert, days=DAYS)
    async with town.db.transaction() as connection:
        gone = await forgetting.delete_of_broadcast(connection, alert, after=0, size=1)
        await forgetting.advance(connection, alert, gone[-1])

    await forgetter(town).round()

    assert await left(town) == {}


async def test_after_a_restore_what_was_being_forgotten_goes_on_and_is_not_held(town: Town) -> None:
    alert = await sent(town)
    await pass_time(town, DAYS)
    async with town.db.transaction() as connection:
        await forgetting.forget(connection, alert, days=DAYS)
        gone = await forgetting.delete_of_broadcast(connection, alert, after=0, size=1)
        await forgetting.advance(connection, alert, gone[-1])

    await holding.hold(town.db)

    assert await holding.held(town.db) == []
    await forgetter(town).round()
    assert await left(town) == {}


async def test_many_rows_go_batch_by_batch(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notify.services.forgetting._BATCH", 2)
    group = await town_of(town, phones=5)
    for _ in range(5):
        await town.resident(group, alerts=["email", "push"])
    await town.broadcast("town")
    await send_out(town)
    await pass_time(town, 4)
    await sweeper(town).sweep()
    await pass_time(town, DAYS)

    await forgetter(town).round()

    assert await left(town) == {}


async def test_a_code_goes_when_its_own_time_is_over(town: Town) -> None:
    group = await town.group()
    await town.resident(group, email="a@example.org", state="unverified")
    await confirming.ask(town.db, channels=["email"])
    await (await town.pump(MemoryChannel[Email](), lane=Lane.NOTE)).round()
    await pass_time(town, 4)
    await sweeper(town).sweep()
    await pass_time(town, DAYS - 5)
    assert await forgetter(town).round() == 0
    assert (await left(town))["deliveries"] == 1

    await pass_time(town, 40)
    await forgetter(town).round()

    assert await left(town) == {}
    assert await town.rows("SELECT 1 FROM notes") == []


async def test_a_code_still_waiting_keeps_its_note(town: Town) -> None:
    group = await town.group()
    await town.resident(group, email="a@example.org", state="unverified")
    await confirming.ask(town.db, channels=["email"])
    await pass_time(town, DAYS + 40)

    assert await forgetter(town).round() == 0
    assert len(await town.rows("SELECT 1 FROM notes")) == 1


async def test_what_is_erased_while_in_doubt_is_counted_out_and_what_ended_so_is_not(
    town: Town,
) -> None:
    alert = await sent(town)
    await town.change("UPDATE deliveries SET status = 'unknown'")
    await town.change("UPDATE deliveries SET closed_at = now(), ended_at = NULL"
                      " WHERE id = (SELECT min(id) FROM deliveries)")  # fmt: skip
    await town.change("UPDATE deliveries SET closed_at = NULL"
                      " WHERE id > (SELECT min(id) FROM deliveries)")  # fmt: skip

    await town.change("DELETE FROM deliveries")

    seen = await watching.broadcast(town.db, alert, within=None)
    assert seen.progress.counts["sms"]["unknown"] == 1


def test_nothing_that_is_over_goes_on_by_itself() -> None:
    on_their_own = {DeliveryStatus.PENDING, DeliveryStatus.SENDING, DeliveryStatus.UNKNOWN}

    # Cancelled ones begin anew while their alert is in force: nothing of that is forgotten yet.
    over = set(OVER) - {DeliveryStatus.CANCELLED}
    assert not any(MOVES[status] & on_their_own for status in over)


@pytest.mark.parametrize(
    ("statements", "guard", "without", "change"),
    [
        pytest.param(
            ("RIPE", "FORGET"), "o.held_at IS NULL", "true",
            "UPDATE broadcasts SET held_at = now(), held_why = 'open'", id="held",
        ),
        pytest.param(
            ("RIPE", "FORGET"), "o.valid_until, ", "",
            "UPDATE broadcasts SET valid_until = now() + interval '1 h'", id="in force",
        ),
        pytest.param(
            ("OF_BROADCAST",), "AND closed_at IS NOT NULL", "",
            "UPDATE deliveries SET status = 'sent', closed_at = NULL", id="awaits a receipt",
        ),
    ],
)  # fmt: skip
async def test_what_a_guard_keeps_goes_once_it_is_gone(
    town: Town,
    monkeypatch: pytest.MonkeyPatch,
    statements: tuple[str, ...],
    guard: str,
    without: str,
    change: LiteralString,
) -> None:
    await sent(town)
    await pass_time(town, DAYS)
    await town.change(change)
    await forgetter(town).round()
    assert (await left(town))["deliveries"] == 3

    for name in statements:
        statement = getattr(forgetting, name)
        assert guard in statement
        monkeypatch.setattr(forgetting, name, statement.replace(guard, without))
    await forgetter(town).round()

    assert "deliveries" not in await left(town)


async def jump(town: Town, days: float) -> None:
    """The clock goes so many days ahead, as everything that is written down sees it."""
    await pass_time(town, days)
    await town.change(
        "UPDATE clock_mark SET seen_at = seen_at - %(days)s * interval '1 day',"
        " steady_since = steady_since - %(days)s * interval '1 day'",
        days=days,
    )


@pytest.mark.parametrize("seen", [False, True], ids=["nobody looked yet", "noticed"])
async def test_a_clock_far_ahead_deletes_nothing_and_costs_no_all_clear(
    town: Town, events: list[Any], seen: bool
) -> None:
    alert = await sent(town, valid_until=clock.now() + timedelta(days=30))
    await jump(town, DAYS + 40)
    if seen:
        await sweeper(town).sweep()
        await town.change("UPDATE clock_mark SET steady_since = now() - interval '23 h'")

    assert await forgetter(town).round() == 0

    assert [e["event"] for e in events].count("clock.leapt") == int(seen)
    await jump(town, -(DAYS + 40))
    await sweeper(town).sweep()
    assert (await one(town, alert))["forgotten_at"] is None
    assert await forgetter(town).round() == 0
    all_clear = await town.broadcast("town", follows=alert, relation=Relation.ALL_CLEAR)
    await send_out(town)
    assert len(await town.statuses(all_clear)) == 2  # one was never reached


async def test_what_was_being_forgotten_waits_as_well_until_the_clock_is_steady(
    town: Town,
) -> None:
    alert = await sent(town)
    await pass_time(town, DAYS)
    async with town.db.transaction() as connection:
        await forgetting.forget(connection, alert, days=DAYS)
    await town.change("UPDATE clock_mark SET seen_at = now() - interval '3 h'")
    await sweeper(town).sweep()

    assert await forgetter(town).round() == 0
    await town.change("UPDATE clock_mark SET steady_since = now() - interval '25 h'")
    await forgetter(town).round()

    assert await left(town) == {}


@pytest.mark.parametrize("relation", list(Relation))
async def test_what_is_forgotten_but_in_force_can_be_ended_for_who_follows_today(
    town: Town, relation: Relation
) -> None:
    """The clock was wrong for longer than anybody noticed."""
    alert = await sent(town, valid_until=clock.now() + timedelta(days=30))
    await pass_time(town, DAYS + 40)
    assert await forgetter(town).round() > 0
    await pass_time(town, -(DAYS + 40))

    follow_up = await town.broadcast("town", follows=alert, relation=relation)
    await send_out(town)

    assert len(await town.statuses(follow_up)) == 3
    assert (await one(town, alert))["superseded_at"] is not None
    await pass_time(town, 4)
    await sweeper(town).sweep()
    await pass_time(town, DAYS + 40)
    await forgetter(town).round()
    assert await left(town) == {}
    assert (await one(town, follow_up))["forgotten_at"] is not None
