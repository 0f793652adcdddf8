"""Waiting for things to happen in a world, and looking at what has happened."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, LiteralString, TypeVar
from uuid import UUID

import psycopg
from redis import Redis
from redis.exceptions import RedisError

from faults.hands import Hand
from faults.world import Refused, World
from notify.embedded.servers import Embedded
from notify.errors import Misconfigured
from rig.processes import PATIENCE, until

T = TypeVar("T")
AWAY = (psycopg.OperationalError, psycopg.InternalError, OSError, Refused, Misconfigured)

AT_REST: LiteralString = """
-- Broadcasts that are not over, and deliveries of which more is to come.
SELECT (SELECT count(*) FROM broadcasts WHERE id = ANY(%(sent)s) AND dispatched_at IS NULL
    AND NOT (status IN ('expired', 'cancelled') AND dispatching_at IS NULL))
  + (SELECT count(*) FROM deliveries WHERE broadcast_id = ANY(%(sent)s)
    AND (status IN ('pending', 'sending') OR (status = 'unknown' AND closed_at IS NULL))) AS n
"""

STAND: LiteralString = """
SELECT channel, status, count(*) AS n FROM deliveries WHERE broadcast_id = ANY(%(sent)s)
GROUP BY 1, 2 ORDER BY 1, 2
"""

PACE: LiteralString = """
SELECT extract(epoch FROM min(d.handed_over_at) - b.created_at)::float AS first,
  CASE WHEN b.planned_at IS NOT NULL AND bool_and(d.handed_over_at IS NOT NULL)
    THEN extract(epoch FROM percentile_disc(0.95) WITHIN GROUP (ORDER BY d.handed_over_at)
      - b.created_at)::float END AS most
FROM broadcasts b LEFT JOIN deliveries d ON d.broadcast_id = b.id WHERE b.id = %(id)s
GROUP BY b.id
"""

PLANNED: LiteralString = "SELECT count(*) AS n FROM deliveries WHERE broadcast_id = ANY(%(sent)s)"


class Watch:
    """`patient`: things may take as long as a real lease."""

    def __init__(self, world: World, servers: Embedded, *, patient: bool) -> None:
        self.world = world
        self.servers = servers
        self.patient = patient
        self.texts: dict[str, Any] = {}  # of all that was sent, by broadcast id

    @property
    def ids(self) -> list[UUID]:
        return [UUID(one) for one in self.texts]

    def tend(self) -> None:
        """What is done whenever something is waited for."""

    def until(
        self,
        look: Callable[[], T],
        *,
        away: tuple[type[Exception], ...] = AWAY,
        tended: bool = True,
        seconds: float | None = None,
    ) -> T:
        """Wait for something, and for what is away."""
        hindered: list[str] = []

        def patiently() -> T | None:
            if tended:
                self.tend()
            try:
                return look()
            except away as problem:
                hindered[:] = [f"{type(problem).__name__}: {problem}\n"]
                return None

        found = until(
            patiently, seconds=seconds or (600.0 if self.patient else 2 * PATIENCE),
            why=lambda: "".join([*hindered, self._stand()]), stand=self._taken,
        )  # fmt: skip
        assert found is not None  # noqa: S101 - None is waited on
        return found

    def _stand(self) -> str:
        """Where it stands, in a few lines."""
        last = [process for process in self.world.processes if process.running][-3:]
        said = "\n".join(f"--- {p.log.name}: {p.said()[-600:]}" for p in last)
        try:
            rows = self.world.rows(STAND, sent=self.ids)
        except AWAY as problem:
            told = self.world.folder / "data" / "log" / "postgres.log"
            server = told.read_text(errors="replace")[-2_000:] if told.exists() else ""
            return f"The database is away ({type(problem).__name__}: {problem}).\n{said}\n{server}"
        counts = ", ".join(f"{row['n']} {row['channel']} {row['status']}" for row in rows)
        return f"{counts or 'nothing is planned'}\n{said}"

    def _taken(self) -> int | None:
        """A big fan-out on a busy machine may take its time, as long as it goes on."""
        try:
            return self.taken() if self.texts else None
        except AWAY:
            return None

    def at_rest(self) -> float:
        """Wait until every broadcast is over and nothing is in doubt any more; when that was."""
        self.until(lambda: self.world.rows(AT_REST, sent=self.ids)[0]["n"] == 0)
        return time.monotonic()

    def until_taken(self, least: float) -> None:
        self.until(lambda: self.taken() >= least)

    def taken(self) -> int:
        """Messages the world outside has taken so far."""
        return sum(of.get("taken", 0) for of in self.world.box.counts().values())

    def booked(self, channel: str) -> int:
        return self.world.box.counts()[channel].get("taken", 0)

    def planned(self) -> int:
        return int(self.world.rows(PLANNED, sent=self.ids)[0]["n"])

    def states(self, channel: str | None = None) -> set[str]:
        """The statuses that deliveries are in."""
        rows = self.world.rows(
            "SELECT DISTINCT status FROM deliveries WHERE broadcast_id = ANY(%(sent)s)"
            " AND (%(channel)s::text IS NULL OR channel = %(channel)s)",
            sent=self.ids, channel=channel,
        )  # fmt: skip
        return {row["status"] for row in rows}

    def attempts(self, hand: Hand | None = None) -> list[dict[str, Any]]:
        """All of them, or those of one worker."""
        return self.world.rows(
            "SELECT t.* FROM attempts t JOIN deliveries d ON d.id = t.delivery_id"
            " WHERE d.broadcast_id = ANY(%(sent)s)"
            " AND (%(worker)s::uuid IS NULL OR t.worker = %(worker)s)",
            sent=self.ids, worker=hand.worker() if hand else None,
        )  # fmt: skip

    def look(self, broadcast_id: str) -> Any:
        """What the API says of a broadcast, once it answers."""
        return self.until(lambda: self.world.get(f"/api/v1/broadcasts/{broadcast_id}"))

    def deliveries(self, broadcast_id: str) -> set[int]:
        rows = self.world.rows(
            "SELECT id FROM deliveries WHERE broadcast_id = %(id)s", id=UUID(broadcast_id)
        )
        return {row["id"] for row in rows}

    def until_begun(self, broadcast_id: str) -> float:
        """Seconds from the request to the first hand-over, once that has been."""
        return self._pace(broadcast_id, "first")

    def until_handed_over(self, broadcast_id: str) -> float:
        """Seconds from the request to 95 % of the hand-overs, once all have been."""
        return self._pace(broadcast_id, "most")

    def _pace(self, broadcast_id: str, name: str) -> float:
        def look() -> Any:
            return self.world.rows(PACE, id=UUID(broadcast_id))[0][name]

        found: float = self.until(look)
        return found

    # servers

    def redis(self) -> Any:
        """Redis, once it answers: it may have been killed a moment ago."""
        client = Redis.from_url(self.world.environment["NOTIFY_REDIS_URL"])
        self.until(client.ping, away=(RedisError,))
        return client

    def redis_pid(self) -> int:
        return int(self.redis().info()["process_id"])

    def data_folder(self) -> Path:
        rows = self.world.rows(
            "SELECT setting AS folder FROM pg_settings WHERE name = 'data_directory'"
        )
        return Path(rows[0]["folder"])

    def postmaster(self) -> int:
        return int((self.data_folder() / "postmaster.pid").read_text().split("\n")[0])
