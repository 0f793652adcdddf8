"""Notes that tell who took part in a poll how it came out: whom of which poll, and how far it is."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from notify.store.database import Connection, Row

NEXT: LiteralString = """
-- One that nobody else is telling of.
SELECT p.broadcast_id, p.closed_at < now() - %(stale)s AS stale FROM polls p
JOIN broadcasts b ON b.id = p.broadcast_id
WHERE p.closed_at IS NOT NULL AND p.told_at IS NULL AND (b.asks ->> 'tell')::boolean
  AND b.asks ->> 'shown' <> 'staff' AND b.cancelled_at IS NULL AND b.held_at IS NULL
  AND b.forgotten_at IS NULL
ORDER BY p.closed_at LIMIT 1 FOR UPDATE OF p SKIP LOCKED
"""

AHEAD: LiteralString = """
SELECT d.channel, count(*) AS n FROM deliveries d JOIN notes n ON n.id = d.note_id
WHERE d.status = 'pending' AND d.lane = 'note' AND d.broadcast_id IS NULL AND n.kind = 'result'
  AND d.due_at <= now()
GROUP BY d.channel
"""

PEOPLE: LiteralString = """
-- Those next in line who took part, each with the address over which they answered; where that was
-- none, the first of the ways on which they get such messages. Who left, or stopped it, has none.
SELECT v.resident_id, v.id AS voter_id, r.language, w.id AS address_id, w.version, w.channel,
  coalesce(quiet_end(now(), r.quiet_from, r.quiet_until, %(zone)s), now()) AS due_at
FROM (SELECT v.* FROM voters v JOIN polls p USING (broadcast_id)
  WHERE v.broadcast_id = %(id)s AND v.answered <> '{}' AND v.resident_id IS NOT NULL
    AND (p.told_through IS NULL OR v.resident_id > p.told_through)
  ORDER BY v.resident_id LIMIT %(size)s) AS v
JOIN broadcasts b ON b.id = v.broadcast_id
JOIN residents r ON r.id = v.resident_id
CROSS JOIN LATERAL (SELECT CASE v.how WHEN 'sms' THEN ARRAY['sms'] WHEN 'mail' THEN ARRAY['email']
  WHEN 'push' THEN ARRAY['push'] ELSE ARRAY['email', 'push', 'sms'] END AS channels) AS by
LEFT JOIN LATERAL (
  SELECT a.id, a.version, a.channel,
    dense_rank() OVER (ORDER BY array_position(by.channels, a.channel)) AS place
  FROM addresses a
  WHERE a.resident_id = v.resident_id AND a.live AND a.state = 'proven'
    AND a.channel = ANY(by.channels) AND a.channel = ANY(%(channels)s)
    AND NOT EXISTS (SELECT FROM suppressions x WHERE x.channel = a.channel AND x.hash = a.hash)
    AND EXISTS (SELECT FROM subscriptions s WHERE s.resident_id = v.resident_id
      AND s.state = 'active' AND s.group_id = ANY(b.audience)
      AND a.channel = ANY(CASE WHEN b.kind = 'alert' THEN s.alerts ELSE s.news END))
) AS w ON w.place = 1
ORDER BY v.resident_id, w.id
"""

ADD: LiteralString = """
WITH wanted AS MATERIALIZED (
  SELECT w.*, nextval(pg_get_serial_sequence('notes', 'id')) AS note_id
  FROM unnest(%(residents)s::uuid[], %(addresses)s::bigint[], %(versions)s::int[],
    %(channels)s::text[], %(languages)s::text[], %(due)s::timestamptz[], %(data)s::jsonb[])
    AS w (resident_id, address_id, version, channel, language, due_at, data)
), noted AS (
  INSERT INTO notes (id, kind, data, valid_until) OVERRIDING SYSTEM VALUE
  SELECT note_id, 'result', data, due_at + %(worth)s FROM wanted
)
INSERT INTO deliveries (note_id, resident_id, address_id, address_version, channel, lane, language,
  due_at)
SELECT note_id, resident_id, address_id, version, channel, 'note', language, due_at FROM wanted
"""

RECALL: LiteralString = """
UPDATE deliveries d SET status = 'cancelled', reason = 'recalled', ended_at = now() FROM notes n
WHERE d.status = 'pending' AND d.lane = 'note' AND n.id = d.note_id AND n.kind = 'result'
  AND n.data ->> 'broadcast' = %(id)s::text
"""


async def next_(connection: Connection, *, stale: timedelta) -> Row | None:
    """`broadcast_id` of a poll whose result is to be told, held; `stale` where it closed longer ago
    than that. None where there is none for us."""
    return await connection.row(NEXT, stale=stale)


async def ahead(connection: Connection) -> dict[str, int]:
    """How many such notes wait just now, by channel."""
    return {row["channel"]: row["n"] for row in await connection.rows(AHEAD)}


async def people(
    connection: Connection, broadcast_id: UUID, *, channels: Sequence[str], zone: str, size: int
) -> list[Row]:
    """Up to `size` of those next in line, by resident: a row for each address, or one without."""
    return await connection.rows(
        PEOPLE, id=broadcast_id, channels=list(channels), zone=zone, size=size
    )


async def add(
    connection: Connection, rows: Sequence[Row], data: Sequence[dict[str, Any]], *, worth: timedelta
) -> None:
    """A note to each address of `people`, with what it is to say."""
    columns = {
        "residents": "resident_id", "addresses": "address_id", "versions": "version",
        "channels": "channel", "languages": "language", "due": "due_at",
    }  # fmt: skip
    values = {name: [row[column] for row in rows] for name, column in columns.items()}
    await connection.run(ADD, **values, data=[Jsonb(one) for one in data], worth=worth)


async def told_through(
    connection: Connection, broadcast_id: UUID, resident: UUID, *, capped: int
) -> None:
    """All up to this resident are told, but for `capped` more of them, whom the cap on SMS left out."""
    await connection.run(
        "UPDATE polls SET told_through = %(resident)s, capped = capped + %(capped)s"
        " WHERE broadcast_id = %(id)s",
        id=broadcast_id, resident=resident, capped=capped,
    )  # fmt: skip


async def told(connection: Connection, broadcast_id: UUID) -> None:
    await connection.run(
        "UPDATE polls SET told_at = now(), told_through = NULL WHERE broadcast_id = %(id)s",
        id=broadcast_id,
    )


async def recall(connection: Connection, broadcast_id: UUID) -> None:
    """What has not left yet stays unsent."""
    await connection.run(RECALL, id=broadcast_id)
