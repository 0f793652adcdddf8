"""Hands one group of claimed deliveries to a sender: start, send, settle.

No transaction is open while anything is sent. What the provider answered is written down as it
comes; a few that answer slowly are waited for beside the next group.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from channels.base import Failure, OutcomeUnknown, Rejected, Sent
from notify import clock
from notify.domain.words import Channel, Lane
from notify.log import get
from notify.services.composing import Compose, Message
from notify.services.senders import Sender
from notify.services.settling import Result, Settler
from notify.store import broadcasts, pump
from notify.store.claiming import Claimed
from notify.store.database import AWAY, Database

log = get(__name__)

LONGEST_CALL = 40.0  # seconds; every carrier has a shorter time-out of its own
SETTLE_EVERY = 0.1  # seconds
LOOK_EVERY = 0.5  # seconds; a recall is noticed at least this often
PATIENCE = 1.0  # seconds a group is waited for before the next one begins
SUSPICIOUS = 3.0  # seconds without any answer, after which another sender is better


@dataclass(frozen=True, slots=True)
class Group:
    """What is under way together: to which sender, until when on the monotonic clock, and whether
    another sender could take over."""

    sender: Sender
    compose: Compose
    until: float
    broadcasts: set[UUID]
    replaceable: bool


class HandOver:
    """One worker's hands for a lane and channel."""

    def __init__(
        self,
        db: Database,
        *,
        lane: Lane,
        channel: Channel,
        worker: UUID,
        lease: int,
        zone: ZoneInfo,
        most_late: int,
    ) -> None:
        self._db = db
        self._channel = channel
        self._worker = worker
        self._lease = lease
        self._settler = Settler(
            db, lane=lane, channel=channel, worker=worker, lease=lease, zone=zone
        )
        self._most_late = most_late
        self._late: dict[asyncio.Task[None], int] = {}
        self._stopping = False
        self.recalled: set[UUID] = set()  # broadcasts found recalled while they were in hand

    async def group(
        self, sender: Sender, claimed: Sequence[Claimed], compose: Compose, *, replaceable: bool
    ) -> int:
        """Start, send and settle; returns the parts that the provider bills, as far as known.

        `replaceable`: another sender is there, so that one that answers nothing is not waited for.
        """
        group = Group(
            sender, compose, until=clock.monotonic() + self._lease,
            broadcasts={one.broadcast_id for one in claimed if one.broadcast_id},
            replaceable=replaceable,
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

    @property
    def out(self) -> bool:
        """Whether calls of an earlier group are still waited for."""
        return bool(self._late)

    def stop(self) -> None:
        """Begin no more calls; what has not begun is handed back."""
        self._stopping = True

    async def _start(self, claimed: Sequence[Claimed]) -> set[int]:
        try:
            async with self._db.statement() as connection:
                started = await pump.start(
                    connection, attempts=[one.attempt_id for one in claimed],
                    worker=self._worker, lease=self._lease,
                )  # fmt: skip
        except AWAY:
            await self._settler.release(claimed)
            raise
        await self._settler.release([one for one in claimed if one.attempt_id not in started])
        return started

    async def release(self, batch: Sequence[Claimed]) -> None:
        """Hand back what is surely not handed over."""
        await self._settler.release(batch)

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
        parts, silent = 0, not patient and group.replaceable
        try:
            while calls:
                done, calls = await asyncio.wait(calls, timeout=SETTLE_EVERY)
                results = [call.result() for call in done]
                await self._settler.settle(group.sender, results, until=group.until)
                parts += sum(r.answer.parts if isinstance(r.answer, Sent) else 1 for r in results)
                now = clock.monotonic()
                silent = silent and not any(result.answer for result in results)
                if silent and calls and now - began > SUSPICIOUS:
                    group.sender.suspect(now=now)
                    await self._settler.tell(group.sender, until=group.until)
                    break
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
        with contextlib.suppress(*AWAY):
            async with self._db.statement() as connection:
                found = await broadcasts.recalled(connection, list(group.broadcasts))
            self.recalled |= found

    def _room_for(self, count: int) -> bool:
        return sum(self._late.values()) + count <= self._most_late

    async def _send(self, group: Group, claimed: Claimed) -> Result:
        # Those that wait look ahead now and then: behind a sender that hangs no slot gets free.
        while not await _slot(group.sender):
            if not self._may_begin(group, claimed):
                return Result(claimed, None, clock.now())
        try:
            return await self._begin(group, claimed)
        finally:
            group.sender.slots.release()

    async def _begin(self, group: Group, claimed: Claimed) -> Result:
        if not self._may_begin(group, claimed):
            return Result(claimed, None, clock.now())
        try:
            message = group.compose(claimed, channel=self._channel, now=clock.now())
        except Exception as problem:  # noqa: BLE001 - it must not take the others along
            log.error("compose.failed", delivery=claimed.delivery_id, why=type(problem).__name__)
            return Result(claimed, Rejected("cannot_compose"), clock.now())
        began = clock.monotonic()
        answer = await _call(group.sender, message, claimed)
        group.sender.hear(answer, began=began, now=clock.monotonic())
        return Result(claimed, answer, clock.now())

    def _may_begin(self, group: Group, claimed: Claimed) -> bool:
        now = clock.monotonic()
        return (
            not self._stopping
            and now <= group.until - LONGEST_CALL  # else the lease might lapse before the answer
            and group.sender.may_begin(now=now)
            and claimed.broadcast_id not in self.recalled
        )


async def _slot(sender: Sender) -> bool:
    """Wait for a slot, not for long; whether we have it."""
    if not sender.slots.locked():
        return await sender.slots.acquire()
    try:
        async with asyncio.timeout(LOOK_EVERY):
            return await sender.slots.acquire()
    except TimeoutError:
        return False


async def _call(sender: Sender, message: Message, claimed: Claimed) -> Sent | Failure:
    try:
        async with asyncio.timeout(LONGEST_CALL):
            return await sender.carrier.send(message)
    except Failure as failure:
        return failure
    except TimeoutError:
        return OutcomeUnknown("no_answer")
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        log.error("channel.broke", delivery=claimed.delivery_id, problem="CancelledError")
        return OutcomeUnknown("internal_error")  # a future of the library's own, not us
    except Exception as problem:  # noqa: BLE001 - a channel's bug must not take the batch along
        log.error("channel.broke", delivery=claimed.delivery_id, problem=type(problem).__name__)
        return OutcomeUnknown("internal_error")
