"""The pump: claim, start, send, settle, in batches, for one lane and channel.

    claim ──► start (≤ 50) ──► carrier.send × n ──► settle ──► start … ──► claim
      │            │                                   │
      └ not due,   └ recalled since: released          └ fenced by attempt and worker
        recalled, expired, left: ended there

No transaction is open while anything is sent. A pump that dies leaves a lease behind, which the
sweeper resolves.
"""

import asyncio
import contextlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from channels.base import Failure, OutcomeUnknown, Rejected, Sent
from notify import clock
from notify.domain.delivery import DeliveryStatus, allowed_from
from notify.domain.outcome import Verdict, judge
from notify.domain.words import Channel, Lane
from notify.log import get
from notify.services.composing import Composer, Message
from notify.services.senders import Sender, choose
from notify.store import pump, senders
from notify.store.database import Connection, Database
from notify.store.pump import Claimed, Settled

log = get(__name__)

GROUP = 50  # rule 3: started and settled together
WINDOW = 5.0  # seconds of work in hand, and of backlog at a provider
HALF_SECOND = 0.5  # a recall is noticed at least this often
LONGEST_CALL = 40.0  # seconds; every carrier has a shorter time-out of its own
_MOST = 500


@dataclass(frozen=True, slots=True)
class Result:
    """One claimed delivery and what the carrier made of it; None: not handed over after all."""

    claimed: Claimed
    answer: Sent | Failure | None


class Pump:
    """Moves the due deliveries of one lane and channel to providers."""

    def __init__(
        self,
        *,
        db: Database,
        lane: Lane,
        channel: Channel,
        every: Sequence[Sender],
        composer: Composer,
        worker: UUID,
        lease: int,
        slots: asyncio.Semaphore,
    ) -> None:
        self._db = db
        self._lane = lane
        self._channel = channel
        self._every = every
        self._composer = composer
        self._worker = worker
        self._lease = lease
        self._slots = slots
        self._speed = 50.0  # messages a second, learned
        self._wake = asyncio.Event()
        self._stop = asyncio.Event()

    def wake(self) -> None:
        self._wake.set()

    def stop(self) -> None:
        """Finish the group in hand, hand back the rest, end."""
        self._stop.set()
        self._wake.set()

    async def run(self) -> None:
        """Pump until told to stop. A database that is away is waited for."""
        while not self._stop.is_set():
            try:
                moved = await self.round()
            except Exception as problem:  # noqa: BLE001 - a pump outlives whatever happens
                log.error(
                    "pump.round_failed", lane=str(self._lane), channel=str(self._channel),
                    problem=type(problem).__name__,
                )  # fmt: skip
                await asyncio.sleep(1)
                continue
            if not moved:
                await self._rest()

    async def _rest(self) -> None:
        longest = 1.0 if self._lane is Lane.ALERT else 10.0
        async with self._db.transaction() as connection:
            wait = await pump.next_due(connection, lane=self._lane, channel=self._channel)
        # What is due and was not taken waits for a sender or a lock: look again soon, not at once.
        pause = longest if wait is None else min(longest, max(wait, 0.25))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._wake.wait()
        self._wake.clear()

    async def round(self) -> bool:
        """One claim and what follows from it. False when there was nothing to do."""
        async with self._db.transaction() as connection:
            if self._lane is Lane.BULK and await pump.alert_waiting(connection, self._channel):
                return False
            stopped = await senders.stopped(connection)
        sender = choose(self._every, stopped=stopped, now=clock.monotonic())
        if sender is None:
            return False
        batch = await self._claim(sender)
        if not batch:
            return False
        began = clock.monotonic()
        await self._composer.prepare(self._db, batch)
        done = await self._work(sender, batch, began=began)
        took = max(clock.monotonic() - began, 0.001)
        self._speed = 0.5 * self._speed + 0.5 * done / took
        return True

    async def _claim(self, sender: Sender) -> list[Claimed]:
        size = max(1, min(_MOST, int(self._speed * WINDOW)))
        async with self._db.transaction() as connection:
            if sender.rate is not None:
                size = await senders.reserve(
                    connection, sender.name, rate=sender.rate, wanted=size, window=WINDOW
                )
                if size == 0:
                    return []
            batch = await pump.claim(
                connection, lane=self._lane, channel=self._channel, sender=sender.name,
                worker=self._worker, size=size, lease=self._lease,
                allowed=allowed_from(DeliveryStatus.SENDING),
            )  # fmt: skip
            if sender.rate is not None and len(batch) < size:
                await senders.give_back(
                    connection, sender.name, rate=sender.rate, units=size - len(batch)
                )
        return batch

    async def _work(self, sender: Sender, batch: list[Claimed], *, began: float) -> int:
        size = GROUP if sender.rate is None else max(1, min(GROUP, int(sender.rate * HALF_SECOND)))
        done = 0
        for at in range(0, len(batch), size):
            held_long = clock.monotonic() - began > self._lease / 2
            if self._stop.is_set() or held_long or sender.down_until > clock.monotonic():
                await self._release(batch[at:])
                break
            group = batch[at : at + size]
            started = clock.monotonic()
            parts = await self._hand_over(sender, group)
            done += len(group)
            if sender.rate is not None:
                await self._pace(sender, parts, count=len(group), started=started)
        return done

    async def _pace(self, sender: Sender, parts: int, *, count: int, started: float) -> None:
        """Keep to the sender's rate, also where a message is billed as several parts."""
        rate = sender.rate or 1.0
        if parts > count:
            async with self._db.transaction() as connection:
                await senders.give_back(connection, sender.name, rate=rate, units=count - parts)
        left = max(parts, count) / rate - (clock.monotonic() - started)
        if left > 0:
            await asyncio.sleep(min(left, WINDOW))

    async def _hand_over(self, sender: Sender, group: list[Claimed]) -> int:
        """Start, send and settle one group; returns the parts the provider bills."""
        until = clock.monotonic() + self._lease
        ids = [claimed.attempt_id for claimed in group]
        async with self._db.transaction() as connection:
            started = await pump.start(
                connection, attempts=ids, worker=self._worker, lease=self._lease
            )
        go = [claimed for claimed in group if claimed.attempt_id in started]
        if len(go) < len(group):
            await self._release([c for c in group if c.attempt_id not in started])
        results = await asyncio.gather(*(self._send(sender, claimed, until) for claimed in go))
        await self._settle(sender, [r for r in results if r.answer is not None])
        await self._release([r.claimed for r in results if r.answer is None])
        return sum(r.answer.parts if isinstance(r.answer, Sent) else 1 for r in results)

    async def _send(self, sender: Sender, claimed: Claimed, until: float) -> Result:
        async with self._slots:
            if clock.monotonic() > until - LONGEST_CALL / 2:
                return Result(claimed, None)  # the lease is too short now to begin a call
            try:
                message = self._composer.compose(claimed, channel=self._channel, now=clock.now())
            except (LookupError, ValueError) as problem:
                log.error(
                    "compose.failed", delivery=claimed.delivery_id, why=type(problem).__name__
                )
                return Result(claimed, Rejected("cannot_compose"))
            return Result(claimed, await _call(sender, message, claimed))

    async def _settle(self, sender: Sender, results: Sequence[Result]) -> None:
        if not results:
            return
        verdicts = [(r, self._judge(r)) for r in results]
        settled = [_settled(r, v) for r, v in verdicts]
        async with self._db.transaction() as connection:
            ours = await pump.settle(connection, settled, worker=self._worker)
            await self._suppress(connection, [p for p in verdicts if p[1].suppress])
            stop = next((v for _, v in verdicts if v.sender_stopped), None)
            if stop is not None:
                await senders.stop(
                    connection, sender.name, reason=stop.reason or "stopped", code=stop.code
                )
        if stop is not None:
            log.error("sender.stopped", sender=sender.name, reason=stop.reason, code=stop.code)
        if len(ours) < len(settled):
            log.warning("pump.lease_lost", attempts=len(settled) - len(ours))
        self._remember(sender, verdicts)

    @staticmethod
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

    def _remember(self, sender: Sender, verdicts: Sequence[tuple[Result, Verdict]]) -> None:
        now = clock.monotonic()
        for result, verdict in verdicts:
            if verdict.outcome == "sent":
                sender.worked()
            elif verdict.sender_down:
                rest = getattr(result.answer, "after", None)
                sender.went_down(now=now, rest=rest)
                log.warning("sender.down", sender=sender.name, reason=verdict.reason)

    def _judge(self, result: Result) -> Verdict:
        assert result.answer is not None  # noqa: S101 - filtered by the caller
        return judge(
            result.answer,
            lane=self._lane,
            tries=result.claimed.tries,
            created_at=result.claimed.created_at,
            now=clock.now(),
            spread=random.random(),  # noqa: S311 - jitter, not a secret
        )

    async def _release(self, batch: Sequence[Claimed]) -> None:
        if batch:
            async with self._db.transaction() as connection:
                await pump.release(
                    connection, attempts=[c.attempt_id for c in batch], worker=self._worker
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
    answer = result.answer
    sent = answer if isinstance(answer, Sent) else None
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
