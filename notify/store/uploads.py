"""Files of residents between the trial and the import, as rows; each is its uploader's alone."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from notify.store.database import Connection, Row

ADD: LiteralString = """
-- One at a time is kept for each of the staff.
WITH others AS (DELETE FROM imports WHERE staff_id = %(staff)s AND done IS NULL)
INSERT INTO imports (staff_id, name, content, consent, also, valid_until)
VALUES (%(staff)s, %(name)s, %(content)s, %(consent)s, %(also)s, now() + %(life)s) RETURNING id
"""

GET: LiteralString = """
SELECT id, name, content, consent, also, done, created_at, valid_until FROM imports
WHERE id = %(id)s AND staff_id = %(staff)s AND valid_until > now()
"""

FINISH: LiteralString = """
UPDATE imports SET done = %(done)s, content = NULL
WHERE id = %(id)s AND staff_id = %(staff)s AND done IS NULL AND valid_until > now()
"""

FORGET: LiteralString = """
DELETE FROM imports WHERE id IN (
  SELECT id FROM imports WHERE valid_until <= now() ORDER BY valid_until LIMIT %(size)s)
"""


async def add(
    connection: Connection, staff: UUID, *, name: str, content: bytes, consent: str | None,
    also: str | None, life: timedelta,
) -> UUID:  # fmt: skip
    row = await connection.row(
        ADD, staff=staff, name=name, content=content, consent=consent, also=also, life=life
    )
    assert row is not None  # noqa: S101 - RETURNING gives one row
    return UUID(str(row["id"]))


async def get(connection: Connection, upload: UUID, *, staff: UUID) -> Row | None:
    """None where there is none of theirs, or its hour is over."""
    return await connection.row(GET, id=upload, staff=staff)


async def finish(
    connection: Connection, upload: UUID, *, staff: UUID, done: Mapping[str, Any]
) -> bool:
    """Let go of the file and keep the figures; False where that was done before."""
    changed = await connection.run(FINISH, id=upload, staff=staff, done=Jsonb(dict(done)))
    return changed > 0


async def drop(connection: Connection, upload: UUID, *, staff: UUID) -> None:
    await connection.run(
        "DELETE FROM imports WHERE id = %(id)s AND staff_id = %(staff)s", id=upload, staff=staff
    )


async def forget(connection: Connection, *, size: int) -> int:
    """Delete those whose hour is over; returns how many."""
    return await connection.run(FORGET, size=size)
