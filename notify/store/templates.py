"""Templates as rows: their versions, which only ever add up, and what was approved in advance."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from notify.store.database import Connection, Row
from notify.store.reach import LINE

EVERY: LiteralString = (
    LINE
    + """
-- Those that somebody at groups `tops` may use: at a place of theirs, or above one. Each as it
-- stands, with the approval in advance that holds for it.
SELECT t.id, t.group_id, t.retired_at, g.slug, g.names, v.version, v.content, v.hash, v.written_by,
  v.written_at, w.name AS written_by_name, p.name AS approved_by, p.approved_at, p.valid_until
FROM templates t LEFT JOIN groups g ON g.id = t.group_id
JOIN LATERAL (SELECT * FROM template_versions WHERE template_id = t.id
  ORDER BY version DESC LIMIT 1) AS v ON true
JOIN staff w ON w.id = v.written_by
LEFT JOIN LATERAL (
  SELECT s.name, a.approved_at, a.valid_until FROM template_approvals a
  JOIN staff s ON s.id = a.staff_id
  WHERE a.template_id = t.id AND a.version = v.version AND a.hash = v.hash
    AND a.withdrawn_at IS NULL AND a.valid_until > now()
  ORDER BY a.id DESC LIMIT 1) AS p ON true
WHERE (%(tops)s::bigint[] IS NULL OR t.group_id IS NULL OR t.group_id IN (SELECT id FROM below)
    OR t.group_id IN (SELECT id FROM above))
  AND CASE WHEN %(id)s::uuid IS NULL THEN t.retired_at IS NULL ELSE t.id = %(id)s END
ORDER BY lower(v.content ->> 'name'), t.id
"""
)

VERSIONS: LiteralString = """
SELECT v.version, v.content, v.written_at, s.name AS written_by_name
FROM template_versions v JOIN staff s ON s.id = v.written_by
WHERE v.template_id = %(id)s ORDER BY v.version DESC
"""

WROTE: LiteralString = """
-- Whether somebody wrote any version after the last that somebody else approved.
SELECT EXISTS (SELECT FROM template_versions v
  WHERE v.template_id = %(id)s AND v.written_by = %(staff)s
    AND v.version > coalesce((SELECT max(a.version) FROM template_approvals a
      WHERE a.template_id = v.template_id AND a.staff_id <> %(staff)s
        AND a.withdrawn_at IS NULL), 0)) AS wrote
"""

WRITE: LiteralString = """
INSERT INTO template_versions (template_id, version, content, hash, written_by)
VALUES (%(id)s, %(version)s, %(content)s, %(hash)s, %(staff)s)
"""

APPROVE: LiteralString = """
INSERT INTO template_approvals (template_id, version, hash, staff_id, valid_until)
VALUES (%(id)s, %(version)s, %(hash)s, %(staff)s, now() + %(life)s)
"""

WITHDRAW: LiteralString = """
UPDATE template_approvals SET withdrawn_at = now()
WHERE template_id = %(id)s AND withdrawn_at IS NULL AND valid_until > now()
"""


async def every(
    connection: Connection, *, tops: Sequence[int] | None, template_id: UUID | None = None
) -> list[Row]:
    """Templates that reach, or are reached by, groups `tops` (None: all), without those retired; or
    the one with this id."""
    return await connection.rows(EVERY, tops=tops, id=template_id)


async def versions(connection: Connection, template_id: UUID) -> list[Row]:
    """The latest first."""
    return await connection.rows(VERSIONS, id=template_id)


async def lock(connection: Connection, template_id: UUID) -> None:
    """Hold off all others who change it, until the transaction ends."""
    await connection.run("SELECT FROM templates WHERE id = %(id)s FOR UPDATE", id=template_id)


async def add(connection: Connection, *, group: int | None) -> UUID:
    row = await connection.row(
        "INSERT INTO templates (group_id) VALUES (%(group)s) RETURNING id", group=group
    )
    assert row is not None  # noqa: S101 - RETURNING gives one row
    return UUID(str(row["id"]))


async def write(
    connection: Connection,
    template_id: UUID,
    *,
    version: int,
    content: dict[str, Any],
    hash_: bytes,
    staff: UUID,
) -> None:
    await connection.run(
        WRITE, id=template_id, version=version, content=Jsonb(content), hash=hash_, staff=staff
    )


async def wrote(connection: Connection, template_id: UUID, *, staff: UUID) -> bool:
    """Whether words of theirs may stand in it that nobody else has approved."""
    row = await connection.row(WROTE, id=template_id, staff=staff)
    return bool(row and row["wrote"])


async def retire(connection: Connection, template_id: UUID) -> None:
    await connection.run(
        "UPDATE templates SET retired_at = now() WHERE id = %(id)s AND retired_at IS NULL",
        id=template_id,
    )


async def approve(
    connection: Connection,
    template_id: UUID,
    *,
    version: int,
    hash_: bytes,
    staff: UUID,
    life: timedelta,
) -> None:
    await connection.run(
        APPROVE, id=template_id, version=version, hash=hash_, staff=staff, life=life
    )


async def withdraw(connection: Connection, template_id: UUID) -> bool:
    """False where none holds."""
    return await connection.run(WITHDRAW, id=template_id) > 0
