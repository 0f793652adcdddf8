"""Hands one group of claimed deliveries to a sender: start, send, settle.

No transaction is open while anything is sent. What the provider answered is written down as it
comes; a few that answer slowly are waited for beside the next group.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from psycopg import DataError, OperationalError

from channels.base import Failure, OutcomeUnknown, Rejected, Sent
from notify import clock
from notify.domain.outcome import Verdict, judge, worth_until
from notify.domain.words import Channel, Lane
from notify.log import get
from notify.services.composing import Compose, Message
from notify.services.senders import Sender
from notify.store import broadcasts, pump, senders
from notify.store.database import Connection, Database
from notify.store.pump import Claimed, Settled

log = get(__name__)

LONGEST_CALL = 40.0  # seconds; every carrier has a shorter time-out of its own
SETTLE_EVERY = 0.1  # seconds
LOOK_EVERY = 0.5  # seconds; a recall is noticed at least this often
MOST_PARTS = 32_767  # what the database can hold
SILENCE = frozenset({"timed_out", "no_answer", "no_answer_after_data"})
PATIENCE = 1.0  # seconds a group is waited for before the next one begins


@dataclass(frozen=True, slots=True)
class Result:
    """One claimed delivery and what the carrier made of it; None: not handed over after all."""

    claimed: Claimed
    answer: Sent | Failure | None


@dataclass(slots=True)
class Group:
    """What is under way together: to which sender, until when on the monotonic clock, and which
    of its broadcasts were recalled since."""

    sender: Sender
    compose: Compose
    until: float
    broadcasts: set[UUID]
    recalled: set[UUID] = field(default_factory=set)


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
        self._stopping = False

    async def group(self, sender: Sender, claimed: Sequence[Claimed], compose: Compose) -> int:
        """Start, send and settle; returns the parts that the provider bills, as far as known."""
        group = Group(
            sender, compose, until=clock.monotonic() + self._lease,
            broadcasts={one.broadcast_id for one in claimed if one.broadcast_id},
        )  # fmt: skip
        started = await self._start(claimed)
        calls = {
            asyncio.create_task(self._send(group, one))
            for one in claimed
            if one.attempt_id in started
        }
        parts, calls = await self._wait(group, calls, patient=False)
        if calls:
            task = asyncio.create_task(self._finish(group, calls))
            self._late[task] = len(calls)
            task.add_done_callback(lambda done: self._late.pop(done, None))
        return parts + len(calls)

    def stop(self) -> None:
        """Begin no more calls; what has not begun is handed back."""
        self._stopping = True

    async def _start(self, claimed: Sequence[Claimed]) -> set[int]:
        try:
            async with self._db.transaction() as connection:
                started = await pump.start(
                    connection, attempts=[one.attempt_id for one in claimed],
                    worker=self._worker, lease=self._lease,
                )  # fmt: skip
        except OperationalError:
            await self.release(claimed)
            raise
        await self.release([one for one in claimed if one.attempt_id not in started])
        return started

    async def release(self, batch: Sequence[Claimed]) -> None:
        """Hand back what is surely not handed over, so that it need not wait for its lease."""
        attempts = [claimed.attempt_id for claimed in batch]

        async def give_back() -> None:
            async with self._db.transaction() as connection:
                await pump.release(connection, attempts=attempts, worker=self._worker)

        if attempts:
            await _patiently(give_back, until=clock.monotonic() + self._lease)

    async def close(self) -> None:
        """Wait for what is still out; what a cancellation cuts off stays with its lease."""
        await asyncio.gather(*self._late, return_exceptions=True)

    async def _finish(self, group: Group, calls: set[asyncio.Task[Result]]) -> None:
        try:
            await self._wait(group, calls, patient=True)
        except Exception as problem:  # noqa: BLE001 - the lease lapses, the sweeper resolves it
            log.error("handover.not_settled", problem=type(problem).__name__)

    async def _wait(
        self, group: Group, calls: set[asyncio.Task[Result]], *, patient: bool
    ) -> tuple[int, set[asyncio.Task[Result]]]:
        """Settle answers as they come. Returns the parts billed and, unless patient, the calls
        that are still out after a while, if they are few."""
        began = looked = clock.monotonic()
        parts = 0
        try:
            while calls:
                done, calls = await asyncio.wait(calls, timeout=SETTLE_EVERY)
                results = [call.result() for call in done]
                await self._settle(group, results)
                parts += sum(r.answer.parts if isinstance(r.answer, Sent) else 1 for r in results)
                now = clock.monotonic()
                if calls and now - looked > LOOK_EVERY:
                    looked = now
                    await self._look_for_recalls(group)
                if not patient and now - began > PATIENCE and self._room_for(len(calls)):
                    break
        except BaseException:
            for call in calls:
                call.cancel()
            raise
        return parts, calls

    async def _look_for_recalls(self, group: Group) -> None:
        """A recall stops what has not begun, also in the middle of a group."""
        with contextlib.suppress(OperationalError):
            async with self._db.transaction() as connection:
                group.recalled |= await broadcasts.recalled(connection, list(group.broadcasts))

    def _room_for(self, count: int) -> bool:
        return sum(self._late.values()) + count <= self._most_late

    async def _send(self, group: Group, claimed: Claimed) -> Result:
        async with self._slots:
            if not self._may_begin(group, claimed):
                return Result(claimed, None)
            try:
                message = group.compose(claimed, channel=self._channel, now=clock.now())
            except Exception as problem:  # noqa: BLE001 - it must not take the others along
                log.error(
                    "compose.failed", delivery=claimed.delivery_id, why=type(problem).__name__
                )
                return Result(claimed, Rejected("cannot_compose"))
            return Result(claimed, await _call(group.sender, message, claimed))

    def _may_begin(self, group: Group, claimed: Claimed) -> bool:
        now = clock.monotonic()
        return (
            not self._stopping
            and now <= group.until - LONGEST_CALL  # else the lease might lapse before the answer
            and group.sender.may_begin(now=now)
            and claimed.broadcast_id not in group.recalled
        )

    async def _settle(self, group: Group, results: Sequence[Result]) -> None:
        verdicts = [
            (result, self._judge(result.claimed, result.answer))
            for result in results
            if result.answer is not None
        ]
        # Before anything else: the calls that wait for a slot ask the sender first.
        self._remember(group.sender, verdicts)
        await self.release([result.claimed for result in results if result.answer is None])
        if not verdicts:
            return
        try:
            await _patiently(lambda: self._write(group.sender, verdicts), until=group.until)
        except DataError:
            await self._settle_singly(group, verdicts)

    async def _settle_singly(
        self, group: Group, verdicts: Sequence[tuple[Result, Verdict]]
    ) -> None:
        """One answer that cannot be written must not take the others of its group along."""
        for pair in verdicts:
            try:
                await _patiently(lambda: self._write(group.sender, [pair]), until=group.until)  # noqa: B023 - awaited here
            except DataError as problem:
                log.error(
                    "settle.impossible", attempt=pair[0].claimed.attempt_id,
                    problem=type(problem).__name__,
                )  # fmt: skip

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
            worth_until=worth_until(created_at=claimed.created_at, valid_until=claimed.valid_until),
            now=clock.now(),
            spread=random.random(),  # noqa: S311 - jitter, not a secret
        )

    def _remember(self, sender: Sender, verdicts: Sequence[tuple[Result, Verdict]]) -> None:
        now = clock.monotonic()
        if any(verdict.outcome == "sent" for _, verdict in verdicts):
            sender.worked()
        elif self._channel is not Channel.PUSH:  # there one sender speaks to many services
            for _ in (v for _, v in verdicts if v.reason in SILENCE):
                sender.said_nothing(now=now)
        sender.stopped = sender.stopped or any(v.sender_stopped for _, v in verdicts)
        down = next((pair for pair in verdicts if pair[1].sender_down), None)
        if down is not None:
            result, verdict = down
            sender.went_down(now=now, rest=getattr(result.answer, "after", None))
            log.warning("sender.down", sender=sender.name, reason=verdict.reason)


async def _patiently(work: Callable[[], Awaitable[None]], *, until: float) -> None:
    """Try again until it works: what is known must not be lost to a hiccup of the database."""
    pause = 0.05
    while True:
        try:
            return await work()
        except OperationalError as problem:
            if clock.monotonic() + pause > until:
                raise
            log.warning("settle.tried_again", problem=type(problem).__name__)
            await asyncio.sleep(pause)
            pause = min(2 * pause, 1.0)


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
        parts=min(sent.parts, MOST_PARTS) if sent else None,
        delay=verdict.delay,
        judged=not (verdict.sender_down or verdict.sender_stopped),
    )
