"""A time that came while the service was down."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from faults.scenario import Scenario
from faults.stage import Stage

LATE = 600  # seconds


def missed(stage: Stage) -> None:
    """Two announcements for later; their time comes while no worker is there. One holds still,
    the other one is worth nothing any more."""
    stage.people()
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    still, over = (stage.send("announcement", send_at=soon) for _ in range(2))
    stage.world.change(
        "UPDATE broadcasts SET send_at = now() - %(late)s * interval '1 s',"
        " created_at = now() - interval '1 hour', approved_at = now() - interval '1 hour',"
        " valid_until = CASE WHEN id = %(over)s THEN now() - interval '1 s' ELSE valid_until END"
        " WHERE id = ANY(%(both)s)",
        late=LATE, over=UUID(over), both=[UUID(still), UUID(over)],
    )  # fmt: skip
    stage.mended()
    stage.worker()
    stage.at_rest()
    stage.expect("what is over expires", stage.look(over)["status"] == "expired")
    stage.expect("and nobody is planned for it", not stage.deliveries(over))
    sent = stage.look(still)
    stage.expect("what holds is sent", sent["status"] == "dispatched")
    stage.expect("and said to be late", (sent["late_seconds"] or 0) >= LATE)


SCENARIOS = [Scenario("schedule missed while down", missed, short=100)]
