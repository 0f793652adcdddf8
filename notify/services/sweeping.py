"""The sweeper: resolves what workers left in doubt and ends what has had its time.

Safe to run in any number: every statement takes only rows that nobody else holds.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from channels.base import Failure
from channels.sms import Found, TwilioSms
from notify import clock
from notify.domain.broadcast import BroadcastStatus, broadcast_from
from notify.domain.delivery import DeliveryStatus, status_after
from notify.domain.doubt import Resolution, resolve
from notify.domain.outcome import GRACE
from notify.domain.words import Channel, Lane
from notify.log import get
from notify.services.composing import Composer
from notify.services.senders import Sender
from notify.services.timekeeping import keep_time
from notify.store import holding, sms_spending, sweep
from notify.store.claiming import Claimed
from notify.store.database import Database, Row

log = get(__name__)

_BATCH = 1_000
_DOUBTS = 50
_HOLD = 60.0  # seconds look-ups may take before somebody else may try
_TOGETHER = 10  # look-ups at once
_PATIENCE = 2.0  # seconds the other doubts wait for look-ups
_LANES = ((Lane.ALERT, Lane.NOTE), (Lane.BULK,))  # announcements hold up nothing else
_ASKED = (Channel.SMS,)
_NOT_ASKED = (Channel.EMAIL, Channel.PUSH)
_ASK_AGAIN = 30.0  # seconds
_WHILE_HELD = 600.0  # seconds; letting it go looks at once


@dataclass(frozen=True, slots=True)
class Swept:
    """How many deliveries a sweep touched."""

    lapsed: int
    ended: int


class Sweeper:
    def __init__(self, db: Database, *, senders: Sequence[Sender], composer: Composer) -> None:
        self._db = db
        self._composer = composer
        self._asking: dict[tuple[Lane, ...], asyncio.Task[int]] = {}
        self._lookups: Mapping[str, TwilioSms] = {
            sender.name: sender.carrier
            for sender in senders
            if isinstance(sender.carrier, TwilioSms)
        }

    async def sweep(self) -> Swept:
        """One round over everything that may have been left behind."""
        try:
            await keep_time(self._db)
        except Exception as problem:  # noqa: BLE001 - the next round tries again; leases go on lapsing
            log.error("sweep.clock_failed", problem=type(problem).__name__)
        async with self._db.transaction() as connection:
            closed = await sweep.lapsed(connection, size=_BATCH, grace=GRACE)
            if closed:  # what a crash leaves in doubt may be billed
                month = clock.month(self._composer.zone)
                await sms_spending.count(connection, attempts=closed, month=month)
        ended = await self._end()
        if closed:
            log.warning("sweep.leases_lapsed", deliveries=len(closed))
        return Swept(lapsed=len(closed), ended=ended)

    async def _end(self) -> int:
        ended = 0
        while True:
            async with self._db.transaction() as connection:
                n = await sweep.expire(connection, size=_BATCH)
            ended += n
            if n < _BATCH:
                break
        async with self._db.transaction() as connection:
            for row in await sweep.missed(
                connection, allowed=broadcast_from(BroadcastStatus.EXPIRED)
            ):
                log.warning("broadcast.expired_unsent", broadcast=str(row["id"]))
            for row in await sweep.finish(connection):
                log.info("broadcast.dispatched", broadcast=str(row["id"]))
            await holding.end_holds(connection)
            await sweep.close_silent(connection, size=_BATCH)
        return ended

    async def resolve(self) -> int:
        """Look into deliveries of which nobody knows whether they were taken; returns how many.

        Alerts and notes first. Where nobody is asked it is decided at once. The providers of SMS
        are asked beside that, and what hangs there is left to go on: the next call collects it.
        Run it beside `sweep`, not within.
        """
        for lanes in _LANES:
            if lanes not in self._asking:
                self._asking[lanes] = asyncio.create_task(self._round(lanes, _ASKED))
        try:
            resolved = 0
            for lanes in _LANES:
                resolved += await self._round(lanes, _NOT_ASKED)
            done, _ = await asyncio.wait(self._asking.values(), timeout=_PATIENCE)
        except asyncio.CancelledError:
            for task in self._asking.values():
                task.cancel()
            raise
        self._asking = {lanes: t for lanes, t in self._asking.items() if t not in done}
        return resolved + sum(await asyncio.gather(*done))

    async def _round(self, lanes: tuple[Lane, ...], channels: tuple[Channel, ...]) -> int:
        together = asyncio.Semaphore(_TOGETHER)
        async with self._db.transaction() as connection:
            rows = await sweep.doubtful(
                connection, lanes=list(lanes), channels=list(channels), size=_DOUBTS, hold=_HOLD
            )
        async with asyncio.timeout(_HOLD - 5):  # then somebody else may take them
            await asyncio.gather(*(self._resolve_one(row, together) for row in rows))
        return len(rows)

    async def _resolve_one(self, row: Row, together: asyncio.Semaphore) -> None:
        try:
            async with together:
                await self._decide(row)
        except Exception as problem:  # noqa: BLE001 - it comes up again; the others go on
            log.error("doubt.failed", delivery=row["delivery_id"], problem=type(problem).__name__)

    async def _decide(self, row: Row) -> None:
        way = _way(row, looked=False, can_look=row["sender"] in self._lookups)
        if way is Resolution.LOOK_UP:
            try:
                found = await self._look_up(row)
            except Failure as failure:
                log.warning("doubt.not_looked_up", delivery=row["delivery_id"], why=failure.reason)
                if not row["long_ago"]:
                    await self._ask_later(row, delay=_ASK_AGAIN)
                    return
                found = None
            if found is not None:
                await self._take(row, found)
                return
            way = _way(row, looked=True, can_look=True)
        if way is Resolution.RESEND and row["held"]:
            await self._ask_later(row, delay=_WHILE_HELD)
            return
        put = sweep.resend if way is Resolution.RESEND else sweep.leave_unknown
        async with self._db.transaction() as connection:
            await put(connection, row["delivery_id"], attempt_id=row["attempt_id"])
        log.warning("doubt.resolved", delivery=row["delivery_id"], way=str(way))

    async def _look_up(self, row: Row) -> Found | None:
        claimed = _claimed(row)
        compose = await self._composer.prepare(self._db, [claimed])
        message = compose(claimed, channel=Channel.SMS, now=clock.now())
        body: str = getattr(message, "body", "")
        return await self._lookups[row["sender"]].find(
            to=row["value"], body=body, since=row["started_at"]
        )

    async def _take(self, row: Row, found: Found) -> None:
        """The provider has it: its word becomes the status."""
        status = status_after(found.receipt.report) or DeliveryStatus.SENT
        async with self._db.transaction() as connection:
            await sweep.found(
                connection,
                id=row["delivery_id"],
                attempt_id=row["attempt_id"],
                provider_id=found.provider_id,
                status=str(status),
                reason=found.receipt.reason if status is DeliveryStatus.FAILED else None,
                at=row["started_at"],
            )
        log.info("doubt.found", delivery=row["delivery_id"], status=str(status))

    async def _ask_later(self, row: Row, *, delay: float) -> None:
        async with self._db.transaction() as connection:
            await sweep.ask_later(
                connection, row["delivery_id"], attempt_id=row["attempt_id"], delay=delay
            )


def _way(row: Row, *, looked: bool, can_look: bool) -> Resolution:
    return resolve(
        channel=Channel(row["channel"]),
        lane=Lane(row["lane"]),
        repeats=row["repeats"],
        over=row["over"] or row["value"] is None,
        looked=looked,
        can_look=can_look,
    )


def _claimed(row: Row) -> Claimed:
    fields: dict[str, Any] = {name: row[name] for name in Claimed.__dataclass_fields__}
    return Claimed(**fields)
