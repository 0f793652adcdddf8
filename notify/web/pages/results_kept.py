"""Keeps what is shown of polls for a moment: a town that is told a result looks at it at once,
and counting a hundred thousand ballots takes a tenth of a second."""

from collections import OrderedDict
from functools import partial
from typing import Final, cast
from uuid import UUID

from fastapi import HTTPException, Request

from notify import clock
from notify.domain.results import Result
from notify.services import counting
from notify.store.database import Database
from notify.web.pages.together import Flights

FRESH: Final = 2.0
"""Seconds; so much later at most the page follows what happens."""

_Key = tuple[UUID, bool]

_MOST: Final = 500
_PATIENCE: Final = 10.0  # seconds


class Results:
    """Those of one process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._kept: OrderedDict[_Key, tuple[float, Result]] = OrderedDict()
        self._counting: Flights[_Key, Result | None] = Flights()

    async def find(self, broadcast_id: UUID, *, asked: bool = False) -> Result | None:
        """What anybody, or whoever proved to be `asked`, may see of a poll; None where that is
        nothing. Raises psycopg's errors, or HTTPException 503 where it takes too long."""
        key = broadcast_id, asked
        kept = self._kept.get(key)
        if kept is not None and clock.monotonic() - kept[0] < FRESH:
            return kept[1]
        try:
            return await self._counting.run(
                key, partial(self._count, broadcast_id, asked=asked), wait=_PATIENCE
            )
        except TimeoutError:
            raise HTTPException(
                503, "The result cannot be read. Try again in a moment.", {"Retry-After": "2"}
            ) from None

    async def close(self) -> None:
        await self._counting.close()

    async def _count(self, broadcast_id: UUID, *, asked: bool) -> Result | None:
        began, key = clock.monotonic(), (broadcast_id, asked)
        found = await counting.published(self._db, broadcast_id, asked=asked)
        if found is None:  # that costs little; made-up ids push out nothing that is kept
            self._kept.pop(key, None)
            return None
        self._kept[key] = began, found
        self._kept.move_to_end(key)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return found


def the_results(request: Request) -> Results:
    """Those of the process which answers."""
    return cast("Results", request.app.state.results)
