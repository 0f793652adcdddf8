"""The service on its stand, between lean sinks."""

import contextlib
import signal
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

from redis import Redis
from typing_extensions import override

from bench.browsers import browser
from bench.gauges import Memory, cpu_seconds
from bench.sinks.process import Sink
from bench.words import texts
from notify.domain.words import Lane
from notify.settings import Settings
from rig import crowd
from rig.caller import answers, request
from rig.processes import Process, until
from rig.service import Rig

ACCOUNT = "AC" + "0" * 31 + "1"
TOKEN = "a-token-for-the-sink"  # noqa: S105 - the sink asks for none
UNLIMITED = 1_000_000  # segments a second: a gateway without a rate limit

SEATS: LiteralString = "SELECT count(*) AS n FROM workers WHERE seen_at > now() - interval '10 s'"

EMPTY: LiteralString = """
TRUNCATE residents, broadcasts, notes, deliveries, attempts, receipts, skips, progress, handovers,
  skip_counts CASCADE
"""


def _redis_pid(url: str) -> int:
    with Redis.from_url(url, socket_timeout=10) as redis:
        return int(redis.info("server")["process_id"])


class World(Rig):
    """A rig between three sinks. `memory` watches every process of it; `lose`: how many messages
    each sink takes and does not write down."""

    def __init__(
        self,
        database_url: str,
        folder: Path,
        *,
        memory: Memory,
        redis_url: str | None = None,
        lose: int = 0,
    ) -> None:
        more = {"REDIS_URL": redis_url} if redis_url else {}
        super().__init__(database_url, folder, **more)
        self.memory = memory
        self.redis_url = redis_url
        self.workers: list[Process] = []
        self._broadcasts = 0
        self._lose = lose
        self._browsers = 0

    @override
    def begin_outside(self, stack: contextlib.ExitStack) -> None:
        self.sinks = {
            channel: stack.enter_context(Sink(kind, self.folder, lose=self._lose))
            for channel, kind in (("email", "smtp"), ("sms", "gateway"), ("push", "push"))
        }

    @override
    def outside(self) -> Mapping[str, str]:
        return {
            "SMTP_URLS": f"smtp://127.0.0.1:{self.sinks['email'].port}?tls=none",
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_SENDERS": f"+4915735990000@{UNLIMITED}",
            "TWILIO_API_URL": self.sinks["sms"].url,
            "PUSH_HOSTS": self.sinks["push"].url,
            "LOG_LEVEL": "WARNING",
        }

    @override
    def browsers(self, count: int) -> list[dict[str, Any]]:
        first, self._browsers = self._browsers, self._browsers + count
        origin = self.sinks["push"].url
        return [browser(origin, number).subscription() for number in range(first, first + count)]

    # processes

    def begin(self) -> None:
        """Start the HTTP server, and watch what is there."""
        for channel, sink in self.sinks.items():
            self.memory.watch(f"sink {channel}", sink.pid)
        if self.redis_url:
            self.memory.watch("redis", _redis_pid(self.redis_url))
        self.api = self.start("api")
        self.memory.watch("api", self.api.pid)
        url = self.environment["NOTIFY_PUBLIC_URL"]
        until(lambda: answers(url, request("GET", url + "/healthz")), why=self.everything)

    def add_workers(
        self, count: int, *, launcher: tuple[str, ...] = ("-m", "notify")
    ) -> list[Process]:
        """Start so many more for each lane, as `notify up` does, and wait until they are there."""
        started = []
        for lane in [lane for lane in Lane for _ in range(count)]:
            worker = self.start("worker", "--lane", lane, launcher=launcher)
            self.memory.watch(f"worker {lane}", worker.pid)
            started.append(worker)
        self.workers += started
        until(lambda: self.rows(SEATS)[0]["n"] >= len(self.workers), why=self.everything)
        return started

    def end_workers(self, workers: Sequence[Process]) -> None:
        """Ask some of them to end, and wait for it."""
        for worker in workers:
            worker.send(signal.SIGTERM)
        for worker in workers:
            worker.end()
            self.workers.remove(worker)
            self.processes.remove(worker)

    def postmaster(self) -> int:
        rows = self.rows("SELECT setting FROM pg_settings WHERE name = 'data_directory'")
        return int((Path(rows[0]["setting"]) / "postmaster.pid").read_text().split("\n")[0])

    def spent(self) -> dict[str, float]:
        """Seconds of CPU so far: of PostgreSQL, the workers and the sinks."""
        return {
            "postgres": cpu_seconds(self.postmaster()),
            "workers": sum(cpu_seconds(worker.pid) for worker in self.workers),
            "sinks": sum(cpu_seconds(sink.pid) for sink in self.sinks.values()),
        }

    # people and broadcasts

    def people(self, count: int, channel: str) -> str:
        """A new town of so many residents with an address on one channel; its name."""
        self.new_town()
        crowd.settle(self, count, town=self.town, channels=(channel,))
        self.change("VACUUM ANALYZE residents, addresses, subscriptions")
        return self.town

    def empty(self) -> None:
        """Forget all residents and all that was ever sent."""
        self.change(EMPTY)

    def settings(self, **more: Any) -> Settings:
        """What the processes run with, for what is called in this process."""
        values: dict[str, Any] = {
            name.removeprefix("NOTIFY_").lower(): value for name, value in self.environment.items()
        }
        return Settings(**{**values, **more})

    def send(self, town: str, *, kind: str = "announcement", **more: Any) -> UUID:
        """Ask the API for a broadcast, with words that no other has."""
        self._broadcasts += 1
        made = self.post(
            "/api/v1/broadcasts",
            {
                "kind": kind, "groups": [town], "texts": texts(self._broadcasts),
                "valid_until": (datetime.now(UTC) + timedelta(hours=6)).isoformat(),
                **more,
            },
        )  # fmt: skip
        return UUID(made["id"])
