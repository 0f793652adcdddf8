"""What machines ask: alive, ready, and the figures."""

import re
from uuid import uuid4

import pytest
from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families

from channels.memory import MemoryChannel
from channels.messages import Email
from channels.receipts import Receipt, Report
from notify.domain.words import Channel, Lane
from notify.services import receiving
from notify.store.database import Database
from tests.town import Town

PRIVATE = re.compile(r"@example|\+49\d{6}|Sturm|fcm\.googleapis|postgres|127\.0\.0\.1")


async def _at_work(town: Town, *lanes: Lane, ago: int = 0) -> None:
    for lane in lanes:
        await town.change(
            "INSERT INTO workers (id, lane, host, seen_at)"
            " VALUES (%(id)s, %(lane)s, 'h', now() - %(ago)s * interval '1 s')",
            id=uuid4(), lane=lane, ago=ago,
        )  # fmt: skip


async def _figures(site: ClientSession) -> dict[tuple[str, ...], float]:
    """Every sample: its name, then the values of its labels in the order of their names."""
    async with site.get("/metrics") as answer:
        assert answer.status == 200
        text = await answer.text()
    assert not PRIVATE.search(text)
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_a_process_that_answers_is_alive_also_without_its_database(
    site: ClientSession, db: Database
) -> None:
    await db.close()

    async with site.get("/healthz") as answer:
        assert answer.status == 200
        assert await answer.json() == {"status": "ok"}


async def test_with_a_worker_for_each_lane_it_is_ready_and_redis_only_a_warning(
    site: ClientSession, town: Town
) -> None:
    await _at_work(town, *Lane)

    async with site.get("/readyz") as answer:
        body = await answer.json()

    assert answer.status == 200
    assert (body["status"], body["database"]) == ("ready", "ok")
    assert body["workers"] == {"alert": 1, "note": 1, "bulk": 1}
    assert body["warnings"] == ["redis does not answer"]


@pytest.mark.parametrize(
    ("lanes", "ago", "missing"),
    [
        pytest.param([], 0, ["alert", "note", "bulk"], id="none"),
        pytest.param([Lane.NOTE, Lane.BULK], 0, ["alert"], id="one lane empty"),
        pytest.param(list(Lane), 60, ["alert", "note", "bulk"], id="not seen lately"),
    ],
)
async def test_without_workers_it_is_not_ready(
    site: ClientSession, town: Town, lanes: list[Lane], ago: int, missing: list[str]
) -> None:
    await _at_work(town, *lanes, ago=ago)

    async with site.get("/readyz") as answer:
        body = await answer.json()

    assert answer.status == 503
    assert body["missing"] == missing


async def test_without_its_database_it_is_not_ready_and_says_no_more(
    site: ClientSession, db: Database
) -> None:
    await db.close()

    async with site.get("/readyz") as answer:
        text = await answer.text()

    assert answer.status == 503
    assert not PRIVATE.search(text)


async def test_a_stopped_sender_is_a_warning(site: ClientSession, town: Town) -> None:
    await _at_work(town, *Lane)
    await town.change(
        "INSERT INTO senders (name, channel, stopped_at) VALUES ('relay', 'email', now())"
    )

    async with site.get("/readyz") as answer:
        body = await answer.json()

    assert answer.status == 200
    assert "sender relay is stopped" in body["warnings"]
    assert (await _figures(site))[("notify_sender_stopped", "email", "relay")] == 1


async def test_the_figures_of_an_idle_service_are_there_at_nought(
    site: ClientSession, town: Town
) -> None:
    figures = await _figures(site)

    assert figures[("notify_database_up",)] == 1
    for lane in Lane:
        assert figures[("notify_workers", lane)] == 0
        for channel in Channel:
            assert figures[("notify_queue_age_seconds", channel, lane)] == 0


async def test_hand_overs_outcomes_queue_age_and_receipt_delay_are_shown(
    site: ClientSession, town: Town
) -> None:
    group = await town.group()
    for number in range(2):
        await town.resident(
            group, email=f"r{number}@example.org", phone=f"+491511234567{number}",
            alerts=["email", "sms"],
        )  # fmt: skip
    await town.broadcast("town")
    await town.plan()
    await (await town.pump(MemoryChannel[Email]())).round()
    await town.change(
        "UPDATE deliveries SET due_at = now() - interval '1 hour' WHERE channel = 'sms'"
    )
    before = await _figures(site)
    (attempt, _) = await town.rows("SELECT id FROM attempts ORDER BY id")
    await receiving.take(town.db, [(attempt["id"], Receipt("mail", "k", Report.FAILED))])

    figures = await _figures(site)

    assert figures[("notify_handovers", "email")] == 2
    assert figures[("notify_deliveries", "email", "sent")] == 1
    assert figures[("notify_deliveries", "email", "failed")] == 1
    assert figures[("notify_deliveries", "sms", "pending")] == 2
    assert figures[("notify_queue_age_seconds", "sms", "alert")] > 3000
    counted = ("notify_receipt_delay_seconds_count", "mail")
    assert figures[counted] == before.get(counted, 0) + 1


async def test_the_figures_survive_the_database_and_say_that_it_is_away(
    site: ClientSession, db: Database
) -> None:
    await db.close()

    figures = await _figures(site)

    assert figures[("notify_database_up",)] == 0
    assert ("notify_workers", "alert") not in figures


async def test_alarms_in_force_are_warnings_and_figures(site: ClientSession, town: Town) -> None:
    await _at_work(town, *Lane)
    await town.change(
        "INSERT INTO alarms (key, level, since, raised_at, over_at) VALUES"
        " ('ring:sms', 'alarm', now(), now(), NULL), ('redis', 'warning', now(), now(), NULL),"
        " ('duty:sms', 'alarm', now(), NULL, NULL), ('late:alert', 'alarm', now(), now(), now())"
    )

    async with site.get("/readyz") as answer:
        body = await answer.json()

    assert answer.status == 200
    assert body["warnings"] == ["redis does not answer", "alarm ring:sms"]
    figures = await _figures(site)
    assert {name[1:] for name in figures if name[0] == "notify_alarms"} == {
        ("ring:sms", "alarm"), ("redis", "warning"),
    }  # fmt: skip
