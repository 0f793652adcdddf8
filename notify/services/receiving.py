"""Takes in what providers report. Writes are grouped: one commit for all that came together."""

from collections.abc import Sequence

from channels.receipts import Receipt, Report
from notify import metrics
from notify.services.gathering import Gatherer
from notify.store import receipts, suppressions
from notify.store.database import Connection, Database

Item = tuple[int | None, Receipt]
Receiver = Gatherer[Item]


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


def receiver(db: Database) -> Receiver:
    """Gathers receipts of every provider into commits."""

    async def keep(items: Sequence[Item]) -> None:
        await take(db, items)

    return Gatherer(keep)
