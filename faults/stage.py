"""What a scenario works with: a town, processes that are looked after, faults, and a verdict."""

import contextlib
import random
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from typing_extensions import override

from faults.crashpoints import CRASH_POINTS
from faults.hands import Hand
from faults.judging import Case, Fault, Verdict, judge
from faults.watch import AWAY, Watch
from faults.world import Refused, World
from notify.embedded.servers import Embedded
from notify.errors import Misconfigured
from rig import crowd
from rig.processes import PATIENCE, InVain

LAUNCHER = ("-m", "faults.broken")
RESTLESS = "never came to rest"
TEND_EVERY = 0.2  # seconds


class Stage(Watch):
    """One scenario's run. `patient`: leases lapse by themselves, as in an installation; else the
    clock is put forward for those of the dead. `broken` names a guarantee to do without, `disk`
    is where a file system for the data alone is."""

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
        super().__init__(world, servers, patient=patient)
        self.dice = random.Random(seed)
        self.recipients = recipients
        self.broken = ("--break", broken) if broken else ()
        self.api = api
        self.disk = disk
        self.hands: list[Hand] = [] if api is None else [api]
        self.faults: list[Fault] = []
        self.figures: dict[str, Any] = {}
        self.problems: list[str] = []
        self.ends: tuple[str, ...] = ("sent", "delivered")
        self.barred: set[int] = set()
        self.left_alone: dict[int, dict[str, Any]] = {}
        self.mid_call = 0
        self.others: set[str] = set()
        self.erased = False
        self.answers = False
        self.recovered = 0.0
        self._mended = time.monotonic()
        self._tended = 0.0

    def open(self) -> None:
        """Have an API, and a town of its own."""
        if self.api is None or not self.api.process.running:
            self.replace_api()
        self.until(self._answers, seconds=PATIENCE)  # it may have been started a moment ago
        self.world.new_town()

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

    def draft(self, kind: str = "alert", **more: Any) -> dict[str, Any]:
        """What a program would post, with words that no other broadcast has."""
        number = len(self.texts) + 1
        texts = {
            "de": {"title": f"Lage {number:03}: Hochwasser", "body": f"Bericht {number:03}. Hoch!",
                   "sms": f"Lage {number:03}: nach oben."},
            "en": {"title": f"Report {number:03}: flood", "body": f"Report {number:03}. Upstairs!",
                   "sms": f"Report {number:03}: go up."},
        }  # fmt: skip
        return {
            "kind": kind,
            "groups": [self.world.town],
            "texts": texts,
            "valid_until": (datetime.now(UTC) + timedelta(hours=6)).isoformat(),
            **more,
        }

    def send(self, kind: str = "alert", **more: Any) -> str:
        """Send as a careful program does: the same key again until there is an answer."""
        body = self.draft(kind, **more)
        return self.sent(self.ask("POST", "/api/v1/broadcasts", body), body)

    def sent(self, made: Any, body: dict[str, Any]) -> str:
        """Remember what was sent, to be judged."""
        self.texts[str(made["id"])] = body["texts"]
        return str(made["id"])

    def ask(self, method: str, path: str, body: Any = None, *, key: str | None = None) -> Any:
        """Ask the API until it answers, under one key. A refusal for good is raised."""
        headers = {"Idempotency-Key": key or uuid4().hex}

        def look() -> Any:
            try:
                return self.world.call(method, path, body, **headers)
            except Refused as problem:
                if problem.status not in {409, 500, 503}:
                    raise
                return None

        return self.until(look, away=(OSError,))

    # processes

    def worker(self, **more: Any) -> Hand:
        """Start a worker for all lanes."""
        return self.hand("worker", **more)

    def workers(self) -> list[Hand]:
        return [hand for hand in self.hands if hand is not self.api]

    def replace_api(self, **more: Any) -> Hand:
        """Put another API, maybe one that will die, in the place of the one that runs."""
        if self.api is not None:
            self.api.keep = False
            self.api.process.end()
            self.hands.remove(self.api)
        broken, self.broken = self.broken, ()  # which is about those who send
        self.api = self.hand("api", **more)
        self.broken = broken
        self.until(self._answers, seconds=PATIENCE)
        return self.api

    def _answers(self) -> bool:
        with contextlib.suppress(Refused):
            self.world.get("/readyz")
        return True

    def hand(
        self,
        *arguments: str,
        crashes: Sequence[str] = (),
        options: Sequence[str] = (),
        settings: Mapping[str, str] | None = None,
        keep: bool = True,
    ) -> Hand:
        """Start a process. `crashes` name the points where its first lives end, at a call that
        the dice choose; `keep`: it is started again whenever it is gone."""
        made = Hand(
            self.world, arguments, (*LAUNCHER, *self.broken, *options), settings or {},
            ends=[self._end_at(name) for name in crashes], keep=keep,
        )  # fmt: skip
        self.hands.append(made)
        return made

    def _end_at(self, name: str) -> tuple[str, ...]:
        call = self.dice.randint(1, CRASH_POINTS[name].calls)
        return ("--crash", name, "--call", str(call))

    @override
    def tend(self) -> None:
        """Bring back what died, as a supervisor does."""
        if time.monotonic() - self._tended < TEND_EVERY:
            return
        self._tended = time.monotonic()
        with contextlib.suppress(Misconfigured):
            self.servers.ensure()
        for hand in self.hands:
            if hand.died():
                self.note(hand)
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
        self.world.hurry(seconds=70.0)

    def kill(self, *hands: Hand) -> None:
        """SIGKILL them, at once; they are started again at the next look."""
        for hand in hands:
            hand.send(signal.SIGKILL)
        for hand in hands:
            hand.process.wait()
        self._tended = 0.0
        self.tend()

    def end(self) -> None:
        """Ask every worker to end, in good order and in time."""
        for hand in self.workers():
            hand.keep = False
            if hand.process.running:
                hand.send(signal.SIGTERM)
        codes = {hand.process.wait() for hand in self.workers()}
        if codes - {0, -signal.SIGKILL, 128 + signal.SIGTERM}:
            self.problems.append(f"workers ended with {codes}")

    # faults

    def in_the_middle(self, do: Callable[[Self], Any], *, times: int) -> None:
        """Do something to a fan-out under way, several times, whenever the dice say."""
        self.until(lambda: self.planned() >= self.recipients)
        shares = sorted(self.dice.uniform(0.02, 0.8) for _ in range(times))
        for share in shares:
            self.until_taken(share * self.planned())
            do(self)

    def note(self, *hands: Hand, since: datetime | None = None) -> None:
        """Say that these died or were cut off (none: everybody), now or until now: what they
        have started and not settled then is in doubt."""
        workers = None
        if hands:
            self._quiet(*hands)
            workers = frozenset(w for hand in hands if (w := hand.worker()) is not None)
        now = datetime.now(UTC)
        self.faults.append(Fault(since or now, now, workers))
        self.mended()

    def _quiet(self, *hands: Hand) -> None:
        """Wait until the database has done what these asked of it last."""
        names = [hand.name for hand in hands]
        self.until(
            lambda: (
                not self.world.rows(
                    "SELECT pid FROM pg_stat_activity WHERE application_name = ANY(%(names)s)"
                    " AND state = 'active'",
                    names=names,
                )
            ),
            tended=False,
        )

    def mended(self) -> None:
        """Whatever broke is whole again: from here on it is counted how long recovery takes."""
        self._mended = time.monotonic()

    # judging

    def expect(self, what: str, fact: object) -> None:
        """Something of its own that a scenario promises."""
        if not fact:
            self.problems.append(f"not so: {what}")

    def verdict(self) -> Verdict:
        """Wait for the end, end everything, and judge."""
        try:
            self.recovered = self.at_rest() - self._mended
        except InVain:
            self.problems.append(RESTLESS)
        dead = frozenset(worker for hand in self.hands for worker in hand.buried())
        self.end()
        case = Case(
            self.texts, self.faults, ends=self.ends, barred=self.barred,
            left_alone=self.left_alone, mid_call=self.mid_call, dead=dead, others=self.others,
            erased=self.erased, answers=self.answers,
        )  # fmt: skip
        found = judge(self.world.database_url, self.world.box, self.world.keyring, case)
        found.problems = [*self.problems, *found.problems]
        return found
