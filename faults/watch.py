"""Waiting for things to happen in a world, and looking at what has happened."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, LiteralString, TypeVar
from uuid import UUID

import psycopg
from redis import Redis

from faults.hands import Hand
from faults.processes import PATIENCE, until
from faults.world import Refused, World
from notify.embedded.servers import Embedded
from notify.errors import Misconfigured

T = TypeVar("T")
AWAY = (psycopg.OperationalError, psycopg.InternalError, OSError, Refused, Misconfigured)

AT_REST: LiteralString = """
-- Broadcasts that are not over, and deliveries of which more is to come.
SELECT (SELECT count(*) FROM broadcasts WHERE id = ANY(%(sent)s) AND dispatched_at IS NULL
    AND NOT (status IN ('expired', 'cancelled') AND dispatching_at IS NULL))
  + (SELECT count(*) FROM deliveries WHERE broadcast_id = ANY(%(sent)s)
    AND (status IN ('pending', 'sending') OR (status = 'unknown' AND closed_at IS NULL))) AS n
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

        def patiently() -> T | None:
            if tended:
                self.tend()
            try:
                return look()
            except away:
                return None

        found = until(
            patiently, seconds=seconds or (600.0 if self.patient else 2 * PATIENCE),
            why=self.world.everything,
        )  # fmt: skip
        assert found is not None  # noqa: S101 - None is waited on
        return found

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

    # servers

    def redis(self) -> Any:
        return Redis.from_url(self.world.environment["NOTIFY_REDIS_URL"])

    def redis_pid(self) -> int:
        return int(self.redis().info()["process_id"])

    def data_folder(self) -> Path:
        rows = self.world.rows(
            "SELECT setting AS folder FROM pg_settings WHERE name = 'data_directory'"
        )
        return Path(rows[0]["folder"])

    def postmaster(self) -> int:
        return int((self.data_folder() / "postmaster.pid").read_text().split("\n")[0])
