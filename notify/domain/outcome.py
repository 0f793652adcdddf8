"""What a hand-over makes of a delivery: the one place where failures become statuses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels.base import (
    AddressGone,
    Failure,
    NotAsked,
    OutcomeUnknown,
    SenderDown,
    SenderStopped,
    Sent,
    TryAgain,
)
from notify.domain.delivery import DeliveryStatus
from notify.domain.words import Lane

QUICK: Sequence[float] = (0, 2, 5, 15, 30, 60, 120, 300)
"""Seconds before each further try of an alert or a note; the last one repeats. The first comes
at once: much of what goes wrong is over in a moment."""

SLOW: Sequence[float] = (60, 300, 900, 1800, 3600, 7200, 14400)
"""The same for bulk."""

LONGEST_WISH = 14_400.0
LONGEST_WISH_URGENT = 60.0
"""How far a provider's "come back later" is followed, in seconds: an alert cannot wait a day.
It only ever lengthens our own pause: a provider that says "at once" each time is no reason to
ask it without end."""

SHORTEST_UNASKED = 1.0
"""Seconds between looks at a delivery that nobody was asked about; such looks do not count as
tries, so no schedule spreads them."""

UNASKED_SHARE = 8.0
"""What has waited for so long unasked may wait for an eighth of that more: a service that is
away for hours must not cost a look a minute at each of its deliveries."""

LONGEST_UNASKED = 1_800.0
LONGEST_UNASKED_URGENT = 60.0

JITTER = 0.25
"""Of a pause, at most and at random: what failed together must not come back together."""

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
    `sender_down` and `sender_stopped` are about the sender, not the delivery. `judged`: the
    provider looked at this very message, so that it counts among the tries of its delivery."""

    outcome: str
    status: DeliveryStatus
    reason: str | None = None
    code: str | None = None
    delay: float | None = None
    suppress: bool = False
    sender_down: bool = False
    sender_stopped: bool = False
    judged: bool = True


def judge(
    result: Sent | Failure,
    *,
    lane: Lane,
    tries: int,
    created_at: datetime,
    valid_until: datetime | None,
    now: datetime,
    spread: float,
) -> Verdict:
    """Weigh what a channel answered. `tries` counts earlier attempts that a provider judged,
    `spread` is a random number from 0 to 1 for the jitter."""
    if isinstance(result, Sent):
        return Verdict("sent", DeliveryStatus.SENT, code=result.code)
    if isinstance(result, OutcomeUnknown):
        return Verdict("unknown", DeliveryStatus.UNKNOWN, result.reason, result.code, delay=GRACE)
    if isinstance(result, SenderStopped):
        return Verdict(
            "sender_stopped", DeliveryStatus.PENDING, result.reason, result.code,
            delay=1.0, sender_stopped=True, judged=False,
        )  # fmt: skip
    if isinstance(result, AddressGone):
        return Verdict(
            "address_gone", DeliveryStatus.FAILED, result.reason, result.code, suppress=True
        )
    if isinstance(result, TryAgain):
        waited = (now - created_at).total_seconds()
        delay = pause(result, lane=lane, tries=tries, waited=waited, spread=spread)
        left = worth_until(created_at=created_at, valid_until=valid_until) - now
        return _again(result, tries=tries, delay=delay, left=left.total_seconds())
    return Verdict("rejected", DeliveryStatus.FAILED, result.reason, result.code)


def worth_until(*, created_at: datetime, valid_until: datetime | None) -> datetime:
    """When a message has lost its point: its own end, or three days where it names none."""
    return valid_until or created_at + GIVE_UP


def _again(result: TryAgain, *, tries: int, delay: float, left: float) -> Verdict:
    """Put off, but not past its end: due just then, it is found to be `expired`, which is what
    it is, and not blamed on what the provider said last."""
    down = isinstance(result, SenderDown)
    judged = not isinstance(result, SenderDown | NotAsked)
    if judged and tries + 1 >= MOST_TRIES and left > 0:
        return Verdict("try_again", DeliveryStatus.FAILED, result.reason, result.code)
    return Verdict(
        "try_again", DeliveryStatus.PENDING, result.reason, result.code,
        delay=min(delay, max(left, 0.0)), sender_down=down, judged=judged,
    )  # fmt: skip


def pause(result: TryAgain, *, lane: Lane, tries: int, spread: float, waited: float = 0.0) -> float:
    """Seconds to wait: our schedule or the provider's longer wish, with up to a quarter of
    jitter. `waited` is how long the delivery has been there."""
    bulk = lane is Lane.BULK
    schedule = SLOW if bulk else QUICK
    wish = min(result.after or 0.0, LONGEST_WISH if bulk else LONGEST_WISH_URGENT)
    delay = schedule[min(tries, len(schedule) - 1)]
    if isinstance(result, NotAsked):
        longest = LONGEST_UNASKED if bulk else LONGEST_UNASKED_URGENT
        delay = max(wish, SHORTEST_UNASKED, min(waited / UNASKED_SHARE, longest))
    elif isinstance(result, SenderDown):
        # Another sender may take it, and this one is probed soon.
        delay = min(delay if result.after is None else result.after, 5.0)
    else:
        delay = max(delay, wish, GREYLISTED if result.reason == "greylisted" else 0.0)
    return delay * (1 + JITTER * spread)
