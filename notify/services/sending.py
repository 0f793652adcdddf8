"""The pump: claim, start, send, settle, in batches, for one lane and channel.

    claim ──► start (≤ 50) ──► carrier.send × n ──► settle ──► start … ──► claim
      │            │                                   │
      └ not due,   └ recalled since: released          └ fenced by attempt and worker
        recalled, expired, left: ended there

A pump that dies leaves a lease behind, which the sweeper resolves.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence, Set
from uuid import UUID
from zoneinfo import ZoneInfo

from notify import clock
from notify.domain.delivery import DeliveryStatus, allowed_from
from notify.domain.words import Channel, Lane
from notify.log import get
from notify.services.composing import Composer
from notify.services.courses import Course
from notify.services.handing_over import HandOver
from notify.services.senders import Sender, may_use, ready
from notify.store import claiming, senders
from notify.store.claiming import Claimed, Onward
from notify.store.database import Database
from notify.store.senders import SenderHealth

log = get(__name__)

GROUP = 50  # rule 3: started together
WINDOW = 5.0  # seconds of work in hand, and of backlog at a provider
HALF_SECOND = 0.5  # a recall, or an alert that overtakes, is noticed about this often
MOST = 500


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
        zone: ZoneInfo,
        most_late: int = 10,
    ) -> None:
        self._db = db
        self._lane = lane
        self._channel = channel
        self._every = every
        self._composer = composer
        self._worker = worker
        self._lease = lease
        self._hands = HandOver(
            db, lane=lane, channel=channel, worker=worker, lease=lease,
            zone=zone, most_late=most_late,
        )  # fmt: skip
        self._zone = zone
        self._speed = 50.0  # messages a second, learned
        self._every_look = 1.0 if lane is Lane.ALERT else 10.0  # rule 1
        # What asks or answers something goes only by senders that hear, and has a turn of its own.
        apart = len({sender.hears for sender in every}) > 1
        self._turns: tuple[bool | None, ...] = (True, False) if apart else (None,)
        self._courses = {asks: Course(self._every_look) for asks in self._turns}
        self._capped = lane is Lane.BULK and channel is Channel.SMS
        self._wake = asyncio.Event()
        self._stop = asyncio.Event()

    @property
    def recalled(self) -> Set[UUID]:
        """Broadcasts this pump found recalled while it had them in hand."""
        return self._hands.recalled

    def wake(self) -> None:
        for course in self._courses.values():
            course.end()
        self._wake.set()

    def stop(self) -> None:
        """Finish the group in hand, hand back the rest, end."""
        self._stop.set()
        self._hands.stop()
        self._wake.set()

    async def run(self) -> None:
        """Pump until told to stop. A database that is away is waited for."""
        going = False
        while not self._stop.is_set():
            self._wake.clear()
            try:
                wait = 0.0 if going else await self._next_due()
                going = wait is not None and wait <= 0 and await self.round()
                if not going:
                    await self._rest(wait)
            except Exception as problem:  # noqa: BLE001 - a pump outlives whatever happens
                log.error(
                    "pump.round_failed", lane=str(self._lane), channel=str(self._channel),
                    problem=type(problem).__name__,
                )  # fmt: skip
                await asyncio.sleep(1)
        await self._hands.close()

    async def _next_due(self) -> float | None:
        """Most pumps have nothing to do most of the time, and find that out at the least cost."""
        async with self._db.statement() as connection:
            return await claiming.next_due(connection, lane=self._lane, channel=self._channel)

    async def _rest(self, wait: float | None) -> None:
        # What is due and was not taken waits for a sender or a lock: look again soon, not at once.
        pause = self._every_look if wait is None else min(self._every_look, max(wait, HALF_SECOND))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._wake.wait()

    async def round(self) -> bool:
        """One claim and what follows from it. False when there was nothing to do."""
        if await self._must_yield():
            return False
        async with self._db.statement() as connection:
            health = await senders.health(connection, [sender.name for sender in self._every])
        for asks in self._turns:
            if await self._turn(asks, health):
                self._turns = self._turns[::-1]
                return True
        return False

    async def _turn(self, asks: bool | None, health: Mapping[str, SenderHealth]) -> bool:
        """The same for what asks something, for what does not, or for all (None)."""
        began = clock.monotonic()
        urgent = self._lane is not Lane.BULK
        every = [sender for sender in self._every if sender.hears or not asks]
        able = ready(every, health, urgent=urgent, now=began)
        if asks and not able and self._lane is Lane.ALERT:
            # A warning that nobody can answer is better than one that comes too late.
            every = [*self._every]
            able = ready(every, health, urgent=urgent, now=began)
        others = sum(sender.may_begin(now=began) for sender in every) > 1
        for sender in able:
            batch = await self._claim(sender, asks)
            if batch is None:
                continue
            if not batch:
                return False
            done = await self._work(sender, batch, began=began, replaceable=others)
            took = max(clock.monotonic() - began, 0.001)
            self._speed = 0.5 * self._speed + 0.5 * done / took
            return True
        return False

    async def _claim(self, sender: Sender, asks: bool | None) -> list[Claimed] | None:
        """What to hand over to this sender now; None when it is not to be used just now: another
        worker tries whether it works again, or its rate has no room for something urgent.

        The sender's row is let go before deliveries are locked: others wait for it.
        """
        # One message is enough to see whether a sender that was down works again.
        size = 1 if sender.failures else max(1, min(MOST, int(self._speed * WINDOW)))
        if sender.failures or sender.rate is not None:
            room = await self._reserve(sender, size)
            if not room:
                return [] if room == 0 and self._lane is Lane.BULK else None
            size = room
        onward = self._courses[asks].onward(now=clock.monotonic())
        batch = await self._take(sender, size, onward, asks)
        if not batch and onward:
            onward = self._courses[asks].onward(now=clock.monotonic())
            batch = await self._take(sender, size, onward, asks)
        if sender.rate is not None and len(batch) < size:
            await self._give_back(sender, size - len(batch))
        if sender.failures and not batch:
            await self._tried(sender)
        return batch

    async def _take(
        self, sender: Sender, size: int, onward: Onward | None, asks: bool | None
    ) -> list[Claimed]:
        async with self._db.statement() as connection:
            batch = await claiming.claim(
                connection, lane=self._lane, channel=self._channel, sender=sender.name,
                worker=self._worker, size=size, lease=self._lease,
                allowed=allowed_from(DeliveryStatus.SENDING), zone=self._zone.key,
                month=clock.month(self._zone) if self._capped else None, onward=onward,
                asks=asks,
            )  # fmt: skip
        self._courses[asks].took(batch, asked=size)
        return batch

    async def _reserve(self, sender: Sender, wanted: int) -> int | None:
        """How many messages its rate has room for just now; None when it is not to be used."""
        async with self._db.transaction() as connection:
            if not await may_use(connection, sender):
                return None
            if sender.rate is None:
                return wanted
            size = await senders.reserve(
                connection, sender.name, rate=sender.rate, wanted=wanted, window=WINDOW
            )
            if size == 0 and sender.failures:
                await senders.leave_probe(connection, sender.name)
        return size

    async def _tried(self, sender: Sender) -> None:
        """Whatever came of it: the next worker may try this sender."""
        async with self._db.statement() as connection:
            await senders.leave_probe(connection, sender.name)

    async def _work(
        self, sender: Sender, batch: Sequence[Claimed], *, began: float, replaceable: bool
    ) -> int:
        """Hand over a batch group by group; what there is no time for goes back."""
        size = GROUP if sender.rate is None else max(1, min(GROUP, int(sender.rate * HALF_SECOND)))
        rest = batch
        looked = began
        trying = sender.failures > 0
        try:
            compose = await self._composer.prepare(self._db, batch)
            while rest and self._may_go_on(sender, began=began):
                group, rest = rest[:size], rest[size:]
                started = clock.monotonic()
                parts = await self._hands.group(sender, group, compose, replaceable=replaceable)
                if sender.rate is not None and parts:
                    await self._pace(sender, parts, count=len(group), started=started)
                if clock.monotonic() - looked > HALF_SECOND:
                    looked = clock.monotonic()
                    if await self._must_yield():
                        break
        except BaseException:
            await self._hands.release(rest)
            raise
        await self._hands.release(rest)
        if trying and not self._hands.out:
            await self._tried(sender)
        if rest and sender.rate is not None:
            await self._give_back(sender, len(rest))
        return len(batch) - len(rest)

    async def _give_back(self, sender: Sender, units: int) -> None:
        """What was reserved and is not used, or (below zero) used and not reserved."""
        async with self._db.statement() as connection:
            await senders.give_back(connection, sender.name, rate=sender.rate or 1.0, units=units)

    async def _must_yield(self) -> bool:
        """Whether an alert is due on this channel, for which bulk makes way."""
        if self._lane is not Lane.BULK:
            return False
        async with self._db.statement() as connection:
            return await claiming.alert_waiting(connection, self._channel)

    def _may_go_on(self, sender: Sender, *, began: float) -> bool:
        held_long = clock.monotonic() - began > self._lease / 2
        return not self._stop.is_set() and not held_long and sender.may_begin(now=clock.monotonic())

    async def _pace(self, sender: Sender, parts: int, *, count: int, started: float) -> None:
        """Keep to the sender's rate, also where a message is billed as several parts."""
        rate = sender.rate or 1.0
        if parts > count:
            await self._give_back(sender, count - parts)
        until = started + min(max(parts, count) / rate, WINDOW)
        while (left := until - clock.monotonic()) > 0:
            await asyncio.sleep(min(left, HALF_SECOND))
            if left > HALF_SECOND and await self._must_yield():
                return
