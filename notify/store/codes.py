"""Codes as rows, each with the note that carries it; their digits are not kept."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final, LiteralString

from notify.domain.codes import TRIES
from notify.store.database import Connection, Row

_FEW: Final = 20

ADD: LiteralString = """
-- The code, the note that carries it and its delivery. Only the latest code for an address holds;
-- but anybody may ask for one that opens a page, and must not end those that its owner asked for.
WITH before AS (
  UPDATE codes SET valid_until = now()
  WHERE address_id = %(address)s AND purpose = %(purpose)s AND purpose <> 'open'
    AND valid_until > now()
), added AS (
  INSERT INTO codes (purpose, resident_id, address_id, valid_until)
  SELECT %(purpose)s, a.resident_id, a.id, now() + %(life)s FROM addresses a
  WHERE a.id = %(address)s AND a.state <> 'gone'
  RETURNING id, resident_id, address_id, valid_until
), noted AS (
  INSERT INTO notes (kind, data, valid_until)
  SELECT 'code', jsonb_build_object('code', id, 'purpose', %(purpose)s::text), valid_until FROM added
  RETURNING id
), sent AS (
  INSERT INTO deliveries (note_id, resident_id, address_id, address_version, channel, lane, language)
  SELECT noted.id, a.resident_id, a.id, a.version, a.channel, 'note',
    coalesce(%(language)s::text, r.language)
  FROM added c CROSS JOIN noted JOIN addresses a ON a.id = c.address_id
  JOIN residents r ON r.id = a.resident_id
)
SELECT id FROM added
"""

SHOW: LiteralString = """
-- A code that the page shows: no note carries it. Only the latest one for an address holds.
WITH before AS (
  UPDATE codes SET valid_until = now()
  WHERE address_id = %(address)s AND purpose = %(purpose)s AND valid_until > now()
)
INSERT INTO codes (purpose, resident_id, address_id, valid_until)
SELECT %(purpose)s, a.resident_id, a.id, now() + %(life)s FROM addresses a
WHERE a.id = %(address)s AND a.state <> 'gone'
RETURNING id
"""

OPEN_FOR: LiteralString = """
SELECT c.id, c.purpose FROM codes c JOIN addresses a ON a.id = c.address_id
WHERE a.channel = %(channel)s AND a.value = %(value)s AND a.state <> 'gone'
  AND c.purpose = ANY(%(purposes)s) AND c.used_at IS NULL AND c.valid_until > now()
ORDER BY c.id DESC LIMIT %(most)s
"""

TRY: LiteralString = """
-- Each look counts, whatever comes of it; nothing where the code is over.
UPDATE codes SET tries = tries + 1
WHERE id = %(id)s AND used_at IS NULL AND valid_until > now() AND tries < %(most)s
RETURNING id
"""

USE: LiteralString = """
UPDATE codes SET used_at = now()
WHERE id = %(id)s AND used_at IS NULL AND valid_until > now()
RETURNING purpose, resident_id, address_id
"""

FORGET: LiteralString = """
DELETE FROM codes WHERE id IN (SELECT id FROM codes
  WHERE valid_until < now() - interval '1 day' ORDER BY valid_until LIMIT %(size)s)
"""

WEIGH: LiteralString = "SELECT pg_logical_emit_message(true, 'notify', '')"


async def add(
    connection: Connection,
    address_id: int,
    *,
    purpose: str,
    life: timedelta,
    language: str | None = None,
) -> int | None:
    """A code for this address, on its way to it; earlier ones that prove it no longer hold. None
    where the address is gone."""
    row = await connection.row(
        ADD, address=address_id, purpose=purpose, life=life, language=language
    )
    return row["id"] if row else None


async def add_shown(
    connection: Connection, address_id: int, *, purpose: str, life: timedelta
) -> int | None:
    """A code that is shown and not sent; None where the address is gone."""
    row = await connection.row(SHOW, address=address_id, purpose=purpose, life=life)
    return row["id"] if row else None


async def open_for(
    connection: Connection, *, channel: str, value: str, purposes: Iterable[str]
) -> list[Row]:
    """Codes for whoever says that this address is theirs, that may hold: `id` and `purpose`, the
    latest first, a few."""
    return await connection.rows(
        OPEN_FOR, channel=channel, value=value, purposes=[str(word) for word in purposes], most=_FEW
    )


async def look(connection: Connection, code_id: int) -> Row | None:
    """The code's `purpose`, `resident_id`, `address_id`, and whether its link `holds`: tries of the
    digits do not end it, which nobody can guess and anybody can try wrongly."""
    return await connection.row(
        "SELECT purpose, resident_id, address_id,"
        " used_at IS NULL AND valid_until > now() AS holds"
        " FROM codes WHERE id = %(id)s",
        id=code_id,
    )


async def count_try(connection: Connection, code_id: int) -> bool:
    """Count a try; False where the code holds no more."""
    return await connection.row(TRY, id=code_id, most=TRIES) is not None


async def weigh(connection: Connection) -> None:
    """Give the transaction something to write, so that its commit takes as long as any."""
    await connection.rows(WEIGH)


async def use(connection: Connection, code_id: int) -> Row | None:
    """Use the code up: its `purpose`, `resident_id` and `address_id`; None where it is over."""
    return await connection.row(USE, id=code_id)


async def forget(connection: Connection, *, size: int) -> int:
    return await connection.run(FORGET, size=size)
