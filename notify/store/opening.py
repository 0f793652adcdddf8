"""Finds whose page a code may open."""

from typing import LiteralString

from notify.store.database import Connection

PROVEN: LiteralString = """
SELECT id FROM addresses
WHERE channel = %(channel)s AND value = %(value)s AND live AND state = 'proven'
"""

SENT: LiteralString = """
SELECT c.id FROM codes c JOIN addresses a ON a.id = c.address_id
WHERE c.id = %(code)s AND c.purpose = 'open'
  AND a.channel = %(channel)s AND a.value = %(value)s AND a.live
"""


async def proven(connection: Connection, *, channel: str, value: str) -> int | None:
    """The address, where it is some resident's and proven."""
    row = await connection.row(PROVEN, channel=channel, value=value)
    return row["id"] if row else None


async def sent(connection: Connection, code: int, *, channel: str, value: str) -> int | None:
    """The code, where it was sent to this address to open a page."""
    row = await connection.row(SENT, code=code, channel=channel, value=value)
    return row["id"] if row else None
