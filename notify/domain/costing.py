"""What sending costs and how long it takes: arithmetic alone."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from notify.domain.words import Channel


@dataclass(frozen=True, slots=True)
class Price:
    """What something costs, in a currency of three letters."""

    amount: Decimal
    currency: str

    def __mul__(self, count: int) -> "Price":
        return Price(self.amount * count, self.currency)


def read_price(text: str) -> Price:
    """The price in `0.075 EUR`; settings hold it to this form."""
    amount, _, currency = text.partition(" ")
    return Price(Decimal(amount), currency)


def segments_of(phones: Mapping[str, int], segments: Mapping[str, int]) -> int:
    """Segments that go out to so many phones by language, at so many segments each."""
    return sum(count * segments.get(language, 1) for language, count in phones.items())


@dataclass(frozen=True, slots=True)
class Cap:
    """What a group may spend on SMS in a month, and has spent, in segments, and what this would add.
    `stops` tells whether going beyond it stops this broadcast: alerts always go."""

    group: Mapping[str, str]  # its name, by language
    most: int
    spent: int
    adds: int
    stops: bool

    @property
    def beyond(self) -> bool:
        return self.spent + self.adds > self.most

    @property
    def share(self) -> float:
        """How much of the month's would be spent with this; 1.0 is all of it."""
        return (self.spent + self.adds) / self.most if self.most else math.inf


@dataclass(frozen=True, slots=True)
class SenderPace:
    """One sender that works. `rate` is in units a second (segments, mails, notifications), None
    where nothing bounds it; `ahead` seconds of work lie before it."""

    rate: float | None
    ahead: float = 0.0


@dataclass(frozen=True, slots=True)
class Queue:
    """What others still have to send over a channel, in units: `overtakes` goes before all of it,
    `beside` are those broadcasts that take turns with it."""

    overtakes: int = 0
    beside: Sequence[int] = ()

    def turns(self, units: int) -> int:
        """What of the others goes out until so many units of one are: each gets as much as it."""
        return sum(min(theirs, units) for theirs in self.beside)


@dataclass(frozen=True, slots=True)
class Duration:
    """How long a channel takes for so many units; `seconds` None where nothing can be sent over it
    now, and `behind` those of them that others take. `guessed` where no rate is set and none was
    measured."""

    channel: Channel
    units: int
    rate: float
    seconds: float | None
    guessed: bool = False
    behind: float = 0.0

    def ends(self, begins: datetime) -> datetime | None:
        return None if self.seconds is None else begins + timedelta(seconds=self.seconds)


NOBODY: Final = Queue()


def duration(
    channel: Channel, units: int, senders: Sequence[SenderPace], *, measured: float | None,
    assumed: float, together: bool, queue: Queue = NOBODY, later: float = 0.0,
) -> Duration:  # fmt: skip
    """How long it takes. Senders share the work of an alert (`together`); of anything else the first
    one does it. One without a rate is as fast as was `measured` of late, else as is `assumed`. It
    begins `later` seconds from now: by then so much less of the `queue` is there."""
    chosen = senders if together else senders[:1]
    free = assumed if measured is None else measured
    rate = _rate(chosen, free)
    guessed = measured is None and any(one.rate is None for one in chosen)
    if not rate:
        return Duration(channel, units, 0.0, None)
    ahead = min(one.ahead for one in chosen)
    others = ahead + queue.overtakes / _rate(senders, free) + queue.turns(units) / rate
    behind = max(0.0, others - later)
    return Duration(channel, units, rate, behind + units / rate, guessed, behind)


def _rate(senders: Sequence[SenderPace], free: float) -> float:
    # One that nothing bounds does it all: what was measured is of the channel.
    if any(one.rate is None for one in senders):
        return free
    return sum(one.rate or 0 for one in senders)
