"""One relay that hangs does not hold up another, through a real pump and real SMTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from channels.email import EmailChannel
from channels.memory import MemoryChannel
from channels.messages import Email
from notify.domain.words import Kind, Lane
from notify.services.sending import Pump
from sandbox.relay import Relay
from sandbox.rules import Rule, Rules
from tests.town import Town

READERS = 100


def hanging(at: str) -> Rules:
    return Rules([Rule.model_validate({"channel": "email", "do": "hang", "at": at})])


@asynccontextmanager
async def running(*pumps: Pump) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(pump.run()) for pump in pumps]
    try:
        yield
    finally:
        for pump in pumps:
            pump.stop()
        await asyncio.gather(*tasks)


async def _until_sent(town: Town, alert: UUID, count: int) -> None:
    async with asyncio.timeout(30):
        while (await town.statuses(alert)).count("sent") < count:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("at", ["connect", "rcpt"])
async def test_a_relay_that_hangs_is_passed_over_for_the_next_one(town: Town, at: str) -> None:
    await town.readers(READERS)
    alert = await town.broadcast("town")
    await town.plan()
    async with Relay(hanging(at)) as hung, Relay() as good:
        first, second = (EmailChannel(relay.url, timeout=0.5) for relay in (hung, good))
        pump = await town.pump(first, second, slots=first.concurrency)

        async with running(pump):
            await _until_sent(town, alert, READERS)

        await first.close()
        await second.close()
        assert len(good.book) == READERS
        assert await town.statuses(alert) == ["sent"] * READERS
        assert hung.counts["connections"] <= 60


@pytest.mark.parametrize(("lane", "tried"), [(Lane.ALERT, 0), (Lane.BULK, 1)])
async def test_announcements_try_whether_a_relay_works_again_alerts_go_by_one_that_does(
    town: Town, lane: Lane, tried: int
) -> None:
    await town.readers(3)
    kind = Kind.ALERT if lane is Lane.ALERT else Kind.ANNOUNCEMENT
    made = await town.broadcast("town", kind=kind)
    await town.plan(lane)
    was_down, works = (MemoryChannel[Email](sender=name) for name in ("was down", "works"))
    pump = await town.pump(was_down, works, lane=lane)
    await town.change(
        "UPDATE senders SET failures = 1, down_since = now(), down_until = now() - interval '1 s'"
        " WHERE name = 'was down'"
    )

    await pump.round()

    assert len(was_down.taken) == tried
    assert (await town.statuses(made)).count("sent") == (tried or 3)
