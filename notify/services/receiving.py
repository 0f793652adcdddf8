"""Takes in what providers report. Writes are grouped: one commit for all that came together."""

import asyncio
import contextlib
from collections.abc import Sequence

from channels.receipts import Receipt, Report
from notify import metrics
from notify.store import pump, receipts
from notify.store.database import Connection, Database

TOGETHER = 0.004  # seconds a report may wait for company
MOST = 500

Item = tuple[int | None, Receipt]


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
            for reason, chosen in _suppressions(items):
                await pump.suppress(
                    connection,
                    attempts=[attempt for attempt, _ in chosen],
                    codes=[receipt.code for _, receipt in chosen],
                    reason=reason,
                )
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


def _suppressions(items: Sequence[Item]) -> list[tuple[str, list[tuple[int, Receipt]]]]:
    """Why which addresses must not be used again, in the words of the suppressions."""
    chosen: dict[str, list[tuple[int, Receipt]]] = {}
    for attempt, receipt in items:
        if attempt is None or not receipt.gone or receipt.report is Report.DELAYED:
            continue
        if receipt.report is Report.COMPLAINED:
            reason = "complained"
        elif receipt.reason == "opted_out":
            reason = "opted_out"
        else:
            reason = "bounced" if receipt.provider == "mail" else "gone"
        chosen.setdefault(reason, []).append((attempt, receipt))
    return list(chosen.items())


class Receiver:
    """Gathers reports that arrive within a few milliseconds into one commit.

    `take` returns when the commit has happened, so that a provider hears "yes" only for what is
    kept, and raises what the database raised, so that it hears "try again" otherwise.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: list[tuple[Item, asyncio.Future[None]]] = []
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
                await take(self._db, [item for item, _ in batch])
            except Exception as problem:  # noqa: BLE001 - told to everyone who waits
                for _, done in batch:
                    if not done.done():
                        done.set_exception(problem)
            else:
                for _, done in batch:
                    if not done.done():
                        done.set_result(None)

    async def close(self) -> None:
        if self._task is not None:
            with contextlib.suppress(Exception):
                await self._task
