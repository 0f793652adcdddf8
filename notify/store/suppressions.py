"""Addresses that are never used again, known by their keyed hash only."""

from typing import LiteralString

from notify.store.database import Connection

ADD: LiteralString = """
INSERT INTO suppressions (channel, hash, reason, code)
VALUES (%(channel)s, %(hash)s, %(reason)s, %(code)s)
ON CONFLICT (channel, hash) DO NOTHING
"""

REASON: LiteralString = """
SELECT reason FROM suppressions WHERE channel = %(channel)s AND hash = %(hash)s
"""


async def add(
    connection: Connection,
    *,
    channel: str,
    address_hash: bytes,
    reason: str,
    code: str | None = None,
) -> bool:
    """Whether it is new; the first reason stays."""
    added = await connection.run(ADD, channel=channel, hash=address_hash, reason=reason, code=code)
    return added == 1


async def reason(connection: Connection, *, channel: str, address_hash: bytes) -> str | None:
    """Why the address is suppressed, or None where it is not."""
    row = await connection.row(REASON, channel=channel, hash=address_hash)
    return row["reason"] if row else None
