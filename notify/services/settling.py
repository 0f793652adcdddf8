"""Writes down what became of a hand-over: statuses, suppressions, the sender's health.

The one place where the verdict on an answer reaches the database.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg import DataError

from channels.base import Failure, Sent
from notify import clock
from notify.domain.outcome import Verdict, judge
from notify.domain.words import Channel, Lane
from notify.log import get
from notify.services.senders import Sender
from notify.store import pump, senders, sms_spending, suppressions
from notify.store.claiming import Claimed
from notify.store.database import AWAY, Database
from notify.store.pump import Settled

log = get(__name__)

MOST_PARTS = 32_767  # what the database can hold


@dataclass(frozen=True, slots=True)
class Result:
    """One claimed delivery, what the carrier made of it (None: not handed over after all), and
    when."""

    claimed: Claimed
    answer: Sent | Failure | None
    at: datetime


class Settler:
    """Settles for one worker, lane and channel."""

    def __init__(
        self,
        db: Database,
        *,
        lane: Lane,
        channel: Channel,
        worker: UUID,
        lease: int,
        zone: ZoneInfo,
    ) -> None:
        self._db = db
        self._lane = lane
        self._channel = channel
        self._worker = worker
        self._lease = lease
        self._zone = zone

    async def release(self, batch: Sequence[Claimed]) -> None:
        """Hand back what is surely not handed over, so that it need not wait for its lease."""
        attempts = [claimed.attempt_id for claimed in batch]

        async def give_back() -> None:
            async with self._db.statement() as connection:
                await pump.release(connection, attempts=attempts, worker=self._worker)

        if attempts:
            await _patiently(give_back, until=clock.monotonic() + self._lease)

    async def settle(self, sender: Sender, results: Sequence[Result], *, until: float) -> None:
        """Write down what became of these, trying until the lease ends; hand back the rest."""
        verdicts = [
            (result, self._judge(result.claimed, result.answer))
            for result in results
            if result.answer is not None
        ]
        await self.release([result.claimed for result in results if result.answer is None])
        if not verdicts:
            return
        try:
            await _patiently(lambda: self._write(verdicts), until=until)
        except DataError:
            await self._singly(verdicts, until=until)
        await self.tell(sender, verdicts, until=until)

    async def _singly(self, verdicts: Sequence[tuple[Result, Verdict]], *, until: float) -> None:
        """One answer that cannot be written must not take the others of its group along."""
        for pair in verdicts:
            try:
                await _patiently(lambda: self._write([pair]), until=until)  # noqa: B023 - awaited here
            except DataError as problem:
                log.error(
                    "settle.impossible", attempt=pair[0].claimed.attempt_id,
                    problem=type(problem).__name__,
                )  # fmt: skip

    async def _write(self, verdicts: Sequence[tuple[Result, Verdict]]) -> None:
        settled = [_settled(result, verdict) for result, verdict in verdicts]
        gone = [
            (
                result.claimed.attempt_id,
                "opted_out" if verdict.reason == "opted_out" else "gone",
                verdict.code,
            )
            for result, verdict in verdicts
            if verdict.suppress
        ]
        alone = not gone and self._channel is not Channel.SMS
        async with self._db.statement() if alone else self._db.transaction() as connection:
            ours = await pump.settle(connection, settled, worker=self._worker)
            if gone:
                await suppressions.by_attempts(connection, gone)
            if self._channel is Channel.SMS and ours:
                await sms_spending.count(
                    connection, attempts=list(ours), month=clock.month(self._zone)
                )
        if len(ours) < len(settled):
            log.warning("pump.lease_lost", attempts=len(settled) - len(ours))

    async def tell(
        self, sender: Sender, verdicts: Sequence[tuple[Result, Verdict]] = (), *, until: float
    ) -> None:
        """Tell all workers how the sender fares. A transaction of its own: whoever holds
        deliveries never waits for a sender."""
        stop = next((verdict for _, verdict in verdicts if verdict.sender_stopped), None)
        circuit, sender.circuit = sender.circuit, None
        if stop is None and circuit is None:
            return

        async def write() -> None:
            async with self._db.transaction() as connection:
                if stop is not None and await senders.stop(
                    connection, sender.name, reason=stop.reason or "stopped", code=stop.code
                ):
                    log.error(
                        "sender.stopped", sender=sender.name, reason=stop.reason, code=stop.code
                    )
                if circuit is not None:
                    await circuit.write(connection, sender)

        await _patiently(write, until=until)

    def _judge(self, claimed: Claimed, answer: Sent | Failure) -> Verdict:
        return judge(
            answer,
            lane=self._lane,
            tries=claimed.tries,
            created_at=claimed.created_at,
            valid_until=claimed.valid_until,
            now=clock.now(),
            spread=random.random(),  # noqa: S311 - jitter, not a secret
        )


async def _patiently(work: Callable[[], Awaitable[None]], *, until: float) -> None:
    """Try again until it works: what is known must not be lost to a hiccup of the database."""
    pause = 0.05
    while True:
        try:
            return await work()
        except AWAY as problem:
            if clock.monotonic() + pause > until:
                raise
            log.warning("settle.tried_again", problem=type(problem).__name__)
            await asyncio.sleep(pause)
            pause = min(2 * pause, 1.0)


def _settled(result: Result, verdict: Verdict) -> Settled:
    sent = result.answer if isinstance(result.answer, Sent) else None
    return Settled(
        attempt_id=result.claimed.attempt_id,
        delivery_id=result.claimed.delivery_id,
        outcome=verdict.outcome,
        status=verdict.status,
        at=result.at,
        reason=verdict.reason,
        code=verdict.code,
        provider_id=sent.provider_id if sent else None,
        parts=min(sent.parts, MOST_PARTS) if sent else None,
        delay=verdict.delay,
        judged=verdict.judged,
    )
