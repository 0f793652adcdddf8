"""One sender of a channel as this process sees it: its carrier, its rate, its health.

Its circuit is shared by all workers through the database: a failure opens it for all, when its
rest is over one of them tries a single message, and what comes of that closes it or opens it anew.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from channels.base import Channel as Carrier
from channels.base import Failure, SenderDown
from notify.domain.words import Channel
from notify.errors import NotFound
from notify.log import get
from notify.store import senders
from notify.store.database import Connection, Database
from notify.store.senders import SenderHealth

log = get(__name__)

_SILENT = 5  # time-outs in a row
_SHORTEST_REST = 1.0  # who says "come back at once" each time is not asked without end
_LONGEST_REST = 15.0  # an alert must not wait much longer than the relay is away
_IDLE = 30.0  # seconds after its rest in which a message would have been tried on it
_LONGEST_KNOCK = 20.0
_LONGEST_PROBE = 15.0  # a worker may be gone by then: another one tries


@dataclass(slots=True)
class Sender:
    """`rate` is in messages (SMS: segments) a second over all workers, None without a limit.
    Health is what the database said at the last look, on the monotonic clock, and what this
    process has seen since."""

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

    def look(self, health: SenderHealth, *, now: float) -> None:
        """See it as all workers together do."""
        self.stopped = health.stopped
        self.failures = health.failures
        self.down_until = now + health.rest if health.rest > 0 else 0.0

    def worked(self) -> bool:
        """It took something; True when it had been down."""
        was_down = self.failures > 0
        self.failures = 0
        self.silent = 0
        self.down_until = 0.0
        return was_down

    def said_nothing(self, *, now: float) -> float | None:
        """It did not answer. A relay that hangs for several in a row is as good as away: then
        seconds to leave it alone."""
        self.silent += 1
        if self.silent < _SILENT:
            return None
        self.silent = 0
        return self.went_down(now=now)

    def went_down(self, *, now: float, rest: float | None = None) -> float | None:
        """Leave it alone for a while, longer each time, or as long as it asks for. Returns the
        seconds, None when it rests already: several of one batch say the same."""
        if self.down_until > now:
            return None
        self.failures += 1
        wished = rest if rest is not None else 2.0 ** min(self.failures - 1, 10)
        pause = min(max(wished, _SHORTEST_REST), _LONGEST_REST)
        self.down_until = now + pause
        return pause


def ready(
    every: Sequence[Sender], health: Mapping[str, SenderHealth], *, now: float
) -> Iterator[Sender]:
    """The senders that are neither stopped nor resting, in the order of the settings."""
    for sender in every:
        if sender.name in health:
            sender.look(health[sender.name], now=now)
        if sender.may_begin(now=now):
            yield sender


async def may_use(connection: Connection, sender: Sender) -> bool:
    """Whether this worker may use it; one that was down is tried by one worker at a time."""
    return not sender.failures or await senders.take_probe(
        connection, sender.name, seconds=_LONGEST_PROBE
    )


async def knock(db: Database, every: Sequence[Sender]) -> None:
    """See whether senders that are down, and that no message has come by for, answer again.

    With messages to send the next one shows it. Without, a relay that was away for a moment at
    night would be called down until morning.
    """
    by_name = {sender.name: sender for sender in every}
    async with db.transaction() as connection:
        names = [
            name
            for name in await senders.forgotten(connection, list(by_name), idle=_IDLE)
            if await senders.take_probe(connection, name, seconds=_LONGEST_KNOCK)
        ]
    for name in names:
        await _knock(db, by_name[name])


async def _knock(db: Database, sender: Sender) -> None:
    failure: Failure | None = None
    try:
        async with asyncio.timeout(_LONGEST_KNOCK):
            await sender.carrier.probe()
    except Failure as problem:
        failure = problem
    except TimeoutError:
        failure = SenderDown("timed_out")
    async with db.transaction() as connection:
        if failure is None:
            await senders.close_circuit(connection, sender.name)
        else:
            await senders.open_circuit(
                connection, sender.name, rest=_LONGEST_REST, reason=failure.reason,
                code=failure.code,
            )  # fmt: skip
    log.info("sender.knocked", sender=sender.name, answers=failure is None)


async def enrol(db: Database, every: Sequence[Sender]) -> None:
    """Make each sender known to the database. One stopped before gets a fresh chance: whoever
    restarts a worker has looked."""
    places: dict[Channel, dict[str, int]] = {}
    for sender in every:
        of_channel = places.setdefault(sender.channel, {})
        async with db.transaction() as connection:  # each its own: nobody waits for two
            await senders.ensure(
                connection, sender.name, channel=sender.channel, rate=sender.rate,
                place=of_channel.setdefault(sender.name, len(of_channel)),
            )  # fmt: skip
            await senders.resume(connection, sender.name)


async def release(db: Database, name: str) -> bool:
    """Use a stopped sender again; False when it is not stopped. Raises NotFound."""
    async with db.transaction() as connection:
        if not await senders.known(connection, name):
            raise NotFound("There is no such sender. `notify status` lists them.")
        return await senders.resume(connection, name)
