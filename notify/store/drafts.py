"""What staff are writing, as rows; a change names the version that it was made upon."""

from collections.abc import Sequence
from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from notify.store.database import Connection, Row

_COLUMNS: LiteralString = """
SELECT d.id, d.version, d.content, d.editors, d.changed_by, d.created_at, d.changed_at,
  d.submitted_at, s.name AS changed_by_name,
  EXISTS (SELECT FROM broadcasts b WHERE b.id = d.id AND b.status = 'returned') AS returned
FROM drafts d JOIN staff s ON s.id = d.changed_by
"""

ADD: LiteralString = """
INSERT INTO drafts (content, editors, changed_by)
VALUES (%(content)s, ARRAY[%(staff)s::uuid], %(staff)s) RETURNING id
"""

GET: LiteralString = _COLUMNS + "WHERE d.id = %(id)s"

EVERY: LiteralString = (
    """
WITH RECURSIVE reached AS (
  SELECT id, slug FROM groups WHERE %(tops)s::bigint[] IS NULL OR id = ANY(%(tops)s)
  UNION
  SELECT g.id, g.slug FROM groups g JOIN reached r ON r.id = g.parent_id
)
"""
    + _COLUMNS
    + """
-- One without groups is its editors'.
WHERE d.submitted_at IS NULL AND CASE WHEN d.content -> 'groups' = '[]' THEN %(staff)s = ANY(d.editors)
  ELSE ARRAY(SELECT jsonb_array_elements_text(d.content -> 'groups'))
    <@ ARRAY(SELECT slug FROM reached) END
ORDER BY d.changed_at DESC, d.id LIMIT %(limit)s
"""
)

SAVE: LiteralString = """
UPDATE drafts SET content = %(content)s, version = version + 1, changed_by = %(staff)s,
  changed_at = now(),
  editors = CASE WHEN %(staff)s = ANY(editors) THEN editors ELSE editors || %(staff)s::uuid END
WHERE id = %(id)s AND version = %(version)s AND submitted_at IS NULL
"""

SUBMIT: LiteralString = """
UPDATE drafts SET submitted_at = now(),
  editors = CASE WHEN %(staff)s = ANY(editors) THEN editors ELSE editors || %(staff)s::uuid END
WHERE id = %(id)s AND version = %(version)s AND submitted_at IS NULL
"""


async def add(connection: Connection, content: dict[str, Any], *, staff: UUID) -> UUID:
    row = await connection.row(ADD, content=Jsonb(content), staff=staff)
    assert row is not None  # noqa: S101 - RETURNING gives one row
    return UUID(str(row["id"]))


async def get(connection: Connection, draft_id: UUID) -> Row | None:
    return await connection.row(GET, id=draft_id)


async def every(
    connection: Connection, *, tops: Sequence[int] | None, staff: UUID, limit: int
) -> list[Row]:
    """Those not submitted yet and within reach of groups `tops`, all where it is None, the latest
    change first."""
    return await connection.rows(EVERY, tops=tops, staff=staff, limit=limit)


async def save(
    connection: Connection, draft_id: UUID, content: dict[str, Any], *, version: int, staff: UUID
) -> bool:
    """False where it was changed, submitted or dropped since that version."""
    done = await connection.run(
        SAVE, id=draft_id, content=Jsonb(content), version=version, staff=staff
    )
    return done > 0


async def submit(connection: Connection, draft_id: UUID, *, version: int, staff: UUID) -> bool:
    """Close it to changes; whoever does counts as an editor. False where it was changed, submitted
    or dropped since that version."""
    return await connection.run(SUBMIT, id=draft_id, version=version, staff=staff) > 0


async def reopen(connection: Connection, draft_id: UUID) -> None:
    """Let it be changed again; where a broadcast was written otherwise there is none."""
    await connection.run("UPDATE drafts SET submitted_at = NULL WHERE id = %(id)s", id=draft_id)


async def drop(connection: Connection, draft_id: UUID, *, version: int) -> bool:
    done = await connection.run(
        "DELETE FROM drafts WHERE id = %(id)s AND version = %(version)s AND submitted_at IS NULL",
        id=draft_id,
        version=version,
    )
    return done > 0


FORGET: LiteralString = """
DELETE FROM drafts WHERE id IN (SELECT id FROM drafts
  WHERE submitted_at IS NULL AND changed_at < now() - %(days)s * interval '1 day'
  ORDER BY changed_at LIMIT %(size)s FOR UPDATE SKIP LOCKED)
"""


async def forget(connection: Connection, *, days: int, size: int) -> int:
    """Delete what nobody touched so long, and nobody submitted; returns how many."""
    return await connection.run(FORGET, days=days, size=size)
