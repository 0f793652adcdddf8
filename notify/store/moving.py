"""A group in the tree: what lies above it, who may do what there, whom warnings reach; and its move."""

from collections.abc import Sequence
from typing import LiteralString

from notify.store.database import Connection, Row

LINE: LiteralString = """
-- The group and those above it, the nearest first.
WITH RECURSIVE line AS (
  SELECT id, parent_id, 0 AS distance FROM groups WHERE id = %(id)s
  UNION ALL
  SELECT g.id, g.parent_id, l.distance + 1 FROM groups g JOIN line l ON l.parent_id = g.id
  WHERE l.distance < 100
)
SELECT g.id, g.slug, g.names FROM line JOIN groups g ON g.id = line.id ORDER BY distance
"""

HELD: LiteralString = """
-- Grants and keys given at these groups: they hold for all below.
SELECT 'grant.' || r.id AS id, s.name, r.role, r.group_id, g.slug, g.names
FROM grants r JOIN staff s ON s.id = r.staff_id AND s.ended_at IS NULL
JOIN groups g ON g.id = r.group_id WHERE g.id = ANY(%(ids)s)
UNION ALL
SELECT 'key.' || k.id, k.name, 'key', k.group_id, g.slug, g.names
FROM keys k JOIN groups g ON g.id = k.group_id WHERE g.id = ANY(%(ids)s) AND k.revoked_at IS NULL
ORDER BY 2, 3, 1
"""

WARNED: LiteralString = """
SELECT count(DISTINCT resident_id) AS n FROM subscriptions
WHERE group_id = ANY(%(ids)s) AND state = 'active' AND alerts <> '{}'
"""


async def lock(connection: Connection) -> None:
    """Until the transaction ends nobody else moves a group. Whatever else is changed of groups makes
    no ring, and goes on: a lock of the table would meet it crosswise."""
    await connection.run("SELECT pg_advisory_xact_lock(hashtextextended('groups.move', 0))")


async def line(connection: Connection, group_id: int) -> list[Row]:
    """`id`, `slug`, `names` of a group and of those above it, the nearest first."""
    return await connection.rows(LINE, id=group_id)


async def held(connection: Connection, ids: Sequence[int]) -> list[Row]:
    """Who holds a `role` at one of these groups; for a key of a program that is `key`."""
    return await connection.rows(HELD, ids=list(ids))


async def warned(connection: Connection, ids: Sequence[int]) -> int:
    """Residents who follow one of these groups and want warnings."""
    row = await connection.row(WARNED, ids=list(ids))
    return int(row["n"]) if row else 0


async def move(connection: Connection, group_id: int, parent_id: int | None) -> None:
    await connection.run(
        "UPDATE groups SET parent_id = %(parent)s WHERE id = %(id)s", id=group_id, parent=parent_id
    )
