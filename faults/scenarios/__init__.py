"""Every scenario, in the order of the table."""

from faults.scenario import Scenario
from faults.scenarios import crashes

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario for module in (crashes,) for scenario in module.SCENARIOS
}
