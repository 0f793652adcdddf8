"""When the daily test ring is due, and whether it came through."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from notify.domain.delivery import DeliveryStatus
from notify.domain.words import Channel

PATIENCE = timedelta(minutes=10)
"""How long a receipt, or a bounce, may take."""

WORTH = timedelta(hours=1)
"""After that a test ring is not handed over any more."""

_S = DeliveryStatus

PROVED: Mapping[Channel, frozenset[DeliveryStatus]] = {
    # Mail servers do not report arrival: taken, and not come back, is all that can be known.
    Channel.EMAIL: frozenset({_S.SENT, _S.DELIVERED}),
    Channel.SMS: frozenset({_S.DELIVERED}),
    Channel.PUSH: frozenset({_S.DELIVERED}),
}
"""What a delivery must have come to for its channel to be proved."""

LOST = frozenset({_S.FAILED, _S.EXPIRED, _S.CANCELLED, _S.SUPERSEDED})


class RingResult(StrEnum):
    """What a test ring showed."""

    OK = "ok"
    FAILED = "failed"  # a provider said no, or it came back
    SILENT = "silent"  # handed over or not, nothing more was heard


@dataclass(frozen=True, slots=True)
class Rung:
    """One delivery of a test ring."""

    resident: UUID
    status: DeliveryStatus
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is of the first delivery that shows why, in our words."""

    result: RingResult
    reason: str | None = None


def due_day(now: datetime, *, at: time, zone: ZoneInfo) -> date | None:
    """The town's day whose ring is due by now; None before its time.

    A time that the change to summer time leaves out comes an hour later, one that the change
    back brings twice counts the first time.
    """
    day = now.astimezone(zone).date()
    # Compared in UTC: two moments in one zone would be compared by their clocks alone.
    moment = datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
    return day if moment <= now.astimezone(UTC) else None


def judge(channel: Channel, rung: Iterable[Rung], *, late: bool) -> Verdict | None:
    """What a ring showed, or None while there is something to wait for. `late`: its receipts had
    their time.

    Everyone on duty must have got it; of a resident's browsers one is enough, since the others
    may be switched off.
    """
    by_resident: dict[UUID, list[Rung]] = {}
    for one in rung:
        by_resident.setdefault(one.resident, []).append(one)
    if not by_resident:
        return Verdict(RingResult.FAILED, "nobody_left")
    verdicts = [_of_one(channel, every, late=late) for every in by_resident.values()]
    bad = next((v for v in verdicts if v is not None and v.result is not RingResult.OK), None)
    if bad is not None:
        return bad
    return None if None in verdicts else Verdict(RingResult.OK)


def _of_one(channel: Channel, rung: list[Rung], *, late: bool) -> Verdict | None:
    proved = any(one.status in PROVED[channel] for one in rung)
    if proved and (late or channel is not Channel.EMAIL):
        return Verdict(RingResult.OK)
    if all(one.status in LOST for one in rung):
        return Verdict(RingResult.FAILED, rung[0].reason or str(rung[0].status))
    if not late:
        return None
    open_one = next(one for one in rung if one.status not in LOST)
    return Verdict(RingResult.SILENT, str(open_one.status))
