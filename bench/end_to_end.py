"""Sends one broadcast end to end and measures it: from the request to the last settlement."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from bench.world import World

LONGEST = 3_600.0  # seconds for one broadcast, of a million at most
LOOK_EVERY = 0.2

LEFT: LiteralString = """
-- From the counters, which cost next to nothing. Null while it is still being planned.
SELECT CASE WHEN b.planned_at IS NOT NULL THEN (SELECT coalesce(sum(n), 0) FROM progress p
  WHERE p.broadcast_id = b.id AND p.status IN ('pending', 'sending')) END AS n
FROM broadcasts b WHERE b.id = %(id)s
"""

BOOK: LiteralString = """
SELECT (SELECT count(*) FROM deliveries WHERE broadcast_id = %(id)s) AS planned,
  count(*) FILTER (WHERE d.status IN ('sent', 'delivered')) AS reached,
  extract(epoch FROM max(t.settled_at))::float AS last
FROM deliveries d JOIN attempts t ON t.delivery_id = d.id WHERE d.broadcast_id = %(id)s
"""

COMPARED: LiteralString = """
-- What the sink got, one row a message, against who got it as we say, once each.
SELECT count(*) FILTER (WHERE g.n IS NULL) AS lost,
  coalesce(sum(g.n - 1) FILTER (WHERE d.value IS NOT NULL AND g.n > 1), 0)::bigint AS doubled,
  count(*) FILTER (WHERE d.value IS NULL) AS strange
FROM (SELECT CASE a.channel WHEN 'push' THEN substring(a.value FROM '[^/]+$') ELSE a.value END
    AS value FROM deliveries d JOIN addresses a ON a.id = d.address_id
    WHERE d.broadcast_id = ANY(%(ids)s) AND d.status IN ('sent', 'delivered')) AS d
FULL JOIN (SELECT value, count(*) AS n FROM got GROUP BY 1) AS g USING (value)
"""


class Wrong(Exception):
    """What the sink got and what the database says disagree: a figure from it would be none."""


@dataclass(frozen=True, slots=True)
class Run:
    """One broadcast: when its request began (Unix time), how many deliveries in how many seconds,
    and the seconds of CPU it cost."""

    id: UUID
    began: float
    n: int
    seconds: float
    cpu: dict[str, float]

    @property
    def rate(self) -> float:
        """Deliveries a second."""
        return self.n / self.seconds

    def each(self, name: str) -> float:
        """Microseconds of CPU a delivery."""
        return self.cpu[name] / self.n * 1e6

    @property
    def cost(self) -> float:
        """Microseconds of CPU a delivery of PostgreSQL and the workers together."""
        return self.each("postgres") + self.each("workers")


def send(world: World, town: str, channel: str, count: int, *, kind: str = "announcement") -> Run:
    """Send a broadcast to a town of `count` people and wait until its last delivery is settled.
    Raises Wrong where not each of them got it, once."""
    world.sinks[channel].take()
    before = world.spent()
    began = time.time()
    broadcast = world.send(town, kind=kind)
    last = settled(world, broadcast, count)
    spent = {name: seconds - before[name] for name, seconds in world.spent().items()}
    compare(world, channel, [broadcast])
    return Run(broadcast, began, count, last - began, spent)


def settled(world: World, broadcast: UUID, count: int) -> float:
    """Wait until each of `count` people was reached; when the last delivery was settled (Unix
    time). Raises Wrong where some were left out, or not reached."""
    wait(world, lambda: world.rows(LEFT, id=broadcast)[0]["n"] == 0)
    book = world.rows(BOOK, id=broadcast)[0]
    if book["planned"] != count:
        raise Wrong(f"{book['planned']} deliveries were planned for {count} people")
    if book["reached"] != count:
        raise Wrong(f"{book['reached']} of {count} deliveries were handed over")
    return float(book["last"])


def wait(world: World, look: Callable[[], Any]) -> None:
    """Wait for something that the workers do. Raises Wrong when one of them ends, or it takes
    too long."""
    deadline = time.monotonic() + LONGEST
    while not look():
        if time.monotonic() > deadline:
            raise Wrong(f"not settled after {LONGEST:.0f} s\n{world.everything()}")
        dead = [process for process in world.processes if not process.running]
        if dead:
            raise Wrong(f"{dead[0].log.name} ended\n{dead[0].said()[-2_000:]}")
        time.sleep(LOOK_EVERY)


def compare(world: World, channel: str, broadcasts: list[UUID]) -> None:
    """Hold what the sink got against what of these broadcasts was handed over, recipient by
    recipient. Raises Wrong."""
    with psycopg.connect(world.database_url) as connection:
        connection.execute("CREATE TEMP TABLE got (value text)")
        _copy(connection, world.sinks[channel].take())
        row = connection.execute(COMPARED, {"ids": broadcasts}).fetchone()
    lost, doubled, strange = row or (0, 0, 0)
    if lost or doubled or strange:
        raise Wrong(f"the {channel} sink: {lost} lost, {doubled} doubled, {strange} for nobody")


def _copy(connection: psycopg.Connection[Any], file: Path) -> None:
    with connection.cursor().copy("COPY got FROM STDIN") as copy, file.open("rb") as lines:
        while chunk := lines.read(1_000_000):
            copy.write(chunk)
