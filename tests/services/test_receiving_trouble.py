"""Reports under trouble: in every order, for what is not there, and many at once."""

import asyncio
import itertools
from datetime import timedelta
from typing import Any

import pytest
from psycopg import OperationalError
from psycopg.errors import LockNotAvailable
from typing_extensions import override

from channels.base import OutcomeUnknown, Sent
from channels.memory import MemoryChannel
from channels.messages import Sms
from channels.receipts import Receipt, Report
from notify import clock
from notify.domain.words import Channel
from notify.services import gathering, receiving
from notify.services.receiving import receiver as receiver_of
from tests.town import Town

NOT_THERE = 999_999_999_999_999_999
FAILED = Report.FAILED


async def _sent(
    town: Town, count: int, *, answer: Sent | OutcomeUnknown | None = None
) -> list[int]:
    """SMS handed over to as many residents; returns the attempts in the order of residents."""
    group = await town.group()
    for number in range(count):
        await town.resident(group, phone=f"+4915112345{number:03}", alerts=["sms"])
    return await _sent_to_all(town, answer=answer)


async def _sent_to_all(town: Town, *, answer: Sent | OutcomeUnknown | None = None) -> list[int]:
    broadcast = await town.broadcast("town")
    await town.plan()
    carrier = MemoryChannel[Sms](script=lambda _: answer or Sent("SM"))
    pump = await town.pump(carrier, channel=Channel.SMS)
    while await pump.round():
        pass
    rows = await town.rows(
        "SELECT attempt_id FROM deliveries WHERE broadcast_id = %(id)s ORDER BY address_id",
        id=broadcast,
    )
    return [row["attempt_id"] for row in rows]


def _receipt(key: str, report: Report = Report.DELIVERED, **more: Any) -> Receipt:
    return Receipt("twilio", key, report, **more)


def _gone(key: str, reason: str) -> Receipt:
    return _receipt(key, FAILED, reason=reason, gone=True)


async def _statuses(town: Town) -> list[str]:
    """In the order of `_sent`."""
    rows = await town.rows("SELECT status FROM deliveries ORDER BY address_id")
    return [row["status"] for row in rows]


async def _counted(town: Town) -> dict[str, int]:
    rows = await town.rows("SELECT status, sum(n)::int AS n FROM progress GROUP BY 1")
    return {row["status"]: row["n"] for row in rows if row["n"]}


@pytest.mark.parametrize("order", list(itertools.permutations(["sent", "failed", "delivered"])))
async def test_in_every_order_and_twice_delivered_is_the_end(
    town: Town, order: tuple[str, ...]
) -> None:
    (attempt,) = await _sent(town, 1)

    for word in (*order, *order):
        await receiving.take(town.db, [(attempt, _receipt(word, Report(word)))])

    assert await _statuses(town) == ["delivered"]
    assert await _counted(town) == {"delivered": 1}
    assert len(await town.rows("SELECT 1 FROM receipts")) == 3


@pytest.mark.parametrize(
    ("report", "end"),
    [
        pytest.param(Report.SENT, "sent", id="sent"),
        pytest.param(Report.DELIVERED, "delivered", id="delivered"),
        pytest.param(Report.FAILED, "failed", id="failed"),
        pytest.param(Report.DELAYED, "sending", id="delayed says nothing yet"),
    ],
)
async def test_a_report_before_our_own_write_stands_and_the_write_after_it_changes_nothing(
    town: Town, report: Report, end: str
) -> None:
    seen: list[str] = []

    async def told_at_once() -> None:
        (attempt,) = [row["id"] for row in await town.rows("SELECT id FROM attempts")]
        await receiving.take(town.db, [(attempt, _receipt("k", report))])
        seen.extend(await _statuses(town))

    class Quick(MemoryChannel[Sms]):
        @override
        async def send(self, message: Sms) -> Sent:
            await told_at_once()
            return await super().send(message)

    group = await town.group()
    await town.resident(group, phone="+4915112345678", alerts=["sms"])
    await town.broadcast("town")
    await town.plan()
    pump = await town.pump(Quick(script=lambda _: Sent("SM")), channel=Channel.SMS)
    await pump.round()

    assert seen == [end]
    assert await _statuses(town) == ["sent" if end == "sending" else end]
    (row,) = await town.rows("SELECT outcome, provider_id FROM attempts")
    assert row == {"outcome": "sent", "provider_id": "SM"}
    (row,) = await town.rows("SELECT handed_over_at IS NOT NULL AS handed_over FROM deliveries")
    assert row["handed_over"]


@pytest.mark.parametrize("report", [Report.SENT, Report.DELIVERED, Report.FAILED])
async def test_a_late_report_resolves_what_was_unknown_and_closed(
    town: Town, report: Report
) -> None:
    (attempt,) = await _sent(town, 1, answer=OutcomeUnknown("timed_out"))
    await town.change("UPDATE deliveries SET closed_at = now()")

    await receiving.take(town.db, [(attempt, _receipt("k", report))])

    assert await _statuses(town) == [str(report)]
    (row,) = await town.rows("SELECT closed_at FROM deliveries")
    assert row["closed_at"] is None


async def test_a_report_three_days_late_still_counts(town: Town) -> None:
    (attempt,) = await _sent(town, 1)
    await town.change("UPDATE deliveries SET closed_at = now()")

    await receiving.take(town.db, [(attempt, _receipt("k", at=clock.now() - timedelta(days=4)))])

    assert await _statuses(town) == ["delivered"]


async def test_reports_on_what_is_not_there_are_recorded_and_take_nobody_along(town: Town) -> None:
    attempts = await _sent(town, 3)
    erased = attempts[1]
    await town.change("DELETE FROM deliveries WHERE attempt_id = %(id)s", id=erased)
    await town.change(
        "DELETE FROM addresses WHERE id ="
        " (SELECT address_id FROM deliveries WHERE attempt_id = %(id)s)",
        id=attempts[0],
    )

    new = await receiving.take(
        town.db,
        [
            (NOT_THERE, _gone("nobody's", "gone")),
            (erased, _gone("erased", "opted_out")),
            (attempts[0], _gone("address erased", "gone")),
            (None, _receipt("nameless")),
            (attempts[2], _receipt("there")),
        ],
    )

    assert new == 5
    assert await _statuses(town) == ["failed", "delivered"]
    assert await town.rows("SELECT 1 FROM suppressions") == []
    rows = await town.rows("SELECT key FROM receipts WHERE delivery_id IS NULL ORDER BY key")
    assert [row["key"] for row in rows] == ["nameless", "nobody's"]


async def test_a_failure_of_an_attempt_that_was_followed_by_another_is_not_the_delivery_s(
    town: Town,
) -> None:
    (attempt,) = await _sent(town, 1)
    await town.change("UPDATE deliveries SET attempt_id = attempt_id + 1, status = 'sending'")

    await receiving.take(town.db, [(attempt, _receipt("k", FAILED))])

    assert await _statuses(town) == ["sending"]


async def test_batches_that_suppress_for_several_reasons_do_not_lock_each_other_out(
    town: Town,
) -> None:
    one, other = await _sent(town, 2), await _sent_to_all(town)
    # Each row takes its time: whoever wrote reason by reason would meet the other crosswise.
    await town.change(
        "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_sleep(0.15); RETURN NEW; END $$"
    )
    await town.change(
        "CREATE TRIGGER slowly BEFORE INSERT ON suppressions FOR EACH ROW EXECUTE FUNCTION dawdle()"
    )
    # The same two addresses, each by a delivery of its own: only the addresses can collide.
    first = [(one[0], _gone("a0", "gone")), (one[1], _gone("a1", "opted_out"))]
    second = [(other[1], _gone("b1", "opted_out")), (other[0], _gone("b0", "gone"))]

    for _ in range(2):
        new = await asyncio.gather(receiving.take(town.db, first), receiving.take(town.db, second))
        assert sum(new) == 4
        reasons = await town.rows("SELECT reason FROM suppressions ORDER BY reason")
        assert len(reasons) == 2
        await town.change("DELETE FROM suppressions")
        await town.change("DELETE FROM receipts")
        first.reverse()
        second.reverse()


async def test_the_first_reason_in_a_batch_is_kept(town: Town) -> None:
    (attempt,) = await _sent(town, 1)

    await receiving.take(
        town.db,
        [(attempt, _gone("a", "opted_out")), (attempt, _gone("b", "no_such_number"))],
    )

    rows = await town.rows("SELECT reason FROM suppressions")
    assert rows == [{"reason": "opted_out"}]


async def test_a_flood_beside_our_own_writes_loses_nothing_and_the_counters_agree(
    town: Town,
) -> None:
    attempts = await _sent(town, 200)
    receiver, other = receiver_of(town.db), receiver_of(town.db)
    words = [Report.SENT, Report.DELIVERED, Report.FAILED, Report.DELAYED]

    await asyncio.gather(
        *(
            taker.take((attempt, _receipt(f"{attempt}:{word}", word)))
            for attempt in attempts
            for word in words
            for taker in (receiver, other)
        )
    )
    await receiver.close()
    await other.close()

    assert set(await _statuses(town)) == {"delivered"}
    assert await _counted(town) == {"delivered": 200}
    assert len(await town.rows("SELECT 1 FROM receipts")) == 800


async def test_a_report_that_cannot_be_written_does_not_take_the_others_along(town: Town) -> None:
    attempts = await _sent(town, 3)
    receiver = receiver_of(town.db)
    broken = _receipt("k1", reason="half a \0 word")

    results = await asyncio.gather(
        receiver.take((attempts[0], _receipt("k0"))),
        receiver.take((attempts[1], broken)),
        receiver.take((attempts[2], _receipt("k2"))),
        return_exceptions=True,
    )

    assert [isinstance(result, Exception) for result in results] == [False, True, False]
    assert await _statuses(town) == ["delivered", "sent", "delivered"]


async def test_a_lock_held_for_a_moment_costs_no_report(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "PAUSE", 0.2)
    (attempt,) = await _sent(town, 1)
    receiver = receiver_of(town.db)
    await town.change(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE lock_not_available; END $$"
    )
    await town.change(
        "CREATE TRIGGER refused BEFORE INSERT ON receipts FOR EACH ROW EXECUTE FUNCTION refuse()"
    )

    with pytest.raises(LockNotAvailable):
        await receiver.take((attempt, _receipt("k")))
    taking = asyncio.create_task(receiver.take((attempt, _receipt("k"))))
    await asyncio.sleep(0.05)
    await town.change("DROP TRIGGER refused ON receipts")
    await taking

    assert await _statuses(town) == ["delivered"]


async def test_while_the_database_is_away_nobody_is_told_yes(town: Town) -> None:
    (attempt,) = await _sent(town, 1)
    receiver = receiver_of(town.db)
    await town.change("ALTER TABLE receipts RENAME TO hidden")

    with pytest.raises(Exception, match="receipts") as told:
        await receiver.take((attempt, _receipt("k")))

    assert not isinstance(told.value, OperationalError)
