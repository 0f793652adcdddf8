"""Answers to texts: how many a number had, and the note that carries one."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from notify.store.database import Connection

GIVEN: LiteralString = """
SELECT count(*) AS n FROM inbound
WHERE sender = %(sender)s AND say = ANY(%(says)s) AND answered_at > now() - %(within)s
"""

ADD: LiteralString = """
WITH noted AS (
  INSERT INTO notes (kind, data, valid_until)
  SELECT 'reply', %(data)s, now() + %(life)s FROM addresses
  WHERE id = %(address)s AND state <> 'gone'
  RETURNING id
)
INSERT INTO deliveries (note_id, resident_id, address_id, address_version, channel, lane, language)
SELECT noted.id, a.resident_id, a.id, a.version, a.channel, 'note', %(language)s
FROM noted JOIN addresses a ON a.id = %(address)s
"""


async def given(
    connection: Connection, sender: str, *, says: Sequence[str], within: timedelta
) -> int:
    """How many answers of these sorts a number had lately."""
    row = await connection.row(GIVEN, sender=sender, says=list(says), within=within)
    return int(row["n"]) if row else 0


async def add(
    connection: Connection,
    address_id: int,
    *,
    data: Mapping[str, Any],
    language: str,
    life: timedelta,
) -> bool:
    """Put an answer in the way of an address; False where that is gone."""
    added = await connection.run(
        ADD, address=address_id, data=Jsonb(dict(data)), language=language, life=life
    )
    return added > 0
