"""The note that tells a resident what became of an address of theirs."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from notify.store.database import Connection

TELL: LiteralString = """
WITH told AS (
  SELECT a.id, a.resident_id, a.version, a.channel, r.language
  FROM addresses a JOIN residents r ON r.id = a.resident_id
  WHERE a.id = ANY(%(addresses)s) AND a.channel = %(channel)s AND r.created_at < now() - %(fresh)s
    AND NOT EXISTS (SELECT FROM suppressions x WHERE x.channel = a.channel AND x.hash = a.hash)
    -- By what it is, not by its row: removed and added again it has a new one. The end of the notes
    -- finds those of a day by its index.
    AND (SELECT count(*) FROM notes n JOIN deliveries d ON d.note_id = n.id
      JOIN addresses o ON o.id = d.address_id
      WHERE n.kind = 'change' AND n.valid_until > now() + %(life)s - interval '1 day'
        AND o.channel = a.channel AND o.hash = a.hash) < %(most)s
  ORDER BY a.id
), noted AS (
  INSERT INTO notes (kind, data, valid_until)
  SELECT 'change', %(data)s, now() + %(life)s WHERE EXISTS (SELECT FROM told) RETURNING id
)
INSERT INTO deliveries (note_id, resident_id, address_id, address_version, channel, lane, language)
SELECT noted.id, t.resident_id, t.id, t.version, t.channel, 'note', t.language
FROM told t CROSS JOIN noted
"""


async def tell(
    connection: Connection,
    addresses: Collection[int],
    data: Mapping[str, Any],
    *,
    channel: str,
    fresh: timedelta,
    most: int,
    life: timedelta,
) -> int:
    """Put it in the way of those of these addresses that are of this channel and may be written to,
    and that had fewer than `most` within a day; none of whoever is here for less than `fresh`. Returns how many."""
    return await connection.run(
        TELL, addresses=list(addresses), data=Jsonb(dict(data)), channel=channel, fresh=fresh,
        most=most, life=life,
    )  # fmt: skip
