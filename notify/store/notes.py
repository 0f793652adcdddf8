"""Notes as rows: messages to one address that are no broadcast."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from notify.store.database import Connection

ASK_TO_CONFIRM: LiteralString = """
-- One note and its delivery for each unverified address that was not asked yet.
WITH unasked AS MATERIALIZED (
  SELECT id FROM addresses WHERE state = 'unverified' AND asked_at IS NULL
    AND channel <> 'push' AND channel = ANY(%(channels)s)
    -- A code is on its way, or before them: they are asked once it is over.
    AND NOT EXISTS (SELECT FROM codes c WHERE c.address_id = addresses.id
      AND c.purpose = 'prove' AND c.used_at IS NULL AND c.valid_until > now())
  ORDER BY id LIMIT %(size)s FOR UPDATE SKIP LOCKED
), asked AS (
  UPDATE addresses a SET asked_at = now() FROM unasked u WHERE a.id = u.id
  RETURNING a.id, a.resident_id, a.version, a.channel, a.hash
), numbered AS MATERIALIZED (
  SELECT asked.*, r.language, nextval(pg_get_serial_sequence('notes', 'id')) AS note_id
  FROM asked JOIN residents r ON r.id = asked.resident_id
  WHERE NOT EXISTS (SELECT FROM suppressions x
    WHERE x.channel = asked.channel AND x.hash = asked.hash)
), noted AS (
  INSERT INTO notes (id, kind, valid_until) OVERRIDING SYSTEM VALUE
  SELECT note_id, 'confirm', now() + %(days)s * interval '1 day' FROM numbered)
INSERT INTO deliveries (note_id, resident_id, address_id, address_version, channel, lane, language)
SELECT note_id, resident_id, id, version, channel, 'note', language FROM numbered
"""


@dataclass(frozen=True, slots=True)
class Note:
    id: int
    kind: str
    data: Mapping[str, Any]
    valid_until: datetime


async def by_ids(connection: Connection, ids: Sequence[int]) -> dict[int, Note]:
    rows = await connection.rows(
        "SELECT id, kind, data, valid_until FROM notes WHERE id = ANY(%(ids)s)", ids=list(ids)
    )
    return {row["id"]: Note(**row) for row in rows}


async def ask_to_confirm(
    connection: Connection, *, channels: Sequence[str], days: int, size: int
) -> int:
    """Put a request to confirm in the way of unverified addresses; returns how many."""
    return await connection.run(ASK_TO_CONFIRM, channels=list(channels), days=days, size=size)
