"""Every scenario, in the order of the table."""

from faults.scenario import Scenario
from faults.scenarios import (
    bells,
    crashes,
    databases,
    draining,
    kills,
    mixture,
    sleepers,
)

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for module in (crashes, kills, bells, databases, sleepers, draining, mixture)
    for scenario in module.SCENARIOS
}
