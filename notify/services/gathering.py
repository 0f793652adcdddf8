"""Gathers what arrives within a few milliseconds into one commit, and says yes only to what is kept."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from psycopg import DataError
from psycopg.errors import DeadlockDetected, LockNotAvailable, SerializationFailure

from notify.log import get

log = get(__name__)

TOGETHER = 0.004  # seconds that one may wait for company
MOST = 500
PAUSE = 0.1  # seconds before what was locked out is tried again

ItemT = TypeVar("ItemT")


class Gatherer(Generic[ItemT]):
    """`keep` writes a batch in one transaction. `take` returns when the commit has happened, so that
    a provider hears "yes" only for what is kept, and raises what the database raised, so that it
    hears "try again" otherwise. `most` is how many one commit holds."""

    def __init__(
        self, keep: Callable[[Sequence[ItemT]], Awaitable[object]], *, most: int = MOST
    ) -> None:
        self._keep_all = keep
        self._most = most
        self._waiting: list[tuple[ItemT, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def take(self, item: ItemT) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._flush())
        await done

    async def close(self) -> None:
        if self._task is not None:
            with contextlib.suppress(Exception):
                await self._task

    async def _flush(self) -> None:
        while self._waiting:
            await asyncio.sleep(TOGETHER)
            batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            try:
                await self._keep(batch)
            except Exception as problem:  # noqa: BLE001 - told to everyone who waits
                _tell(batch, problem)

    async def _keep(self, batch: Sequence[tuple[ItemT, asyncio.Future[None]]]) -> None:
        """Commit a batch; where one of it cannot be written, each by itself."""
        try:
            await self._patiently([item for item, _ in batch])
        except DataError as problem:
            if len(batch) == 1:
                raise
            log.error("gathered.impossible", problem=type(problem).__name__)
            for one in batch:
                await self._alone(one)
        else:
            _tell(batch, None)

    async def _alone(self, one: tuple[ItemT, asyncio.Future[None]]) -> None:
        try:
            await self._patiently([one[0]])
        except DataError as problem:
            _tell([one], problem)
        else:
            _tell([one], None)

    async def _patiently(self, items: Sequence[ItemT]) -> None:
        """Providers say most things once: what another only delayed is tried again here."""
        for pause in (PAUSE, 5 * PAUSE):
            try:
                await self._keep_all(items)
            except (DeadlockDetected, LockNotAvailable, SerializationFailure) as problem:
                log.warning("gathered.tried_again", problem=type(problem).__name__)
                await asyncio.sleep(pause)
            else:
                return
        await self._keep_all(items)


def _tell(batch: Sequence[tuple[ItemT, asyncio.Future[None]]], problem: Exception | None) -> None:
    for _, done in batch:
        if done.done():
            continue  # its caller hung up
        if problem is None:
            done.set_result(None)
        else:
            done.set_exception(problem)
