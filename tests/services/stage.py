"""A stage on which anything may happen to deliveries, in any order, one statement at a time.

It plays several workers by the real functions of the store and the services: each may crash, sleep
past its lease and wake, or settle late; receipts come whenever they like. `check` is what must hold
after each step.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any, Final, LiteralString, TypeVar
from uuid import UUID, uuid4

from pydantic import SecretStr

from channels.base import (
    AddressGone,
    Failure,
    OutcomeUnknown,
    Rejected,
    SenderDown,
    SenderStopped,
    Sent,
    TryAgain,
)
from channels.inbound import Inbound
from channels.receipts import Receipt, Report
from notify import clock
from notify.domain.delivery import MOVES, DeliveryStatus, allowed_from
from notify.domain.doubt import Resolution, resolve
from notify.domain.keyring import Keyring
from notify.domain.outcome import judge
from notify.domain.words import Channel, Kind, Lane, Relation
from notify.errors import NotifyError
from notify.services import inbound, leaving, receiving, submitting
from notify.services.texts import Means
from notify.settings import Settings
from notify.store import claiming, pump, suppressions, sweep
from notify.store.claiming import Claimed
from notify.store.database import Database, Row
from notify.store.pump import Settled
from tests.town import Town

T = TypeVar("T")

WORKERS: Final = 3
PEOPLE: Final = 3
LEASE: Final = 60
SECRET: Final = "a-key-for-tests-only"

ANSWERS: Final[Mapping[str, Sent | Failure]] = {
    "sent": Sent("SM1", parts=1),
    "again": TryAgain("busy"),
    "down": SenderDown("unreachable"),
    "rejected": Rejected("filtered"),
    "gone": AddressGone("no_such_number"),
    "stopped": SenderStopped("not_authorised"),
    "unknown": OutcomeUnknown("timed_out"),
}

WATCH: LiteralString = """
CREATE TABLE moves (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, delivery_id bigint, old text, new text);
CREATE FUNCTION note_move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO moves (delivery_id, old, new) VALUES (NEW.id, OLD.status, NEW.status);
  RETURN NULL; END $$;
CREATE TRIGGER noted AFTER UPDATE ON deliveries FOR EACH ROW
  WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION note_move();
"""

EMPTY: LiteralString = """
TRUNCATE moves, deliveries, attempts, receipts, skips, skip_counts, progress, handovers, broadcasts,
  notes, suppressions, subscriptions, addresses, consents, residents, groups, inbound
RESTART IDENTITY CASCADE
"""

MISCOUNTED: LiteralString = """
SELECT * FROM (SELECT broadcast_id, channel, status, sum(n) AS n FROM progress GROUP BY 1, 2, 3) p
FULL JOIN (SELECT broadcast_id, channel, status, count(*) AS m FROM deliveries
  WHERE broadcast_id IS NOT NULL GROUP BY 1, 2, 3) d USING (broadcast_id, channel, status)
WHERE coalesce(n, 0) <> coalesce(m, 0)
"""

WRONG: LiteralString = """
-- For each delivery what its attempts say; whatever comes out must not be.
WITH seen AS (
  SELECT d.id, d.status, d.lane, d.channel, d.repeats, d.attempt_id,
    count(*) FILTER (WHERE t.settled_at IS NULL) AS open,
    bool_or(t.settled_at IS NULL AND t.id = d.attempt_id) AS held,
    -- Each of these may have reached the provider.
    count(*) FILTER (WHERE t.started_at IS NOT NULL
      AND (t.settled_at IS NULL OR t.outcome IN ('sent', 'unknown'))) AS maybe_taken,
    count(*) FILTER (WHERE t.repeat AND t.started_at IS NOT NULL
      AND (t.settled_at IS NULL OR t.outcome IN ('sent', 'unknown'))) AS marked,
    bool_or(t.outcome = 'sent') AS sent,
    EXISTS (SELECT FROM receipts r WHERE r.delivery_id = d.id AND r.report = 'delivered') AS arrived
  FROM deliveries d LEFT JOIN attempts t ON t.delivery_id = d.id GROUP BY d.id
)
SELECT *, CASE
  WHEN open > 1 THEN 'two attempts are open'
  WHEN status = 'sending' AND held IS NOT TRUE THEN 'nobody is sending it'
  WHEN repeats > 1 THEN 'repeated twice'
  WHEN channel = 'sms' AND lane <> 'alert' AND maybe_taken > 1 THEN 'an SMS that is no alert doubled'
  WHEN maybe_taken > 2 THEN 'tripled'
  WHEN maybe_taken - marked > 1 THEN 'a repeat is not marked'
  WHEN sent AND status IN ('pending', 'sending', 'unknown') THEN 'sent, and forgotten'
  WHEN arrived AND status NOT IN ('delivered', 'expired', 'cancelled', 'superseded')
    THEN 'arrived, and forgotten' END AS wrong
FROM seen
"""

FORBIDDEN: LiteralString = """
-- What must not be in a worker's hand at the moment it was claimed or started.
SELECT t.id FROM attempts t JOIN deliveries d ON d.id = t.delivery_id
JOIN broadcasts b ON b.id = d.broadcast_id JOIN addresses a ON a.id = d.address_id
WHERE t.id = ANY(%(attempts)s) AND (b.cancelled_at IS NOT NULL OR b.superseded_at IS NOT NULL
  OR b.valid_until <= now()
  OR (%(claim)s AND (EXISTS (SELECT FROM suppressions x WHERE x.channel = a.channel AND x.hash = a.hash)
    OR NOT EXISTS (SELECT FROM subscriptions s WHERE s.resident_id = d.resident_id
      AND s.group_id = ANY(b.audience)
      AND d.channel = ANY(CASE WHEN b.kind = 'alert' THEN s.alerts ELSE s.news END)))))
"""


class Stage:
    """`run` carries a step out; `reset` begins anew."""

    def __init__(self, database_url: str) -> None:
        self.runner = asyncio.Runner()
        self.keyring = Keyring([SECRET])
        settings = Settings(
            database_url=database_url,
            secret_keys=(SecretStr(SECRET),),
            sms_daily_budget=0,  # nobody is answered: notes have no pump here
        )
        self._desk = Means(settings, self.keyring)
        self.db = Database(database_url, size=2)
        self.town = Town(self.db, self.keyring, settings, channels=("email", "sms"))
        self.run(self._prepare())

    def run(self, step: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(step)

    def close(self) -> None:
        self.run(self.db.close())
        self.runner.close()

    async def _prepare(self) -> None:
        await self.db.open()
        async with self.db.transaction() as connection:
            await connection.raw.execute(WATCH)

    async def reset(self) -> None:
        async with self.db.transaction() as connection:
            await connection.run(EMPTY)
        self.workers = [uuid4() for _ in range(WORKERS)]
        self.hands: list[dict[int, tuple[Lane, Claimed]]] = [{} for _ in self.workers]
        self.started: list[int] = []
        self.broadcasts: list[tuple[UUID, Kind]] = []
        self.doubts: list[Row] = []
        self._seen = 0
        self._texts = 0
        group = await self.town.group()
        self.people = [
            await self.town.resident(
                group, email=f"r{n}@example.org", phone=self.phone(n), alerts=["email", "sms"],
                news=["email", "sms"],
            )
            for n in range(PEOPLE)
        ]  # fmt: skip

    @staticmethod
    def phone(number: int) -> str:
        return f"+4915112345{number:03}"

    # broadcasts

    async def submit(self, kind: Kind) -> None:
        self.broadcasts.append((await self.town.broadcast("town", kind=kind), kind))

    async def follow(self, place: int, relation: Relation) -> None:
        if self.broadcasts:
            before, kind = self.broadcasts[place % len(self.broadcasts)]
            try:
                after = await self.town.broadcast(
                    "town", kind=kind, follows=before, relation=relation
                )
            except NotifyError:  # what reached nobody yet, or is over, has no follow-up
                return
            self.broadcasts.append((after, kind))

    async def plan(self, lane: Lane) -> None:
        await self.town.plan(lane)

    async def recall(self, place: int) -> None:
        if self.broadcasts:
            try:
                await submitting.cancel(
                    self.db, self.broadcasts[place % len(self.broadcasts)][0], within=None
                )
            except NotifyError:  # it is over
                return

    async def run_out(self, place: int) -> None:
        """The clock reaches the end of a broadcast."""
        if self.broadcasts:
            await self.town.change(
                "UPDATE broadcasts SET valid_until = now() WHERE id = %(id)s",
                id=self.broadcasts[place % len(self.broadcasts)][0],
            )

    # workers

    async def claim(self, who: int, lane: Lane, channel: Channel, size: int) -> None:
        async with self.db.transaction() as connection:
            claimed = await claiming.claim(
                connection, lane=lane, channel=channel, sender="stage", worker=self.workers[who],
                size=size, lease=LEASE, allowed=allowed_from(DeliveryStatus.SENDING),
            )  # fmt: skip
            attempts = [one.attempt_id for one in claimed]
            assert not await connection.rows(FORBIDDEN, attempts=attempts, claim=True), "claimed"
        self.hands[who] |= {one.attempt_id: (lane, one) for one in claimed}

    async def start(self, who: int) -> None:
        """Start what is in hand; what may not go is handed back."""
        attempts = [attempt for attempt in self.hands[who] if attempt not in self.started]
        async with self.db.transaction() as connection:
            started = await pump.start(
                connection, attempts=attempts, worker=self.workers[who], lease=LEASE
            )
            assert not await connection.rows(FORBIDDEN, attempts=list(started), claim=False), (
                "started"
            )
        self.started += started
        async with self.db.transaction() as connection:
            back = [attempt for attempt in attempts if attempt not in started]
            await pump.release(connection, attempts=back, worker=self.workers[who])
        for attempt in back:
            del self.hands[who][attempt]

    async def settle(self, who: int, answer: str, count: int) -> None:
        chosen = [attempt for attempt in self.hands[who] if attempt in self.started][:count]
        verdicts = [self._settled(*self.hands[who].pop(attempt), answer) for attempt in chosen]
        async with self.db.transaction() as connection:
            await pump.settle(
                connection, [settled for settled, _ in verdicts], worker=self.workers[who]
            )
            gone = [settled for settled, suppress in verdicts if suppress]
            if gone:
                await suppressions.by_attempts(
                    connection, [(one.attempt_id, "gone", one.code) for one in gone]
                )

    @staticmethod
    def _settled(lane: Lane, claimed: Claimed, answer: str) -> tuple[Settled, bool]:
        given, now = ANSWERS[answer], clock.now()
        verdict = judge(
            given, lane=lane, tries=claimed.tries, now=now, spread=0.0,
            created_at=claimed.created_at, valid_until=claimed.valid_until,
        )  # fmt: skip
        return Settled(
            claimed.attempt_id, claimed.delivery_id, verdict.outcome, verdict.status, at=now, reason=verdict.reason,
            code=verdict.code, provider_id=getattr(given, "provider_id", None), delay=0.0,
            judged=verdict.judged,
        ), verdict.suppress  # fmt: skip

    async def crash(self, who: int) -> None:
        """Killed: a new one takes its place and knows nothing."""
        self.hands[who] = {}
        self.workers[who] = uuid4()

    async def sleep(self, who: int) -> None:
        """Asleep, or cut off, past its lease; what it held it still believes to hold."""
        await self.town.change(
            "UPDATE attempts SET lease_until = now() - interval '1 s'"
            " WHERE settled_at IS NULL AND worker = %(worker)s",
            worker=self.workers[who],
        )

    async def lapse(self) -> None:
        """The clock reaches the end of every lease."""
        await self.town.change(
            "UPDATE attempts SET lease_until = now() - interval '1 s' WHERE settled_at IS NULL"
        )

    # sweeping

    async def sweep(self) -> None:
        async with self.db.transaction() as connection:
            await sweep.lapsed(connection, size=100, grace=0.0)
        async with self.db.transaction() as connection:
            await sweep.expire(connection, size=100)
            await sweep.finish(connection)

    async def doubt(self) -> None:
        """A sweeper takes what is unknown, to ask the provider; the hold on it ends at once."""
        async with self.db.transaction() as connection:
            self.doubts += await sweep.doubtful(
                connection, lanes=list(Lane), channels=list(Channel), size=10, hold=0.0
            )

    async def decide(self, found: str) -> None:
        """A sweeper that took a doubt some time ago has its answer."""
        if not self.doubts:
            return
        row = self.doubts.pop(0)
        ids = {"id": row["delivery_id"], "attempt_id": row["attempt_id"]}
        way = resolve(
            channel=Channel(row["channel"]), lane=Lane(row["lane"]), repeats=row["repeats"],
            over=row["over"], looked=True, can_look=True,
        )  # fmt: skip
        async with self.db.transaction() as connection:
            if found != "nothing" and row["channel"] == Channel.SMS:
                await sweep.found(
                    connection, **ids, provider_id="SM9", status=found, reason=None, at=clock.now()
                )
            else:
                put = sweep.resend if way is Resolution.RESEND else sweep.leave_unknown
                await put(connection, ids["id"], attempt_id=ids["attempt_id"])

    # what comes from outside

    async def report(self, place: int, report: Report) -> None:
        """Only of what was started, but then at any time, and as often as one likes."""
        if self.started:
            attempt = self.started[place % len(self.started)]
            receipt = Receipt("stage", f"{attempt}:{report}", report, reason="told")
            await receiving.take(self.db, [(attempt, receipt)])

    async def leave(self, who: int, choice: leaving.Choice) -> None:
        if self.broadcasts:
            rows = await self.town.rows(
                "SELECT id FROM addresses WHERE resident_id = %(id)s ORDER BY id",
                id=self.people[who],
            )
            token = leaving.seal(
                self.keyring, resident=self.people[who], address_id=rows[-1]["id"],
                broadcast=self.broadcasts[-1][0],
            )  # fmt: skip
            await leaving.leave(self.db, self.keyring, token, choice)

    async def text(self, who: int, body: str) -> None:
        self._texts += 1
        message = Inbound("stage", f"T{self._texts}", self.phone(who), "+49151", body, clock.now())
        async with self.db.transaction() as connection:
            await inbound.take(connection, self._desk, [message], how=inbound.HOOK)

    async def hurry(self) -> None:
        """The clock reaches whatever is due later."""
        await self.town.change("UPDATE deliveries SET due_at = now() WHERE due_at > now()")

    # what must hold

    async def check(self) -> None:
        async with self.db.transaction() as connection:
            moves = await connection.rows(
                "SELECT id, old, new FROM moves WHERE id > %(seen)s ORDER BY id", seen=self._seen
            )
            miscounted = await connection.rows(MISCOUNTED)
            wrong = [row for row in await connection.rows(WRONG) if row["wrong"]]
        for move in moves:
            assert move["new"] in MOVES[DeliveryStatus(move["old"])], f"moved: {move}"
            self._seen = move["id"]
        assert not miscounted, f"miscounted: {miscounted}"
        assert not wrong, f"{wrong[0]['wrong']}: {wrong}"

    async def rest(self) -> None:
        """Let everything come to an end: whatever happened, nothing stays under way for good."""
        for who in range(WORKERS):
            await self.crash(who)
        for _ in range(12):
            await self.lapse()
            await self.sweep()
            await self.doubt()
            while self.doubts:
                await self.decide("nothing")
            await self.hurry()
            for lane in (Lane.ALERT, Lane.BULK):
                await self.plan(lane)
                for channel in (Channel.EMAIL, Channel.SMS):
                    await self.claim(0, lane, channel, 100)
            await self.start(0)
            await self.settle(0, "sent", 100)
            await self.check()
        await self.sweep()
        left = await self.town.rows(
            "SELECT id, status FROM deliveries WHERE status IN ('pending', 'sending')"
            " OR (status = 'unknown' AND closed_at IS NULL)"
        )
        assert not left, f"never ends: {left}"
        under_way = await self.town.rows(
            "SELECT id FROM broadcasts WHERE dispatching_at IS NOT NULL AND dispatched_at IS NULL"
        )
        assert not under_way, f"never done: {under_way}"
