"""Reads what is counted of a poll: ballots in piles, those who were asked, receipts."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from notify.store.database import Connection, Row

POLL: LiteralString = """
SELECT p.broadcast_id, p.code, p.opened_at, p.close_at, p.closed_at, p.told_at, p.capped, b.kind, b.drill,
  b.asks, b.texts, b.group_ids, b.cancelled_at, b.forgotten_at
FROM polls p JOIN broadcasts b ON b.id = p.broadcast_id WHERE p.broadcast_id = %(id)s
"""

PILES: LiteralString = """
SELECT question, choices, group_id, count(*) AS n FROM ballots WHERE broadcast_id = %(id)s
GROUP BY question, choices, group_id
"""

ASKED: LiteralString = """
SELECT group_id, answered <> '{}' AS answered, how, count(*) AS n FROM voters
WHERE broadcast_id = %(id)s GROUP BY 1, 2, 3
"""

NAMES: LiteralString = "SELECT id, slug, names FROM groups WHERE id = ANY(%(ids)s)"

EVERY: LiteralString = """
-- The voters of all of them are counted in one go.
WITH latest AS (SELECT * FROM polls ORDER BY opened_at DESC, broadcast_id LIMIT %(limit)s),
counted AS (
  SELECT broadcast_id, count(*) AS asked, count(*) FILTER (WHERE answered <> '{}') AS answered
  FROM voters WHERE broadcast_id IN (SELECT broadcast_id FROM latest) GROUP BY broadcast_id
)
SELECT p.broadcast_id, p.code, p.opened_at, p.close_at, p.closed_at, b.kind, b.texts,
  b.cancelled_at, (b.asks ->> 'secret')::boolean AS secret,
  coalesce(v.asked, 0) AS asked, coalesce(v.answered, 0) AS answered
FROM latest p JOIN broadcasts b ON b.id = p.broadcast_id LEFT JOIN counted v USING (broadcast_id)
ORDER BY p.opened_at DESC, p.broadcast_id
"""

RECEIPT: LiteralString = """
SELECT FROM voters WHERE broadcast_id = %(id)s AND receipt = %(receipt)s AND answered <> '{}'
"""

END: LiteralString = """
SELECT least(close_at, closed_at) AS ends FROM polls WHERE broadcast_id = %(id)s
"""

SHOWN: LiteralString = """
-- Those of these broadcasts whose result anybody may see by now.
SELECT p.broadcast_id FROM polls p JOIN broadcasts b ON b.id = p.broadcast_id
WHERE p.broadcast_id = ANY(%(ids)s::uuid[]) AND b.asks ->> 'shown' = 'everyone'
  AND b.cancelled_at IS NULL AND b.forgotten_at IS NULL
  AND (p.closed_at IS NOT NULL OR (b.asks ->> 'live')::boolean)
"""


async def one_moment(connection: Connection) -> None:
    """Let all that this transaction reads be of one moment. Said first in it."""
    await connection.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


async def poll(connection: Connection, broadcast_id: UUID) -> Row | None:
    """A poll with what it asks; None where there is none."""
    return await connection.row(POLL, id=broadcast_id)


async def piles(connection: Connection, broadcast_id: UUID) -> list[Row]:
    """Ballots that say the same, with how many there are."""
    return await connection.rows(PILES, id=broadcast_id)


async def asked(connection: Connection, broadcast_id: UUID) -> list[Row]:
    """Who was asked: how many by group, whether they took part, and by which way."""
    return await connection.rows(ASKED, id=broadcast_id)


async def group_names(connection: Connection, ids: list[int]) -> dict[int, dict[str, str]]:
    """Names by language; under `und` its slug where it has none."""
    rows = await connection.rows(NAMES, ids=ids)
    return {row["id"]: row["names"] or {"und": row["slug"]} for row in rows}


async def every(connection: Connection, *, limit: int) -> list[Row]:
    """The latest polls, the newest first."""
    return await connection.rows(EVERY, limit=limit)


async def has_receipt(connection: Connection, broadcast_id: UUID, receipt: str) -> bool:
    return await connection.row(RECEIPT, id=broadcast_id, receipt=receipt) is not None


async def is_voter(connection: Connection, broadcast_id: UUID, voter: int) -> bool:
    row = await connection.row(
        "SELECT FROM voters WHERE id = %(voter)s AND broadcast_id = %(id)s",
        voter=voter, id=broadcast_id,
    )  # fmt: skip
    return row is not None


async def end(connection: Connection, broadcast_id: UUID) -> datetime | None:
    """Until when answers count, or counted; None where nothing is asked, or not yet."""
    row = await connection.row(END, id=broadcast_id)
    return row["ends"] if row else None


async def shown(connection: Connection, ids: Sequence[UUID]) -> frozenset[UUID]:
    """Those of these broadcasts whose result anybody may see."""
    rows = await connection.rows(SHOWN, ids=list(ids))
    return frozenset(row["broadcast_id"] for row in rows)
