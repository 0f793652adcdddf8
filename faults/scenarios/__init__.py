"""Every scenario, in the order of the table."""

from faults.scenario import Scenario
from faults.scenarios import (
    answers,
    bells,
    clocks,
    crashes,
    crowding,
    databases,
    draining,
    kills,
    mixture,
    receipts,
    rechecks,
    schedules,
    sleepers,
)

MODULES = (
    crashes, kills, bells, databases, sleepers, draining, mixture, crowding, receipts, answers,
    rechecks, clocks, schedules,
)  # fmt: skip

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario for module in MODULES for scenario in module.SCENARIOS
}
