"""Reads what became of one resident: what was sent to them, what they were left out of, and what went
to their groups without them."""

from collections.abc import Sequence
from typing import LiteralString
from uuid import UUID

from notify.store.broadcasts import COLUMNS
from notify.store.database import Connection, Row

REACHED: LiteralString = """
-- Which of these groups, and those below them, a resident follows or has asked to.
WITH RECURSIVE below AS (
  SELECT id FROM groups WHERE %(tops)s::bigint[] IS NULL OR id = ANY(%(tops)s)
  UNION
  SELECT g.id FROM groups g JOIN below b ON b.id = g.parent_id
)
SELECT s.group_id FROM subscriptions s
WHERE s.resident_id = %(resident)s AND s.group_id IN (SELECT id FROM below)
"""

BROADCASTS: LiteralString = (
    """
-- Those to the groups through which staff may see the resident (alerts from all above as well, news
-- as far as it is carried), and others of which all is within reach and something went to them. What
-- was not let go is for those alone who reach all of it.
WITH RECURSIVE up AS (
  SELECT id AS own, id, parent_id, carries_parent_news AS carries, true AS news
  FROM groups WHERE id = ANY(%(groups)s)
  UNION
  SELECT u.own, g.id, g.parent_id, g.carries_parent_news, u.news AND u.carries
  FROM groups g JOIN up u ON u.parent_id = g.id
), below AS (
  SELECT id FROM groups WHERE %(tops)s::bigint[] IS NULL OR id = ANY(%(tops)s)
  UNION
  SELECT g.id FROM groups g JOIN below b ON b.id = g.parent_id
), mine AS (
  SELECT broadcast_id AS id FROM deliveries
  WHERE resident_id = %(resident)s AND broadcast_id IS NOT NULL
  UNION SELECT broadcast_id FROM skips WHERE resident_id = %(resident)s
)
SELECT """
    + COLUMNS
    + """, coalesce(b.dispatching_at, b.created_at) AS at,
  ARRAY(SELECT DISTINCT own FROM up WHERE id = ANY(b.group_ids) AND (b.kind = 'alert' OR news))
    AS through
FROM broadcasts b
WHERE (b.id IN (SELECT id FROM mine) OR coalesce(b.dispatching_at, b.created_at)
    >= (SELECT created_at FROM residents WHERE id = %(resident)s))
  AND (b.group_ids && ARRAY(SELECT id FROM up WHERE b.kind = 'alert' OR news)
    OR b.id IN (SELECT id FROM mine) AND b.group_ids <@ ARRAY(SELECT id FROM below))
  AND (b.dispatching_at IS NOT NULL OR b.group_ids <@ ARRAY(SELECT id FROM below))
ORDER BY at DESC, b.id LIMIT %(limit)s
"""
)

SUBSCRIBED: LiteralString = """
SELECT group_id, state, created_at, alerts, news FROM subscriptions
WHERE resident_id = %(resident)s AND group_id = ANY(%(groups)s)
"""

DELIVERIES: LiteralString = """
SELECT id, broadcast_id, channel, status, reason, created_at, handed_over_at, ended_at, due_at
FROM deliveries WHERE resident_id = %(resident)s AND broadcast_id = ANY(%(broadcasts)s)
ORDER BY array_position(ARRAY['email', 'sms', 'push'], channel), id
"""

ATTEMPTS: LiteralString = """
SELECT delivery_id, number, sender, coalesce(started_at, claimed_at) AS at, outcome, reason, code
FROM attempts WHERE delivery_id = ANY(%(deliveries)s) ORDER BY delivery_id, number
"""

SKIPS: LiteralString = """
SELECT broadcast_id, channel, reason FROM skips
WHERE resident_id = %(resident)s AND broadcast_id = ANY(%(broadcasts)s) ORDER BY channel
"""


async def reached(
    connection: Connection, resident: UUID, *, tops: Sequence[int] | None
) -> list[int]:
    """The groups at or below `tops`, anywhere where that is None, that the resident follows."""
    rows = await connection.rows(REACHED, resident=resident, tops=tops)
    return [row["group_id"] for row in rows]


async def broadcasts(
    connection: Connection, resident: UUID, *, groups: Sequence[int], tops: Sequence[int] | None,
    limit: int,
) -> list[Row]:  # fmt: skip
    """Since the resident is known, the latest first; `through` are those of `groups` by which each
    concerns them."""
    return await connection.rows(
        BROADCASTS, resident=resident, groups=list(groups), tops=tops, limit=limit
    )


async def subscribed(
    connection: Connection, resident: UUID, *, groups: Sequence[int]
) -> dict[int, Row]:
    rows = await connection.rows(SUBSCRIBED, resident=resident, groups=list(groups))
    return {row["group_id"]: row for row in rows}


async def deliveries(
    connection: Connection, resident: UUID, broadcasts: Sequence[UUID]
) -> list[Row]:
    return await connection.rows(DELIVERIES, resident=resident, broadcasts=list(broadcasts))


async def attempts(connection: Connection, deliveries: Sequence[int]) -> list[Row]:
    return await connection.rows(ATTEMPTS, deliveries=list(deliveries))


async def skips(connection: Connection, resident: UUID, broadcasts: Sequence[UUID]) -> list[Row]:
    return await connection.rows(SKIPS, resident=resident, broadcasts=list(broadcasts))
