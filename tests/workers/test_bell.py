"""The bell: rings wake, and a Redis that dies or hangs ends nothing."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from notify.domain.words import Lane
from notify.queue import Bell
from tests.journeys.redis_server import RedisServer
from workers.bell import listen

PATIENCE = 20.0


@asynccontextmanager
async def listening(url: str, lane: Lane, heard: list[Lane]) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(listen(url, lane, heard.append, pause=0.05))
    try:
        yield task
    finally:
        task.cancel()
        _, still = await asyncio.wait([task], timeout=PATIENCE)
        assert not still


async def ring_until(bell: Bell, lane: Lane, came: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not came():
            bell.ring(lane)
            await asyncio.sleep(0.05)


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[RedisServer]:
    with RedisServer(tmp_path) as server:
        yield server


@pytest.fixture
async def make_bell() -> AsyncIterator[Callable[[str | None], Bell]]:
    bells: list[Bell] = []

    def make(url: str | None) -> Bell:
        bells.append(Bell(url))
        return bells[-1]

    yield make
    for bell in bells:
        await bell.close()


Make = Callable[[str | None], Bell]


async def test_a_ring_wakes_its_lane_and_no_other(redis: RedisServer, make_bell: Make) -> None:
    alert: list[Lane] = []
    bulk: list[Lane] = []
    bell = make_bell(redis.url)
    async with (
        listening(redis.url, Lane.ALERT, alert),
        listening(redis.url, Lane.BULK, bulk),
    ):
        await ring_until(bell, Lane.ALERT, lambda: bool(alert))

    assert set(alert) == {Lane.ALERT}
    assert bulk == []


async def test_redis_killed_and_started_again_is_heard_again(
    redis: RedisServer, make_bell: Make
) -> None:
    heard: list[Lane] = []
    bell = make_bell(redis.url)
    async with listening(redis.url, Lane.ALERT, heard) as task:
        await ring_until(bell, Lane.ALERT, lambda: bool(heard))
        redis.kill()
        await ring_until(bell, Lane.ALERT, lambda: True)
        await asyncio.sleep(0.3)
        assert not task.done()
        assert not await bell.alive()

        redis.start()
        heard.clear()
        await ring_until(bell, Lane.ALERT, lambda: bool(heard))

        assert await bell.alive()
        assert not task.done()


async def test_a_redis_that_hangs_keeps_no_listener_from_ending(
    redis: RedisServer, make_bell: Make
) -> None:
    heard: list[Lane] = []
    bell = make_bell(redis.url)
    async with listening(redis.url, Lane.ALERT, heard):
        await ring_until(bell, Lane.ALERT, lambda: bool(heard))
        os.kill(redis.pid, signal.SIGSTOP)
        bell.ring(Lane.ALERT)

    assert not await bell.alive()


async def test_without_redis_listening_ends_at_once_and_ringing_does_nothing(
    make_bell: Make,
) -> None:
    bell = make_bell(None)

    bell.ring(Lane.ALERT)
    done: Awaitable[None] = listen(None, Lane.ALERT, lambda _: None)
    await asyncio.wait_for(done, PATIENCE)

    assert not await bell.alive()


async def test_a_redis_that_is_not_there_costs_a_ring_nothing(make_bell: Make) -> None:
    bell = make_bell("redis://127.0.0.1:1")

    for _ in range(50):
        bell.ring(Lane.ALERT)

    assert not await bell.alive()
