"""The daily test ring: rung once a channel and day, its receipts checked."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from notify.domain.delivery import DeliveryStatus
from notify.domain.duty import (
    LOST,
    PATIENCE,
    PROVED,
    WORTH,
    RingResult,
    Rung,
    Verdict,
    due_day,
    judge,
)
from notify.domain.words import Channel
from notify.log import get
from notify.settings import Settings
from notify.store import duty
from notify.store.database import Connection, Database, Row

log = get(__name__)

Duty = Sequence[tuple[str, str]]
"""Pairs of channel and address, each of a resident who is on duty."""


async def ring_of_the_day(
    db: Database, on_duty: Duty, *, channels: Sequence[str], settings: Settings, now: datetime
) -> list[int]:
    """Ring what is due and was not rung today; also later that day, where the service was down.

    A channel on which nobody on duty can be reached is left for when somebody can.
    """
    day = due_day(now, at=settings.ring_time, zone=settings.zone)
    if day is None:
        return []
    async with db.transaction() as connection:
        left = set(channels) - await duty.rung_on(connection, day)
        if left:
            left &= await duty.reached(connection, on_duty)
        rings = [
            await duty.ring(
                connection, channel, duty=on_duty, day=day,
                patience=PATIENCE.total_seconds(), worth=WORTH.total_seconds(),
            )
            for channel in sorted(left)
        ]  # fmt: skip
    done = [ring for ring in rings if ring is not None]
    if done:
        log.info("ring.rung", day=str(day), rings=done)
    return done


async def ring_by_hand(db: Database, on_duty: Duty, *, channels: Sequence[str]) -> list[int]:
    """Ring at once, whatever was rung today, on every channel that reaches somebody on duty."""
    async with db.transaction() as connection:
        reached = await duty.reached(connection, on_duty)
        rings = [
            await duty.ring(
                connection, channel, duty=on_duty, day=None,
                patience=PATIENCE.total_seconds(), worth=WORTH.total_seconds(),
            )
            for channel in channels if channel in reached
        ]  # fmt: skip
    return [ring for ring in rings if ring is not None]


async def unreached(db: Database, on_duty: Duty, *, channels: Sequence[str]) -> dict[str, bool]:
    """Channels on which nobody on duty can be reached, and whether anybody else uses them."""
    async with db.transaction() as connection:
        reached = await duty.reached(connection, on_duty)
        used = await duty.used(connection, channels)
    return {channel: channel in used for channel in channels if channel not in reached}


async def check(db: Database) -> int:
    """Look what became of the rings that are out; how many are judged by it."""
    count = 0
    async with db.transaction() as connection:
        for row in await duty.unjudged(connection):
            count += await _check_one(connection, row)
    return count


async def _check_one(connection: Connection, row: Row) -> bool:
    rung = await _rung(connection, row)
    verdict = judge(Channel(row["channel"]), rung, late=row["late"])
    if verdict is None:
        return False
    await duty.judged(connection, row["id"], result=verdict.result, reason=verdict.reason)
    say = log.info if verdict.result is RingResult.OK else log.error
    say("ring.judged", ring=row["id"], channel=row["channel"], result=str(verdict.result),
        reason=verdict.reason)  # fmt: skip
    return True


@dataclass(frozen=True, slots=True)
class Report:
    """Where a ring stands: its deliveries by status, and what it shows so far (None: it is out)."""

    channel: Channel
    counts: Mapping[str, int]
    verdict: Verdict | None


async def report(db: Database, rings: Sequence[int]) -> list[Report]:
    """Where these rings stand right now. A mail counts once it is handed over: it may still come
    back later."""
    async with db.transaction() as connection:
        rows = await duty.some(connection, rings)
        return [await _report(connection, row) for row in rows]


async def _report(connection: Connection, row: Row) -> Report:
    channel = Channel(row["channel"])
    rung = await _rung(connection, row)
    handed_over = all(one.status in PROVED[channel] | LOST for one in rung)
    verdict = judge(channel, rung, late=handed_over)
    return Report(channel, Counter(str(one.status) for one in rung), verdict)


async def _rung(connection: Connection, row: Row) -> list[Rung]:
    return [
        Rung(one["resident_id"], DeliveryStatus(one["status"]), one["reason"])
        for one in await duty.outcomes(connection, row["delivery_ids"])
    ]
