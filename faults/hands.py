"""One process of the service in a scenario: started again when it dies, known by its worker's id."""

import re
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from faults.processes import Process
from faults.world import World

_STARTED = re.compile(r'"worker": ?"([0-9a-f-]{36})"')


@dataclass(slots=True)
class Hand:
    """`launcher` holds what is wrong with it. A process that took its life as told is followed by
    one without that. `keep`: whether it is started again at all."""

    world: World
    arguments: Sequence[str]
    launcher: Sequence[str]
    settings: Mapping[str, str] = field(default_factory=dict)
    crash: Sequence[str] = ()
    keep: bool = True
    process: Process = field(init=False)
    dead: list[Process] = field(default_factory=list)
    _noticed: Process | None = None

    def __post_init__(self) -> None:
        self._start(self.crash)

    def _start(self, more: Sequence[str] = ()) -> None:
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
        return bool(self.settings or self.crash)

    def died(self) -> bool:
        """Whether it has died since somebody asked."""
        if self.process.running or self._noticed is self.process:
            return False
        self._noticed = self.process
        return True

    def look(self) -> bool:
        """Start it again if it is gone; whether it was."""
        if self.process.running or not self.keep:
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
