"""Reports from providers: recorded once, applied forwards, grouped, and refused when not kept."""

import asyncio
from typing import Any

import pytest

from channels.base import Sent
from channels.memory import MemoryChannel
from channels.messages import Sms
from channels.receipts import Receipt, Report
from notify.domain.words import Channel
from notify.services import receiving
from notify.services.receiving import receiver as receiver_of
from tests.town import Town


async def _sent(town: Town, count: int = 1) -> list[int]:
    """SMS handed over; the provider calls them SM0, SM1, … Returns the attempts."""
    group = await town.group()
    for number in range(count):
        await town.resident(group, phone=f"+4915112345{number:03}", alerts=["sms"])
    await town.broadcast("town")
    await town.plan()
    numbers = iter(range(count))
    carrier = MemoryChannel[Sms](script=lambda _: Sent(f"SM{next(numbers)}", parts=1))
    pump = await town.pump(carrier, channel=Channel.SMS)
    while await pump.round():
        pass
    return [row["id"] for row in await town.rows("SELECT id FROM attempts ORDER BY id")]


def _receipt(key: str, report: Report = Report.DELIVERED, **more: Any) -> Receipt:
    return Receipt("twilio", key, report, **more)


async def _statuses(town: Town) -> list[str]:
    return [row["status"] for row in await town.rows("SELECT status FROM deliveries ORDER BY id")]


async def test_one_batch_may_say_everything_of_one_delivery(town: Town) -> None:
    (attempt,) = await _sent(town)
    said = [Report.DELIVERED, Report.SENT, Report.FAILED, Report.DELAYED]

    new = await receiving.take(town.db, [(attempt, _receipt(str(r), r)) for r in said])
    again = await receiving.take(town.db, [(attempt, _receipt(str(r), r)) for r in said])

    assert (new, again) == (4, 0)
    assert await _statuses(town) == ["delivered"]


async def test_the_same_report_twice_in_one_batch_is_one(town: Town) -> None:
    (attempt,) = await _sent(town)

    assert await receiving.take(town.db, [(attempt, _receipt("k"))] * 3) == 1


async def test_delayed_never_suppresses_whatever_it_says(town: Town) -> None:
    (attempt,) = await _sent(town)

    await receiving.take(town.db, [(attempt, _receipt("k", Report.DELAYED, gone=True))])

    assert await _statuses(town) == ["sent"]
    assert await town.rows("SELECT 1 FROM suppressions") == []


@pytest.mark.parametrize(
    ("provider", "report", "reason", "word"),
    [
        pytest.param("mail", Report.FAILED, "no_mailbox", "bounced", id="bounced"),
        pytest.param("mail", Report.COMPLAINED, "marked_as_spam", "complained", id="complained"),
        pytest.param("twilio", Report.FAILED, "opted_out", "opted_out", id="opted out"),
        pytest.param("twilio", Report.FAILED, "no_such_number", "gone", id="gone"),
    ],
)
async def test_a_suppression_says_why(
    town: Town, provider: str, report: Report, reason: str, word: str
) -> None:
    (attempt,) = await _sent(town)

    await receiving.take(
        town.db, [(attempt, Receipt(provider, "k", report, reason=reason, code="c", gone=True))]
    )

    (row,) = await town.rows("SELECT reason, code FROM suppressions")
    assert (row["reason"], row["code"]) == (word, "c")


async def test_a_report_without_attempt_is_matched_by_the_provider_s_id(town: Town) -> None:
    await _sent(town, 3)

    await receiving.take(
        town.db,
        [
            (None, _receipt("a", provider_id="SM1")),
            (None, _receipt("b", Report.FAILED, provider_id="SM2", gone=True)),
            (None, _receipt("c", provider_id="SM99")),
            (None, _receipt("d")),
        ],
    )

    rows = await town.rows(
        "SELECT d.status FROM attempts t JOIN deliveries d ON d.id = t.delivery_id"
        " ORDER BY t.provider_id"
    )
    assert [row["status"] for row in rows] == ["sent", "delivered", "failed"]
    assert len(await town.rows("SELECT 1 FROM receipts WHERE delivery_id IS NULL")) == 2
    assert len(await town.rows("SELECT 1 FROM suppressions")) == 1


async def test_reports_that_come_together_share_a_commit(town: Town) -> None:
    attempts = await _sent(town, 40)
    receiver = receiver_of(town.db)

    await asyncio.gather(
        *(receiver.take((attempt, _receipt(f"k{attempt}"))) for attempt in attempts)
    )
    await receiver.close()

    assert set(await _statuses(town)) == {"delivered"}
    commits = await town.rows("SELECT DISTINCT xmin::text FROM receipts")
    assert len(commits) == 1


async def test_who_reports_hears_when_it_could_not_be_kept_and_may_say_it_again(
    town: Town,
) -> None:
    (attempt,) = await _sent(town)
    receiver = receiver_of(town.db)
    await town.change("ALTER TABLE receipts RENAME TO hidden")

    results = await asyncio.gather(
        *(receiver.take((attempt, _receipt(f"k{n}"))) for n in range(3)), return_exceptions=True
    )
    assert all(isinstance(result, Exception) for result in results)

    await town.change("ALTER TABLE hidden RENAME TO receipts")
    await receiver.take((attempt, _receipt("k0")))

    assert await _statuses(town) == ["delivered"]


async def test_a_caller_that_hangs_up_does_not_take_the_others_along(town: Town) -> None:
    attempts = await _sent(town, 2)
    receiver = receiver_of(town.db)
    first = asyncio.create_task(receiver.take((attempts[0], _receipt("k0"))))
    await asyncio.sleep(0)
    first.cancel()

    await receiver.take((attempts[1], _receipt("k1")))

    assert first.cancelled()
    assert "delivered" in await _statuses(town)
