"""Answers to texts: how many a number had, and the note that carries one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from channels.inbound import Inbound
from notify.store.database import Connection

GIVEN: LiteralString = """
SELECT sender, say, count(*) AS n FROM inbound
WHERE sender = ANY(%(senders)s) AND say IS NOT NULL AND answered_at > now() - %(within)s
GROUP BY 1, 2
"""

ADD: LiteralString = """
-- The number of each note is known before, so that its delivery finds it.
WITH wanted AS MATERIALIZED (
  SELECT w.*, nextval(pg_get_serial_sequence('notes', 'id')) AS note_id
  FROM unnest(%(addresses)s::bigint[], %(providers)s::text[], %(provider_ids)s::text[],
    %(says)s::text[], %(data)s::jsonb[], %(languages)s::text[], %(lives)s::interval[])
    AS w (address_id, provider, provider_id, say, data, language, life)
  JOIN addresses a ON a.id = w.address_id AND a.state <> 'gone'
), noted AS (
  INSERT INTO notes (id, kind, data, valid_until) OVERRIDING SYSTEM VALUE
  SELECT note_id, 'reply', data, now() + life FROM wanted
), answered AS (
  UPDATE inbound i SET say = w.say, answered_at = now() FROM wanted w
  WHERE i.provider = w.provider AND i.provider_id = w.provider_id
)
INSERT INTO deliveries (note_id, resident_id, address_id, address_version, channel, lane, language)
SELECT w.note_id, a.resident_id, a.id, a.version, a.channel, 'note', w.language
FROM wanted w JOIN addresses a ON a.id = w.address_id
"""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to `message`, to go to an address within `life`."""

    message: Inbound
    address_id: int
    say: str
    data: Mapping[str, Any]
    language: str
    life: timedelta


async def given(
    connection: Connection, senders: Sequence[str], *, within: timedelta
) -> Counter[tuple[str, str]]:
    """How many answers of each kind each number had lately, by sender and `say`."""
    rows = await connection.rows(GIVEN, senders=list(senders), within=within)
    return Counter({(row["sender"], row["say"]): row["n"] for row in rows})


async def add(connection: Connection, every: Sequence[Reply]) -> int:
    """Put them in the way; how many: not those whose address is gone."""
    return await connection.run(
        ADD,
        addresses=[one.address_id for one in every],
        providers=[one.message.provider for one in every],
        provider_ids=[one.message.provider_id for one in every],
        says=[one.say for one in every],
        data=[Jsonb(dict(one.data)) for one in every],
        languages=[one.language for one in every],
        lives=[one.life for one in every],
    )
