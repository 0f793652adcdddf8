"""Keys of programs, stored as hashes, and the answers kept for repeated requests."""

from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from notify.store.database import Connection, Row
from notify.store.reach import REACHED

LOCK: LiteralString = """
-- After a restore the ids of keys are larger than an int.
SELECT pg_try_advisory_xact_lock(
  hashtextextended(%(key_id)s::bigint || ':' || %(idempotency_key)s, 0)) AS held
"""


_THEIRS: LiteralString = """
(%(tops)s::bigint[] IS NULL OR k.group_id IN (SELECT id FROM reached))
"""

EVERY: LiteralString = (
    REACHED
    + """
SELECT k.id, k.name, k.scopes, g.slug AS group, g.names, k.created_at, k.used_at, k.revoked_at
FROM keys k LEFT JOIN groups g ON g.id = k.group_id WHERE """
    + _THEIRS
    + " ORDER BY k.id"
)

REVOKE: LiteralString = (
    REACHED
    + "UPDATE keys k SET revoked_at = now() WHERE k.id = %(id)s AND k.revoked_at IS NULL AND"
    + _THEIRS
)

RECOGNISE: LiteralString = """
-- That it was used is written down once an hour at most.
WITH found AS (
  SELECT id, name, scopes, group_id, made_by, used_at FROM keys
  WHERE hash = %(hash)s AND revoked_at IS NULL
), used AS (
  UPDATE keys k SET used_at = now() FROM found
  WHERE k.id = found.id AND (found.used_at IS NULL OR found.used_at < now() - interval '1 hour')
)
SELECT id, name, scopes, group_id, made_by FROM found
"""


async def insert(
    connection: Connection, *, name: str, digest: bytes, scopes: list[str], group_id: int | None,
    made_by: UUID | None,
) -> int:  # fmt: skip
    row = await connection.row(
        "INSERT INTO keys (name, hash, scopes, group_id, made_by)"
        " VALUES (%(name)s, %(hash)s, %(scopes)s, %(group_id)s, %(made_by)s) RETURNING id",
        name=name,
        hash=digest,
        scopes=scopes,
        group_id=group_id,
        made_by=made_by,
    )
    assert row is not None  # noqa: S101 - INSERT … RETURNING
    return int(row["id"])


async def by_digest(connection: Connection, digest: bytes) -> Row | None:
    """The key in use that has this hash; from now on it was used."""
    return await connection.row(RECOGNISE, hash=digest)


async def every(connection: Connection, *, tops: list[int] | None) -> list[Row]:
    """Keys at groups `tops` and below; all where it is None."""
    return await connection.rows(EVERY, tops=tops)


async def revoke(connection: Connection, key_id: int, *, tops: list[int] | None) -> bool:
    """False where there is none in use that they reach."""
    return await connection.run(REVOKE, id=key_id, tops=tops) > 0


async def lock_replay(connection: Connection, *, key_id: int, idempotency_key: str) -> bool:
    """Holds off other requests under this key until the transaction ends; False when another
    one is being carried out just now."""
    row = await connection.row(LOCK, key_id=key_id, idempotency_key=idempotency_key)
    return bool(row and row["held"])


async def replay(connection: Connection, *, key_id: int, idempotency_key: str) -> Row | None:
    return await connection.row(
        "SELECT request_hash, status, answer FROM replays"
        " WHERE key_id = %(key_id)s AND idempotency_key = %(idempotency_key)s",
        key_id=key_id,
        idempotency_key=idempotency_key,
    )


KEEP: LiteralString = """
-- Answers are kept for a month: whoever repeats a request does so within minutes.
WITH old AS (
  DELETE FROM replays WHERE key_id = %(key_id)s AND created_at < now() - interval '30 days')
INSERT INTO replays (key_id, idempotency_key, request_hash, status, answer)
VALUES (%(key_id)s, %(idempotency_key)s, %(request_hash)s, %(status)s, %(answer)s)
"""


async def keep_answer(
    connection: Connection,
    *,
    key_id: int,
    idempotency_key: str,
    request_hash: bytes,
    status: int,
    answer: Any,
) -> None:
    await connection.run(
        KEEP,
        key_id=key_id,
        idempotency_key=idempotency_key,
        request_hash=request_hash,
        status=status,
        answer=Jsonb(answer),
    )
