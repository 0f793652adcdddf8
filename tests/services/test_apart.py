"""One provider that hangs does not hold up another on the same channel, through a real pump."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from channels.email import EmailChannel
from channels.push import PushChannel, make_vapid_key, public_key
from channels.push_hosts import PushHosts
from notify import clock
from notify.domain.words import Channel
from notify.services.sending import Pump
from sandbox.pushservice import PushService
from sandbox.relay import Relay
from sandbox.rules import Rule, Rules
from tests.town import Town

KEY = make_vapid_key()
READERS = 200


def hanging(channel: str, **more: object) -> Rules:
    return Rules([Rule.model_validate({"channel": channel, "do": "hang", **more})])


@asynccontextmanager
async def running(*pumps: Pump) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(pump.run()) for pump in pumps]
    try:
        yield
    finally:
        for pump in pumps:
            pump.stop()
        await asyncio.gather(*tasks)


async def _until_sent(town: Town, count: int, *, like: str = "%") -> float:
    """Wait until so many deliveries are sent to such addresses; how long that took."""
    began = clock.monotonic()
    async with asyncio.timeout(30):
        while True:
            rows = await town.rows(
                "SELECT count(*) AS n FROM deliveries d JOIN addresses a ON a.id = d.address_id"
                " WHERE d.status = 'sent' AND a.value LIKE %(like)s",
                like=like,
            )
            if rows[0]["n"] >= count:
                return clock.monotonic() - began
            await asyncio.sleep(0.05)


async def _subscribe(town: Town, group: int, services: list[PushService]) -> None:
    """Readers of each service by turns, as they stand in a real list."""
    made = [service.subscribe(READERS, application_key=public_key(KEY)) for service in services]
    for browsers in zip(*made, strict=True):
        for browser in browsers:
            await town.resident(group, push=[browser.endpoint], alerts=["push"])
    for browser in (browser for browsers in made for browser in browsers):
        await town.change(
            "UPDATE addresses SET keys = %(keys)s WHERE value = %(endpoint)s",
            keys=Jsonb(browser.subscription()["keys"]), endpoint=browser.endpoint,
        )  # fmt: skip


async def test_a_push_service_that_hangs_holds_up_no_other(town: Town) -> None:
    async with PushService(hanging("push")) as hung, PushService() as good:
        await _subscribe(town, await town.group(), [hung, good])
        alert = await town.broadcast("town")
        await town.plan()
        channel = PushChannel(
            vapid_private_key=KEY, subject="mailto:it@example.org",
            hosts=PushHosts([hung.url, good.url]), timeout=5.0,
        )  # fmt: skip
        pump = await town.pump(channel, channel=Channel.PUSH, most_late=channel.concurrency)

        async with running(pump):
            took = await _until_sent(town, READERS, like=f"{good.url}%")
            waiting = await _tries(town, alert)

        await channel.close()
        assert took < 4.5  # less than a single call to the other one may take
        assert len(good.book) == READERS
        assert hung.counts["calls"] < 50
        assert waiting == {0}  # resting uses up no tries


async def _tries(town: Town, alert: UUID) -> set[int]:
    rows = await town.rows(
        "SELECT DISTINCT tries FROM deliveries WHERE broadcast_id = %(id)s AND status = 'pending'",
        id=alert,
    )
    return {row["tries"] for row in rows}


@pytest.mark.parametrize("at", ["connect", "rcpt"])
async def test_a_relay_that_hangs_is_passed_over_for_the_next_one(town: Town, at: str) -> None:
    await town.readers(READERS)
    alert = await town.broadcast("town")
    await town.plan()
    async with Relay(hanging("email", at=at)) as hung, Relay() as good:
        first, second = (EmailChannel(relay.url, timeout=0.5) for relay in (hung, good))
        pump = await town.pump(first, second, slots=first.concurrency)

        async with running(pump):
            await _until_sent(town, READERS)

        await first.close()
        await second.close()
        assert len(good.book) == READERS
        assert await town.statuses(alert) == ["sent"] * READERS
        assert hung.counts["connections"] <= 60
