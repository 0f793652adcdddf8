"""Forgets what was kept as long as the settings say, each class of data by its own time, and who
never came.

Gently: a few rows a transaction, a rest after each, one process at a time, and nothing while an
alert is on its way, nor while the clock may be wrong. Whoever is ended in the middle goes on where
the last transaction stopped.
"""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from notify import clock
from notify.log import get
from notify.services.timekeeping import is_steady
from notify.settings import Settings
from notify.store import (
    codes,
    drafts,
    feedback,
    forgetting,
    newcomers,
    poll_names,
    sessions,
    staff_sessions,
    uploads,
)
from notify.store.database import Connection, Database, Row

log = get(__name__)

_BATCH = 2_000
_FEW = 200  # residents, each with a dozen rows
_REST = 3.0  # times as long as the work before took: at most a quarter of one connection's time


@dataclass(frozen=True, slots=True)
class Kept:
    """How long each class of data is kept, in days after its end; `newcomers` in hours, as long as
    an address may stay unproven. What is not here ends by itself (sessions, codes, files of an
    import), is kept for good, or with the resident (docs/operations.md)."""

    deliveries: int
    notes: int
    feedback: int
    drafts: int
    newcomers: int = 48
    polls: int = 90

    @classmethod
    def by(cls, settings: Settings) -> "Kept":
        return cls(
            deliveries=settings.delivery_days, notes=settings.note_days,
            feedback=settings.feedback_days, drafts=settings.draft_days,
            newcomers=settings.newcomer_hours, polls=settings.poll_days,
        )  # fmt: skip


class Forgetter:
    """Any number may run: one works at a time."""

    def __init__(self, db: Database, kept: Kept, *, rest: float = _REST) -> None:
        self._db = db
        self._kept = kept
        self._rest = rest
        self._done: list[UUID] = []  # what this round is through with, whatever is left of it

    async def round(self) -> int:
        """Delete what was kept long enough; returns how many rows.

        Ends early when it is another's turn, or an alert's, or the clock jumped: the next round
        goes on.
        """
        self._done.clear()
        gone = 0
        while (n := await self._batch()) is not None:
            gone += n
        if gone:
            log.info("forgetting.done", rows=gone)
        return gone

    async def _batch(self) -> int | None:
        """Rows deleted in one transaction; None when this round is over."""
        began = clock.monotonic()
        async with self._db.transaction() as connection:
            if not await is_steady(connection) or not await forgetting.turn(connection):
                return None
            n = await self._step(connection)
        await asyncio.sleep(self._rest * (clock.monotonic() - began))
        return n

    async def _step(self, connection: Connection) -> int | None:
        if n := await self._unproven(connection):
            return n
        broadcast = await forgetting.under_way(connection, but=self._done)
        if broadcast is not None:
            return await self._some_of(connection, broadcast)
        if n := await forgetting.delete_notes(connection, days=self._kept.notes, size=_BATCH):
            return n
        if n := await self._strays(connection):
            return n
        thread = await forgetting.ripe(connection, days=self._kept.deliveries, but=self._done)
        if thread is None:
            return None
        if await forgetting.forget(connection, thread, days=self._kept.deliveries):
            log.info("thread.forgotten", thread=str(thread))
        else:
            self._done.append(thread)
        return 0

    async def _strays(self, connection: Connection) -> int:
        """What belongs to no broadcast: reports of deliveries that are gone, feedback, drafts that
        came to nothing; and who was asked in polls that closed long ago."""
        return (
            await forgetting.delete_strays(connection, days=self._kept.deliveries, size=_BATCH)
            or await feedback.delete(connection, days=self._kept.feedback, size=_BATCH)
            or await drafts.forget(connection, days=self._kept.drafts, size=_FEW)
            or await poll_names.forget(connection, days=self._kept.polls, size=_BATCH)
        )

    async def _unproven(self, connection: Connection) -> int:
        """Newcomers who did not prove an address in time, what they were given to do it with, and
        what else has an hour at which it is over."""
        return (
            await newcomers.forget(connection, size=_FEW)
            or await newcomers.forget_left_over(connection, hours=self._kept.newcomers, size=_BATCH)
            or await codes.forget(connection, size=_BATCH)
            or await sessions.forget(connection, size=_BATCH)
            or await staff_sessions.forget(connection, size=_BATCH)
            or await uploads.forget(connection, size=1)  # each of megabytes
        )

    async def _some_of(self, connection: Connection, broadcast: Row) -> int:
        """A few rows of a forgotten broadcast."""
        name = broadcast["id"]
        gone = await forgetting.delete_of_broadcast(
            connection, name, after=broadcast["through"], size=_BATCH
        )
        if gone:
            await forgetting.advance(connection, name, gone[-1])
            return len(gone)
        if n := await forgetting.delete_skips(connection, name, size=_BATCH):
            return n
        # What somebody held just then, or is not at its end yet, is looked for in the next round.
        whole = await forgetting.is_empty(connection, name)
        await forgetting.advance(connection, name, None if whole else 0)
        self._done.append(name)
        return 0
