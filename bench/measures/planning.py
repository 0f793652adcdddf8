"""Planning: recipients frozen as rows. The floor is the same rows without index and trigger."""

import time
from uuid import UUID

from bench.costs import Cost
from bench.end_to_end import Wrong
from bench.gauges import cpu_seconds
from bench.stand import Stand
from notify.domain.words import Lane
from rig.planned import plan as plan_all


def plan(stand: Stand) -> None:
    """Runs before there is a worker, and leaves nothing behind that one would send."""
    world = stand.world
    done = planned(stand, stand.scale.planned)
    world.change("CREATE TABLE floor (LIKE deliveries)")
    began = time.perf_counter()
    world.change("INSERT INTO floor SELECT * FROM deliveries")
    floor = time.perf_counter() - began
    world.change("DROP TABLE floor")
    world.change("TRUNCATE deliveries, skips, progress, skip_counts")
    world.change("DELETE FROM broadcasts WHERE planned_at IS NOT NULL")
    stand.note("plan", done.rate, "rows/s", n=done.n,
               peer="INSERT … SELECT of the rows, no index, no trigger", peer_value=done.n / floor)  # fmt: skip


def planned(stand: Stand, count: int) -> Cost:
    """Plan a broadcast to so many while no worker runs; CPU of PostgreSQL and the planner. Raises
    Wrong where the rows are not as many."""
    world = stand.world
    town = stand.town("email", count)
    broadcast = world.send(town)
    world.change("CHECKPOINT")
    postgres = cpu_seconds(world.postmaster())
    began, own = time.perf_counter(), time.process_time()
    plan_all(world, Lane.BULK)
    seconds, own = time.perf_counter() - began, time.process_time() - own
    spent = own + cpu_seconds(world.postmaster()) - postgres
    rows = _rows(stand, broadcast)
    if rows != count:
        raise Wrong(f"{rows} rows were planned, not {count}")
    return Cost(rows, spent / rows * 1e6, rows / seconds)


def _rows(stand: Stand, broadcast: UUID) -> int:
    found = stand.world.rows(
        "SELECT count(*) AS n FROM deliveries WHERE broadcast_id = %(id)s", id=broadcast
    )
    return int(found[0]["n"])
