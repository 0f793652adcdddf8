"""Takes in what providers report. Writes are grouped: one commit for all that came together."""

import asyncio
import contextlib
from collections.abc import Sequence

from psycopg import DataError
from psycopg.errors import DeadlockDetected, LockNotAvailable, SerializationFailure

from channels.receipts import Receipt, Report
from notify import metrics
from notify.log import get
from notify.store import receipts, suppressions
from notify.store.database import Connection, Database

log = get(__name__)

TOGETHER = 0.004  # seconds a report may wait for company
MOST = 500

PAUSE = 0.1  # seconds before what was locked out is tried again

Item = tuple[int | None, Receipt]
Waiting = tuple[Item, asyncio.Future[None]]


async def take(db: Database, items: Sequence[Item]) -> int:
    """Record and apply (attempt, receipt) pairs in one transaction; returns how many were new.

    An attempt that is None is looked for by the provider's own id. Where none is found, or the
    delivery has been erased since, the report is recorded and applied to nothing. Addresses are
    suppressed where a receipt says they are gone.
    """
    async with db.transaction() as connection:
        items = await _named(connection, items)
        fresh = await receipts.record(connection, items)
        if fresh:
            await receipts.apply(connection, fresh)
            chosen = _suppressions(items)
            if chosen:
                await suppressions.by_attempts(connection, chosen)
        delays = await receipts.delays(connection, fresh) if fresh else []
    for row in delays:
        metrics.receipt_delay.labels(row["provider"]).observe(max(0.0, row["delay"]))
    for _, receipt in items:
        metrics.receipts.labels(receipt.provider, str(receipt.report)).inc()
    return len(fresh)


async def _named(connection: Connection, items: Sequence[Item]) -> Sequence[Item]:
    nameless = {r.provider_id for attempt, r in items if attempt is None and r.provider_id}
    if not nameless:
        return items
    found = await receipts.owners(connection, sorted(nameless))
    return [
        (found.get(r.provider_id or "") if attempt is None else attempt, r) for attempt, r in items
    ]


def _suppressions(items: Sequence[Item]) -> list[tuple[int, str, str | None]]:
    """Which attempts' addresses must not be used again, and why in the words of the suppressions."""
    chosen: list[tuple[int, str, str | None]] = []
    for attempt, receipt in items:
        if attempt is None or not receipt.gone or receipt.report is Report.DELAYED:
            continue
        if receipt.report is Report.COMPLAINED:
            reason = "complained"
        elif receipt.reason == "opted_out":
            reason = "opted_out"
        else:
            reason = "bounced" if receipt.provider == "mail" else "gone"
        chosen.append((attempt, reason, receipt.code))
    return chosen


def _tell(batch: Sequence[Waiting], problem: Exception | None) -> None:
    for _, done in batch:
        if done.done():
            continue  # its caller hung up
        if problem is None:
            done.set_result(None)
        else:
            done.set_exception(problem)


class Receiver:
    """Gathers reports that arrive within a few milliseconds into one commit.

    `take` returns when the commit has happened, so that a provider hears "yes" only for what is
    kept, and raises what the database raised, so that it hears "try again" otherwise.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: list[Waiting] = []
        self._task: asyncio.Task[None] | None = None

    async def take(self, attempt: int | None, receipt: Receipt) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(((attempt, receipt), done))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._flush())
        await done

    async def _flush(self) -> None:
        while self._waiting:
            await asyncio.sleep(TOGETHER)
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            try:
                await self._keep(batch)
            except Exception as problem:  # noqa: BLE001 - told to everyone who waits
                _tell(batch, problem)

    async def _keep(self, batch: Sequence[Waiting]) -> None:
        """Commit a batch; where one report cannot be written, each by itself."""
        try:
            await self._patiently([item for item, _ in batch])
        except DataError as problem:
            if len(batch) == 1:
                raise
            log.error("receipts.impossible", problem=type(problem).__name__)
            for one in batch:
                await self._alone(one)
        else:
            _tell(batch, None)

    async def _alone(self, one: Waiting) -> None:
        try:
            await self._patiently([one[0]])
        except DataError as problem:
            _tell([one], problem)
        else:
            _tell([one], None)

    async def _patiently(self, items: Sequence[Item]) -> None:
        """Twilio says most things once: what another only delayed is tried again here."""
        for pause in (PAUSE, 5 * PAUSE):
            try:
                await take(self._db, items)
            except (DeadlockDetected, LockNotAvailable, SerializationFailure) as problem:
                log.warning("receipts.tried_again", problem=type(problem).__name__)
                await asyncio.sleep(pause)
            else:
                return
        await take(self._db, items)

    async def close(self) -> None:
        if self._task is not None:
            with contextlib.suppress(Exception):
                await self._task
