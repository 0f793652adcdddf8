"""Open pages of residents, known by the hash of what the browser holds."""

from datetime import timedelta
from typing import LiteralString
from uuid import UUID

from notify.store.database import Connection

OPEN: LiteralString = """
INSERT INTO sessions (hash, resident_id, valid_until)
VALUES (%(hash)s, %(resident)s, now() + %(life)s)
"""

FIND: LiteralString = """
-- In use it lasts; written down once a minute at most.
WITH found AS (
  SELECT hash, resident_id, seen_at FROM sessions WHERE hash = %(hash)s AND valid_until > now()
), seen AS (
  UPDATE sessions s SET seen_at = now(),
    valid_until = least(now() + %(life)s, s.opened_at + %(longest)s)
  FROM found WHERE s.hash = found.hash AND found.seen_at < now() - interval '1 minute'
)
SELECT resident_id FROM found
"""


async def open_(connection: Connection, hash_: bytes, *, resident: UUID, life: timedelta) -> None:
    await connection.run(OPEN, hash=hash_, resident=resident, life=life)


async def find(
    connection: Connection, hash_: bytes, *, life: timedelta, longest: timedelta
) -> UUID | None:
    """Whose page it is; each look keeps it open for `life` more, up to `longest` in all."""
    row = await connection.row(FIND, hash=hash_, life=life, longest=longest)
    return row["resident_id"] if row else None


async def close(connection: Connection, hash_: bytes) -> int:
    return await connection.run("DELETE FROM sessions WHERE hash = %(hash)s", hash=hash_)


async def close_others(connection: Connection, resident: UUID, *, but: bytes | None) -> int:
    """Close every page of a resident, but one."""
    return await connection.run(
        "DELETE FROM sessions WHERE resident_id = %(resident)s"
        " AND (%(but)s::bytea IS NULL OR hash <> %(but)s)",
        resident=resident,
        but=but,
    )


async def forget(connection: Connection, *, size: int) -> int:
    return await connection.run(
        "DELETE FROM sessions WHERE hash IN (SELECT hash FROM sessions"
        " WHERE valid_until < now() ORDER BY valid_until LIMIT %(size)s)",
        size=size,
    )
