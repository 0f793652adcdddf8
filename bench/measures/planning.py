"""Planning: recipients frozen as rows. The floor is the same rows without index and trigger."""

import time

from bench.end_to_end import Wrong
from bench.stand import Stand
from notify.domain.words import Lane
from rig.planned import plan as plan_all


def plan(stand: Stand) -> None:
    """Runs before there is a worker, and leaves nothing behind that one would send."""
    world = stand.world
    town = stand.town("email", stand.scale.planned)
    broadcast = world.send(town)
    world.change("CHECKPOINT")
    began = time.perf_counter()
    plan_all(world, Lane.BULK)
    seconds = time.perf_counter() - began
    rows = world.rows("SELECT count(*) AS n FROM deliveries WHERE broadcast_id = %(id)s", id=broadcast)[0]["n"]  # fmt: skip
    if rows != stand.scale.planned:
        raise Wrong(f"{rows} rows were planned, not {stand.scale.planned}")
    world.change("CREATE TABLE floor (LIKE deliveries)")
    began = time.perf_counter()
    world.change("INSERT INTO floor SELECT * FROM deliveries")
    floor = time.perf_counter() - began
    world.change("DROP TABLE floor")
    world.change("TRUNCATE deliveries, skips, progress, skip_counts")
    world.change("DELETE FROM broadcasts WHERE id = %(id)s", id=broadcast)
    stand.note("plan", rows / seconds, "rows/s", n=rows,
               peer="INSERT … SELECT of the rows, no index, no trigger", peer_value=rows / floor)  # fmt: skip
