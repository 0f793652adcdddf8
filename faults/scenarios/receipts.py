"""Receipts come late, twice, out of order, before our own write, and for what is erased."""

from typing import LiteralString
from uuid import UUID

from faults.scenario import Scenario
from faults.stage import Stage
from rig.flood import flood

ODD = [
    {"channel": "sms", "share": share, "do": "callbacks", "how": how, "seconds": 2}
    for share, how in ((0.2, "twice"), (0.4, "out_of_order"), (0.6, "late"), (0.8, "early"))
]
"""A share picks the same addresses every time: each rule gets a fifth of them."""

ERASED = 0.1

REACHED: LiteralString = """
-- Residents with nothing left to hand over, and something to be reported on.
SELECT resident_id FROM deliveries WHERE broadcast_id = %(id)s GROUP BY 1
HAVING bool_and(status IN ('sent', 'delivered')) AND bool_or(status = 'sent') ORDER BY 1
"""

ERASE: LiteralString = """
WITH gone AS (DELETE FROM deliveries WHERE resident_id = ANY(%(chosen)s) RETURNING id),
  tried AS (DELETE FROM attempts WHERE delivery_id IN (SELECT id FROM gone))
DELETE FROM residents WHERE id = ANY(%(chosen)s)
"""


def odd(stage: Stage) -> None:
    stage.people()
    stage.world.box.rules([*ODD, {"channel": "push", "share": 0.5, "do": "beacon", "how": "twice"}])
    stage.worker()
    alert = stage.send()
    stage.until(lambda: stage.world.rows(REACHED, id=UUID(alert)))
    stage.until_taken(stage.recipients / 2)
    _erase(stage, alert)
    stage.mended()
    stage.at_rest()
    stage.until(lambda: stage.states("sms") == {"delivered"} == stage.states("push"))


def _erase(stage: Stage, alert: str) -> None:
    """Some of those reached are erased while their receipts are still to come."""
    people = [row["resident_id"] for row in stage.world.rows(REACHED, id=UUID(alert))]
    chosen = stage.dice.sample(people, int(len(people) * ERASED) + 1)
    addresses = stage.world.rows(
        "SELECT value FROM addresses WHERE resident_id = ANY(%(chosen)s)", chosen=chosen
    )
    stage.others |= {row["value"] for row in addresses}
    stage.world.change(ERASE, chosen=chosen)
    stage.figures["erased"] = len(chosen)
    stage.erased = True


def many(stage: Stage) -> None:
    """Every SMS was handed over in silence; then all their receipts come at once, twice."""
    stage.people(channels=("sms",))
    stage.world.box.rules([{"channel": "sms", "do": "callbacks", "how": "none"}])
    stage.worker()
    stage.send()
    stage.at_rest()
    marks = [row["id"] for row in stage.attempts()]
    done = flood(stage.world, marks)
    stage.figures["receipts"] = len(done.waits)
    stage.figures["receipts_per_s"] = round(done.rate)
    stage.mended()
    stage.until(lambda: stage.states("sms") == {"delivered"})


SCENARIOS = [
    Scenario("receipts in every order", odd, short=150),
    Scenario("receipts all at once", many, short=300, long=20_000),
]
