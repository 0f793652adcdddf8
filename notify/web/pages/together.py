"""Lets many who ask the same at once share one answer, so that a crowd costs what one does."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Hashable, Sequence
from typing import Any, Generic, TypeVar
from uuid import UUID

KeyT = TypeVar("KeyT", bound=Hashable)
ValueT = TypeVar("ValueT")

MOST = 1_000


class Flights(Generic[KeyT, ValueT]):
    """Work that is done once for all who want it at the same time. Whoever hangs up leaves it
    to the others."""

    def __init__(self) -> None:
        self._under_way: dict[KeyT, asyncio.Task[ValueT]] = {}

    async def run(
        self, key: KeyT, work: Callable[[], Coroutine[Any, Any, ValueT]], *, wait: float
    ) -> ValueT:
        """What the work under way for `key`, or a new one, returns or raises.

        Raises TimeoutError after `wait` seconds; the work goes on.
        """
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(work())
            task.add_done_callback(lambda done: self._landed(key, done))
        async with asyncio.timeout(wait):
            return await asyncio.shield(task)

    def _landed(self, key: KeyT, task: asyncio.Task[ValueT]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # seen, also where nobody waits for it any more

    async def close(self) -> None:
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Lookup:
    """Finds out which ids exist, with one question at a time for all that are asked about.

    Anybody may make up ids: they cost the database no more however many there are.
    """

    def __init__(self, ask: Callable[[Sequence[UUID]], Awaitable[Collection[UUID]]]) -> None:
        self._ask = ask
        self._waiting: list[tuple[UUID, asyncio.Future[bool]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def exists(self, wanted: UUID) -> bool:
        """Raises what the question raised."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((wanted, future))
        if self._asking is None:
            self._asking = asyncio.create_task(self._answer())
        return await future

    async def _answer(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._answer_batch(batch)
        finally:
            self._asking = None

    async def _answer_batch(self, batch: list[tuple[UUID, asyncio.Future[bool]]]) -> None:
        try:
            found = await self._ask([wanted for wanted, _ in batch])
        except Exception as problem:  # noqa: BLE001 - whatever it is, it is for those who asked
            for _, future in batch:
                if not future.done():
                    future.set_exception(problem)
            return
        for wanted, future in batch:
            if not future.done():
                future.set_result(wanted in found)

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)
