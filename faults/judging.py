"""Holds what the database says of every attempt against what the world outside took."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from demo.compare import Difference, Message, recognised
from notify.domain.keyring import Keyring
from sandbox.client import Sandbox

PURPOSES = {"email": "bounce", "sms": "twilio", "push": "beacon"}

DELIVERIES: LiteralString = """
-- A recalled announcement may have left a million that were never touched.
SELECT d.id, d.broadcast_id, d.channel, d.lane, d.language, d.status, d.handed_over_at,
  d.closed_at, a.value AS address
FROM deliveries d LEFT JOIN addresses a ON a.id = d.address_id
WHERE d.broadcast_id = ANY(%(sent)s) AND NOT (d.status = 'cancelled' AND d.claims = 0)
"""

STATES: LiteralString = """
-- Of what is forgotten only the counters are left.
SELECT channel, d.status, count(*) AS n FROM deliveries d JOIN broadcasts b ON b.id = d.broadcast_id
WHERE b.id = ANY(%(sent)s) AND b.forgotten_at IS NULL
GROUP BY 1, 2
"""

ATTEMPTS: LiteralString = """
SELECT t.* FROM attempts t JOIN deliveries d ON d.id = t.delivery_id
WHERE d.broadcast_id = ANY(%(sent)s) ORDER BY t.id
"""

FORGOTTEN: LiteralString = """
-- Followers of before the broadcast that are neither planned nor left out.
SELECT count(*) AS n FROM broadcasts b
JOIN subscriptions s ON s.group_id = ANY(b.audience) AND s.state = 'active'
  AND s.created_at < b.created_at
CROSS JOIN LATERAL unnest(CASE WHEN b.kind = 'alert' THEN s.alerts ELSE s.news END) AS w (channel)
WHERE b.id = ANY(%(sent)s) AND b.planned_at IS NOT NULL AND b.forgotten_at IS NULL
  AND NOT EXISTS (SELECT FROM deliveries d WHERE d.broadcast_id = b.id
    AND d.resident_id = s.resident_id AND d.channel = w.channel)
  AND NOT EXISTS (SELECT FROM skips k WHERE k.broadcast_id = b.id
    AND k.resident_id = s.resident_id AND k.channel IN (w.channel, 'none'))
"""

NOTED: LiteralString = """
SELECT t.id FROM attempts t JOIN deliveries d ON d.id = t.delivery_id WHERE d.note_id IS NOT NULL
"""

COUNTED: LiteralString = """
SELECT channel, p.status, sum(n)::int AS n FROM progress p JOIN broadcasts b ON b.id = p.broadcast_id
WHERE b.id = ANY(%(sent)s) AND b.forgotten_at IS NULL
GROUP BY 1, 2 HAVING sum(n) <> 0
"""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that broke, from when until when, and whose attempts it left in doubt (None:
    everybody's). A kill takes no time."""

    since: datetime
    until: datetime
    workers: Collection[UUID] | None = None

    def leaves_open(self, attempt: Mapping[str, Any]) -> bool:
        """Whether this attempt was started and not settled then."""
        started, settled = attempt["started_at"], attempt["settled_at"]
        return (
            started is not None
            and started <= self.until
            and (settled is None or settled > self.since)
            and (self.workers is None or attempt["worker"] in self.workers)
        )


@dataclass(frozen=True, slots=True)
class Case:
    """What is to be judged. `texts` are by broadcast id. `ends` are the statuses a delivery may
    end with beside `unknown`, `barred` the deliveries that must not be in the books, `left_alone`
    attempts of a sleeper that others have settled, as they were, `mid_call` how many calls a
    sleeper may have been in the middle of, `dead` the workers that cannot call any more,
    `others` addresses in the books that this is not about; `erased`: some deliveries are not
    there any more, though counted; `answers`: what is said to texts is in the books as well, and not
    what this is about."""

    texts: Mapping[str, Any]
    faults: Sequence[Fault]
    ends: Collection[str] = ("sent", "delivered")
    barred: Collection[int] = ()
    left_alone: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    mid_call: int = 0
    dead: Collection[UUID] = ()
    others: Collection[str] = ()
    erased: bool = False
    answers: bool = False


@dataclass(slots=True)
class Verdict:
    """The figures of one scenario, and in words what is wrong."""

    lost: int = 0
    doubled_allowed: int = 0
    doubled_forbidden: int = 0
    forbidden: int = 0
    unknown: int = 0
    open: int = 0
    problems: list[str] = field(default_factory=list)

    def blame(self, count: int, what: str) -> int:
        if count:
            self.problems.append(f"{count} {what}")
        return count


def judge(database_url: str, sandbox: Sandbox, keyring: Keyring, case: Case) -> Verdict:
    """Compare by recipient, content and attempt; nothing may be under way any more, but receipts
    that still come in: all is read at one moment."""
    verdict = Verdict()
    sent = [UUID(one) for one in case.texts]
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        deliveries = {r["id"]: r for r in connection.execute(DELIVERIES, {"sent": sent})}
        attempts = {r["id"]: r for r in connection.execute(ATTEMPTS, {"sent": sent})}
        forgotten = connection.execute(FORGOTTEN, {"sent": sent}).fetchone()
        counted = connection.execute(COUNTED, {"sent": sent}).fetchall()
        states = connection.execute(STATES, {"sent": sent}).fetchall()
        noted = {r["id"] for r in connection.execute(NOTED)} if case.answers else set()
    try:
        books = _books(sandbox, keyring, case, deliveries, attempts, noted)
    except Difference as problem:
        verdict.doubled_forbidden += verdict.blame(1, f"not to be told apart: {problem}")
        return verdict
    open_ones = {a for a, row in attempts.items() if any(f.leaves_open(row) for f in case.faults)}
    verdict.open = len(open_ones)
    verdict.lost += verdict.blame(
        forgotten["n"] if forgotten else 0, "followers neither planned nor left out"
    )
    _judge_attempts(verdict, case, attempts, books)
    _judge_deliveries(verdict, case, deliveries, attempts, books, open_ones)
    if not case.erased and _by_state(counted) != _by_state(states):
        verdict.problems.append("the counters say something else than the rows")
    return verdict


def _by_state(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], int]:
    return {(row["channel"], row["status"]): row["n"] for row in rows}


def _books(
    sandbox: Sandbox,
    keyring: Keyring,
    case: Case,
    deliveries: Mapping[int, Mapping[str, Any]],
    attempts: Mapping[int, Mapping[str, Any]],
    noted: Collection[int],
) -> dict[int, list[Message]]:
    """The messages by attempt, without those of `noted`. Raises Difference at one that went astray."""
    books: dict[int, list[Message]] = defaultdict(list)

    def is_note(message: Message) -> bool:
        return keyring.unmark(PURPOSES[message.channel], message.mark) in noted

    for message, (broadcast, language) in recognised(
        sandbox, case.texts, but=case.others, leave_out=is_note
    ):
        number = keyring.unmark(PURPOSES[message.channel], message.mark)
        if number is None or number not in attempts:
            raise Difference(f"a message in the {message.channel} book names no attempt")
        delivery = deliveries[attempts[number]["delivery_id"]]
        told = (message.channel, message.address, broadcast, language)
        meant = tuple(delivery[k] for k in ("channel", "address", "broadcast_id", "language"))
        if tuple(map(str, meant)) != told:
            raise Difference(f"a message in the {message.channel} book went to somebody else")
        books[number].append(message)
    return books


def _judge_attempts(
    verdict: Verdict,
    case: Case,
    attempts: Mapping[int, Mapping[str, Any]],
    books: Mapping[int, Sequence[Message]],
) -> None:
    booked = {number: attempts[number] for number in books}
    verdict.doubled_forbidden += verdict.blame(
        sum(len(messages) - 1 for messages in books.values()), "more than once in one attempt"
    )
    verdict.forbidden += verdict.blame(
        sum(row["started_at"] is None for row in booked.values()), "handed over before started"
    )
    verdict.forbidden += verdict.blame(
        sum(row["outcome"] == "released" for row in booked.values()), "handed over, then released"
    )
    late = sum(
        books[a][-1].at > row["lease_until"].timestamp()
        for a, row in booked.items()
        if row["worker"] not in case.dead
    )
    verdict.forbidden += verdict.blame(max(0, late - case.mid_call), "handed over past the lease")
    verdict.lost += verdict.blame(
        sum(row["outcome"] == "sent" and a not in books for a, row in attempts.items()),
        "handed over by the database, not by the books",
    )
    changed = [a for a, was in case.left_alone.items()
               if any(attempts[a][name] != value for name, value in was.items())]  # fmt: skip
    verdict.forbidden += verdict.blame(len(changed), "settled again by a sleeper")


def _judge_deliveries(
    verdict: Verdict,
    case: Case,
    deliveries: Mapping[int, Mapping[str, Any]],
    attempts: Mapping[int, Mapping[str, Any]],
    books: Mapping[int, Sequence[Message]],
    open_ones: Collection[int],
) -> None:
    by_delivery: dict[int, list[int]] = defaultdict(list)
    for number, row in attempts.items():
        if number in books:
            by_delivery[row["delivery_id"]].append(number)
    for number, tries in by_delivery.items():
        allowed, forbidden = _doubled(deliveries[number], tries, attempts, books)
        verdict.doubled_allowed += allowed
        verdict.doubled_forbidden += forbidden
    verdict.blame(verdict.doubled_forbidden, "doubled against the rules")
    verdict.forbidden += verdict.blame(
        sum(number in by_delivery for number in case.barred), "handed over though barred before"
    )
    states = Counter(d["status"] for n, d in deliveries.items() if n not in case.barred)
    verdict.unknown = states.pop("unknown", 0)
    for status, count in states.items():
        if status not in case.ends:
            verdict.lost += verdict.blame(count, f"ended as {status}")
    verdict.lost += verdict.blame(
        sum(d["status"] in {"sent", "delivered"} and n not in by_delivery
            for n, d in deliveries.items()),
        "called reached, and in no book",
    )  # fmt: skip
    doubtful = {a for a, row in attempts.items() if row["outcome"] == "unknown"}
    verdict.blame(len(doubtful - set(open_ones)), "in doubt though nothing was under way")


def _doubled(
    delivery: Mapping[str, Any],
    tries: Sequence[int],
    attempts: Mapping[int, Mapping[str, Any]],
    books: Mapping[int, Sequence[Message]],
) -> tuple[int, int]:
    """How often too many, within the rules and beyond: a repeat is marked, follows a doubt, and
    collapses with the first one (mail, push) or is an alert's (SMS)."""
    extra = len(tries) - 1
    if extra < 1:
        return 0, 0
    first, *more = (attempts[number] for number in tries)
    marked = all(row["repeat"] for row in more) and first["outcome"] == "unknown"
    same = len({books[number][0].sameness for number in tries}) == 1
    fine = marked and (delivery["lane"] == "alert" if delivery["channel"] == "sms" else same)
    return (extra, 0) if fine and extra == 1 else (0, extra)
