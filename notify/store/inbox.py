"""What residents texted, as staff work through it: by the number that it came from."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from notify.store.database import Connection, Row
from notify.store.reach import REACHED

_VISIBLE: LiteralString = """
-- Whoever texts is seen where they follow a group; strangers by whoever sees all.
(%(tops)s::bigint[] IS NULL OR EXISTS (
  SELECT FROM addresses a JOIN subscriptions f ON f.resident_id = a.resident_id
  WHERE a.channel = 'sms' AND a.value = t.sender AND a.live AND a.state = 'proven'
    AND f.state = 'active' AND f.group_id IN (SELECT id FROM reached)))"""

_ASSIGNED: LiteralString = """
LEFT JOIN LATERAL (SELECT x.assigned_to FROM inbound x
  WHERE x.sender = t.sender AND x.assigned_to IS NOT NULL ORDER BY x.id DESC LIMIT 1) p ON true
LEFT JOIN staff s ON s.id = p.assigned_to AND s.ended_at IS NULL"""

WAITING: LiteralString = (
    REACHED
    + """, t AS (
  SELECT sender, count(*) AS waiting, min(sent_at) AS since, max(id) AS last
  FROM inbound WHERE handled_at IS NULL GROUP BY sender
)
SELECT p.*, (SELECT string_agg(body, E'\n' ORDER BY sent_at, id) FROM inbound w
  WHERE w.sender = p.sender AND w.handled_at IS NULL) AS words
FROM (SELECT t.waiting, t.since, t.last AS id, t.sender, l.sent_at, s.id AS assigned_to,
  s.name AS assigned_name
FROM t JOIN inbound l ON l.id = t.last"""
    + _ASSIGNED
    + " WHERE "
    + _VISIBLE
    + """ AND (%(mine)s::uuid IS NULL OR s.id = %(mine)s)
ORDER BY t.since, t.last LIMIT %(limit)s) p
ORDER BY p.since, p.id"""
)

HANDLED: LiteralString = (
    REACHED
    + """, t AS (
  SELECT sender, 0 AS waiting, max(received_at) AS since, max(id) AS last,
    (array_agg(body ORDER BY id DESC))[1] AS words
  FROM inbound WHERE handled_by IS NOT NULL GROUP BY sender
)
SELECT t.waiting, t.since, t.last AS id, t.sender, t.words, l.sent_at, s.id AS assigned_to,
  s.name AS assigned_name
FROM t JOIN inbound l ON l.id = t.last"""
    + _ASSIGNED
    + " WHERE "
    + _VISIBLE
    + """ AND NOT EXISTS (SELECT FROM inbound w WHERE w.sender = t.sender AND w.handled_at IS NULL)
ORDER BY t.since DESC, t.last DESC LIMIT %(limit)s"""
)

ONE: LiteralString = (
    REACHED
    + """, t AS (SELECT sender FROM inbound WHERE id = %(id)s)
SELECT t.sender, s.id AS assigned_to, s.name AS assigned_name FROM t"""
    + _ASSIGNED
    + " WHERE "
    + _VISIBLE
)

TEXTS: LiteralString = """
SELECT id, body, recipient, sent_at, received_at, word, answered_at IS NOT NULL AS answered, handled_at
FROM inbound WHERE sender = %(sender)s ORDER BY id DESC LIMIT %(limit)s
"""

ANSWERS: LiteralString = """
SELECT a.id, a.answered_at, s.name, n.data->>'text' AS body, d.status
FROM answers a JOIN inbound i ON i.id = a.inbound_id JOIN staff s ON s.id = a.staff_id
LEFT JOIN notes n ON n.id = a.note_id LEFT JOIN deliveries d ON d.note_id = a.note_id
WHERE i.sender = %(sender)s ORDER BY a.id DESC LIMIT %(limit)s
"""

ASSIGN: LiteralString = """
UPDATE inbound SET assigned_to = CASE WHEN id = newest THEN %(staff)s::uuid END
FROM (SELECT max(id) AS newest FROM inbound WHERE sender = %(sender)s) l
WHERE sender = %(sender)s AND (assigned_to IS NOT NULL OR id = newest)
"""

HANDLE: LiteralString = """
UPDATE inbound SET handled_at = now(), handled_by = %(staff)s
WHERE sender = %(sender)s AND handled_at IS NULL
"""

ANSWER: LiteralString = """
WITH noted AS (
  INSERT INTO notes (kind, data, valid_until) SELECT 'answer', %(data)s, now() + %(life)s
  FROM addresses WHERE id = %(address)s AND state <> 'gone'
  RETURNING id
), sent AS (
  INSERT INTO deliveries (note_id, resident_id, address_id, address_version, channel, lane, language)
  SELECT noted.id, a.resident_id, a.id, a.version, a.channel, 'note', %(language)s
  FROM noted JOIN addresses a ON a.id = %(address)s
)
INSERT INTO answers (inbound_id, note_id, staff_id) SELECT %(inbound)s, id, %(staff)s FROM noted
"""


async def waiting(
    connection: Connection, *, tops: Sequence[int] | None, mine: UUID | None, limit: int
) -> list[Row]:
    """Numbers with texts that nobody has dealt with, the longest waiting first: the `id` of
    the latest, their `words`, how many are `waiting`, `since` when, and to whom it is assigned."""
    return await connection.rows(WAITING, tops=tops, mine=mine, limit=limit)


async def handled(connection: Connection, *, tops: Sequence[int] | None, limit: int) -> list[Row]:
    """The same for those that staff have dealt with, the latest first."""
    return await connection.rows(HANDLED, tops=tops, limit=limit)


async def one(connection: Connection, text: int, *, tops: Sequence[int] | None) -> Row | None:
    """The `sender` of a text and to whom it is assigned; None where it is out of reach."""
    return await connection.row(ONE, id=text, tops=tops)


async def texts(connection: Connection, sender: str, *, limit: int) -> list[Row]:
    """What came from a number, the latest first."""
    return await connection.rows(TEXTS, sender=sender, limit=limit)


async def answers(connection: Connection, sender: str, *, limit: int) -> list[Row]:
    """What staff answered, the latest first, with the `status` of its delivery."""
    return await connection.rows(ANSWERS, sender=sender, limit=limit)


async def assign(connection: Connection, sender: str, staff: UUID | None) -> None:
    """Let one of the staff, or nobody, look after what this number texts."""
    await connection.run(ASSIGN, sender=sender, staff=staff)


async def handle(connection: Connection, sender: str, *, staff: UUID) -> int:
    """Mark all that this number texted as dealt with; returns how many were not."""
    return await connection.run(HANDLE, sender=sender, staff=staff)


async def answer(
    connection: Connection,
    address_id: int,
    *,
    inbound: int,
    staff: UUID,
    data: Mapping[str, Any],
    language: str,
    life: timedelta,
) -> bool:
    """Put an answer in the way of an address; False where that is gone."""
    added = await connection.run(
        ANSWER, address=address_id, inbound=inbound, staff=staff, data=Jsonb(dict(data)),
        language=language, life=life,
    )  # fmt: skip
    return added > 0
