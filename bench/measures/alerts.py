"""An alert's way: from the request to the first hand-over, half of them, 95 %, the last one."""

import contextlib
import time
from typing import LiteralString
from uuid import UUID

from bench import end_to_end
from bench.end_to_end import Wrong
from bench.stand import Stand
from rig.service import Refused

UNDER_WAY = 0.02  # share of the announcement that is handed over before the alert comes

WHEN: LiteralString = """
SELECT extract(epoch FROM min(handed_over_at))::float AS first,
  extract(epoch FROM percentile_disc(0.5) WITHIN GROUP (ORDER BY handed_over_at))::float AS p50,
  extract(epoch FROM percentile_disc(0.95) WITHIN GROUP (ORDER BY handed_over_at))::float AS p95,
  extract(epoch FROM max(handed_over_at))::float AS last
FROM deliveries WHERE broadcast_id = %(id)s
"""

HANDED_OVER: LiteralString = (
    "SELECT coalesce(sum(n), 0) AS n FROM handovers WHERE broadcast_id = %(id)s"
)

BY_THEN: LiteralString = """
SELECT count(*) AS n FROM deliveries WHERE broadcast_id = %(id)s AND handed_over_at <= (
  SELECT max(handed_over_at) FROM deliveries WHERE broadcast_id = %(alert)s)
"""

OVER: LiteralString = "SELECT dispatched_at FROM broadcasts WHERE id = %(id)s"


def idle(stand: Stand) -> None:
    """Nothing else to do: the best of several is no figure, so the middle one."""
    stand.workers()
    several = range(stand.scale.times)
    runs = [stand.send("email", stand.scale.small, kind="alert") for _ in several]
    waits = [_waits(stand, run.id, began=run.began) for run in runs]
    _note(stand, "idle", sorted(waits, key=lambda one: one["first"])[len(waits) // 2])


def loaded(stand: Stand) -> None:
    """While an announcement to a whole city is being sent, which makes way. Raises Wrong where
    it was through before the alert was."""
    stand.workers()
    city = stand.town("email", stand.scale.growth)
    town = stand.town("email", stand.scale.small)
    stand.world.sinks["email"].take()
    stand.world.change("CHECKPOINT")
    announcement = stand.world.send(city)
    enough = max(1, int(UNDER_WAY * stand.scale.growth))
    end_to_end.wait(stand.world, lambda: _handed_over(stand, announcement) >= enough)
    began = time.time()
    alert = stand.world.send(town, kind="alert")
    end_to_end.settled(stand.world, alert, stand.scale.small)
    with contextlib.suppress(Refused):  # all of it is through already
        stand.world.post(f"/api/v1/broadcasts/{announcement}/cancel", {})
    end_to_end.wait(stand.world, lambda: _over(stand, announcement))
    end_to_end.compare(stand.world, "email", [announcement, alert])
    left = stand.scale.growth - _by_then(stand, announcement, alert)
    if left == 0:
        raise Wrong("the alert was not loaded: nothing of the announcement was left")
    _note(stand, "loaded", _waits(stand, alert, began=began))
    stand.note("alert_loaded_left", left, "of the announcement still to go", n=stand.scale.growth)


def _handed_over(stand: Stand, broadcast: UUID) -> int:
    return int(stand.world.rows(HANDED_OVER, id=broadcast)[0]["n"])


def _by_then(stand: Stand, broadcast: UUID, alert: UUID) -> int:
    """Deliveries handed over when the last one of the alert was."""
    return int(stand.world.rows(BY_THEN, id=broadcast, alert=alert)[0]["n"])


def _over(stand: Stand, broadcast: UUID) -> bool:
    """Whether nothing of it will be handed over any more."""
    return stand.world.rows(OVER, id=broadcast)[0]["dispatched_at"] is not None


def _waits(stand: Stand, alert: UUID, *, began: float) -> dict[str, float]:
    """Seconds from before the request, on the clock of this machine, which PostgreSQL shares."""
    row = stand.world.rows(WHEN, id=alert)[0]
    return {name: at - began for name, at in row.items()}


def _note(stand: Stand, state: str, waits: dict[str, float]) -> None:
    for name, seconds in waits.items():
        stand.note(f"alert_{name}_{state}", seconds, "s", n=stand.scale.small)
