"""Redis is a bell and no more: empty or gone, everything still leaves."""

from faults.scenario import Scenario
from faults.stage import Stage

NOWHERE = {"NOTIFY_REDIS_URL": "redis://127.0.0.1:1"}


def flushed(stage: Stage) -> None:
    stage.people()
    stage.worker()
    stage.send()
    stage.in_the_middle(lambda s: s.redis().flushall(), times=3)
    stage.mended()
    stage.send("announcement")


def gone(stage: Stage) -> None:
    """From the start to the end; an alert, an announcement and a second alert."""
    stage.people()
    stage.replace_api(settings=NOWHERE)
    stage.worker(settings=NOWHERE)
    for kind in ("alert", "announcement", "alert"):
        stage.send(kind)


SCENARIOS = [
    Scenario("Redis flushed", flushed, short=200, long=20_000),
    Scenario("Redis gone for the whole run", gone, long=20_000),
]
