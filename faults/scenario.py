"""A scenario is a name, a size and a function; its outcome is a row of the table."""

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field
from typing import Any

from faults.stage import Stage


class NotHere(Exception):
    """This machine cannot do what the scenario needs; says why."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """`run` sends and breaks things; waiting and judging come after it. `short` and `long` are
    recipients. `breaks` are the guarantees without which it must turn red; in a long run leases
    lapse by themselves where `patient`; `disk`: it wants a file system of its own for the data."""

    name: str
    run: Callable[[Stage], None]
    short: int = 150
    long: int = 1_000
    breaks: Collection[str] = ()
    patient: bool = False
    disk: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """What came of a scenario. `ok` None: not run, `problems` say why."""

    scenario: str
    recipients: int
    seed: int
    ok: bool | None
    lost: int = 0
    doubled_allowed: int = 0
    doubled_forbidden: int = 0
    forbidden: int = 0
    unknown: int = 0
    open: int = 0
    recovered_s: float = 0.0
    seconds: float = 0.0
    problems: tuple[str, ...] = ()
    figures: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        found = asdict(self)
        return {**found, "doubled": self.doubled_allowed + self.doubled_forbidden}
