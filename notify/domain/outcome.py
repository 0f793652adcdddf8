"""What a hand-over makes of a delivery: the one place where failures become statuses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels.base import (
    AddressGone,
    Failure,
    OutcomeUnknown,
    SenderDown,
    SenderStopped,
    Sent,
    TryAgain,
)
from notify.domain.delivery import DeliveryStatus
from notify.domain.words import Lane

QUICK: Sequence[float] = (0, 2, 5, 15, 30, 60, 120, 300)
"""Seconds before each further try of an alert or a note; the last one repeats."""

SLOW: Sequence[float] = (60, 300, 900, 1800, 3600, 7200, 14400)
"""The same for bulk."""

LONGEST_WISH = 14_400.0
LONGEST_WISH_URGENT = 60.0
"""How far a provider's "come back later" is followed, in seconds: an alert cannot wait a day."""

GREYLISTED = 60.0
"""A greylisting server wants to be left alone about this long before it says yes."""

GIVE_UP = timedelta(hours=72)
"""How long a message without a `valid_until` is worth trying."""

MOST_TRIES = 24

GRACE = 10.0
"""Seconds a receipt may take before an unknown outcome is looked into."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`delay` in seconds until the delivery is due again. `suppress`: never this address again.
    `sender_down` and `sender_stopped` are about the sender, not the delivery."""

    outcome: str
    status: DeliveryStatus
    reason: str | None = None
    code: str | None = None
    delay: float | None = None
    suppress: bool = False
    sender_down: bool = False
    sender_stopped: bool = False


def judge(
    result: Sent | Failure,
    *,
    lane: Lane,
    tries: int,
    worth_until: datetime,
    now: datetime,
    spread: float,
) -> Verdict:
    """Weigh what a channel answered. `tries` counts earlier attempts that a provider judged,
    `worth_until` is when it is pointless to go on, `spread` a random number from 0 to 1 for the
    jitter."""
    if isinstance(result, Sent):
        return Verdict("sent", DeliveryStatus.SENT, code=result.code)
    if isinstance(result, OutcomeUnknown):
        return Verdict("unknown", DeliveryStatus.UNKNOWN, result.reason, result.code, delay=GRACE)
    if isinstance(result, SenderStopped):
        return Verdict(
            "sender_stopped", DeliveryStatus.PENDING, result.reason, result.code,
            delay=1.0, sender_stopped=True,
        )  # fmt: skip
    if isinstance(result, AddressGone):
        return Verdict(
            "address_gone", DeliveryStatus.FAILED, result.reason, result.code, suppress=True
        )
    if isinstance(result, TryAgain):
        return _again(result, lane=lane, tries=tries, worth=now < worth_until, spread=spread)
    return Verdict("rejected", DeliveryStatus.FAILED, result.reason, result.code)


def worth_until(*, created_at: datetime, valid_until: datetime | None) -> datetime:
    """When a message has lost its point: its own end, or three days where it names none."""
    return valid_until or created_at + GIVE_UP


def _again(result: TryAgain, *, lane: Lane, tries: int, worth: bool, spread: float) -> Verdict:
    down = isinstance(result, SenderDown)
    if not worth or (tries + 1 >= MOST_TRIES and not down):
        return Verdict("try_again", DeliveryStatus.FAILED, result.reason, result.code)
    delay = pause(result, lane=lane, tries=tries, spread=spread)
    return Verdict(
        "try_again", DeliveryStatus.PENDING, result.reason, result.code,
        delay=delay, sender_down=down,
    )  # fmt: skip


def pause(result: TryAgain, *, lane: Lane, tries: int, spread: float) -> float:
    """Seconds to wait: the provider's wish, or our schedule, with up to a quarter of jitter."""
    schedule = SLOW if lane is Lane.BULK else QUICK
    delay = schedule[min(tries, len(schedule) - 1)]
    if isinstance(result, SenderDown):
        # Another sender may take it, and this one is probed soon.
        return min(delay if result.after is None else result.after, 5.0) * (1 + 0.25 * spread)
    if result.after is not None:
        longest = LONGEST_WISH if lane is Lane.BULK else LONGEST_WISH_URGENT
        return min(result.after, longest) * (1 + 0.1 * spread)
    if result.reason == "greylisted":
        delay = max(delay, GREYLISTED)
    return delay * (1 + 0.25 * spread)
