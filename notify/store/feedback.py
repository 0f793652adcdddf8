"""What people say of the pages, until it was kept long enough."""

from collections.abc import Sequence
from typing import LiteralString
from uuid import UUID

from notify.store.database import Connection, Row
from notify.store.own import OWN

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

LIKELY: LiteralString = f"""
-- Where an answer is wanted that may be an address of the resident's; whoever asks looks closer.
WITH own AS ({OWN})
SELECT f.id, f.reply_to, own.channel, own.value FROM feedback f JOIN own ON
  own.since <= f.created_at AND CASE own.channel WHEN 'email' THEN strpos(lower(f.reply_to), split_part(own.value, '@', 1)) > 0
    ELSE strpos(regexp_replace(f.reply_to, '[^0-9]', '', 'g'), right(own.value, 6)) > 0 END
ORDER BY f.id
"""

THESE: LiteralString = """
SELECT created_at, message, place, reply_to, language FROM feedback WHERE id = ANY(%(ids)s)
ORDER BY created_at, id
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


async def likely(connection: Connection, resident: UUID) -> list[Row]:
    """What may be of a resident: `id`, `reply_to`, and the `channel` and `value` of the address
    that it may name."""
    return await connection.rows(LIKELY, resident=resident)


async def these(connection: Connection, ids: Sequence[int]) -> list[Row]:
    """All that was said in these, the oldest first."""
    return await connection.rows(THESE, ids=list(ids))


async def remove(connection: Connection, ids: Sequence[int]) -> None:
    await connection.run("DELETE FROM feedback WHERE id = ANY(%(ids)s)", ids=list(ids))


async def delete(connection: Connection, *, days: int, size: int) -> int:
    """Delete what was kept so long; returns how many."""
    return await connection.run(DELETE, days=days, size=size)
