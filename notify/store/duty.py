"""Who is on duty, and the test rings that go to them."""

from collections.abc import Sequence
from datetime import date
from typing import LiteralString

from notify.store.database import Connection, Row

REACHED: LiteralString = """
-- Channels on which somebody on duty has a proven address that may be used.
SELECT DISTINCT a.channel FROM addresses a
WHERE a.state = 'proven' AND a.resident_id IN (
    SELECT o.resident_id FROM addresses o
    JOIN unnest(%(channels)s::text[], %(values)s::text[]) AS duty (channel, value)
      USING (channel, value)
    WHERE o.state = 'proven')
  AND NOT EXISTS (SELECT FROM suppressions x WHERE x.channel = a.channel AND x.hash = a.hash)
"""

USED: LiteralString = """
SELECT channel FROM unnest(%(channels)s::text[]) AS channel
WHERE EXISTS (SELECT FROM addresses a WHERE a.channel = channel.channel AND a.live)
"""

BEGIN: LiteralString = """
-- Whoever comes second on the same day finds the row and rings nobody.
INSERT INTO rings (channel, day, check_at)
VALUES (%(channel)s, %(day)s, now() + %(patience)s * interval '1 s')
ON CONFLICT (channel, day) DO NOTHING RETURNING id
"""

RING: LiteralString = """
-- A note and its delivery for each usable address, on the channel, of everyone on duty.
WITH called AS MATERIALIZED (
  SELECT a.id, a.resident_id, a.version, a.channel, r.language,
    nextval(pg_get_serial_sequence('notes', 'id')) AS note_id
  FROM addresses a JOIN residents r ON r.id = a.resident_id
  WHERE a.channel = %(channel)s AND a.state = 'proven' AND a.resident_id IN (
      SELECT o.resident_id FROM addresses o
      JOIN unnest(%(channels)s::text[], %(values)s::text[]) AS duty (channel, value)
        USING (channel, value)
      WHERE o.state = 'proven')
    AND NOT EXISTS (SELECT FROM suppressions x WHERE x.channel = a.channel AND x.hash = a.hash)
), noted AS (
  INSERT INTO notes (id, kind, valid_until) OVERRIDING SYSTEM VALUE
  SELECT note_id, 'ring', now() + %(worth)s * interval '1 s' FROM called
), rung AS (
  INSERT INTO deliveries (note_id, resident_id, address_id, address_version, channel, lane,
    language)
  SELECT note_id, resident_id, id, version, channel, 'note', language FROM called
  RETURNING id)
UPDATE rings SET delivery_ids = (SELECT coalesce(array_agg(id), '{}') FROM rung)
WHERE id = %(ring)s
"""

OPEN: LiteralString = """
SELECT id, channel, delivery_ids, check_at <= now() AS late FROM rings
WHERE result IS NULL ORDER BY id FOR UPDATE SKIP LOCKED
"""

OUTCOMES: LiteralString = """
SELECT resident_id, status, reason FROM deliveries WHERE id = ANY(%(ids)s) ORDER BY id
"""

JUDGED: LiteralString = """
UPDATE rings SET result = %(result)s, reason = %(reason)s, judged_at = now() WHERE id = %(ring)s
"""

LATEST: LiteralString = """
-- The last ring of each channel whose result is known. A mail may come back much later than it
-- was judged.
SELECT r.channel, r.rung_at,
  CASE WHEN late.reason IS NULL THEN r.result ELSE 'failed' END AS result,
  coalesce(late.reason, r.reason) AS reason
FROM (SELECT DISTINCT ON (channel) channel, rung_at, result, reason, delivery_ids FROM rings
  WHERE result IS NOT NULL ORDER BY channel, id DESC) AS r
LEFT JOIN LATERAL (SELECT coalesce(d.reason, d.status) AS reason FROM deliveries d
  WHERE r.channel = 'email' AND d.id = ANY(r.delivery_ids) AND d.status = 'failed' LIMIT 1) AS late
  ON true
ORDER BY r.channel
"""

SOME: LiteralString = """
SELECT id, channel, delivery_ids FROM rings WHERE id = ANY(%(ids)s) ORDER BY id
"""


async def reached(connection: Connection, duty: Sequence[tuple[str, str]]) -> set[str]:
    """Channels on which those on duty can be reached. `duty` are pairs of channel and address."""
    channels, values = _columns(duty)
    rows = await connection.rows(REACHED, channels=channels, values=values)
    return {row["channel"] for row in rows}


async def used(connection: Connection, channels: Sequence[str]) -> set[str]:
    """Which of these channels somebody in the town has an address for."""
    return {row["channel"] for row in await connection.rows(USED, channels=list(channels))}


async def rung_on(connection: Connection, day: date) -> set[str]:
    """Channels that had their ring of this day."""
    rows = await connection.rows("SELECT channel FROM rings WHERE day = %(day)s", day=day)
    return {row["channel"] for row in rows}


async def ring(
    connection: Connection,
    channel: str,
    *,
    duty: Sequence[tuple[str, str]],
    day: date | None,
    patience: float,
    worth: float,
) -> int | None:
    """Ring everyone on duty on a channel; the ring's id, or None where that day had one."""
    begun = await connection.row(BEGIN, channel=channel, day=day, patience=patience)
    if begun is None:
        return None
    channels, values = _columns(duty)
    await connection.run(
        RING, channel=channel, channels=channels, values=values, ring=begun["id"], worth=worth
    )
    return int(begun["id"])


async def unjudged(connection: Connection) -> list[Row]:
    """Rings that wait for their receipts, locked; `late` once they had their time."""
    return await connection.rows(OPEN)


async def outcomes(connection: Connection, delivery_ids: Sequence[int]) -> list[Row]:
    return await connection.rows(OUTCOMES, ids=list(delivery_ids))


async def judged(connection: Connection, ring: int, *, result: str, reason: str | None) -> None:
    await connection.run(JUDGED, ring=ring, result=result, reason=reason)


async def latest(connection: Connection) -> list[Row]:
    return await connection.rows(LATEST)


async def some(connection: Connection, rings: Sequence[int]) -> list[Row]:
    return await connection.rows(SOME, ids=list(rings))


def _columns(duty: Sequence[tuple[str, str]]) -> tuple[list[str], list[str]]:
    return [channel for channel, _ in duty], [value for _, value in duty]
