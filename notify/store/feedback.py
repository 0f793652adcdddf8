"""What people say of the pages, until it was kept long enough."""

from typing import LiteralString

from notify.store.database import Connection, Row

TURN: LiteralString = "SELECT pg_advisory_xact_lock(hashtextextended('feedback', 0))"

LATELY: LiteralString = """
SELECT count(*) AS n, count(*) FILTER (WHERE message = %(message)s
  AND place IS NOT DISTINCT FROM %(place)s AND reply_to IS NOT DISTINCT FROM %(reply_to)s) AS same
FROM feedback WHERE created_at > now() - interval '1 hour'
"""

ADD: LiteralString = """
INSERT INTO feedback (message, place, reply_to, language)
VALUES (%(message)s, %(place)s, %(reply_to)s, %(language)s)
"""

LATEST: LiteralString = """
SELECT id, created_at, message, place, reply_to, language FROM feedback
ORDER BY created_at DESC, id DESC LIMIT %(limit)s
"""

DELETE: LiteralString = """
DELETE FROM feedback WHERE id IN (SELECT id FROM feedback
  WHERE created_at < now() - %(days)s * interval '1 day' ORDER BY created_at LIMIT %(size)s)
"""


async def add(
    connection: Connection,
    *,
    message: str,
    place: str | None,
    reply_to: str | None,
    language: str,
    most: int,
) -> bool:
    """Keep it, once where it is sent twice; False where `most` were kept within the hour."""
    said = {"message": message, "place": place, "reply_to": reply_to}
    await connection.row(TURN)
    lately = await connection.row(LATELY, **said) or {"n": 0, "same": 0}
    if lately["same"]:
        return True
    if lately["n"] >= most:
        return False
    await connection.run(ADD, **said, language=language)
    return True


async def latest(connection: Connection, *, limit: int) -> list[Row]:
    """The newest first."""
    return await connection.rows(LATEST, limit=limit)


async def delete(connection: Connection, *, days: int, size: int) -> int:
    """Delete what was kept so long; returns how many."""
    return await connection.run(DELETE, days=days, size=size)
