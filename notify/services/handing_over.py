"""Hands one group of claimed deliveries to a sender: start, send, settle.

No transaction is open while anything is sent. What the provider answered is written down as it
comes; a few that answer slowly are waited for beside the next group.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg import OperationalError

from channels.base import Failure, OutcomeUnknown, Rejected, Sent
from notify import clock
from notify.domain.outcome import Verdict, judge
from notify.domain.words import Channel, Lane
from notify.log import get
from notify.services.composing import Compose, Message
from notify.services.senders import Sender
from notify.store import pump, senders
from notify.store.database import Connection, Database
from notify.store.pump import Claimed, Settled

log = get(__name__)

LONGEST_CALL = 40.0  # seconds; every carrier has a shorter time-out of its own
SETTLE_EVERY = 0.1  # seconds
PATIENCE = 1.0  # seconds a group is waited for before the next one begins


@dataclass(frozen=True, slots=True)
class Result:
    """One claimed delivery and what the carrier made of it; None: not handed over after all."""

    claimed: Claimed
    answer: Sent | Failure | None


class HandOver:
    """One worker's hands for a lane and channel. `slots` bounds the calls at once."""

    def __init__(
        self,
        db: Database,
        *,
        lane: Lane,
        channel: Channel,
        worker: UUID,
        lease: int,
        slots: asyncio.Semaphore,
        most_late: int,
    ) -> None:
        self._db = db
        self._lane = lane
        self._channel = channel
        self._worker = worker
        self._lease = lease
        self._slots = slots
        self._most_late = most_late
        self._late: dict[asyncio.Task[None], int] = {}

    async def group(self, sender: Sender, group: Sequence[Claimed], compose: Compose) -> int:
        """Start, send and settle; returns the parts that the provider bills, as far as known."""
        until = clock.monotonic() + self._lease
        async with self._db.transaction() as connection:
            started = await pump.start(
                connection, attempts=[c.attempt_id for c in group], worker=self._worker,
                lease=self._lease,
            )  # fmt: skip
        await self.release([c for c in group if c.attempt_id not in started])
        calls = {
            asyncio.create_task(self._send(sender, claimed, compose, until))
            for claimed in group
            if claimed.attempt_id in started
        }
        parts, calls = await self._wait(sender, calls, until=until, patient=False)
        if calls:
            task = asyncio.create_task(self._finish(sender, calls, until))
            self._late[task] = len(calls)
            task.add_done_callback(lambda done: self._late.pop(done, None))
        return parts + len(calls)

    async def release(self, batch: Sequence[Claimed]) -> None:
        """Hand back what is surely not handed over."""
        if batch:
            async with self._db.transaction() as connection:
                await pump.release(
                    connection, attempts=[c.attempt_id for c in batch], worker=self._worker
                )

    async def close(self) -> None:
        """Wait for what is still out; what a cancellation cuts off stays with its lease."""
        await asyncio.gather(*self._late, return_exceptions=True)

    async def _finish(self, sender: Sender, calls: set[asyncio.Task[Result]], until: float) -> None:
        try:
            await self._wait(sender, calls, until=until, patient=True)
        except Exception as problem:  # noqa: BLE001 - the lease lapses, the sweeper resolves it
            log.error("handover.not_settled", problem=type(problem).__name__)

    async def _wait(
        self, sender: Sender, calls: set[asyncio.Task[Result]], *, until: float, patient: bool
    ) -> tuple[int, set[asyncio.Task[Result]]]:
        """Settle answers as they come. Returns the parts billed and, unless patient, the calls
        that are still out after a while, if they are few."""
        began = clock.monotonic()
        parts = 0
        try:
            while calls:
                done, calls = await asyncio.wait(calls, timeout=SETTLE_EVERY)
                results = [call.result() for call in done]
                if results:
                    await self._settle(sender, results, until=until)
                    parts += sum(
                        r.answer.parts if isinstance(r.answer, Sent) else 1 for r in results
                    )
                waited = clock.monotonic() - began > PATIENCE
                if waited and not patient and self._room_for(len(calls)):
                    break
        except BaseException:
            for call in calls:
                call.cancel()
            raise
        return parts, calls

    def _room_for(self, count: int) -> bool:
        return sum(self._late.values()) + count <= self._most_late

    async def _send(
        self, sender: Sender, claimed: Claimed, compose: Compose, until: float
    ) -> Result:
        async with self._slots:
            if clock.monotonic() > until - LONGEST_CALL:
                return Result(claimed, None)  # the lease is too short now to begin a call
            try:
                message = compose(claimed, channel=self._channel, now=clock.now())
            except (LookupError, ValueError) as problem:
                log.error(
                    "compose.failed", delivery=claimed.delivery_id, why=type(problem).__name__
                )
                return Result(claimed, Rejected("cannot_compose"))
            return Result(claimed, await _call(sender, message, claimed))

    async def _settle(self, sender: Sender, results: Sequence[Result], *, until: float) -> None:
        verdicts = [
            (result, self._judge(result.claimed, result.answer))
            for result in results
            if result.answer is not None
        ]
        await self.release([result.claimed for result in results if result.answer is None])
        if not verdicts:
            return
        pause = 0.05
        while True:  # what is known must not be lost to a hiccup of the database
            try:
                await self._write(sender, verdicts)
                break
            except OperationalError as problem:
                if clock.monotonic() + pause > until:
                    raise
                log.warning("settle.tried_again", problem=type(problem).__name__)
                await asyncio.sleep(pause)
                pause = min(2 * pause, 1.0)
        self._remember(sender, verdicts)

    async def _write(self, sender: Sender, verdicts: Sequence[tuple[Result, Verdict]]) -> None:
        settled = [_settled(result, verdict) for result, verdict in verdicts]
        stop = next((verdict for _, verdict in verdicts if verdict.sender_stopped), None)
        async with self._db.transaction() as connection:
            ours = await pump.settle(connection, settled, worker=self._worker)
            await _suppress(connection, [pair for pair in verdicts if pair[1].suppress])
            if stop is not None:
                await senders.stop(
                    connection, sender.name, reason=stop.reason or "stopped", code=stop.code
                )
        if stop is not None:
            log.error("sender.stopped", sender=sender.name, reason=stop.reason, code=stop.code)
        if len(ours) < len(settled):
            log.warning("pump.lease_lost", attempts=len(settled) - len(ours))

    def _judge(self, claimed: Claimed, answer: Sent | Failure) -> Verdict:
        return judge(
            answer,
            lane=self._lane,
            tries=claimed.tries,
            created_at=claimed.created_at,
            now=clock.now(),
            spread=random.random(),  # noqa: S311 - jitter, not a secret
        )

    @staticmethod
    def _remember(sender: Sender, verdicts: Sequence[tuple[Result, Verdict]]) -> None:
        if any(verdict.outcome == "sent" for _, verdict in verdicts):
            sender.worked()
        down = next((pair for pair in verdicts if pair[1].sender_down), None)
        if down is not None:
            result, verdict = down
            sender.went_down(now=clock.monotonic(), rest=getattr(result.answer, "after", None))
            log.warning("sender.down", sender=sender.name, reason=verdict.reason)


async def _suppress(connection: Connection, gone: Sequence[tuple[Result, Verdict]]) -> None:
    for opted_out in (True, False):
        hits = [(r, v) for r, v in gone if (v.reason == "opted_out") is opted_out]
        if hits:
            await pump.suppress(
                connection,
                attempts=[r.claimed.attempt_id for r, _ in hits],
                codes=[v.code for _, v in hits],
                reason="opted_out" if opted_out else "gone",
            )


async def _call(sender: Sender, message: Message, claimed: Claimed) -> Sent | Failure:
    try:
        async with asyncio.timeout(LONGEST_CALL):
            return await sender.carrier.send(message)
    except Failure as failure:
        return failure
    except TimeoutError:
        return OutcomeUnknown("no_answer")
    except Exception as problem:  # noqa: BLE001 - a channel's bug must not take the batch along
        log.error("channel.broke", delivery=claimed.delivery_id, problem=type(problem).__name__)
        return OutcomeUnknown("internal_error")


def _settled(result: Result, verdict: Verdict) -> Settled:
    sent = result.answer if isinstance(result.answer, Sent) else None
    return Settled(
        attempt_id=result.claimed.attempt_id,
        outcome=verdict.outcome,
        status=verdict.status,
        at=clock.now(),
        reason=verdict.reason,
        code=verdict.code,
        provider_id=sent.provider_id if sent else None,
        parts=sent.parts if sent else None,
        delay=verdict.delay,
    )
