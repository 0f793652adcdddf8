"""What a scenario works with: a town, processes that are looked after, faults, and a verdict."""

import contextlib
import random
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString, TypeVar
from uuid import UUID, uuid4

import psycopg

from faults import crowd
from faults.hands import Hand
from faults.judging import Case, Fault, Verdict, judge
from faults.processes import PATIENCE, InVain, until
from faults.world import Refused, World
from notify.embedded.servers import Embedded
from notify.errors import Misconfigured

T = TypeVar("T")
AWAY = (psycopg.OperationalError, psycopg.InternalError, OSError, Refused, Misconfigured)
LAUNCHER = ("-m", "faults.broken")

AT_REST: LiteralString = """
-- Broadcasts that are not over, and deliveries of which more is to come.
SELECT (SELECT count(*) FROM broadcasts WHERE id = ANY(%(sent)s) AND dispatched_at IS NULL
    AND NOT (status IN ('expired', 'cancelled') AND dispatching_at IS NULL))
  + (SELECT count(*) FROM deliveries WHERE broadcast_id = ANY(%(sent)s)
    AND (status IN ('pending', 'sending') OR (status = 'unknown' AND closed_at IS NULL))) AS n
"""


class Stage:
    """One scenario's run. `patient`: leases lapse by themselves, as in an installation; else the
    clock is put forward for those of the dead. `broken` names a guarantee to do without."""

    def __init__(
        self,
        world: World,
        servers: Embedded,
        *,
        seed: int,
        recipients: int,
        patient: bool = False,
        broken: str | None = None,
        api: Hand | None = None,
        disk: Path | None = None,
    ) -> None:
        self.world = world
        self.servers = servers
        self.dice = random.Random(seed)
        self.recipients = recipients
        self.patient = patient
        self.launcher = (*LAUNCHER, *(("--break", broken) if broken else ()))
        self.api = api
        self.disk = disk
        self.hands: list[Hand] = [] if api is None else [api]
        self.texts: dict[str, Any] = {}
        self.faults: list[Fault] = []
        self.figures: dict[str, Any] = {}
        self.problems: list[str] = []
        self.ends: tuple[str, ...] = ("sent", "delivered")
        self.barred: set[int] = set()
        self.left_alone: dict[int, dict[str, Any]] = {}
        self.mid_call = 0
        self.others: set[str] = set()
        self.recovered = 0.0
        self._mended: float | None = None

    def open(self) -> None:
        """Have an API, and a town of its own."""
        if self.api is None or not self.api.process.running:
            self.replace_api()
        self.world.new_town()

    def replace_api(self, **more: Any) -> Hand:
        """Put another API, maybe one that will die, in the place of the one that runs."""
        if self.api is not None:
            self.api.keep = False
            self.api.process.end()
            self.hands.remove(self.api)
        self.api = self.hand("api", **more)
        self.until(self._answers, seconds=PATIENCE)
        return self.api

    def _answers(self) -> bool:
        with contextlib.suppress(Refused):
            self.world.get("/readyz")
        return True

    def close(self) -> None:
        """Leave no process behind but an ordinary API."""
        for hand in self.hands:
            if hand is not self.api or hand.special:
                hand.keep = False
                hand.process.kill()

    # people and broadcasts

    def people(self, count: int | None = None, *, town: str | None = None, **more: Any) -> None:
        """Residents who follow the town (or another one) of this scenario."""
        crowd.settle(self.world, count or self.recipients, town=town or self.world.town, **more)

    def send(self, kind: str = "alert", **more: Any) -> str:
        """Send as a careful program does: the same key again until there is an answer."""
        number = len(self.texts) + 1
        texts = {
            "de": {"title": f"Lage {number:03}: Hochwasser", "body": f"Bericht {number:03}. Hoch!",
                   "sms": f"Lage {number:03}: nach oben."},
            "en": {"title": f"Report {number:03}: flood", "body": f"Report {number:03}. Upstairs!",
                   "sms": f"Report {number:03}: go up."},
        }  # fmt: skip
        body = {
            "kind": kind,
            "groups": [self.world.town],
            "texts": texts,
            "valid_until": (datetime.now(UTC) + timedelta(hours=6)).isoformat(),
            **more,
        }
        made = self.ask("POST", "/api/v1/broadcasts", body)
        self.texts[str(made["id"])] = texts
        return str(made["id"])

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the API until it answers, under one key. A refusal for good is raised."""
        key = {"Idempotency-Key": uuid4().hex}

        def look() -> Any:
            try:
                return self.world.call(method, path, body, **key)
            except Refused as problem:
                if problem.status not in {409, 500, 503}:
                    raise
                return None

        return self.until(look, (OSError,))

    # processes

    def worker(self, *, crash: str | None = None, call: int = 1, **more: Any) -> Hand:
        """Start a worker for all lanes; `crash` names the point where its first life ends."""
        return self.hand("worker", crash=crash, call=call, **more)

    def hand(
        self,
        *arguments: str,
        crash: str | None = None,
        call: int = 1,
        options: Sequence[str] = (),
        settings: Mapping[str, str] | None = None,
        keep: bool = True,
    ) -> Hand:
        made = Hand(
            self.world, arguments, (*self.launcher, *options), settings or {},
            crash=("--crash", crash, "--call", str(call)) if crash else (), keep=keep,
        )  # fmt: skip
        self.hands.append(made)
        return made

    def tend(self) -> None:
        """Bring back what died, as a supervisor does."""
        with contextlib.suppress(Misconfigured):
            self.servers.ensure()
        for hand in self.hands:
            if not hand.process.running and hand.noted is not hand.process:
                self.note(hand)
                hand.noted = hand.process
            if hand.look():
                self.mended()
        if not self.patient:
            with contextlib.suppress(*AWAY):
                self._lapse()

    def _lapse(self) -> None:
        dead = [worker for hand in self.hands for worker in hand.buried()]
        if dead:
            self.world.change(
                "UPDATE attempts SET lease_until = now() WHERE settled_at IS NULL"
                " AND lease_until > now() AND worker = ANY(%(dead)s)",
                dead=dead,
            )
            self.world.hurry()

    def kill(self, *hands: Hand) -> None:
        """SIGKILL them, at once; they are started again at the next look."""
        for hand in hands:
            hand.send(signal.SIGKILL)
        for hand in hands:
            hand.process.wait()
        self.tend()

    def end(self) -> None:
        """Ask every process to end, in good order and in time."""
        workers = [hand for hand in self.hands if hand is not self.api]
        for hand in workers:
            hand.keep = False
            if hand.process.running:
                hand.send(signal.SIGTERM)
        codes = {hand.process.wait() for hand in workers}
        if codes - {0, -signal.SIGKILL}:
            self.problems.append(f"workers ended with {codes}")

    # faults

    def note(self, *hands: Hand, since: datetime | None = None) -> None:
        """Say that these died or were cut off (none: everybody), now or until now: what they
        have started and not settled then is in doubt."""
        workers = None
        if hands:
            self.quiet(*hands)
            workers = frozenset(w for hand in hands if (w := hand.worker()) is not None)
        now = datetime.now(UTC)
        self.faults.append(Fault(since or now, now, workers))
        self.mended()

    def mended(self) -> None:
        """Whatever broke is whole again: from here on it is counted how long recovery takes."""
        self._mended = time.monotonic()

    def quiet(self, *hands: Hand) -> None:
        """Wait until the database has done what these asked of it last."""
        names = [hand.name for hand in hands]
        self.until(
            lambda: not self.world.rows(
                "SELECT pid FROM pg_stat_activity WHERE application_name = ANY(%(names)s)"
                " AND state = 'active'",
                names=names,
            ),
            tended=False,
        )

    # waiting

    def until(
        self,
        look: Callable[[], T],
        away: tuple[type[Exception], ...] = AWAY,
        *,
        tended: bool = True,
        seconds: float | None = None,
    ) -> T:
        """Wait for something, looking after the processes meanwhile; what is away is waited for."""

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

    def taken(self) -> int:
        """Messages the world outside has taken so far."""
        return sum(of.get("taken", 0) for of in self.world.box.counts().values())

    def until_taken(self, least: float) -> None:
        self.until(lambda: self.taken() >= least)

    def at_rest(self) -> None:
        """Wait until every broadcast is over and nothing is in doubt any more."""
        sent = [UUID(one) for one in self.texts]
        self.until(lambda: self.world.rows(AT_REST, sent=sent)[0]["n"] == 0)
        if self._mended is not None:
            self.recovered = time.monotonic() - self._mended

    def verdict(self) -> Verdict:
        """End everything and judge."""
        try:
            self.at_rest()
        except InVain:
            self.problems.append("never came to rest")
        self.end()
        dead = frozenset(worker for hand in self.hands for worker in hand.buried())
        case = Case(
            self.texts, self.faults, ends=self.ends, barred=self.barred,
            left_alone=self.left_alone, mid_call=self.mid_call, dead=dead, others=self.others,
        )  # fmt: skip
        found = judge(self.world.database_url, self.world.box, self.world.keyring, case)
        found.problems = [*self.problems, *found.problems]
        return found
