"""Keeps push services apart: one that hangs or throttles must not hold up the others.

All of them share one sender and its slots. So each gets a share of these, and a rest of its own:

    open ──── silent or broken, ENOUGH in a row, or "come back later" ────► resting
      ▲                                                                       │ its time is up
      └──────────────── one call, answered well ──────────────── half open ◄──┘
                                                                 (answered badly: rests longer)

What is told here is known to one process and lost at its restart.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count

from channels.base import NotAsked

ENOUGH = 5
"""Answers in a row that were silent or broken, until the service rests."""

SHORTEST_REST = 1.0
LONGEST_REST = 60.0
"""Seconds. A rest is twice as long as the one before; a wish is followed within these two."""

SHARE = 0.75
"""Of the slots, for one service."""

PATIENCE = 1.0
"""Seconds: calls that are out longer do not make others wait behind them."""

SLOW = 3.0
"""Seconds until a call that found them stuck may come again."""

_MAX_SERVICES = 256


class Service:
    """One push service: the calls that are out to it, and whether it rests."""

    def __init__(self, *, slots: int, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._slots = asyncio.Semaphore(slots)
        self._out: dict[int, float] = {}  # since when, the oldest first
        self._numbers = count()
        self._bad = 0
        self._rests = 0
        self._length = 0.0
        self._until = 0.0

    @property
    def idle(self) -> bool:
        """Whether nothing is lost by forgetting it."""
        return not self._out and not self._rests and not self._slots.locked()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold one of its slots. Raises NotAsked while it rests, or when its calls are stuck."""
        self._check()
        if self._slots.locked():
            await self._queue()
        else:
            await self._slots.acquire()
        try:
            self._check()  # it may have begun to rest meanwhile
            number = next(self._numbers)
            self._out[number] = self._clock()
            try:
                yield
            finally:
                del self._out[number]
        finally:
            self._slots.release()

    def worked(self) -> None:
        """It answered; what it said about the message is another matter."""
        self._bad = 0
        if self._until <= self._clock():  # else it was asked before it wished for a rest
            self._rests = 0

    def failed(self) -> None:
        """It did not answer, or said that something is wrong with itself."""
        self._bad += 1
        if self._bad >= ENOUGH or self._rests:
            self.rest(None)

    def rest(self, wish: float | None) -> None:
        """Leave it alone: for as long as it wishes, in seconds, else longer each time."""
        now = self._clock()
        if self._until > now:
            return  # several calls that were out together say the same
        self._bad = 0
        self._rests += 1
        longer = SHORTEST_REST * 2.0 ** min(self._rests - 1, 10)
        self._length = min(max(wish or 0.0, longer), LONGEST_REST)
        self._until = now + self._length

    def _check(self) -> None:
        left = self._until - self._clock()
        if left > 0:
            raise NotAsked("service_resting", after=left)
        if self._rests and self._out:
            # One is enough to see whether it is back. It may take as long to say nothing.
            raise NotAsked("service_resting", after=self._length)

    async def _queue(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE - self._longest()):
                await self._slots.acquire()
        except TimeoutError:
            raise NotAsked("service_slow", after=SLOW) from None

    def _longest(self) -> float:
        """Seconds the call that is out longest has been out."""
        return self._clock() - next(iter(self._out.values()), self._clock())


class Services:
    """The push services met so far, each by its origin. `slots` are those of the whole sender."""

    def __init__(self, *, slots: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._share = max(1, math.floor(slots * SHARE))
        self._clock = clock
        self._met: dict[str, Service] = {}

    def at(self, origin: str) -> Service:
        """Give the service of an origin. Those that matter least are forgotten first."""
        found = self._met.get(origin)
        if found is None:
            if len(self._met) >= _MAX_SERVICES:
                idle = (name for name, service in self._met.items() if service.idle)
                del self._met[next(idle, next(iter(self._met)))]
            found = self._met[origin] = Service(slots=self._share, clock=self._clock)
        return found
