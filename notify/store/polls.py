"""Polls as rows: opened, who may answer, which are open to somebody, closed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from notify.store.database import Connection, Row

OPEN: LiteralString = """
-- With the row of a broadcast that begins, once. A code is free again when its poll has closed.
INSERT INTO polls (broadcast_id, code, key, close_at)
SELECT %(id)s, %(code)s, %(key)s, %(close_at)s
WHERE NOT EXISTS (SELECT FROM polls WHERE code = %(code)s AND closed_at IS NULL)
ON CONFLICT DO NOTHING
"""

ENROL: LiteralString = """
-- Those of a slice of followers, each by the first of the groups through which they are asked.
INSERT INTO voters (broadcast_id, resident_id, group_id)
SELECT %(id)s, resident_id, min(group_id) FROM subscriptions
WHERE group_id = ANY(%(audience)s) AND state = 'active'
  AND resident_id > %(after)s AND resident_id <= %(through)s
GROUP BY resident_id ORDER BY resident_id
ON CONFLICT DO NOTHING
"""

ENROL_LATE: LiteralString = """
-- Whoever was given an alert in force since it was planned is asked, too.
INSERT INTO voters (broadcast_id, resident_id, group_id)
SELECT %(id)s, s.resident_id, min(s.group_id) FROM subscriptions s
WHERE s.group_id = ANY(%(audience)s) AND s.state = 'active' AND s.resident_id IN (
  SELECT resident_id FROM deliveries WHERE broadcast_id = %(id)s AND created_at >= %(since)s)
GROUP BY s.resident_id ORDER BY s.resident_id
ON CONFLICT DO NOTHING
"""

FOR_PHONES: LiteralString = """
-- What is open to whoever has one of these numbers, what was asked last coming first; and what
-- closed lately, so that whoever is late is told.
SELECT a.value AS phone, a.id AS address_id, v.id AS voter_id, v.resident_id, v.question,
  v.misread, v.answered, v.asked_at, v.receipt, r.language, p.broadcast_id, p.code, p.close_at,
  p.closed_at, b.kind, b.asks, b.group_ids, b.drill,
  p.closed_at IS NULL AND b.cancelled_at IS NULL AS open
FROM addresses a
JOIN residents r ON r.id = a.resident_id
JOIN voters v ON v.resident_id = a.resident_id
JOIN polls p USING (broadcast_id)
JOIN broadcasts b ON b.id = p.broadcast_id
LEFT JOIN deliveries d ON d.broadcast_id = p.broadcast_id AND d.address_id = a.id
WHERE a.channel = 'sms' AND a.live AND a.state = 'proven' AND a.value = ANY(%(phones)s)
  AND coalesce(p.closed_at, p.close_at) > %(now)s - %(days)s * interval '1 day'
ORDER BY a.value, coalesce(v.asked_at, d.handed_over_at) DESC NULLS LAST, p.opened_at DESC,
  p.broadcast_id
-- Held against the close before any voter is: who closes takes them the other way round.
FOR SHARE OF p
"""

FOR_RESIDENT: LiteralString = """
SELECT v.id AS voter_id, v.resident_id, v.question, v.misread, v.answered, v.asked_at, v.receipt,
  v.how, p.broadcast_id, p.code, p.close_at, b.kind, b.asks, b.texts, b.group_ids, b.drill,
  p.closed_at, b.cancelled_at, (p.closed_at IS NULL AND p.close_at > %(now)s AND b.cancelled_at IS NULL) AS open
FROM voters v JOIN polls p USING (broadcast_id) JOIN broadcasts b ON b.id = p.broadcast_id
WHERE v.resident_id = %(resident)s
  AND coalesce(p.closed_at, p.close_at) > %(now)s - %(days)s * interval '1 day'
ORDER BY p.opened_at DESC, p.broadcast_id
"""

HOLD: LiteralString = """
-- Voters with their polls, held against other answers of theirs and against the close, in one order.
SELECT p.broadcast_id, p.key, p.close_at, p.closed_at, b.asks, b.cancelled_at, v.id AS voter_id,
  v.resident_id, v.group_id, v.answered, v.receipt, v.how
FROM unnest(%(broadcasts)s::uuid[], %(voters)s::bigint[]) AS w (broadcast_id, voter_id)
JOIN polls p ON p.broadcast_id = w.broadcast_id
JOIN broadcasts b ON b.id = p.broadcast_id
JOIN voters v ON v.broadcast_id = p.broadcast_id AND v.id = w.voter_id
ORDER BY v.id
FOR SHARE OF p FOR UPDATE OF v
"""

CAST: LiteralString = """
-- The later answer counts, in whatever order they reach us.
INSERT INTO ballots AS b (broadcast_id, question, name, choices, group_id, resident_id, at, since)
SELECT broadcast_id, question, name, choices::smallint[], group_id, resident_id, at, at
FROM unnest(%(broadcasts)s::uuid[], %(questions)s::smallint[], %(names)s::bytea[],
  %(choices)s::text[], %(groups)s::integer[], %(residents)s::uuid[], %(at)s::timestamptz[])
  AS w (broadcast_id, question, name, choices, group_id, resident_id, at)
ON CONFLICT (broadcast_id, question, name) DO UPDATE
  SET choices = excluded.choices, at = excluded.at,
    since = CASE WHEN b.choices = excluded.choices THEN b.since ELSE excluded.at END
  WHERE b.at <= excluded.at
RETURNING name, question, xmax = 0 AS first
"""

ANSWERED: LiteralString = """
-- The way of an answer that came too late to count tells nothing.
UPDATE voters v SET how = CASE WHEN w.counts THEN w.how ELSE v.how END, misread = 0,
  receipt = coalesce(v.receipt, w.receipt),
  answered = CASE WHEN w.question = ANY(v.answered) THEN v.answered
    ELSE v.answered || w.question END
FROM unnest(%(voters)s::bigint[], %(questions)s::smallint[], %(hows)s::text[], %(receipts)s::text[],
  %(counts)s::boolean[]) AS w (voter_id, question, how, receipt, counts)
WHERE v.id = w.voter_id
RETURNING v.id AS voter_id, v.answered, v.receipt
"""

PUT: LiteralString = """
UPDATE voters v SET question = w.question, misread = 0, asked_at = %(at)s
FROM unnest(%(voters)s::bigint[], %(questions)s::smallint[]) AS w (voter_id, question)
WHERE v.id = w.voter_id
"""


@dataclass(frozen=True, slots=True)
class Ballot:
    """An answer of a voter to a question, as it is kept: `name` stands for whose it is, `resident` is
    None where it is secret."""

    broadcast: UUID
    voter: int
    question: int
    name: bytes
    choices: Sequence[int]
    group: int
    resident: UUID | None
    how: str
    at: datetime


async def open_(
    connection: Connection, broadcast_id: UUID, *, code: str, key: bytes, close_at: datetime
) -> bool:
    """Open it under a code; False where that code is an open poll's, or it is open already."""
    return await connection.run(OPEN, id=broadcast_id, code=code, key=key, close_at=close_at) > 0


async def enrol(
    connection: Connection, broadcast_id: UUID, *, audience: Sequence[int], after: UUID,
    through: UUID,
) -> int:  # fmt: skip
    """Freeze who may answer, of the residents behind `after` and up to `through`."""
    return await connection.run(
        ENROL, id=broadcast_id, audience=list(audience), after=after, through=through
    )


async def enrol_late(
    connection: Connection, broadcast_id: UUID, *, audience: Sequence[int], since: datetime
) -> int:
    """The same for those that an alert reached since."""
    return await connection.run(ENROL_LATE, id=broadcast_id, audience=list(audience), since=since)


async def for_phones(
    connection: Connection, phones: Sequence[str], *, now: datetime, days: int
) -> list[Row]:
    """What the owners of these numbers are asked, and what closed within so many `days`."""
    return await connection.rows(FOR_PHONES, phones=list(phones), now=now, days=days)


async def for_resident(
    connection: Connection, resident: UUID, *, now: datetime, days: int
) -> list[Row]:
    """What a resident is asked, the newest first, and what closed within so many `days`."""
    return await connection.rows(FOR_RESIDENT, resident=resident, now=now, days=days)


async def code_of(connection: Connection, broadcast_id: UUID) -> str | None:
    """By which an SMS names it; None before it opens."""
    row = await connection.row(
        "SELECT code FROM polls WHERE broadcast_id = %(id)s", id=broadcast_id
    )
    return str(row["code"]) if row else None


async def voter_of(connection: Connection, broadcast_id: UUID, resident: UUID) -> int | None:
    """The voter that a resident is in a poll."""
    row = await connection.row(
        "SELECT id FROM voters WHERE broadcast_id = %(broadcast)s AND resident_id = %(resident)s",
        broadcast=broadcast_id, resident=resident,
    )  # fmt: skip
    return int(row["id"]) if row else None


async def hold(
    connection: Connection, who: Collection[tuple[UUID, int]]
) -> dict[tuple[UUID, int], Row]:
    """Voters with their polls, by poll and voter, until the transaction ends; without those of whom
    either is gone."""
    rows = await connection.rows(
        HOLD, broadcasts=[poll for poll, _ in who], voters=[voter for _, voter in who]
    )
    return {(row["broadcast_id"], row["voter_id"]): row for row in rows}


async def cast(connection: Connection, ballots: Sequence[Ballot]) -> dict[tuple[bytes, int], bool]:
    """Keep answers, one of a voter to a question. Gives by name and question True where it is the
    first, False where it takes the place of an earlier one, nothing where a later one is there and
    stays."""
    rows = await connection.rows(
        CAST,
        broadcasts=[one.broadcast for one in ballots],
        questions=[one.question for one in ballots],
        names=[one.name for one in ballots],
        choices=["{" + ",".join(map(str, sorted(one.choices))) + "}" for one in ballots],
        groups=[one.group for one in ballots],
        residents=[one.resident for one in ballots],
        at=[one.at for one in ballots],
    )
    return {(bytes(row["name"]), row["question"]): bool(row["first"]) for row in rows}


async def answered(
    connection: Connection, ballots: Sequence[Ballot], *, receipts: Sequence[str],
    counts: Sequence[bool],
) -> dict[int, Row]:  # fmt: skip
    """Note that voters have answered a question each, whether it `counts` or a later answer stays;
    gives by voter what is `answered` by now, and the `receipt`, which stays as it was first."""
    rows = await connection.rows(
        ANSWERED,
        voters=[one.voter for one in ballots],
        questions=[one.question for one in ballots],
        hows=[one.how for one in ballots],
        receipts=list(receipts),
        counts=list(counts),
    )
    return {row["voter_id"]: row for row in rows}


async def put(connection: Connection, questions: Mapping[int, int], *, at: datetime) -> None:
    """Note which question was put to each voter last, by SMS."""
    await connection.run(PUT, voters=list(questions), questions=list(questions.values()), at=at)


async def question_of(connection: Connection, voter: int) -> int:
    """The number of the question that a voter answers next by SMS, held until the transaction ends."""
    row = await connection.row(
        "SELECT question FROM voters WHERE id = %(voter)s FOR UPDATE", voter=voter
    )
    assert row is not None  # noqa: S101 - read in this transaction before
    return int(row["question"])


async def misread(connection: Connection, voter: int) -> None:
    """Note that a text was no answer."""
    await connection.run(
        "UPDATE voters SET misread = misread + 1 WHERE id = %(voter)s", voter=voter
    )
