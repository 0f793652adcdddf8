"""What was let go and never sent, because something later in its thread went out first."""

from collections.abc import Sequence
from datetime import timedelta
from typing import LiteralString
from uuid import UUID

from notify.store.database import Connection, Row
from notify.store.reach import REACHED_AND_MINE

IS_OVERTAKEN: LiteralString = (
    "b.status = 'cancelled' AND b.dispatching_at IS NULL AND b.superseded_at IS NOT NULL"
)

UNTOLD: LiteralString = (
    """
-- over: how what took its place follows; that began in the moment in which this ended.
SELECT b.id, b.kind, b.relation, b.severity, b.drill, b.texts, b.group_ids, b.editors, e.relation AS over,
  'thread.' || b.thread_id AS source
FROM broadcasts b JOIN broadcasts e ON e.thread_id = b.thread_id AND e.dispatching_at = b.superseded_at
WHERE """
    + IS_OVERTAKEN
    + """ AND b.overtaken_told_at IS NULL AND b.editors <> '{}'
  AND (b.approvers_capped_at IS NULL OR b.approvers_capped_at < now() - interval '5 minutes')
ORDER BY b.superseded_at LIMIT %(size)s FOR UPDATE OF b SKIP LOCKED
"""
)

LATELY: LiteralString = (
    """
-- Of those whose groups are all at `tops` or below (NULL: any) what `staff` wrote, approved, or may
-- approve, for all are at `may`; the latest first. over: as above; over_within: whether `tops` reach it.
"""
    + REACHED_AND_MINE
    + """
SELECT b.*, (SELECT coalesce(jsonb_agg(g.names ORDER BY g.slug), '[]') FROM groups g
    WHERE g.id = ANY(b.group_ids)) AS group_names, e.id AS over_id, e.relation AS over,
  %(tops)s::bigint[] IS NULL OR e.group_ids <@ ARRAY(SELECT id FROM reached) AS over_within
FROM broadcasts b LEFT JOIN broadcasts e
  ON e.thread_id = b.thread_id AND e.dispatching_at = b.superseded_at
WHERE """
    + IS_OVERTAKEN
    + """ AND b.superseded_at > now() - %(since)s
  AND (%(tops)s::bigint[] IS NULL OR b.group_ids <@ ARRAY(SELECT id FROM reached))
  AND (%(staff)s = ANY(b.editors) OR %(may)s::bigint[] IS NULL
    OR b.group_ids <@ ARRAY(SELECT id FROM mine)
    OR EXISTS (SELECT FROM decisions d WHERE d.broadcast_id = b.id AND d.staff_id = %(staff)s))
ORDER BY b.superseded_at DESC, b.id LIMIT %(limit)s
"""
)


async def untold(connection: Connection, *, size: int) -> list[Row]:
    """What nobody was told of who wrote it, locked, with the relation of what took its place."""
    return await connection.rows(UNTOLD, size=size)


async def told(connection: Connection, broadcast_id: UUID) -> None:
    await connection.run(
        "UPDATE broadcasts SET overtaken_told_at = now() WHERE id = %(id)s", id=broadcast_id
    )


async def lately(
    connection: Connection, *, tops: Sequence[int] | None, may: Sequence[int] | None, staff: UUID,
    since: timedelta, limit: int,
) -> list[Row]:  # fmt: skip
    """What was overtaken within `since` and concerns `staff`, who look within `tops` and approve
    within `may`."""
    return await connection.rows(LATELY, tops=tops, may=may, staff=staff, since=since, limit=limit)
