"""Counts how often something was done lately, in Redis, for all processes together.

Redis away, each process counts for itself: a bound may then be met once a process, and never fails
to be one.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Final

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from redis.asyncio import ConnectionPool

from notify import clock
from notify.log import get

log = get(__name__)

_PATIENCE: Final = 1.0  # seconds for Redis to answer
_REST: Final = 5.0  # seconds in which it is not asked again once it did not


@dataclass(frozen=True, slots=True)
class Rate:
    """So many within so many seconds, counted from the first."""

    most: int
    seconds: int


class Rates:
    """`url` None means there is no Redis. Never raises, never waits longer than _PATIENCE."""

    def __init__(self, url: str | None = None) -> None:
        self._url = url
        self._pool: ConnectionPool | None = None
        self._shared: Storage | None = None
        self._own = MemoryStorage()
        self._away_until = 0.0
        self._open: set[asyncio.Task[int | None]] = set()

    async def hit(self, name: str, key: str, rate: Rate) -> int | None:
        """Count one; None when it may be done, else the seconds after which it may be tried."""
        item = RateLimitItemPerSecond(rate.most, rate.seconds, namespace="notify")
        if self._url is not None and clock.monotonic() >= self._away_until:
            # A task of its own: what is cancelled half way leaks its connection (redis-py 5).
            task = asyncio.create_task(_hit(self._redis(self._url), item, name, key))
            self._open.add(task)
            task.add_done_callback(self._done)
            done, _ = await asyncio.wait([task], timeout=_PATIENCE)
            if done and not task.cancelled() and task.exception() is None:
                return task.result()
            self._away_until = clock.monotonic() + _REST
            log.warning("rates.alone")
        return await _hit(self._own, item, name, key)

    async def close(self) -> None:
        if self._open:
            await asyncio.wait(self._open, timeout=2 * _PATIENCE)
        if self._pool is not None:
            await self._pool.disconnect()

    def _redis(self, url: str) -> Storage:
        if self._shared is None:
            self._pool = ConnectionPool.from_url(
                url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE
            )
            options: dict[str, Any] = {"connection_pool": self._pool}  # its types know only texts
            self._shared = RedisStorage(
                "async+redis://", implementation="redispy", key_prefix="notify:rates",
                **options,
            )  # fmt: skip
        return self._shared

    def _done(self, task: asyncio.Task[int | None]) -> None:
        self._open.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, so that nobody complains of one nobody waited for


async def _hit(storage: Storage, item: RateLimitItem, name: str, key: str) -> int | None:
    place = item.key_for(name, key)
    if await storage.incr(place, item.get_expiry()) <= item.amount:
        return None
    return max(1, round(await storage.get_expiry(place) - time.time()))
