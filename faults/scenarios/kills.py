"""SIGKILL at moments that the dice choose, in the middle of a fan-out over three channels."""

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from uuid import uuid4

from faults.scenario import Scenario
from faults.stage import Stage

KILLS, KILLS_IN_SHORT = 3, 2
WORKERS = 2


def kill(stage: Stage, *, do: Callable[[Stage], None]) -> None:
    """An alert to everybody; meanwhile `do`, several times."""
    stage.people()
    for _ in range(WORKERS):
        stage.worker()
    stage.send()
    stage.in_the_middle(do, times=KILLS if stage.patient else KILLS_IN_SHORT)


def a_worker(stage: Stage) -> None:
    stage.kill(stage.dice.choice(stage.workers()))


def all_workers(stage: Stage) -> None:
    stage.kill(*stage.workers())


def redis(stage: Stage) -> None:
    os.kill(stage.redis_pid(), signal.SIGKILL)
    stage.mended()


def postgres(stage: Stage) -> None:
    """In good order, at once, or without a word; an API and workers wait for it."""
    how = stage.dice.choice((signal.SIGINT, signal.SIGQUIT, signal.SIGKILL))
    killed = stage.postmaster()
    os.kill(killed, how)

    def another() -> bool:
        # One on its way out may still answer: what counts is that another is there.
        stage.servers.ensure()
        return stage.postmaster() != killed

    stage.until(another, tended=False)
    stage.note()


def the_api(stage: Stage) -> None:
    """Someone sends just then, hears nothing, and repeats under the same key."""
    assert stage.api is not None  # noqa: S101 - opened with the stage
    body, key = stage.draft("announcement"), uuid4().hex
    asking = threading.Thread(target=partial(_ask_once, stage, body, key))
    asking.start()
    time.sleep(stage.dice.uniform(0, 0.03))
    stage.kill(stage.api)
    asking.join()
    made = stage.ask("POST", "/api/v1/broadcasts", body, key=key)
    stage.sent(made, body)
    stage.expect("the repeated request sends once", _count(stage, body) == 1)


def _ask_once(stage: Stage, body: object, key: str) -> None:
    try:
        stage.world.call("POST", "/api/v1/broadcasts", body, **{"Idempotency-Key": key})
    except Exception:  # noqa: BLE001 - the kill may show in any way: the repeat will tell
        return


def _count(stage: Stage, body: Mapping[str, Any]) -> int:
    rows = stage.world.rows(
        "SELECT count(*) AS n FROM broadcasts b JOIN groups g ON g.id = ANY(b.group_ids)"
        " WHERE g.slug = %(town)s AND b.texts->'de'->>'title' = %(title)s",
        town=stage.world.town, title=body["texts"]["de"]["title"],
    )  # fmt: skip
    return int(rows[0]["n"])


SCENARIOS = [
    Scenario("kill a worker", partial(kill, do=a_worker), short=400, long=20_000, patient=True),
    Scenario(
        "kill all workers", partial(kill, do=all_workers), short=400, long=20_000, patient=True
    ),
    Scenario("kill the API", partial(kill, do=the_api), short=200, long=20_000, patient=True),
    Scenario("kill Redis", partial(kill, do=redis), short=400, long=20_000, patient=True),
    Scenario("kill PostgreSQL", partial(kill, do=postgres), short=400, long=20_000, patient=True),
]
