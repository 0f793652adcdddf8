"""One sender of a channel as this process sees it: its carrier, its rate, its health.

Its circuit is shared by all workers through the database: a failure opens it for all, when its
rest is over one of them tries a single message, and what comes of that closes it or opens it anew.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from channels.base import (
    AddressGone,
    Failure,
    NotAsked,
    Rejected,
    SenderDown,
    SenderStopped,
    Sent,
    TryAgain,
)
from channels.base import Channel as Carrier
from notify.domain.words import Channel
from notify.errors import NotFound
from notify.log import get
from notify.services import auditing
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


SILENCE = frozenset({"timed_out", "no_answer", "no_answer_after_data"})


@dataclass(frozen=True, slots=True)
class Circuit:
    """A sender's circuit opens for `rest` seconds, or closes where that is None."""

    rest: float | None = None
    reason: str | None = None
    code: str | None = None

    async def write(self, connection: Connection, sender: "Sender") -> None:
        """Tell all workers."""
        if self.rest is None:
            if await senders.close_circuit(connection, sender.name):
                log.warning("sender.up", sender=sender.name)
        elif await senders.open_circuit(
            connection, sender.name, rest=self.rest, reason=self.reason, code=self.code
        ):
            log.warning(
                "sender.down", sender=sender.name, reason=self.reason, code=self.code,
                rest=round(self.rest, 1),
            )  # fmt: skip


@dataclass(slots=True)
class Sender:
    """`rate` is in messages (SMS: segments) a second over all workers, None without a limit.
    Health is what the database said at the last look, on the monotonic clock, and what this
    process has seen since; `circuit` is what of it the other workers are still to be told.
    `slots` bounds the calls at once: one that hangs holds up no other sender. `hears`: what is
    answered to it reaches us; polls and answers go by no other."""

    channel: Channel
    carrier: Carrier[Any]
    rate: float | None = None
    hears: bool = True
    down_until: float = 0.0
    stopped: bool = False
    failures: int = field(default=0)
    silent: int = field(default=0)
    down_at: float = field(default=0.0, init=False)
    slots: asyncio.Semaphore = field(init=False)
    circuit: Circuit | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.slots = asyncio.Semaphore(self.carrier.concurrency)

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

    def hear(self, answer: Sent | Failure, *, began: float, now: float) -> None:
        """What the answer to a call says of the sender itself, at once: the calls that wait for a
        slot look before they begin. A success that `began` before the last failure shows nothing,
        and one browser's push service says nothing of the others."""
        if isinstance(answer, SenderStopped):
            self.stopped = True
        elif isinstance(answer, SenderDown):
            self._tell(self.went_down(now=now, rest=answer.after), answer)
        elif isinstance(answer, Sent) or _answered(answer):
            if began >= self.down_at and self.worked():
                self.circuit = Circuit()
        elif self.channel is not Channel.PUSH and _in_trouble(answer):
            self._tell(self.said_nothing(now=now), answer)

    def suspect(self, *, now: float) -> None:
        """It has not answered anything for a while: leave it alone, another one is there."""
        self._tell(self.went_down(now=now), SenderDown("timed_out"))

    def _tell(self, rest: float | None, why: Failure) -> None:
        if rest is not None:
            self.circuit = Circuit(rest, why.reason, why.code)

    def worked(self) -> bool:
        """It took something; True when it had been down."""
        was_down = self.failures > 0
        self.failures = 0
        self.silent = 0
        self.down_until = 0.0
        return was_down

    def said_nothing(self, *, now: float) -> float | None:
        """It did not answer. A relay that hangs for several in a row, or for the one that tries
        whether it works again, is as good as away: then seconds to leave it alone."""
        self.silent += 1
        if self.silent < _SILENT and not self.failures:
            return None
        self.silent = 0
        return self.went_down(now=now)

    def went_down(self, *, now: float, rest: float | None = None) -> float | None:
        """Leave it alone for a while, longer each time, or as long as it asks for. Returns the
        seconds, None when it rests already: several of one batch say the same."""
        if self.down_until > now:
            return None
        self.failures += 1
        self.down_at = now
        wished = rest if rest is not None else 2.0 ** min(self.failures - 1, 10)
        pause = min(max(wished, _SHORTEST_REST), _LONGEST_REST)
        self.down_until = now + pause
        return pause


def _answered(failure: Failure) -> bool:
    """The provider judged this message: it works, whatever it thinks of this one."""
    return (
        isinstance(failure, Rejected | AddressGone | TryAgain)
        and failure.code is not None
        and not isinstance(failure, NotAsked)
        and not _in_trouble(failure)
    )


def _in_trouble(failure: Failure) -> bool:
    """Silence, or 421: about one address it says little, several in a row are the relay's."""
    return failure.reason in SILENCE or (failure.code or "").startswith("421")


def ready(
    every: Sequence[Sender], health: Mapping[str, SenderHealth], *, urgent: bool, now: float
) -> list[Sender]:
    """The senders that are neither stopped nor resting, in the order of the settings.

    What is urgent goes by one that works, where there is one: the same alert might be the trial of
    one that hangs again and again. Announcements and knocking show when that works again.
    """
    for sender in every:
        if sender.name in health:
            sender.look(health[sender.name], now=now)
    able = [sender for sender in every if sender.may_begin(now=now)]
    return [sender for sender in able if urgent and not sender.failures] or able


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
        resumed = await senders.resume(connection, name)
        if resumed:
            await auditing.record(connection, None, "sender.resumed", sender=name)
        return resumed
