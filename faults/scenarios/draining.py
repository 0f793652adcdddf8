"""A worker that is told to stop finishes what it holds and hands back the rest."""

import time
from signal import SIGTERM

from faults.scenario import Scenario
from faults.stage import Stage
from workers.lane import DRAIN


def drain(stage: Stage) -> None:
    stage.people()
    stage.world.box.rules([{"channel": "email", "do": "slow", "seconds": 0.1}])
    leaving = stage.worker(keep=False)
    stage.send()
    stage.send("announcement")
    stage.until_taken(stage.dice.randint(5, 40))
    leaving.send(SIGTERM)
    asked = time.monotonic()
    leaving.process.wait(DRAIN + 10)
    took = time.monotonic() - asked
    open_ones = [row for row in stage.attempts() if row["settled_at"] is None]
    stage.figures["drained_s"] = round(took, 1)
    stage.expect("it ends within its deadline", took < DRAIN + 1)
    stage.expect("it ends in good order", leaving.process.wait() == 0)
    stage.expect("nothing is left in hand", not open_ones)
    stage.expect("nothing is in doubt", "unknown" not in stage.states())
    stage.expect("the rest is handed back", "pending" in stage.states())
    stage.mended()
    stage.world.box.rules([])
    stage.worker()


SCENARIOS = [Scenario("SIGTERM in the middle", drain, short=200, long=5_000)]
