"""Browsers in which staff are signed in, known by the hash of what each holds."""

from datetime import timedelta
from typing import LiteralString
from uuid import UUID

from notify.store.database import Connection, Row

OPEN: LiteralString = """
INSERT INTO staff_sessions (hash, staff_id, browser, valid_until)
VALUES (%(hash)s, %(staff)s, %(browser)s, now() + %(life)s)
"""

FIND: LiteralString = """
-- In use it lasts; written down once a minute at most.
WITH found AS (
  SELECT t.id, t.hash, t.seen_at, s.id AS staff_id, s.name, s.email, s.language
  FROM staff_sessions t JOIN staff s ON s.id = t.staff_id
  WHERE t.hash = %(hash)s AND t.valid_until > now() AND s.ended_at IS NULL
), seen AS (
  UPDATE staff_sessions t SET seen_at = now(),
    valid_until = least(now() + %(life)s, t.opened_at + %(longest)s)
  FROM found WHERE t.hash = found.hash AND found.seen_at < now() - interval '1 minute'
)
SELECT id, staff_id, name, email, language FROM found
"""


async def open_(
    connection: Connection, hash_: bytes, *, staff: UUID, browser: str, life: timedelta
) -> None:
    await connection.run(OPEN, hash=hash_, staff=staff, browser=browser, life=life)


async def find(
    connection: Connection, hash_: bytes, *, life: timedelta, longest: timedelta
) -> Row | None:
    """Who is signed in; each look keeps them so for `life` more, up to `longest` in all."""
    return await connection.row(FIND, hash=hash_, life=life, longest=longest)


HOLDS: LiteralString = """
-- Asked by pages that stay open: it does not keep the session so.
SELECT (SELECT coalesce(jsonb_agg(jsonb_build_object('role', g.role, 'group_id', g.group_id)), '[]')
  FROM grants g WHERE g.staff_id = s.id) AS grants
FROM staff_sessions t JOIN staff s ON s.id = t.staff_id
WHERE t.id = %(id)s AND t.valid_until > now() AND s.ended_at IS NULL
"""


async def holds(connection: Connection, session: int) -> Row | None:
    """The `grants` of whoever is signed in in a session; None once it is over."""
    return await connection.row(HOLDS, id=session)


async def every(connection: Connection, staff: UUID) -> list[Row]:
    """Where somebody is signed in, the latest first."""
    return await connection.rows(
        "SELECT id, browser, opened_at, seen_at FROM staff_sessions"
        " WHERE staff_id = %(staff)s AND valid_until > now() ORDER BY seen_at DESC, id DESC",
        staff=staff,
    )


async def rename(connection: Connection, session: int, hash_: bytes) -> None:
    """From now on it is the browser with another word that holds it."""
    await connection.run(
        "UPDATE staff_sessions SET hash = %(hash)s WHERE id = %(id)s", hash=hash_, id=session
    )


async def close(connection: Connection, staff: UUID, session: int) -> bool:
    return (
        await connection.run(
            "DELETE FROM staff_sessions WHERE staff_id = %(staff)s AND id = %(id)s",
            staff=staff,
            id=session,
        )
        > 0
    )


async def close_others(connection: Connection, staff: UUID, *, but: int | None) -> int:
    """Sign somebody out everywhere, but in one browser."""
    return await connection.run(
        "DELETE FROM staff_sessions WHERE staff_id = %(staff)s"
        " AND (%(but)s::bigint IS NULL OR id <> %(but)s)",
        staff=staff,
        but=but,
    )


async def forget(connection: Connection, *, size: int) -> int:
    return await connection.run(
        "DELETE FROM staff_sessions WHERE hash IN (SELECT hash FROM staff_sessions"
        " WHERE valid_until < now() ORDER BY valid_until LIMIT %(size)s)",
        size=size,
    )
