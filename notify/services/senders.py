"""One sender of a channel as this process sees it: its carrier, its rate, its health."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from channels.base import Channel as Carrier
from notify.domain.words import Channel
from notify.store import senders
from notify.store.database import Database

_SILENT = 5  # time-outs in a row
_SHORTEST_REST = 1.0  # who says "come back at once" each time is not asked without end
_LONGEST_REST = 15.0  # an alert must not wait much longer than the relay is away


@dataclass(slots=True)
class Sender:
    """`rate` is in messages (SMS: segments) a second over all workers, None without a limit.
    Health is this process's own view, on the monotonic clock."""

    channel: Channel
    carrier: Carrier[Any]
    rate: float | None = None
    down_until: float = 0.0
    stopped: bool = False
    failures: int = field(default=0)
    silent: int = field(default=0)

    @property
    def name(self) -> str:
        return self.carrier.sender

    def may_begin(self, *, now: float) -> bool:
        """Whether a call may begin: neither resting nor stopped."""
        return not self.stopped and self.down_until <= now

    def worked(self) -> None:
        self.failures = 0
        self.silent = 0
        self.down_until = 0.0

    def said_nothing(self, *, now: float) -> None:
        """It did not answer. A relay that hangs for several in a row is as good as away."""
        self.silent += 1
        if self.silent >= _SILENT:
            self.silent = 0
            self.went_down(now=now)

    def went_down(self, *, now: float, rest: float | None = None) -> None:
        """Leave it alone for a while, longer each time, or as long as it asks for."""
        if self.down_until > now:
            return  # several of one batch say the same
        self.failures += 1
        wished = rest if rest is not None else 2.0 ** min(self.failures - 1, 10)
        pause = min(max(wished, _SHORTEST_REST), _LONGEST_REST)
        self.down_until = now + pause


def choose(every: Sequence[Sender], *, stopped: set[str], now: float) -> Sender | None:
    """The first sender, in the order of the settings, that is neither stopped nor resting."""
    for sender in every:
        sender.stopped = sender.name in stopped
    return next((sender for sender in every if sender.may_begin(now=now)), None)


async def enrol(db: Database, every: Sequence[Sender]) -> None:
    """Make each sender known to the database. One stopped before gets a fresh chance: whoever
    restarts a worker has looked."""
    async with db.transaction() as connection:
        for sender in every:
            await senders.ensure(connection, sender.name, channel=sender.channel)
            await senders.resume(connection, sender.name)


async def release(db: Database, name: str) -> bool:
    """Use a stopped sender again; False when it is not stopped."""
    async with db.transaction() as connection:
        return await senders.resume(connection, name)
