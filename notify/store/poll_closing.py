"""Closes polls as rows: which are due, held against votes, their ballots rewritten, what is left of
the old rows cleared away."""

from collections.abc import Collection
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from notify.store.database import Connection, Row

READ_NOW: LiteralString = """
-- The lists of texts, where a poll has just closed, at once and not at their next turn.
UPDATE inbound_pulls SET due_at = now()
WHERE due_at > now() AND holder IS NULL AND EXISTS (
  SELECT FROM polls p WHERE p.closed_at IS NULL AND p.close_at <= %(now)s
    AND p.close_at > %(now)s - %(wait)s * interval '1 s'
    AND (inbound_pulls.read_at IS NULL OR inbound_pulls.read_at < p.close_at))
"""

TURN: LiteralString = (
    "SELECT pg_try_advisory_xact_lock(hashtextextended('closing polls', 0)) AS ours"
)

DUE: LiteralString = """
SELECT p.broadcast_id FROM polls p JOIN broadcasts b ON b.id = p.broadcast_id
WHERE p.closed_at IS NULL AND (b.cancelled_at IS NOT NULL OR (p.close_at <= %(now)s AND (
    -- What was texted in time and did not reach us is looked for first, but not for ever.
    p.close_at <= %(now)s - %(wait)s * interval '1 s'
    OR NOT EXISTS (SELECT FROM inbound_pulls WHERE read_at IS NULL OR read_at < p.close_at))))
  AND p.broadcast_id <> ALL(%(but)s)
ORDER BY p.close_at, p.broadcast_id LIMIT 1
"""

HOLD: LiteralString = """
-- Votes hold it, too, but share it: none is under way from here on, and each after it sees the close.
SELECT p.broadcast_id, p.close_at, p.closed_at, b.cancelled_at,
  (b.asks ->> 'secret')::boolean AS secret, jsonb_array_length(b.asks -> 'questions') AS questions
FROM polls p JOIN broadcasts b ON b.id = p.broadcast_id
WHERE p.broadcast_id = %(id)s FOR UPDATE OF p
"""

GROUPS: LiteralString = """
SELECT question, group_id, count(*) AS n FROM ballots WHERE broadcast_id = %(id)s
GROUP BY question, group_id
"""

REWRITE: LiteralString = """
-- In the order of names that are made up here and now, each for one answer alone: neither a name nor
-- the order of rows, nor what else somebody answered, leads back. PostgreSQL makes these by its
-- cryptographic generator.
WITH gone AS (
  DELETE FROM ballots WHERE broadcast_id = %(id)s RETURNING question, choices, group_id
), named AS MATERIALIZED (
  SELECT gone.*, uuid_send(gen_random_uuid()) AS name FROM gone
)
INSERT INTO ballots (broadcast_id, question, name, choices, group_id)
SELECT %(id)s, n.question, n.name, n.choices, kept.group_id
FROM named n LEFT JOIN unnest(%(questions)s::smallint[], %(groups)s::integer[])
  AS kept (question, group_id) ON kept.question = n.question AND kept.group_id = n.group_id
ORDER BY n.name
"""

LET_GO: LiteralString = """
-- Of who took part there stays that they did, not which questions they answered, or in what order.
UPDATE voters SET question = 1, asked_at = NULL, misread = 0,
  answered = CASE WHEN answered = '{}' THEN answered ELSE %(all)s::smallint[] END
WHERE broadcast_id = %(id)s
"""

CLOSE: LiteralString = """
UPDATE polls SET closed_at = %(now)s, key = CASE WHEN %(secret)s THEN NULL ELSE key END
WHERE broadcast_id = %(id)s
"""

UNTIDY: LiteralString = """
-- What was replaced is cleared away at once, and again when whoever looked at it then is through.
SELECT p.broadcast_id FROM polls p JOIN broadcasts b ON b.id = p.broadcast_id
WHERE p.closed_at IS NOT NULL AND (b.asks ->> 'secret')::boolean AND (p.tidied_at IS NULL
  OR (p.tidied_at < p.closed_at + interval '1 hour' AND p.closed_at < now() - interval '1 hour'))
"""


async def turn(connection: Connection) -> bool:
    """Whether this transaction, and no other, may close polls by itself now."""
    row = await connection.row(TURN)
    return bool(row and row["ours"])


async def read_now(connection: Connection, *, now: datetime, wait: float) -> None:
    """Have the lists of texts read on which a poll waits that is over since less than `wait` seconds."""
    await connection.run(READ_NOW, now=now, wait=wait)


async def due(
    connection: Connection, *, now: datetime, wait: float, but: Collection[UUID]
) -> UUID | None:
    """A poll whose time is over and whose texts have been read since, or looked for during `wait`
    seconds; or that was recalled; none of `but`."""
    row = await connection.row(DUE, now=now, wait=wait, but=list(but))
    return row["broadcast_id"] if row else None


async def hold(connection: Connection, broadcast_id: UUID) -> Row | None:
    """A poll, held against every vote until the transaction ends; None where there is none."""
    return await connection.row(HOLD, id=broadcast_id)


async def answered_by_group(connection: Connection, broadcast_id: UUID) -> list[Row]:
    """How many ballots there are to each question from each group."""
    return await connection.rows(GROUPS, id=broadcast_id)


async def rewrite(
    connection: Connection, broadcast_id: UUID, *, kept: Collection[tuple[int, int]], questions: int
) -> int:
    """Cut every tie between ballots and voters, except the groups `kept`, by question; how many
    ballots."""
    pairs = sorted(kept)
    # Not sorted in a file that would show both orders.
    await connection.run("SELECT set_config('work_mem', '128MB', true)")
    count = await connection.run(
        REWRITE, id=broadcast_id, questions=[question for question, _ in pairs],
        groups=[group for _, group in pairs],
    )  # fmt: skip
    await connection.run(LET_GO, id=broadcast_id, all=list(range(1, questions + 1)))
    return count


async def close(connection: Connection, broadcast_id: UUID, *, secret: bool, now: datetime) -> None:
    """Note that it is closed; the key of a secret one is gone."""
    await connection.run(CLOSE, id=broadcast_id, secret=secret, now=now)


async def untidy(connection: Connection) -> list[UUID]:
    """Closed secret polls whose old rows may still lie about."""
    return [row["broadcast_id"] for row in await connection.rows(UNTIDY)]


async def clear_away(connection: Connection) -> None:
    """Have what was deleted and replaced overwritten or given back. Not in a transaction."""
    await connection.run("VACUUM (ANALYZE) ballots")
    await connection.run("VACUUM (ANALYZE) voters")
    await connection.run("VACUUM (ANALYZE) polls")  # the row that held the key


async def tidied(connection: Connection, polls: Collection[UUID]) -> None:
    await connection.run(
        "UPDATE polls SET tidied_at = now() WHERE broadcast_id = ANY(%(ids)s)", ids=list(polls)
    )
