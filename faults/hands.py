"""One process of the service in a scenario: started again when it dies, known by its worker's id."""

import re
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from faults.world import World
from rig.processes import Process

PAUSE = 1.0  # seconds between two starts of the same
_STARTED = re.compile(r'"worker": ?"([0-9a-f-]{36})"')


@dataclass(slots=True)
class Hand:
    """`launcher` holds what is wrong with it, `ends` how each of its first lives is to end: the
    one after them goes on. `keep`: whether it is started again at all."""

    world: World
    arguments: Sequence[str]
    launcher: Sequence[str]
    settings: Mapping[str, str] = field(default_factory=dict)
    ends: Sequence[Sequence[str]] = ()
    keep: bool = True
    process: Process = field(init=False)
    dead: list[Process] = field(default_factory=list)
    _noticed: Process | None = None
    _started: float = 0.0

    def __post_init__(self) -> None:
        self._start()

    def _start(self) -> None:
        self._started = time.monotonic()
        lives = len(self.dead)
        more = self.ends[lives] if lives < len(self.ends) else ()
        self.process = self.world.start(
            *self.arguments, launcher=(*self.launcher, *more), settings=self.settings
        )

    @property
    def name(self) -> str:
        """How the database knows its connections."""
        return self.process.log.stem

    @property
    def special(self) -> bool:
        """Whether it is not what everybody else would start."""
        return bool(self.settings or self.ends)

    def died(self) -> bool:
        """Whether it has died since somebody asked."""
        if self.process.running or self._noticed is self.process:
            return False
        self._noticed = self.process
        return True

    def look(self) -> bool:
        """Start it again if it is gone, though not in a hot loop; whether it was."""
        too_soon = time.monotonic() - self._started < PAUSE
        if self.process.running or not self.keep or too_soon:
            return False
        self.dead.append(self.process)
        self._start()
        return True

    def send(self, number: signal.Signals) -> None:
        self.process.send(number)

    def worker(self) -> UUID | None:
        return worker_of(self.process)

    def buried(self) -> frozenset[UUID]:
        """The workers this hand had before."""
        gone = self.dead if self.process.running else [*self.dead, self.process]
        return frozenset(w for p in gone if (w := worker_of(p)) is not None)


def worker_of(process: Process) -> UUID | None:
    """The id a worker has written into its log; None until then, and for an API."""
    found = _STARTED.search(process.said())
    return UUID(found.group(1)) if found else None
