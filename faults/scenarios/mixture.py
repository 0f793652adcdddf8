"""Everything at once: faults of every kind, one after the other, as the dice fall."""

from signal import SIGTERM

from faults.scenario import Scenario
from faults.scenarios import kills
from faults.stage import Stage

FAULTS, FAULTS_IN_SHORT = 8, 5


def terminated(stage: Stage) -> None:
    hand = stage.dice.choice(stage.workers())
    hand.send(SIGTERM)
    hand.process.wait()


def flushed(stage: Stage) -> None:
    stage.redis().flushall()


KINDS = (
    kills.a_worker, kills.all_workers, kills.the_api, kills.redis, kills.postgres, terminated,
    flushed,
)  # fmt: skip


def mixture(stage: Stage) -> None:
    stage.people()
    for _ in range(kills.WORKERS):
        stage.worker()
    stage.send()
    stage.in_the_middle(
        lambda s: s.dice.choice(KINDS)(s), times=FAULTS if stage.patient else FAULTS_IN_SHORT
    )


SCENARIOS = [Scenario("mixture", mixture, short=400, long=20_000, patient=True)]
