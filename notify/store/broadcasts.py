"""Broadcasts as rows: written once, then only their status and times move."""

from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from notify.store.database import Connection, Row

COLUMNS: LiteralString = """id, kind, drill, status, severity, texts, group_ids, audience, valid_until,
  send_at, thread_id, sequence, in_reply_to, relation, created_at, approved_at, dispatching_at,
  planned_at, dispatched_at, cancelled_at, superseded_at, held_at, held_why, restored_at,
  forgotten_at, editors, asks"""

INSERT: LiteralString = """
INSERT INTO broadcasts (id, kind, status, severity, texts, group_ids, valid_until, send_at,
  thread_id, sequence, in_reply_to, relation, key_id, sms_segments, drill, editors, asks, approved_at)
VALUES (%(id)s, %(kind)s, %(status)s, %(severity)s, %(texts)s, %(group_ids)s, %(valid_until)s,
  %(send_at)s, %(thread_id)s, %(sequence)s, %(in_reply_to)s, %(relation)s, %(key_id)s, %(sms_segments)s,
  %(drill)s, %(editors)s, %(asks)s, CASE WHEN %(status)s <> 'submitted' THEN now() END)
"""

AGAIN: LiteralString = """
-- One that was returned, with what it says now, at the end of its thread.
UPDATE broadcasts SET sequence = %(sequence)s, kind = %(kind)s, status = %(status)s, severity = %(severity)s, texts = %(texts)s,
  group_ids = %(group_ids)s, valid_until = %(valid_until)s, send_at = %(send_at)s,
  sms_segments = %(sms_segments)s, drill = %(drill)s, editors = %(editors)s, asks = %(asks)s,
  approvers_told_at = NULL, approvers_reminded_at = NULL, approvers_reminders = 0,
  approved_at = CASE WHEN %(status)s <> 'submitted' THEN now() END
WHERE id = %(id)s AND status = 'returned'
"""

LOCK_THREAD: LiteralString = """
-- The thread a follow-up joins, locked at its first broadcast so that places are given in turn.
SELECT id FROM broadcasts WHERE id = %(thread_id)s FOR UPDATE
"""

LOCK_THREAD_OF: LiteralString = """
-- The same for one that is in it: before that one itself is held, as whoever joins does it.
SELECT id FROM broadcasts
WHERE id = (SELECT thread_id FROM broadcasts WHERE id = %(id)s) FOR UPDATE
"""

LAST: LiteralString = """
SELECT max(sequence) AS last, bool_or(forgotten_at IS NOT NULL) AS forgotten,
  coalesce(bool_or(valid_until > now()), false) AS in_force
FROM broadcasts WHERE thread_id = %(thread_id)s
"""

CANCEL: LiteralString = """
UPDATE broadcasts SET status = 'cancelled', cancelled_at = now()
WHERE id = %(id)s AND status = ANY(%(allowed)s)
"""

APPROVE: LiteralString = """
-- A follow-up takes its place now: what is let go last is said last, whatever was written first.
UPDATE broadcasts b SET approved_at = now(),
  sequence = CASE WHEN relation IS NULL THEN sequence ELSE 1 + (SELECT max(e.sequence)
    FROM broadcasts e WHERE e.thread_id = b.thread_id AND e.id <> b.id) END,
  status = CASE WHEN send_at > now() THEN 'scheduled' ELSE 'approved' END
WHERE id = %(id)s AND status = ANY(%(allowed)s) AND (valid_until IS NULL OR valid_until > now())
"""


TWIN: LiteralString = """
-- The same words to the same groups, as bad and for as long, taken in just before. Whoever asks does so after its own
-- INSERT and one at a time, so that of two at the same moment the second sees the first.
SELECT e.id, e.status, e.created_at FROM broadcasts b JOIN broadcasts e ON e.id <> b.id
WHERE b.id = %(id)s AND e.created_at > now() - %(seconds)s * interval '1 s'
  AND e.kind = b.kind AND e.drill = b.drill AND e.severity IS NOT DISTINCT FROM b.severity
  AND e.valid_until IS NOT DISTINCT FROM b.valid_until AND e.texts = b.texts AND e.group_ids @> b.group_ids
  AND e.group_ids <@ b.group_ids AND e.in_reply_to IS NOT DISTINCT FROM b.in_reply_to
  AND e.asks IS NOT DISTINCT FROM b.asks
  AND e.relation IS NOT DISTINCT FROM b.relation AND e.send_at IS NOT DISTINCT FROM b.send_at
  AND e.status NOT IN ('returned', 'cancelled', 'expired')
ORDER BY e.created_at DESC LIMIT 1
"""

ONE_AT_A_TIME: LiteralString = (
    "SELECT pg_advisory_xact_lock(hashtextextended('broadcasts.twin', 0))"
)


async def insert(connection: Connection, **values: Any) -> None:
    await connection.run(INSERT, **_as_json(values))


async def insert_again(connection: Connection, **values: Any) -> bool:
    """The same for one that was returned; False where it is not any more."""
    return await connection.run(AGAIN, **_as_json(values)) > 0


def _as_json(values: dict[str, Any]) -> dict[str, Any]:
    return values | {
        name: Jsonb(values[name])
        for name in ("texts", "sms_segments", "asks")
        if values[name] is not None
    }


async def get(connection: Connection, broadcast_id: UUID) -> Row | None:
    query: LiteralString = "SELECT " + COLUMNS + " FROM broadcasts WHERE id = %(id)s"
    return await connection.row(query, id=broadcast_id)


async def hold(connection: Connection, broadcast_id: UUID) -> Row | None:
    """The same, held against changes until the transaction ends: for a decision about it."""
    query: LiteralString = "SELECT " + COLUMNS + " FROM broadcasts WHERE id = %(id)s FOR UPDATE"
    return await connection.row(query, id=broadcast_id)


async def recent(connection: Connection, *, limit: int) -> list[Row]:
    query: LiteralString = (
        "SELECT " + COLUMNS + " FROM broadcasts ORDER BY created_at DESC LIMIT %(limit)s"
    )
    return await connection.rows(query, limit=limit)


async def last_in_thread(connection: Connection, thread_id: UUID) -> Row:
    """The same as `thread`, held against others until the transaction ends."""
    await connection.run(LOCK_THREAD, thread_id=thread_id)
    return await thread(connection, thread_id)


async def thread(connection: Connection, thread_id: UUID) -> Row:
    """The `last` place taken in a thread, and whether it is `forgotten` whom it reached, and any of
    it `in_force` nevertheless."""
    row = await connection.row(LAST, thread_id=thread_id)
    assert row is not None  # noqa: S101 - an aggregate is always one row
    return row


async def lock_thread_of(connection: Connection, broadcast_id: UUID) -> None:
    """Hold the thread of a broadcast against whoever joins it, until the transaction ends."""
    await connection.run(LOCK_THREAD_OF, id=broadcast_id)


async def places(connection: Connection, thread_id: UUID) -> int:
    """The last place taken in a thread, for whoever only looks."""
    row = await connection.row(
        "SELECT max(sequence) AS last FROM broadcasts WHERE thread_id = %(id)s", id=thread_id
    )
    return int(row["last"]) if row and row["last"] is not None else -1


async def cancel(connection: Connection, broadcast_id: UUID, *, allowed: list[str]) -> int:
    return await connection.run(CANCEL, id=broadcast_id, allowed=allowed)


async def twin(connection: Connection, broadcast_id: UUID, *, seconds: float) -> Row | None:
    """A broadcast that says the same as this one, which was just inserted; taken in before it
    within `seconds`, and neither recalled nor over."""
    await connection.row(ONE_AT_A_TIME)
    return await connection.row(TWIN, id=broadcast_id, seconds=seconds)


async def approve(connection: Connection, broadcast_id: UUID, *, allowed: list[str]) -> int:
    return await connection.run(APPROVE, id=broadcast_id, allowed=allowed)


async def recalled(connection: Connection, ids: list[UUID]) -> set[UUID]:
    """Which of these broadcasts must not go on."""
    rows = await connection.rows(
        "SELECT id FROM broadcasts WHERE id = ANY(%(ids)s) AND cancelled_at IS NOT NULL", ids=ids
    )
    return {row["id"] for row in rows}
