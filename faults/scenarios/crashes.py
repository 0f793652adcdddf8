"""A process dies at a named moment: a row of the crash table each."""

from functools import partial

from faults.crashpoints import CRASH_POINTS
from faults.scenario import Scenario
from faults.stage import Stage

SMALL_SLICES = (
    "--set", "notify.services.planning:FIRST_SLICE=40", "--set", "notify.services.planning:SLICE=40",
)  # fmt: skip


def crash(stage: Stage, *, name: str) -> None:
    """The first life of one process ends there, at a call that the dice choose."""
    point = CRASH_POINTS[name]
    call = stage.dice.randint(1, point.calls)
    stage.people()
    if point.command == "api":
        doomed = stage.replace_api(crash=name, call=call)
        stage.worker(options=SMALL_SLICES)
    else:
        doomed = stage.worker(crash=name, call=call, options=SMALL_SLICES)
    stage.send()
    stage.until(lambda: doomed.dead)


SCENARIOS = [
    Scenario(f"crash {name}", partial(crash, name=name))
    for name in CRASH_POINTS
    if not name.startswith("sweeper")
]
