"""Knows whether what was kept still holds: one look at the stamp for all who ask."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from notify import clock
from notify.log import get

log = get(__name__)

HOLDS = 1.0  # seconds that a look holds
EVERY = 0.5  # seconds after which there is another: in a rush nobody waits for it
PATIENCE = 3.0  # seconds to wait for one where none holds; in a rush we ourselves are what is slow
LONGEST = 15.0  # seconds after which one is given up


class Freshness:
    """The stamp of the public pages as PostgreSQL has it. Nobody asking, nothing is looked at."""

    def __init__(self, look: Callable[[], Awaitable[UUID | None]]) -> None:
        self._look = look
        self._looking: asyncio.Task[None] | None = None
        self._told = asyncio.Event()
        self._begun = self._holds_until = float("-inf")
        self._away = False
        self.stamp: UUID | None = None
        self.seen_at: datetime | None = None  # when the stamp was last seen

    async def current(self) -> UUID | None:
        """The stamp, a second old at most; None while the database does not tell.

        While it does not, nobody waits for it: it is looked for beside.
        """
        now = clock.monotonic()
        if self._looking is None and now - self._begun >= EVERY:
            self._begun = now
            self._told.clear()
            self._looking = asyncio.create_task(self._see(now))
        if now >= self._holds_until and not self._away:
            await self._told.wait()
        return None if self._away else self.stamp

    async def _see(self, begun: float) -> None:
        at = clock.now()
        patience = asyncio.get_running_loop().call_later(PATIENCE, self._lost, "slow")
        try:
            async with asyncio.timeout(LONGEST):
                self.stamp = await self._look()
        except Exception as problem:  # noqa: BLE001 - not knowing is never taken for unchanged
            self._lost(type(problem).__name__)
        else:
            self.seen_at, self._holds_until = at, begun + HOLDS
            if self._away:
                log.info("pages.database_back")
            self._away = False
        finally:
            patience.cancel()
            self._looking = None
            self._told.set()

    def _lost(self, problem: str) -> None:
        if not self._away:
            log.warning("pages.database_away", problem=problem)
        self._away = True
        self._told.set()

    async def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
