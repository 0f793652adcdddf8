"""Knows whether what was kept still holds: one look a second at the stamp, for all who ask."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from notify import clock
from notify.log import get

log = get(__name__)

EVERY = 1.0  # seconds that a look holds
PATIENCE = 3.0  # seconds to wait for one; in a rush this process itself is what is slow
LONGEST = 15.0  # seconds after which one is given up


class Freshness:
    """The stamp of the public pages as PostgreSQL has it. Nobody asking, nothing is looked at."""

    def __init__(self, look: Callable[[], Awaitable[UUID | None]]) -> None:
        self._look = look
        self._looking: asyncio.Task[None] | None = None
        self._looked = float("-inf")
        self._away = False
        self.stamp: UUID | None = None
        self.seen_at: datetime | None = None  # when the stamp was last seen

    async def current(self) -> UUID | None:
        """The stamp, a second old at most; None while the database does not tell.

        While it does not, nobody waits for it: it is looked for once a second beside.
        """
        if clock.monotonic() - self._looked >= EVERY and self._looking is None:
            self._looked = clock.monotonic()
            self._looking = asyncio.create_task(self._see())
        if self._looking is not None and not self._away:
            await asyncio.wait({self._looking}, timeout=PATIENCE)
            if self._looking is not None:
                self._lost("slow")
        return None if self._away else self.stamp

    async def _see(self) -> None:
        at = clock.now()
        try:
            async with asyncio.timeout(LONGEST):
                self.stamp = await self._look()
        except Exception as problem:  # noqa: BLE001 - not knowing is never taken for unchanged
            self._lost(type(problem).__name__)
        else:
            self.seen_at = at
            if self._away:
                log.info("pages.database_back")
            self._away = False
        finally:
            self._looking = None

    def _lost(self, problem: str) -> None:
        if not self._away:
            log.warning("pages.database_away", problem=problem)
        self._away = True

    async def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
