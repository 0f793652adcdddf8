"""Keys of programs, stored as hashes, and the answers kept for repeated requests."""

from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from notify.store.database import Connection, Row

LOCK: LiteralString = """
-- After a restore the ids of keys are larger than an int.
SELECT pg_try_advisory_xact_lock(
  hashtextextended(%(key_id)s::bigint || ':' || %(idempotency_key)s, 0)) AS held
"""


async def insert(
    connection: Connection, *, name: str, digest: bytes, scopes: list[str], group_id: int | None
) -> int:
    row = await connection.row(
        "INSERT INTO keys (name, hash, scopes, group_id)"
        " VALUES (%(name)s, %(hash)s, %(scopes)s, %(group_id)s) RETURNING id",
        name=name,
        hash=digest,
        scopes=scopes,
        group_id=group_id,
    )
    assert row is not None  # noqa: S101 - INSERT … RETURNING
    return int(row["id"])


async def by_digest(connection: Connection, digest: bytes) -> Row | None:
    return await connection.row(
        "SELECT id, name, scopes, group_id FROM keys WHERE hash = %(hash)s AND revoked_at IS NULL",
        hash=digest,
    )


async def every(connection: Connection) -> list[Row]:
    return await connection.rows(
        "SELECT k.id, k.name, k.scopes, g.slug AS group, k.created_at, k.revoked_at"
        " FROM keys k LEFT JOIN groups g ON g.id = k.group_id ORDER BY k.id"
    )


async def revoke(connection: Connection, key_id: int) -> bool:
    return (
        await connection.run(
            "UPDATE keys SET revoked_at = now() WHERE id = %(id)s AND revoked_at IS NULL",
            id=key_id,
        )
        > 0
    )


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
