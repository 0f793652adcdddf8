"""A process dies at a named moment: a row of the crash table each."""

from functools import partial

from faults.crashpoints import CRASH_POINTS
from faults.scenario import Scenario
from faults.stage import Stage

SMALL_SLICES = (
    "--set", "notify.services.planning:FIRST_SLICE=40", "--set", "notify.services.planning:SLICE=40",
)  # fmt: skip

OF_A_WORKER = [
    name
    for name, point in CRASH_POINTS.items()
    if point.command == "worker" and not name.startswith("sweeper")
]

TAKEN_IN_SILENCE = [
    {"channel": "email", "do": "slow", "at": "data", "seconds": 20, "first": 1},
    {"channel": "sms", "do": "silent", "seconds": 20, "first": 1, "how": "none"},
    {"channel": "push", "do": "slow", "seconds": 0.5, "first": 1},
]
"""Mail and SMS are taken, and the answer does not come; a push is not taken yet."""


def crash(stage: Stage, *, name: str) -> None:
    """The first life of one process ends there, at a call that the dice choose."""
    stage.people()
    if CRASH_POINTS[name].command == "api":
        doomed = stage.replace_api(crashes=[name])
        stage.worker(options=SMALL_SLICES)
    else:
        doomed = stage.worker(crashes=[name], options=SMALL_SLICES)
    stage.send()
    stage.until(lambda: doomed.dead)


def again_and_again(stage: Stage) -> None:
    """A worker dies at one point after the other, each life a little further."""
    stage.people()
    doomed = stage.worker(crashes=[*OF_A_WORKER], options=SMALL_SLICES)
    stage.send()
    stage.send("announcement")
    stage.until(lambda: len(doomed.dead) == len(OF_A_WORKER))


def taken_and_not_answered(stage: Stage, *, then: str | None = None) -> None:
    """A worker is killed while its messages are with the providers and nobody told it; `then`
    names the point where the sweeper of the next one dies too."""
    stage.people()
    stage.world.box.rules(TAKEN_IN_SILENCE)
    first = stage.worker(keep=False)
    stage.send()
    stage.until(
        lambda: min(stage.booked("email"), stage.booked("sms")) >= stage.dice.randint(5, 15)
    )
    stage.kill(first)
    stage.world.box.rules([])
    second = stage.worker(crashes=[then] if then else [])
    if then is not None:
        stage.until(lambda: second.dead)


def receipts_before_our_own_write(stage: Stage) -> None:
    """Every SMS is delivered before the gateway answers; then the worker dies with the answers."""
    stage.people()
    stage.world.box.rules([{"channel": "sms", "do": "callbacks", "how": "early"}])
    doomed = stage.worker(crashes=["after the answer, before settlement"])
    stage.send()
    stage.until(lambda: doomed.dead)
    stage.at_rest()
    stage.until(lambda: stage.states("sms") == {"delivered"})


SCENARIOS = [
    *(
        Scenario(f"crash {name}", partial(crash, name=name))
        for name in CRASH_POINTS
        if not name.startswith("sweeper")
    ),
    Scenario("crash again and again", again_and_again, short=250, long=2_000),
    Scenario("crash taken and not answered", taken_and_not_answered, breaks=("ledger",)),
    *(
        Scenario(f"crash {name}", partial(taken_and_not_answered, then=name))
        for name in CRASH_POINTS
        if name.startswith("sweeper")
    ),
    Scenario("crash after early receipts", receipts_before_our_own_write),
]
