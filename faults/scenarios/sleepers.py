"""A worker that sleeps past its lease, or is cut off, and comes back to what others took."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from typing import Any
from urllib.parse import parse_qs, urlsplit

from faults.hands import Hand
from faults.proxy import Wire
from faults.scenario import Scenario
from faults.stage import Stage

ONE_AT_A_TIME = {f"NOTIFY_{name}_CONCURRENCY": "1" for name in ("MAIL", "SMS", "PUSH")}
SLOW: Sequence[dict[str, Any]] = [
    {"channel": "email", "do": "slow", "at": "data", "seconds": 0.3},
    {"channel": "sms", "do": "slow", "seconds": 0.3},
    {"channel": "push", "do": "slow", "seconds": 0.3},
]
OWN_LEFT_ALONE = ("settled_at", "outcome", "provider_id")
SHORT_LEASE = ("--short-lease", "--set", "notify.services.handing_over:LONGEST_CALL=3")
LEASE = {"NOTIFY_LEASE_SECONDS": "6"}

Absence = Callable[[Stage, Hand], None]


def away(stage: Stage, *, absent: Callable[..., Any], settings: Mapping[str, str]) -> None:
    """One worker has much in hand and calls one after the other; `absent` is a context in which
    it is away. Another one takes over what lapsed, then the first comes back."""
    options = () if stage.patient else SHORT_LEASE
    lease = {} if stage.patient else LEASE
    stage.people()
    stage.world.box.rules(SLOW)
    sleeper = stage.worker(options=options, settings={**lease, **ONE_AT_A_TIME, **settings})
    stage.send()
    stage.send("announcement")
    stage.until_taken(4)
    with absent(stage, sleeper):
        stage.world.box.rules([])
        stage.worker(options=options, settings=lease)
        stage.until(lambda: _in_hand(stage, sleeper) == 0)
        stage.at_rest()
        stage.left_alone = {
            row["id"]: {name: row[name] for name in OWN_LEFT_ALONE}
            for row in stage.attempts(sleeper)
        }
    stage.mid_call = 2 * len(ONE_AT_A_TIME)  # a call for each lane it has something in
    back = datetime.now(UTC)
    stage.until(lambda: _asked_since(stage, sleeper, back))
    stage.send()  # both are at work again


@contextmanager
def asleep(stage: Stage, sleeper: Hand) -> Iterator[None]:
    sleeper.send(SIGSTOP)
    stage.note(sleeper)
    try:
        yield
    finally:
        sleeper.send(SIGCONT)


@contextmanager
def cut_off(stage: Stage, sleeper: Hand, *, wire: Wire, losing: bool) -> Iterator[None]:
    began = datetime.now(UTC)
    wire.cut()
    yield
    wire.mend(losing=losing)
    stage.note(sleeper, since=began)


def from_the_database(stage: Stage) -> None:
    where = parse_qs(urlsplit(stage.world.database_url).query)
    socket = Path(where["host"][0]) / f".s.PGSQL.{where['port'][0]}"
    with Wire(socket) as wire:
        url = f"postgresql://notify@127.0.0.1:{wire.port}/notify"
        away(
            stage, absent=partial(cut_off, wire=wire, losing=False),
            settings={"NOTIFY_DATABASE_URL": url},
        )  # fmt: skip
        stage.at_rest()
        stage.end()


def from_the_gateway(stage: Stage) -> None:
    """Nothing is lost on the way back: what the gateway did not answer in time is not held."""
    port = urlsplit(stage.world.box.twilio_url).port or 0
    with Wire(port) as wire:
        url = f"http://127.0.0.1:{wire.port}"
        away(
            stage, absent=partial(cut_off, wire=wire, losing=True),
            settings={"NOTIFY_TWILIO_API_URL": url},
        )  # fmt: skip
        stage.at_rest()
        stage.end()


def _in_hand(stage: Stage, sleeper: Hand) -> int:
    return sum(row["settled_at"] is None for row in stage.attempts(sleeper))


def _asked_since(stage: Stage, sleeper: Hand, at: datetime) -> bool:
    rows = stage.world.rows(
        "SELECT pid FROM pg_stat_activity WHERE application_name = %(name)s"
        " AND query_start > %(at)s",
        name=sleeper.name, at=at,
    )  # fmt: skip
    return bool(rows)


SCENARIOS = [
    Scenario(
        "worker asleep past its lease", partial(away, absent=asleep, settings={}),
        short=30, long=200, patient=True, breaks=("fence", "lease"),
    ),
    Scenario("worker cut off from the database", from_the_database, short=30, long=200, patient=True),
    Scenario("worker cut off from the gateway", from_the_gateway, short=30, long=200, patient=True),
]  # fmt: skip
