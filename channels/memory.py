"""A channel that keeps what it is given, and fails as it is told to. For tests and rehearsals."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from channels.base import Failure, Sent

T = TypeVar("T")


class MemoryChannel(Generic[T]):
    """`script` is asked before each message: an answer to give, a failure to raise, or None
    to take the message. `hold` lets a test stop a hand-over half way, `trouble` is what a probe
    finds."""

    def __init__(
        self,
        sender: str = "memory",
        *,
        script: Callable[[T], Sent | Failure | None] | None = None,
        concurrency: int = 50,
    ) -> None:
        self._sender = sender
        self._script = script
        self._concurrency = concurrency
        self._taken: list[T] = []
        self._more = asyncio.Condition()
        self.trouble: Failure | None = None
        self.hold = asyncio.Event()
        self.hold.set()

    @property
    def sender(self) -> str:
        return self._sender

    @property
    def concurrency(self) -> int:
        return self._concurrency

    @property
    def taken(self) -> Sequence[T]:
        """Everything handed over, in order; also what then answered with a failure."""
        return tuple(self._taken)

    async def send(self, message: T) -> Sent:
        answer = self._script(message) if self._script else None
        self._taken.append(message)
        async with self._more:
            self._more.notify_all()
        await self.hold.wait()
        if isinstance(answer, Failure):
            raise answer
        return answer or Sent(provider_id=f"memory-{len(self._taken)}")

    async def probe(self) -> None:
        if self.trouble is not None:
            raise self.trouble

    async def has_taken(self, count: int) -> None:
        """Wait until that many messages were handed over. Raises TimeoutError after 10 s."""
        async with asyncio.timeout(10), self._more:
            await self._more.wait_for(lambda: len(self._taken) >= count)

    async def close(self) -> None:
        return None
