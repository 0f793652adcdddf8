"""Finds whose page a code may open."""

from typing import LiteralString

from notify.store.database import Connection

PROVEN: LiteralString = """
SELECT id FROM addresses
WHERE channel = %(channel)s AND value = %(value)s AND live AND state = 'proven'
"""

LATEST_CODE: LiteralString = """
SELECT c.id FROM addresses a JOIN codes c ON c.address_id = a.id
WHERE a.channel = %(channel)s AND a.value = %(value)s AND a.live AND c.purpose = 'open'
  AND c.used_at IS NULL AND c.valid_until > now()
ORDER BY c.id DESC LIMIT 1
"""

WEIGH: LiteralString = "SELECT pg_logical_emit_message(true, 'notify', '')"


async def proven(connection: Connection, *, channel: str, value: str) -> int | None:
    """The address, where it is some resident's and proven."""
    row = await connection.row(PROVEN, channel=channel, value=value)
    return row["id"] if row else None


async def latest_code(connection: Connection, *, channel: str, value: str) -> int | None:
    """The code that was sent last to this address to open a page, as long as it may hold."""
    row = await connection.row(LATEST_CODE, channel=channel, value=value)
    return row["id"] if row else None


async def weigh(connection: Connection) -> None:
    """Give the transaction something to write, so that its commit takes as long as any."""
    await connection.rows(WEIGH)
