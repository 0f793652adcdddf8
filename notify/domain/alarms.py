"""When something is wrong with the service itself: the limits, and how long each may be a hiccup."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from notify.domain.words import Lane

LATE: Mapping[Lane, float] = {Lane.ALERT: 10.0, Lane.NOTE: 300.0, Lane.BULK: 900.0}
"""Seconds the oldest due delivery of a lane may wait. A code that comes after five minutes is of
no use; bulk steps aside for alerts, and slow senders take their time with it."""

NOTHING_LEFT = 60.0
"""Seconds a delivery may be tried in vain while nothing at all of its broadcast left on the channel;
the lane's own limit where that is longer."""

STUCK = 600.0
"""Seconds a delivery of an alert may be tried in vain, after others of it have left, while no further
one leaves."""

DOWN = 120.0
"""Seconds between a sender's first failure and its last, with no success between."""

UNREAD = 3_600.0
"""Seconds for which a number's list of texts was not read to its end, though somebody tried."""

CALM = 30.0
"""Seconds for which nothing must be seen of an alarm until it is over, so that what flickers is
told once."""

REMIND = timedelta(days=1)


class Level(StrEnum):
    """Whether somebody is told. A warning is only shown: nothing is lost or late by it."""

    ALARM = "alarm"
    WARNING = "warning"


class What(StrEnum):
    """What can be wrong; the first part of an alarm's key."""

    LATE = "late"  # a lane's oldest due delivery waits too long, and nothing of it moves
    SLOW = "slow"  # it waits as long, but its broadcast moves
    STUCK = "stuck"  # most of an alert left; the rest is tried in vain
    NO_WORKER = "no_worker"
    SENDER_STOPPED = "sender_stopped"
    SENDER_DOWN = "sender_down"
    RING = "ring"  # a test ring failed, or its receipt did not come
    DUTY = "duty"  # nobody on duty can be reached on a channel that is open
    PULL = "pull"  # the list of texts at the provider cannot be read; the hook still works
    HELD = "held"  # after a restore broadcasts wait for somebody to decide
    DATABASE = "database"
    REDIS = "redis"


PATIENCE: Mapping[What, float] = {
    What.LATE: 5.0,
    What.SLOW: 5.0,
    What.STUCK: 60.0,  # what was just released after a restore gets its chance
    What.NO_WORKER: 40.0,  # a worker that is started anew is back by then
    What.SENDER_STOPPED: 0.0,
    What.SENDER_DOWN: 0.0,
    What.RING: 0.0,
    What.DUTY: 600.0,  # whoever sets up an installation gets to it
    What.PULL: 600.0,  # after a standstill the first reading may need a while
    What.HELD: 600.0,  # whoever restores decides as a rule at once
    What.DATABASE: 30.0,
    What.REDIS: 30.0,
}
"""Seconds something may last before it is an alarm."""

_SHOWN_ONLY = frozenset({What.SLOW, What.PULL, What.REDIS})

ALERTS_CANNOT_LEAVE = (f"{What.LATE}:{Lane.ALERT}", f"{What.NO_WORKER}:{Lane.ALERT}")
"""While one of these is in force the heartbeat is silent."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is wrong right now. `about` is the lane, channel or sender it is about,
    `facts` are the values its words need, `since` is when it began, where that is known."""

    what: What
    about: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    since: datetime | None = None

    @property
    def key(self) -> str:
        return f"{self.what}:{self.about}" if self.about else str(self.what)

    @property
    def level(self) -> Level:
        return Level.WARNING if self.what in _SHOWN_ONLY else Level.ALARM


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits of one broadcast (or of the notes) in a lane on a channel: when its next delivery is
    due, when something of it was last handed over there (`left`: ever), and since when one waits
    that was tried already."""

    lane: Lane
    channel: str
    due_at: datetime | None
    moved_at: datetime | None = None
    tried_since: datetime | None = None
    left: bool = False


def lateness(waiting: Iterable[Waiting], *, now: datetime) -> list[Condition]:
    """Lanes that are late. A slow sender that works through a long queue is no alarm."""
    found: dict[tuple[What, Lane], list[tuple[str, datetime]]] = {}
    for one in waiting:
        judged = _late(one, now=now)
        if judged is not None:
            what, since = judged
            found.setdefault((what, one.lane), []).append((one.channel, since))
    return [
        Condition(
            what, str(lane),
            {"lane": str(lane), "channels": list(dict.fromkeys(channel for channel, _ in several))},
            min(since for _, since in several),
        )
        for (what, lane), several in found.items()
    ]  # fmt: skip


def _late(one: Waiting, *, now: datetime) -> tuple[What, datetime] | None:
    def longer(since: datetime | None, seconds: float) -> bool:
        return since is not None and now - since > timedelta(seconds=seconds)

    limit = LATE[one.lane]
    since = min((at for at in (one.due_at, one.tried_since) if at is not None), default=now)
    if longer(one.due_at, limit):
        moves = one.moved_at is not None and not longer(one.moved_at, limit)
        return (What.SLOW if moves else What.LATE), since
    if not one.left:
        return (What.LATE, since) if longer(one.tried_since, max(limit, NOTHING_LEFT)) else None
    moves = one.moved_at is not None and not longer(one.moved_at, STUCK)
    if one.lane is Lane.ALERT and longer(one.tried_since, STUCK) and not moves:
        return What.STUCK, since
    return None


def empty_lanes(seen: AbstractSet[str]) -> list[Condition]:
    return [Condition(What.NO_WORKER, str(lane), {"lane": str(lane)}) for lane in Lane
            if lane not in seen]  # fmt: skip


def off_duty(channels: Sequence[str], reached: AbstractSet[str]) -> list[Condition]:
    """Channels that are open and used, and reach nobody on duty."""
    return [
        Condition(What.DUTY, channel, {"channel": channel})
        for channel in channels
        if channel not in reached
    ]


class State(StrEnum):
    """What is told of an alarm."""

    RAISED = "raised"
    REMINDER = "reminder"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class News:
    """One thing to tell somebody outside. `ref` is its own: who hears it twice can tell."""

    key: str
    state: State
    facts: Mapping[str, Any]
    since: datetime
    over_at: datetime | None = None
    ref: str = ""

    @property
    def what(self) -> What:
        return What(self.key.partition(":")[0])


RETRY: Sequence[float] = (5, 15, 60, 300, 900)
"""Seconds before each further try to tell somebody; the last one repeats."""

WORTH_TELLING = timedelta(days=1)


def retry_after(tries: int) -> float:
    """Seconds to wait after that many tries in vain."""
    return RETRY[min(tries, len(RETRY)) - 1]


class Outage:
    """The database as one process sees it. Kept in memory, for it cannot be written down, and by
    the monotonic clock: a machine whose database is away may well have its clock put right."""

    def __init__(self, host: str, *, patience: float = PATIENCE[What.DATABASE]) -> None:
        self._host = host
        self._patience = patience
        self._since: float | None = None
        self._well_since: float | None = None
        self._told_at: float | None = None
        self._facts: Mapping[str, Any] = {}

    def saw(self, problem: str | None, *, at: float, now: datetime) -> News | None:
        """What one more look showed (None: it works), and what is to be told for it. `at` is on
        the monotonic clock, `now` on that of the wall, for the words."""
        if problem is not None:
            self._well_since = None
            self._facts = {"problem": problem, "host": self._host}
            self._since = at if self._since is None else self._since
            return self._still(self._since, at, now)
        if self._since is None:
            return None
        self._well_since = at if self._well_since is None else self._well_since
        if self._told_at is not None and at - self._well_since < CALM:
            return None
        over = None
        if self._told_at is not None:
            well = now - timedelta(seconds=at - self._well_since)
            over = self._news(State.OVER, at - self._since, now, over_at=well)
        self._since = self._well_since = self._told_at = None
        return over

    def _still(self, since: float, at: float, now: datetime) -> News | None:
        if at - since < self._patience:
            return None
        if self._told_at is not None and at - self._told_at < REMIND.total_seconds():
            return None
        state = State.RAISED if self._told_at is None else State.REMINDER
        self._told_at = at
        return self._news(state, at - since, now)

    def _news(
        self, state: State, lasted: float, now: datetime, *, over_at: datetime | None = None
    ) -> News:
        ref = f"{self._host} {now.isoformat()}"
        since = now - timedelta(seconds=lasted)
        return News(str(What.DATABASE), state, self._facts, since, over_at, ref)
