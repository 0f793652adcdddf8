"""Addresses that are never used again, known by their keyed hash only."""

from datetime import datetime
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


STOP: LiteralString = """
-- As of when the resident said so, by the provider's clock.
INSERT INTO suppressions (channel, hash, reason, code, created_at)
VALUES ('sms', %(hash)s, 'opted_out', 'stop', %(at)s)
ON CONFLICT (channel, hash) DO NOTHING
"""

START: LiteralString = """
-- Takes back an earlier word, or what the provider told of it before; not a number that is gone,
-- nor a refusal that came after.
DELETE FROM suppressions WHERE channel = 'sms' AND hash = %(hash)s AND reason = 'opted_out'
  AND (code = 'stop' OR created_at <= %(at)s)
"""


async def opt_out(connection: Connection, address_hash: bytes, *, at: datetime) -> bool:
    """No SMS to this number any more, by its owner's word; whether that is new."""
    return await connection.run(STOP, hash=address_hash, at=at) == 1


async def opt_in(connection: Connection, address_hash: bytes, *, at: datetime) -> bool:
    """SMS to this number again, by its owner's word; whether anything stood against it."""
    return await connection.run(START, hash=address_hash, at=at) == 1
