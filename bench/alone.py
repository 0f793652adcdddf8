"""A channel by itself: messages composed beforehand, handed over as many at once as it allows."""

import asyncio
import gc
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import uvloop

from bench.browsers import browser
from bench.world import World
from channels.base import Channel as Carrier
from notify import bootstrap
from notify.domain.words import Channel
from notify.services.composing import Composer, Message
from notify.settings import Settings
from notify.store.claiming import Claimed
from notify.store.database import Database

LONGEST = 600.0  # seconds for all of them


@dataclass(frozen=True, slots=True)
class Alone:
    """Messages taken, wall seconds and our own seconds of CPU."""

    n: int
    seconds: float
    cpu: float

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.n / self.seconds


def alone(world: World, channel: Channel, broadcast: UUID, count: int, **more: Any) -> Alone:
    """Hand over `count` messages of a broadcast; `more` are settings. What fails is raised."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_alone(world, channel, broadcast, count, world.settings(**more)))


async def _alone(
    world: World, channel: Channel, broadcast: UUID, count: int, settings: Settings
) -> Alone:
    carrier = bootstrap.senders(settings)[channel][0].carrier
    messages = await _messages(world, channel, broadcast, count, settings)
    left = iter(messages)
    try:
        gc.collect()
        gc.freeze()  # no worker has so many messages at once for its collector to go through
        began, cpu = time.perf_counter(), time.process_time()
        async with asyncio.timeout(LONGEST), asyncio.TaskGroup() as group:
            for _ in range(carrier.concurrency):
                group.create_task(_hand_over(carrier, left))
        return Alone(count, time.perf_counter() - began, time.process_time() - cpu)
    finally:
        gc.unfreeze()
        await carrier.close()


async def _hand_over(carrier: Carrier[Any], left: Iterator[Message]) -> None:
    for message in left:
        await carrier.send(message)


async def _messages(
    world: World, channel: Channel, broadcast: UUID, count: int, settings: Settings
) -> Sequence[Message]:
    """As the pump composes them."""
    db = Database(world.database_url, size=1)
    await db.open()
    try:
        composer = Composer(settings=settings, keyring=world.keyring)
        origin = world.sinks["push"].url
        claimed = [_claimed(number, channel, broadcast, origin=origin) for number in range(count)]
        compose = await composer.prepare(db, claimed)
    finally:
        await db.close()
    now = datetime.now(UTC)
    return [compose(one, channel=channel, now=now) for one in claimed]


def _claimed(number: int, channel: Channel, broadcast: UUID, *, origin: str) -> Claimed:
    now = datetime.now(UTC)
    values = {Channel.EMAIL: f"alone{number}@town.example", Channel.SMS: f"+4915{number:010}"}
    keys = None
    if channel is Channel.PUSH:
        subscription = browser(origin, number).subscription()
        values[channel], keys = subscription["endpoint"], subscription["keys"]
    return Claimed(
        attempt_id=number, delivery_id=number, broadcast_id=broadcast, note_id=None,
        resident_id=UUID(int=number), address_id=number, language="en" if number % 4 == 0 else "de",
        repeats=0, tries=0, created_at=now, due_at=now, value=values[channel], keys=keys,
        valid_until=now + timedelta(hours=6),
    )  # fmt: skip
