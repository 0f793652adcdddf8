"""Notes to staff: to whom, and what there is to tell them of."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from notify.store.database import Connection, Row

ENTITLED: LiteralString = """
-- Staff who can sign in and have one of these roles at, or above, every one of these groups.
SELECT s.id, s.name FROM staff s
WHERE s.ended_at IS NULL AND s.password IS NOT NULL AND s.id <> ALL(%(but)s)
  AND NOT EXISTS (SELECT FROM unnest(%(groups)s::bigint[]) AS wanted (id)
    WHERE NOT EXISTS (SELECT FROM grants g
      WHERE g.staff_id = s.id AND g.role = ANY(%(roles)s) AND (g.group_id IS NULL
        OR g.group_id IN (SELECT line.id FROM group_line(wanted.id) AS line (id)))))
ORDER BY lower(s.name), s.id
"""

TELL: LiteralString = """
-- To the address that they sign in with; and where that is proven to be a resident's, over the SMS and
-- push of that resident. A note for each way, and no more within an hour than `most` of a kind and
-- from one `source`: a program that submits without end keeps nobody from being told of the rest.
WITH told AS (
  SELECT s.id, s.email, s.language FROM staff s
  WHERE s.id = ANY(%(staff)s) AND s.ended_at IS NULL AND s.password IS NOT NULL
), ways AS (
  SELECT id AS staff_id, language, id AS resident_id, 0::bigint AS address_id, 0 AS version,
    'email' AS channel
  FROM told
  UNION ALL
  SELECT t.id, t.language, a.resident_id, a.id, a.version, a.channel
  FROM told t JOIN addresses o ON o.channel = 'email' AND o.value = t.email AND o.live
    AND o.state = 'proven'
  JOIN addresses a ON a.resident_id = o.resident_id AND a.state = 'proven'
    AND a.channel IN ('sms', 'push')
  WHERE NOT EXISTS (SELECT FROM suppressions x WHERE x.channel = a.channel AND x.hash = a.hash)
), numbered AS MATERIALIZED (
  SELECT w.*, nextval(pg_get_serial_sequence('notes', 'id')) AS note_id FROM ways w
  WHERE w.channel = ANY(%(channels)s) AND (
    SELECT count(*) FROM notes n JOIN deliveries d ON d.note_id = n.id
    WHERE n.staff_id = w.staff_id AND n.created_at > now() - interval '1 hour'
      AND n.kind = %(kind)s AND n.data ->> 'source' = %(source)s AND d.channel = w.channel AND d.address_id = w.address_id
  ) < CASE w.channel WHEN 'sms' THEN %(most_sms)s ELSE %(most)s END
), noted AS (
  INSERT INTO notes (id, kind, data, valid_until, staff_id) OVERRIDING SYSTEM VALUE
  SELECT note_id, %(kind)s, %(data)s, now() + %(worth)s, staff_id FROM numbered
), put AS (
  INSERT INTO deliveries (note_id, resident_id, address_id, address_version, channel, lane, language)
  SELECT note_id, resident_id, address_id, version, channel, 'note', language FROM numbered
)
SELECT (SELECT count(*) FROM numbered) AS put,
  (SELECT count(*) FROM ways WHERE channel = ANY(%(channels)s)) AS ways
"""

# Of drills, so that practising takes none of what there is for the real thing.
_OF_DRILL: LiteralString = "CASE WHEN b.drill THEN '.drill' ELSE '' END"

_WAITING: LiteralString = (
    """
SELECT b.id, b.kind, b.relation, b.severity, b.drill, b.texts, b.group_ids, b.editors,
  b.approvers_reminders,
  extract(epoch FROM now() - b.approvers_told_at)::float AS waited,
  CASE WHEN b.editors = '{}' OR b.key_id IS NOT NULL THEN 'key.' || coalesce(b.key_id, 0)
    ELSE 'staff.' || b.editors[1] END || """
    + _OF_DRILL
    + """ AS source
FROM broadcasts b
WHERE b.status = 'submitted' AND b.held_at IS NULL
  AND (b.approvers_capped_at IS NULL OR b.approvers_capped_at < now() - interval '5 minutes')
  AND (b.valid_until IS NULL OR b.valid_until > now())
"""
)

UNTOLD: LiteralString = (
    _WAITING
    + " AND b.approvers_told_at IS NULL ORDER BY b.created_at LIMIT %(size)s"
    + " FOR UPDATE SKIP LOCKED"
)

STILL: LiteralString = (
    _WAITING
    + " AND b.kind = 'alert' AND b.approvers_reminders < %(most)s"
    + " AND greatest(b.approvers_told_at, b.approvers_reminded_at) < now() - %(after)s"
    + " AND b.approvers_told_at IS NOT NULL"
    + " ORDER BY b.created_at LIMIT %(size)s FOR UPDATE SKIP LOCKED"
)

DECIDED: LiteralString = (
    """
SELECT d.id AS decision_id, d.decision, d.reason, d.staff_id, s.name, b.id, b.kind, b.relation,
  b.severity, b.drill, b.texts, b.group_ids, b.editors, 'staff.' || d.staff_id || """
    + _OF_DRILL
    + """ AS source,
  CASE WHEN b.status = 'scheduled' THEN b.send_at END AS later
FROM decisions d JOIN broadcasts b ON b.id = d.broadcast_id JOIN staff s ON s.id = d.staff_id
WHERE d.told_at IS NULL AND d.decision IN ('returned', 'broke_glass')
  AND (d.capped_at IS NULL OR d.capped_at < now() - interval '5 minutes')
ORDER BY d.id LIMIT %(size)s FOR UPDATE OF d SKIP LOCKED
"""
)


TELL_AGAIN: LiteralString = """
-- What somebody may approve, wrote nothing of, and others were told of before they could.
UPDATE broadcasts b SET approvers_told_at = NULL
WHERE b.status = 'submitted' AND b.approvers_told_at IS NOT NULL AND %(staff)s <> ALL(b.editors)
  AND EXISTS (SELECT FROM staff s
    WHERE s.id = %(staff)s AND s.ended_at IS NULL AND s.password IS NOT NULL)
  AND NOT EXISTS (SELECT FROM unnest(b.group_ids) AS wanted (id)
    WHERE NOT EXISTS (SELECT FROM grants g
      WHERE g.staff_id = %(staff)s AND g.role = ANY(%(roles)s) AND (g.group_id IS NULL
        OR g.group_id IN (SELECT line.id FROM group_line(wanted.id) AS line (id)))))
"""

UNREACHED: LiteralString = """
-- Of these, whom no note about it reached or still may, since it was last returned; `came_back` where
-- one was sent in vain.
SELECT s.name, count(d.id) > 0 AS came_back
FROM broadcasts b CROSS JOIN staff s
LEFT JOIN notes n ON n.staff_id = s.id AND n.kind = 'waits' AND n.created_at >= greatest(b.created_at,
    (SELECT max(r.decided_at) FROM decisions r WHERE r.broadcast_id = b.id AND r.decision = 'returned'))
  AND n.data ->> 'broadcast' = b.id::text
LEFT JOIN deliveries d ON d.note_id = n.id
WHERE b.id = %(id)s AND b.approvers_told_at IS NOT NULL AND s.id = ANY(%(staff)s)
GROUP BY s.id, s.name
HAVING count(*) FILTER (WHERE d.status IN ('pending', 'sending', 'sent', 'delivered', 'unknown')) = 0
ORDER BY lower(s.name), s.id
"""


TOLD: LiteralString = """
-- The notes about it since it was last returned: those put in their way at one moment are one telling.
SELECT n.created_at AS at, s.name, coalesce((n.data ->> 'again')::bool, false) AS again,
  coalesce((n.data ->> 'above')::bool OR (n.data ->> 'nobody')::bool, false) AS administers,
  array_agg(DISTINCT d.channel ORDER BY d.channel) AS channels
FROM broadcasts b CROSS JOIN staff s
JOIN notes n ON n.staff_id = s.id AND n.kind = 'waits' AND n.created_at >= greatest(b.created_at,
    (SELECT max(r.decided_at) FROM decisions r WHERE r.broadcast_id = b.id AND r.decision = 'returned'))
  AND n.data ->> 'broadcast' = b.id::text
JOIN deliveries d ON d.note_id = n.id
WHERE b.id = %(id)s GROUP BY n.created_at, s.id, s.name, again, administers
ORDER BY n.created_at, administers, lower(s.name), s.id LIMIT %(limit)s
"""

REMINDED: LiteralString = """
SELECT kind, greatest(approvers_told_at, approvers_reminded_at) AS at, approvers_reminders AS times
FROM broadcasts WHERE id = %(id)s AND approvers_told_at IS NOT NULL
"""


async def entitled(
    connection: Connection,
    group_ids: Sequence[int],
    *,
    roles: Sequence[str],
    but: Collection[UUID] = (),
) -> list[Row]:
    """`id` and `name` of whoever holds one of `roles` over all these groups."""
    return await connection.rows(ENTITLED, groups=list(group_ids), roles=list(roles), but=list(but))


async def tell(
    connection: Connection,
    staff: Collection[UUID],
    kind: str,
    data: dict[str, Any],
    *,
    channels: Sequence[str],
    worth: timedelta,
    most: int,
    most_sms: int,
    source: str,
) -> tuple[int, int]:
    """Put a note in their way over these channels: how many, and on how many ways there could be one.
    `source` is who caused it."""
    row = await connection.row(
        TELL, staff=list(staff), kind=kind, data=Jsonb(data | {"source": source}),
        channels=list(channels), worth=worth, most=most, most_sms=most_sms, source=source,
    )  # fmt: skip
    assert row is not None  # noqa: S101 - an aggregate is always one row
    return row["put"], row["ways"]


async def tell_again(connection: Connection, staff: UUID, *, roles: Sequence[str]) -> None:
    """Have what waits told again, where somebody may approve it with one of `roles`."""
    await connection.run(TELL_AGAIN, staff=staff, roles=list(roles))


async def unreached(
    connection: Connection, broadcast_id: UUID, staff: Collection[UUID]
) -> list[Row]:
    """`name` of those whom no note about it reached, and whether it `came_back`."""
    return await connection.rows(UNREACHED, id=broadcast_id, staff=list(staff))


async def told_of(connection: Connection, broadcast_id: UUID, *, limit: int) -> list[Row]:
    """Who was told of what waits, when and over which channels, the first first: `again` where it was a
    reminder, `administers` where it was as an administrator."""
    return await connection.rows(TOLD, id=broadcast_id, limit=limit)


async def last_told(connection: Connection, broadcast_id: UUID) -> Row | None:
    """When approvers were last told of it, and how many `times` they were reminded."""
    return await connection.row(REMINDED, id=broadcast_id)


async def editors(connection: Connection, broadcast_id: UUID) -> list[UUID]:
    """Staff who wrote a broadcast."""
    row = await connection.row("SELECT editors FROM broadcasts WHERE id = %(id)s", id=broadcast_id)
    return list(row["editors"]) if row else []


async def untold(connection: Connection, *, size: int) -> list[Row]:
    """What waits for approval and nobody was told of, locked."""
    return await connection.rows(UNTOLD, size=size)


async def still_waiting(
    connection: Connection, *, after: timedelta, most: int, size: int
) -> list[Row]:
    """Alerts that wait although approvers were told, or reminded, that long ago, locked; each at most
    so often. `waited`: seconds since they were told."""
    return await connection.rows(STILL, after=after, most=most, size=size)


async def decided(connection: Connection, *, size: int) -> list[Row]:
    """What was returned or sent alone and nobody was told of, locked."""
    return await connection.rows(DECIDED, size=size)


async def told(connection: Connection, broadcast_id: UUID) -> None:
    await connection.run(
        "UPDATE broadcasts SET approvers_told_at = now() WHERE id = %(id)s", id=broadcast_id
    )


async def capped(connection: Connection, broadcast_id: UUID) -> None:
    """Nobody was told: it is tried again later, and is in the way of nothing else until then."""
    await connection.run(
        "UPDATE broadcasts SET approvers_capped_at = now() WHERE id = %(id)s", id=broadcast_id
    )


async def reminded(connection: Connection, broadcast_id: UUID) -> None:
    await connection.run(
        "UPDATE broadcasts SET approvers_reminded_at = now(),"
        " approvers_reminders = approvers_reminders + 1 WHERE id = %(id)s",
        id=broadcast_id,
    )


async def decision_told(connection: Connection, decision_id: int) -> None:
    await connection.run("UPDATE decisions SET told_at = now() WHERE id = %(id)s", id=decision_id)


async def decision_capped(connection: Connection, decision_id: int) -> None:
    """The same as `capped`."""
    await connection.run("UPDATE decisions SET capped_at = now() WHERE id = %(id)s", id=decision_id)
