"""One worker process's own affairs: its seats in the register, and how it ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from channels.vapid import make_vapid_key
from notify.bootstrap import App, running
from notify.domain.words import Kind, Lane
from notify.errors import Misconfigured
from notify.settings import Settings
from sandbox.relay import Relay
from sandbox.rules import Rules, read_rules
from tests.polled import poll
from tests.town import Town
from workers.lane import Worker

PATIENCE = 30.0


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[App]:
    async with running(settings) as app:
        yield app


@asynccontextmanager
async def working(app: App, *lanes: Lane) -> AsyncIterator[Worker]:
    worker = Worker(app, lanes)
    task = asyncio.create_task(worker.run())
    yield worker
    worker.stop()
    await asyncio.wait_for(task, PATIENCE)


async def eventually(town: Town, query: str, count: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while len(await town.rows(query)) != count:  # noqa: ASYNC110 - it is another process's
            await asyncio.sleep(0.05)


async def test_a_worker_is_seen_once_a_lane_and_leaves_no_seat_behind(app: App, town: Town) -> None:
    async with working(app, *Lane):
        await eventually(town, "SELECT * FROM workers", 3)
        lanes = {row["lane"] for row in await town.rows("SELECT lane FROM workers")}

    assert lanes == set(Lane)
    assert await town.rows("SELECT * FROM workers") == []


async def test_who_left_without_a_word_long_ago_is_forgotten(app: App, town: Town) -> None:
    await town.change(
        "INSERT INTO workers (id, lane, host, seen_at)"
        " VALUES (gen_random_uuid(), 'bulk', 'old', now() - interval '2 days')"
    )

    async with working(app, Lane.ALERT):
        await eventually(town, "SELECT * FROM workers WHERE host = 'old'", 0)


async def test_a_stop_before_the_first_step_ends_a_worker_at_once(app: App) -> None:
    worker = Worker(app, list(Lane))
    worker.stop()

    await asyncio.wait_for(worker.run(), 10)


async def test_latecomers_are_looked_for_by_a_worker_of_all_lanes(
    settings: Settings, town: Town
) -> None:
    group = await town.group()
    await town.resident(group, email="a@example.org")
    async with Relay() as relay:
        more = {"smtp_urls": (SecretStr(relay.url),)}
        async with running(settings.model_copy(update=more)) as app, working(app, *Lane):
            await town.broadcast("town")
            sent = "SELECT * FROM deliveries WHERE status = 'sent'"
            await eventually(town, sent, 1)

            await town.resident(group, email="late@example.org")
            await eventually(town, sent, 2)

    assert [mail.to for mail in relay.book.all()] == ["a@example.org", "late@example.org"]


@pytest.mark.parametrize(
    ("lane", "kept"), [pytest.param(Lane.BULK, 0, id="bulk"), pytest.param(Lane.NOTE, 1, id="note")]
)
async def test_the_lane_that_nobody_waits_for_forgets_what_was_kept_long_enough(
    app: App, town: Town, lane: Lane, kept: int
) -> None:
    await town.change(
        "INSERT INTO receipts (provider, key, report, received_at)"
        " VALUES ('mail', 'old', 'failed', now() - interval '400 days')"
    )
    await town.change("UPDATE clock_mark SET steady_since = now() - interval '25 h'")

    async with working(app, lane):
        await eventually(town, "SELECT * FROM workers", 1)
        if not kept:
            await eventually(town, "SELECT * FROM receipts", 0)

    assert len(await town.rows("SELECT * FROM receipts")) == kept


async def test_a_worker_that_stops_settles_what_is_out_and_leaves_the_rest_pending(
    settings: Settings, town: Town
) -> None:
    group = await town.group()
    # more than two pumps can have in hand at once
    for number in range(130):
        await town.resident(group, email=f"r{number}@example.org")
    slow = Rules(read_rules('[{"channel": "email", "do": "slow", "seconds": 0.1}]'))
    async with Relay(slow) as relay:
        more = {"smtp_urls": (SecretStr(relay.url),), "mail_concurrency": 10}
        async with (
            running(settings.model_copy(update=more)) as app,
            working(app, Lane.ALERT) as worker,
        ):
            await town.broadcast("town")
            worker.wake(Lane.ALERT)
            async with asyncio.timeout(PATIENCE):
                while not len(relay.book):  # noqa: ASYNC110 - the relay tells nobody
                    await asyncio.sleep(0.02)

        rows = await town.rows("SELECT status FROM deliveries")
        statuses = [row["status"] for row in rows]
        assert statuses.count("sent") == len(relay.book)
        assert set(statuses) == {"sent", "pending"}
    assert await town.rows("SELECT * FROM attempts WHERE settled_at IS NULL") == []


@pytest.mark.parametrize(
    ("more", "named"),
    [
        pytest.param({"smtp_urls": (SecretStr("http://x"),)}, "SMTP_URLS", id="relay"),
        pytest.param({"duty": ("erika",)}, "DUTY", id="nobody"),
        pytest.param(
            {"twilio_account_sid": "AC1", "twilio_senders": ("+491@fast",)},
            "TWILIO_SENDERS", id="rate",
        ),
        pytest.param({"vapid_private_key": SecretStr("x")}, "VAPID", id="vapid"),
        pytest.param(
            {"vapid_private_key": SecretStr(make_vapid_key()), "push_hosts": ("ftp://x",)},
            "PUSH_HOSTS", id="push host",
        ),
    ],
)  # fmt: skip
async def test_a_wrong_setting_is_named_before_anything_begins(
    settings: Settings, more: dict[str, object], named: str
) -> None:
    wrong = settings.model_copy(update=more)

    with pytest.raises(Misconfigured, match=named):
        async with running(wrong) as app:
            Worker(app, list(Lane))


async def test_news_and_alerts_leave_from_one_worker(settings: Settings, town: Town) -> None:
    group = await town.group()
    await town.resident(group, email="a@example.org")
    async with Relay() as relay:
        more = {"smtp_urls": (SecretStr(relay.url),)}
        async with running(settings.model_copy(update=more)) as app, working(app, *Lane):
            await town.broadcast("town")
            await town.broadcast("town", kind=Kind.ANNOUNCEMENT)
            await eventually(town, "SELECT * FROM deliveries WHERE status = 'sent'", 2)

    assert len(relay.book) == 2


@pytest.mark.parametrize("lane", Lane)
async def test_a_poll_whose_time_is_over_is_closed_by_any_worker(
    app: App, town: Town, lane: Lane
) -> None:
    polled = await poll(town, {"town": 1})
    await polled.run_out()

    async with working(app, lane):
        await eventually(town, "SELECT FROM polls WHERE closed_at IS NOT NULL", 1)
