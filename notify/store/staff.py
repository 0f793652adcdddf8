"""Staff as rows: who they are, their grants, and what they prove it with."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import LiteralString
from uuid import UUID

from notify.store.database import Connection, Row
from notify.store.reach import LINE, REACHED

EVERY: LiteralString = (
    REACHED
    + """
-- Those with a grant that somebody at `tops` reaches, each with all their grants. `mine`: whether
-- all of these are reached, so that the person as a whole is theirs to look after.
, judged AS (
  SELECT g.id, g.staff_id, g.role, w.slug, w.names,
    -- One that holds everywhere has no group, and an IN with NULL is neither true nor false.
    %(tops)s::bigint[] IS NULL
      OR coalesce(g.group_id IN (SELECT id FROM reached), false) AS within
  FROM grants g LEFT JOIN groups w ON w.id = g.group_id
)
SELECT s.id, s.email, s.name, s.language, s.created_at, s.ended_at,
  s.password IS NOT NULL AS enrolled,
  coalesce(bool_and(within), %(tops)s::bigint[] IS NULL) AS mine,
  coalesce(jsonb_agg(jsonb_build_object('id', j.id, 'role', j.role, 'slug', j.slug,
    'names', j.names, 'within', j.within) ORDER BY j.slug NULLS FIRST, j.role)
    FILTER (WHERE j.id IS NOT NULL), '[]') AS grants
FROM staff s LEFT JOIN judged j ON j.staff_id = s.id
WHERE %(id)s::uuid IS NULL OR s.id = %(id)s
GROUP BY s.id
HAVING %(tops)s::bigint[] IS NULL OR bool_or(within)
ORDER BY s.ended_at IS NOT NULL, lower(s.name), s.id
"""
)

COLLEAGUES: LiteralString = (
    LINE
    + """
-- Those with one of these roles where somebody at `tops` has theirs: there, below, or above.
SELECT s.id, s.name FROM staff s WHERE s.ended_at IS NULL AND s.password IS NOT NULL
  AND EXISTS (SELECT FROM grants g WHERE g.staff_id = s.id AND g.role = ANY(%(roles)s)
    AND (%(tops)s::bigint[] IS NULL OR g.group_id IS NULL OR g.group_id IN (SELECT id FROM below)
      OR g.group_id IN (SELECT id FROM above)))
ORDER BY lower(s.name), s.id
"""
)

ADD: LiteralString = """
INSERT INTO staff (email, name, language) VALUES (%(email)s, %(name)s, %(language)s)
ON CONFLICT (email) DO NOTHING RETURNING id
"""

BY_EMAIL: LiteralString = """
SELECT id, email, name, language, password, totp, totp_step, ended_at FROM staff
WHERE email = %(email)s
"""

INVITE: LiteralString = """
INSERT INTO invitations (hash, staff_id, valid_until) VALUES (%(hash)s, %(id)s, now() + %(life)s)
ON CONFLICT (staff_id) DO UPDATE SET hash = excluded.hash, valid_until = excluded.valid_until
"""

INVITED: LiteralString = """
SELECT s.id, s.email, s.name, s.language, s.password IS NOT NULL AS enrolled FROM invitations i JOIN staff s ON s.id = i.staff_id
WHERE i.hash = %(hash)s AND i.valid_until > now() AND s.ended_at IS NULL
"""

ANSWER: LiteralString = """
WITH used AS (
  DELETE FROM invitations WHERE hash = %(hash)s AND valid_until > now() RETURNING staff_id
)
UPDATE staff s SET password = %(password)s, totp = %(totp)s, totp_step = %(step)s
FROM used WHERE s.id = used.staff_id AND s.ended_at IS NULL
RETURNING s.id
"""

LAST: LiteralString = """
-- Whether somebody else looks after everything: an administrator everywhere who can sign in. Where
-- this one cannot either, nothing is lost with them.
SELECT EXISTS (SELECT FROM grants g JOIN staff s ON s.id = g.staff_id
  WHERE g.role = 'administrator' AND g.group_id IS NULL AND s.ended_at IS NULL
    AND g.staff_id <> %(id)s AND (s.password IS NOT NULL
      OR (SELECT password IS NULL FROM staff WHERE id = %(id)s))) AS other,
  EXISTS (SELECT FROM grants g WHERE g.staff_id = %(id)s AND g.role = 'administrator'
    AND g.group_id IS NULL) AS this
"""


async def every(
    connection: Connection, *, tops: Sequence[int] | None, staff_id: UUID | None = None
) -> list[Row]:
    """Staff with their grants, as far as groups `tops` reach; all where it is None."""
    return await connection.rows(EVERY, tops=tops, id=staff_id)


async def colleagues(
    connection: Connection, *, roles: Iterable[str], tops: Sequence[int] | None
) -> list[Row]:
    """`id` and `name` of those with one of these roles whose place meets the groups `tops`."""
    return await connection.rows(COLLEAGUES, roles=list(roles), tops=tops)


async def add(connection: Connection, *, email: str, name: str, language: str) -> UUID | None:
    """None where somebody signs in with this address already."""
    row = await connection.row(ADD, email=email, name=name, language=language)
    return row["id"] if row else None


async def by_email(connection: Connection, email: str) -> Row | None:
    """With the hash of the password and the hidden second factor."""
    return await connection.row(BY_EMAIL, email=email)


async def by_id(connection: Connection, staff_id: UUID) -> Row | None:
    """The same; locked until the transaction ends."""
    return await connection.row(
        "SELECT id, email, name, language, password, totp, totp_step, ended_at FROM staff"
        " WHERE id = %(id)s FOR UPDATE",
        id=staff_id,
    )


async def lock_all(connection: Connection) -> None:
    """Hold off all others who change grants or end somebody, until the transaction ends."""
    await connection.run("LOCK TABLE grants IN SHARE ROW EXCLUSIVE MODE")


async def is_last(connection: Connection, staff_id: UUID) -> bool:
    """Whether nobody would look after everything without them."""
    row = await connection.row(LAST, id=staff_id)
    assert row is not None  # noqa: S101 - it has no WHERE
    return bool(row["this"] and not row["other"])


async def grants(connection: Connection, staff_id: UUID) -> list[Row]:
    return await connection.rows(
        "SELECT g.id, g.role, g.group_id, w.slug, w.names FROM grants g"
        " LEFT JOIN groups w ON w.id = g.group_id WHERE g.staff_id = %(id)s"
        " ORDER BY w.slug NULLS FIRST, g.role",
        id=staff_id,
    )


async def grant(connection: Connection, staff_id: UUID, *, role: str, group: int | None) -> bool:
    """False where they have it already."""
    return (
        await connection.run(
            "INSERT INTO grants (staff_id, role, group_id) VALUES (%(id)s, %(role)s, %(group)s)"
            " ON CONFLICT DO NOTHING",
            id=staff_id,
            role=role,
            group=group,
        )
        > 0
    )


async def withdraw(connection: Connection, staff_id: UUID, grant_id: int) -> Row | None:
    """The grant that went; None where there was none."""
    return await connection.row(
        "DELETE FROM grants WHERE id = %(grant)s AND staff_id = %(id)s RETURNING role, group_id",
        grant=grant_id,
        id=staff_id,
    )


async def end(connection: Connection, staff_id: UUID) -> bool:
    """Nobody signs in as them any more; what they did stays theirs."""
    changed = await connection.run(
        "UPDATE staff SET ended_at = now(), password = NULL, totp = NULL"
        " WHERE id = %(id)s AND ended_at IS NULL",
        id=staff_id,
    )
    for query in _OF_THEIRS:
        await connection.run(query, id=staff_id)
    return changed > 0


_OF_THEIRS: Sequence[LiteralString] = (
    "DELETE FROM grants WHERE staff_id = %(id)s",
    "DELETE FROM invitations WHERE staff_id = %(id)s",
    "DELETE FROM recovery_codes WHERE staff_id = %(id)s",
    "DELETE FROM staff_sessions WHERE staff_id = %(id)s",
)


async def come_back(connection: Connection, staff_id: UUID) -> None:
    """Take in again whoever was ended; without grants, by the name under which others know them."""
    await connection.run("UPDATE staff SET ended_at = NULL WHERE id = %(id)s", id=staff_id)


async def invite(connection: Connection, staff_id: UUID, hash_: bytes, *, life: timedelta) -> None:
    """Earlier invitations of theirs no longer hold."""
    await connection.run(INVITE, id=staff_id, hash=hash_, life=life)


async def uninvite(connection: Connection, staff_id: UUID) -> None:
    """No invitation of theirs holds any more."""
    await connection.run("DELETE FROM invitations WHERE staff_id = %(id)s", id=staff_id)


async def invited(connection: Connection, hash_: bytes) -> Row | None:
    """Whom an invitation is for; None where it holds no more."""
    return await connection.row(INVITED, hash=hash_)


async def answer(
    connection: Connection, hash_: bytes, *, password: str, totp: str, step: int
) -> UUID | None:
    """Use an invitation up; None where it holds no more."""
    row = await connection.row(ANSWER, hash=hash_, password=password, totp=totp, step=step)
    return row["id"] if row else None


async def set_password(connection: Connection, staff_id: UUID, password: str) -> None:
    await connection.run(
        "UPDATE staff SET password = %(password)s WHERE id = %(id)s", id=staff_id, password=password
    )


async def use_step(connection: Connection, staff_id: UUID, step: int) -> bool:
    """Use the code of a moment; False where it, or a later one, was used before."""
    return (
        await connection.run(
            "UPDATE staff SET totp_step = %(step)s WHERE id = %(id)s AND totp_step < %(step)s",
            id=staff_id,
            step=step,
        )
        > 0
    )


async def use_recovery(connection: Connection, staff_id: UUID, hash_: bytes) -> bool:
    """Use a recovery code; False where it is none of theirs, or was used."""
    return (
        await connection.run(
            "DELETE FROM recovery_codes WHERE staff_id = %(id)s AND hash = %(hash)s",
            id=staff_id,
            hash=hash_,
        )
        > 0
    )


async def has_recovery(connection: Connection, email: str, hash_: bytes) -> bool:
    """Whether this is a recovery code that whoever has this address has not used."""
    row = await connection.row(
        "SELECT FROM recovery_codes c JOIN staff s ON s.id = c.staff_id"
        " WHERE s.email = %(email)s AND c.hash = %(hash)s",
        email=email,
        hash=hash_,
    )
    return row is not None


async def renew_recovery(connection: Connection, staff_id: UUID, hashes: Iterable[bytes]) -> None:
    """New recovery codes in place of the old ones."""
    await connection.run("DELETE FROM recovery_codes WHERE staff_id = %(id)s", id=staff_id)
    await connection.run(
        "INSERT INTO recovery_codes (staff_id, hash) SELECT %(id)s, unnest(%(hashes)s::bytea[])",
        id=staff_id,
        hashes=list(hashes),
    )


async def recovery_left(connection: Connection, staff_id: UUID) -> int:
    row = await connection.row(
        "SELECT count(*) AS n FROM recovery_codes WHERE staff_id = %(id)s", id=staff_id
    )
    assert row is not None  # noqa: S101 - a count has a row
    return int(row["n"])
