"""Lets any number of staff watch a broadcast for the price of one.

The counters are read once a second in a process. What counts deliveries is read rarely, within a
bound, and not at all where it takes longer: sending goes before looking.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from notify import clock
from notify.domain.broadcast import Broadcast, BroadcastStatus
from notify.domain.results import Result
from notify.errors import NotFound
from notify.services import counting, watching
from notify.services.sharing import Shared
from notify.store import broadcasts, poll_counting, progress
from notify.store.database import TOO_LONG, Database, Row
from notify.store.progress import Progress
from notify.store.rows import to_broadcast

EVERY: Final = 1.0  # seconds between two readings of the counters
COUNT_EVERY: Final = 10.0  # the same where deliveries are counted
POLL_EVERY: Final = 5.0  # and where answers are
LONGEST: Final = 3.0  # seconds that counting may take
SPARE: Final = 300.0  # seconds without another try after it took longer
MOST_OF_ONE: Final = 5
"""Pages of one session that follow numbers at once; others are looked at anew by hand."""
MOST_WATCHERS: Final = 200
"""The same of all, in one process."""
STEPS: Final = 60  # points of a curve
CALM: Final = timedelta(minutes=10)
"""After the last hand-over: so long confirmations come in quickly, and are worth watching."""

_OPEN: Final = frozenset(
    {BroadcastStatus.SUBMITTED, BroadcastStatus.APPROVED, BroadcastStatus.SCHEDULED,
     BroadcastStatus.DISPATCHING}
)  # fmt: skip

_ENDED: Final = frozenset({BroadcastStatus.CANCELLED, BroadcastStatus.EXPIRED})


@dataclass(frozen=True, slots=True)
class Seen:
    """A broadcast with its counters, at one moment."""

    broadcast: Broadcast
    row: Row
    progress: Progress

    @property
    def open(self) -> int:
        """Deliveries that are still to be handed over."""
        return sum(map(self.open_on, self.progress.counts))

    def open_on(self, channel: str) -> int:
        """The same on one channel. What is pending of a message that was recalled, or ran out, is
        not handed over any more, whenever a worker comes by and notes it."""
        counts = self.progress.counts[channel]
        return counts["sending"] + (0 if self.broadcast.status in _ENDED else counts["pending"])

    def is_over(self, now: datetime) -> bool:
        """Whether nothing more is to be seen by watching."""
        last = self.progress.last_handover_at
        if self.broadcast.status in _OPEN or self.open:
            return False
        return last is None or now - last > CALM


@dataclass(frozen=True, slots=True)
class Counted:
    """What is known from the deliveries themselves: why they failed or wait, and for each group and
    channel how many were to be reached and how many were; None where counting took too long.
    `curve` has the hand-overs of each channel and step of so many seconds, from counters. `slow`:
    something took too long."""

    reasons: Sequence[Row] | None
    groups: Sequence[Row] | None
    curve: progress.Curve
    slow: bool = False


class Viewing:
    """All that is watched in this process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._watchers: Counter[int] = Counter()
        self._numbers = Shared(self._read, every=lambda _: EVERY)
        self._counted = Shared(
            self._count, every=lambda found: SPARE if found.slow else COUNT_EVERY
        )
        self._polls = Shared(self._poll, every=lambda _: POLL_EVERY)

    def has_room(self, session: int) -> bool:
        """Whether one more may follow the numbers as they change, in this session."""
        mine = self._watchers[session]
        return mine < MOST_OF_ONE and self._watchers.total() < MOST_WATCHERS

    @contextmanager
    def followed(self, session: int) -> Iterator[None]:
        """Count who follows, as long as they do."""
        self._watchers[session] += 1
        try:
            yield
        finally:
            self._watchers[session] -= 1
            if not self._watchers[session]:
                del self._watchers[session]

    async def numbers(self, broadcast_id: UUID) -> Seen:
        """Raises NotFound. Whoever asks has seen to it that their grant reaches it."""
        return await self._numbers.get(broadcast_id)

    async def counted(self, broadcast_id: UUID) -> Counted:
        """The same for what is counted."""
        return await self._counted.get(broadcast_id)

    async def poll(self, seen: Seen, *, opened: bool = False) -> Result | None:
        """How the answers to it stand, in people; None where it asks nothing, or nobody yet. Whoever
        has `opened` a page sees at once that it was closed."""
        id_ = seen.broadcast.id
        if seen.broadcast.ask is None or seen.row["dispatching_at"] is None:
            return None
        kept = await self._polls.get(id_)
        if opened and (kept is None or kept.closed_at is None) and await self._closed(id_):
            self._polls.drop(id_)
            kept = await self._polls.get(id_)
        return kept

    async def _closed(self, broadcast_id: UUID) -> bool:
        async with self._db.statement() as connection:
            row = await poll_counting.poll(connection, broadcast_id)
        return row is not None and row["closed_at"] is not None

    async def _poll(self, broadcast_id: UUID) -> Result | None:
        try:
            return await counting.count(self._db, broadcast_id)
        except NotFound:
            return None

    async def _read(self, broadcast_id: UUID) -> Seen:
        async with self._db.transaction() as connection:
            row = await broadcasts.get(connection, broadcast_id)
            if row is None:
                raise NotFound("There is no such broadcast.")
            return Seen(to_broadcast(row), row, await progress.read(connection, broadcast_id))

    async def _count(self, broadcast_id: UUID) -> Counted:
        seen = await self.numbers(broadcast_id)
        async with self._db.transaction() as connection:
            curve = await progress.curve(connection, broadcast_id, steps=STEPS)
        if seen.row["forgotten_at"] is not None:  # what is left of it would mislead
            return Counted([], [], curve)
        try:
            async with self._db.transaction() as connection:
                await connection.bound(LONGEST)
                reasons = await watching.reasons_of(connection, broadcast_id)
        except TOO_LONG:
            return Counted(None, None, curve, slow=True)
        if not seen.is_over(clock.now()) and seen.open:
            return Counted(reasons, None, curve)
        try:
            async with self._db.transaction() as connection:
                await connection.bound(LONGEST)
                return Counted(reasons, await progress.by_group(connection, broadcast_id), curve)
        except TOO_LONG:
            return Counted(reasons, None, curve, slow=True)
