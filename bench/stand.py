"""What a measure works with: a world, how much of everything, and what was measured before it."""

from dataclasses import dataclass, field

from rich.console import Console

from bench import end_to_end
from bench.end_to_end import Run
from bench.figures import NONE, Figure, figure
from bench.world import World


@dataclass(frozen=True, slots=True)
class Scale:
    """How many of what. `growth` is what the cost of a delivery is followed to, from `small`, and
    `snapshot` the same beside a snapshot held open."""

    growth: int
    snapshot: int
    small: int
    tracked: int
    two: int  # mails by two worker processes a lane
    others: int  # SMS and push messages, by one worker process a lane and by two
    alone: int  # messages over a channel by itself
    peer: int  # messages over a peer, which is slower
    planned: int
    receipts: int
    answers: int
    requests: int
    times: int  # samples of what is small, of which the middle one counts


FULL = Scale(
    growth=1_000_000, snapshot=1_000_000, small=10_000, tracked=100_000, two=100_000, others=20_000,
    alone=50_000, peer=10_000, planned=200_000, receipts=20_000, answers=10_000, requests=10_000, times=3,
)  # fmt: skip
QUICK = Scale(
    growth=100_000, snapshot=40_000, small=10_000, tracked=100_000, two=20_000, others=4_000,
    alone=20_000, peer=3_000, planned=100_000, receipts=4_000, answers=10_000, requests=10_000, times=1,
)  # fmt: skip
WARM = 1_000  # deliveries on each channel before anything is measured


@dataclass(slots=True)
class Stand:
    """One run of the bench. Without `peers` nothing is fetched from npm."""

    world: World
    scale: Scale
    console: Console
    peers: bool = True
    figures: dict[str, Figure] = field(default_factory=dict)
    tracked: Run | None = None  # the mails of one worker process a lane
    largest: int = 0  # people of the largest town so far
    _towns: dict[tuple[str, int], str] = field(default_factory=dict)

    def say(self, text: str) -> None:
        """A line for whoever watches."""
        self.console.print(f"  {text}", highlight=False, markup=False)

    def note(
        self, name: str, value: float, unit: str, *, n: int, peer: str = NONE,
        peer_value: float | None = None,
    ) -> None:  # fmt: skip
        """Keep a figure and show it."""
        made = figure(name, value, unit, n=n, peer=peer, peer_value=peer_value)
        self.figures[name] = made
        beside = f", {made.peer}: {made.peer_value:g}" if made.peer_value is not None else ""
        self.say(f"{name}: {made.value:g} {made.unit}{beside}")

    def value(self, name: str) -> float | None:
        """What was measured before; None where it was not."""
        return self.figures[name].value if name in self.figures else None

    def town(self, channel: str, count: int) -> str:
        """A town of so many people with an address on this channel, the same one each time."""
        self.largest = max(self.largest, count)
        if (channel, count) not in self._towns:
            self.say(f"planting {count:,} residents with {channel} …")
            self._towns[channel, count] = self.world.people(count, channel)
        return self._towns[channel, count]

    def workers(self) -> None:
        """Have a worker for each lane, warmed up."""
        if self.world.workers:
            return
        self.say("starting a worker for each lane …")
        self.world.add_workers(1)
        for channel in ("email", "sms", "push"):
            self.send(channel, min(WARM, self.scale.small))

    def rest(self) -> None:
        """End the workers."""
        self.world.end_workers(tuple(self.world.workers))

    def empty(self) -> None:
        """Have nobody and nothing in the tables, as in a fresh installation."""
        self.world.empty()
        self._towns = {}

    def send(self, channel: str, count: int, *, kind: str = "announcement") -> Run:
        """One broadcast end to end, with the log of the database written down before it."""
        town = self.town(channel, count)
        self.world.change("CHECKPOINT")
        return end_to_end.send(self.world, town, channel, count, kind=kind)
