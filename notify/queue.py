"""The bell: tells the workers of a lane to look now rather than at their next round.

Rings travel through arq on Redis and may be lost without harm; so a failed ring is counted and
never fails the request that rang. Besides the workers nothing else knows of arq.
"""

import asyncio
import contextlib
import json
from typing import Any
from uuid import uuid4

from arq.connections import ArqRedis, RedisSettings, create_pool

from notify import metrics
from notify.domain.words import Lane
from notify.log import get

log = get(__name__)

JOB = "ring"


def queue_name(lane: Lane) -> str:
    return f"notify:bell:{lane}"


def redis_settings(url: str) -> RedisSettings:
    """Short time-outs and few retries: who waits for a bell is late."""
    settings = RedisSettings.from_dsn(url)
    settings.conn_timeout = 1
    settings.conn_retries = 0
    settings.ssl_check_hostname = True
    return settings


def encode(job: dict[str, Any]) -> bytes:
    """JSON, never pickle: whoever can write to Redis must not run code here."""
    return json.dumps(job, default=str).encode()


def decode(data: bytes) -> dict[str, Any]:
    job: dict[str, Any] = json.loads(data)
    return job


class Bell:
    """Rings lanes. `url` None means there is no Redis: workers come round by themselves."""

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._redis: ArqRedis | None = None
        self._opening = asyncio.Lock()
        self._rings: set[asyncio.Task[None]] = set()

    def ring(self, lane: Lane) -> None:
        """Ring in the background; returns at once and never raises."""
        if self._url is None:
            return
        # A task of its own: a cancelled request must not cancel a Redis call half way, which
        # redis-py 5 answers by leaking the connection.
        task = asyncio.get_running_loop().create_task(self._ring(lane))
        self._rings.add(task)
        task.add_done_callback(self._rings.discard)

    def open(self) -> None:
        """Connect in the background, so that the first ring does not wait for it."""
        if self._url is not None:
            task = asyncio.get_running_loop().create_task(self._connect())
            self._rings.add(task)
            task.add_done_callback(self._rings.discard)

    async def _connect(self) -> None:
        await self.alive()

    async def _ring(self, lane: Lane) -> None:
        try:
            async with asyncio.timeout(2):
                redis = await self._open(self._url or "")
                await redis.enqueue_job(
                    JOB, str(lane), _job_id=uuid4().hex, _queue_name=queue_name(lane), _expires=30
                )
        except Exception as problem:  # noqa: BLE001 - a bell may fail in any way, without harm
            metrics.bell_failures.inc()
            log.warning("bell.not_rung", lane=str(lane), problem=type(problem).__name__)

    async def _open(self, url: str) -> ArqRedis:
        async with self._opening:  # two rings at once must not open two pools
            if self._redis is None:
                self._redis = await create_pool(
                    redis_settings(url), job_serializer=encode, job_deserializer=decode
                )
            return self._redis

    async def alive(self) -> bool:
        """Whether Redis answers within a second; for /readyz, where it is only a warning."""
        if self._url is None:
            return False
        try:
            async with asyncio.timeout(1):
                redis = await self._open(self._url)
                return bool(await redis.ping())
        except Exception:  # noqa: BLE001 - whatever it is, Redis is not there
            return False

    async def close(self) -> None:
        for task in list(self._rings):
            with contextlib.suppress(Exception):
                await task
        if self._redis is not None:
            with contextlib.suppress(Exception):
                await self._redis.aclose()
