"""Residents as staff see them: only who follows something within reach, and only that."""

from collections.abc import Sequence
from typing import LiteralString
from uuid import UUID

from notify.store.database import Connection, Row

WITHIN: LiteralString = """
-- Whether staff who reach these groups (all where it is NULL) may look after a resident.
SELECT %(groups)s::bigint[] IS NULL OR EXISTS (SELECT FROM subscriptions s
    WHERE s.resident_id = r.id AND s.group_id = ANY(%(groups)s)) AS within
FROM residents r WHERE r.id = %(resident)s
"""

FOLLOWS: LiteralString = """
-- Those within reach.
SELECT g.id AS group_id, g.slug, g.names, s.alerts, s.news, s.state, s.created_at
FROM subscriptions s JOIN groups g ON g.id = s.group_id
WHERE s.resident_id = %(resident)s
  AND (%(groups)s::bigint[] IS NULL OR s.group_id = ANY(%(groups)s))
ORDER BY g.slug
"""

BEYOND: LiteralString = """
SELECT count(*) AS n FROM subscriptions s WHERE s.resident_id = %(resident)s
  AND NOT (%(groups)s::bigint[] IS NULL OR s.group_id = ANY(%(groups)s))
"""

CONSENTS: LiteralString = """
SELECT source, reference, given_at, channel, language, version FROM consents
WHERE resident_id = %(resident)s ORDER BY given_at, id
"""


async def within(
    connection: Connection, resident: UUID, *, groups: Sequence[int] | None
) -> bool | None:
    """Whether the resident follows one of these groups, or all are reached; None where there is
    no such resident."""
    row = await connection.row(WITHIN, resident=resident, groups=groups)
    return None if row is None else bool(row["within"])


async def follows(
    connection: Connection, resident: UUID, *, groups: Sequence[int] | None
) -> list[Row]:
    """Their subscriptions to these groups, or all."""
    return await connection.rows(FOLLOWS, resident=resident, groups=groups)


async def beyond(connection: Connection, resident: UUID, *, groups: Sequence[int] | None) -> int:
    """How many other groups they follow."""
    row = await connection.row(BEYOND, resident=resident, groups=groups)
    return row["n"] if row else 0


async def consents(connection: Connection, resident: UUID) -> list[Row]:
    return await connection.rows(CONSENTS, resident=resident)
