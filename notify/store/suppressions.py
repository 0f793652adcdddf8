"""Addresses that are never used again, known by their keyed hash only."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString

from notify.store.database import Connection, Row

ADD: LiteralString = """
INSERT INTO suppressions (channel, hash, reason, code)
VALUES (%(channel)s, %(hash)s, %(reason)s, %(code)s)
ON CONFLICT (channel, hash) DO NOTHING
"""

REASON: LiteralString = """
SELECT reason FROM suppressions WHERE channel = %(channel)s AND hash = %(hash)s
"""

BY_ATTEMPTS: LiteralString = """
-- The addresses these attempts went to: by keyed hash for mail and phone, a browser's subscription
-- simply ends. For all reasons in one statement and in one order, so that two who suppress the same
-- addresses wait for each other at most one way. The first reason given for an address counts.
WITH hit AS MATERIALIZED (
  SELECT a.id, a.channel, a.hash, h.reason, h.code, h.place
  FROM unnest(%(attempts)s::bigint[], %(reasons)s::text[], %(codes)s::text[]) WITH ORDINALITY
    AS h (attempt_id, reason, code, place)
  JOIN attempts t ON t.id = h.attempt_id
  JOIN deliveries d ON d.id = t.delivery_id
  JOIN addresses a ON a.id = d.address_id
), held AS MATERIALIZED (
  SELECT id FROM addresses WHERE id IN (SELECT id FROM hit WHERE channel = 'push')
  ORDER BY id FOR UPDATE
), ended AS (
  UPDATE addresses a SET state = 'gone' FROM held WHERE a.id = held.id
)
INSERT INTO suppressions (channel, hash, reason, code)
SELECT DISTINCT ON (channel, hash) channel, hash, reason, code FROM hit
WHERE channel <> 'push' ORDER BY channel, hash, place
ON CONFLICT DO NOTHING
"""


async def by_attempts(
    connection: Connection, chosen: Sequence[tuple[int, str, str | None]]
) -> None:
    """Never again: the addresses of (attempt, reason, the provider's code)."""
    await connection.run(
        BY_ATTEMPTS,
        attempts=[attempt for attempt, _, _ in chosen],
        reasons=[reason for _, reason, _ in chosen],
        codes=[code for _, _, code in chosen],
    )


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


async def stopped(connection: Connection, hashes: Sequence[bytes]) -> set[bytes]:
    """Of these phones those that want no SMS."""
    rows = await connection.rows(
        "SELECT hash FROM suppressions WHERE channel = 'sms' AND reason = 'opted_out'"
        " AND hash = ANY(%(hashes)s::bytea[])",
        hashes=list(hashes),
    )
    return {bytes(row["hash"]) for row in rows}


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


WORKS: LiteralString = """
-- Whoever can be reached again is a latecomer to the alerts in force.
WITH held AS MATERIALIZED (
  SELECT channel, hash FROM addresses WHERE id = %(address)s FOR UPDATE
), lifted AS (
  DELETE FROM suppressions x USING held h
  WHERE x.channel = h.channel AND x.hash = h.hash AND x.reason IN ('bounced', 'gone')
  RETURNING 1
)
UPDATE addresses SET proven_at = now()
WHERE id = %(address)s AND state = 'proven' AND EXISTS (SELECT FROM lifted)
"""

LIFT: LiteralString = "DELETE FROM suppressions WHERE channel = %(channel)s AND hash = %(hash)s"


async def works(connection: Connection, address_id: int) -> None:
    """What was sent there came back to us: the address is neither gone nor bouncing."""
    await connection.run(WORKS, address=address_id)


async def lift(connection: Connection, *, channel: str, address_hash: bytes) -> bool:
    """Use an address again that its owner has just proven; whether anything stood against it."""
    return await connection.run(LIFT, channel=channel, hash=address_hash) == 1


TEXTED: LiteralString = """
-- Whatever it was: its owner has shown since that the number works, and that SMS are welcome.
DELETE FROM suppressions WHERE channel = 'sms' AND hash = %(hash)s
  AND (code IS NOT DISTINCT FROM 'stop' OR created_at <= %(at)s)
"""


async def texted(connection: Connection, address_hash: bytes, *, at: datetime) -> bool:
    """SMS to this number again, because a text from it proved it then; whether anything stood
    against it."""
    return await connection.run(TEXTED, hash=address_hash, at=at) == 1


ONE: LiteralString = """
SELECT reason, code, created_at FROM suppressions WHERE channel = %(channel)s AND hash = %(hash)s
"""

COUNTS: LiteralString = """
-- All of them, or where groups are given those of addresses whose owners follow one of these.
SELECT x.channel, x.reason, count(*) AS n FROM suppressions x
WHERE %(groups)s::bigint[] IS NULL OR EXISTS (SELECT FROM addresses a
  JOIN subscriptions s ON s.resident_id = a.resident_id AND s.group_id = ANY(%(groups)s)
  WHERE a.channel = x.channel AND a.hash = x.hash AND a.live)
GROUP BY 1, 2 ORDER BY 1, 2
"""

LIFT_DEAD: LiteralString = """
-- Whoever can be reached again is a latecomer to the alerts in force.
WITH lifted AS (
  DELETE FROM suppressions WHERE channel = %(channel)s AND hash = %(hash)s
    AND reason IN ('bounced', 'gone')
  RETURNING channel, hash
), again AS (
  UPDATE addresses a SET proven_at = now() FROM lifted l
  WHERE a.channel = l.channel AND a.hash = l.hash AND a.state = 'proven'
)
SELECT FROM lifted
"""


async def one(connection: Connection, *, channel: str, address_hash: bytes) -> Row | None:
    """Why the address is suppressed (`reason`, `code`) and since when; None where it is not."""
    return await connection.row(ONE, channel=channel, hash=address_hash)


async def counts(connection: Connection, *, groups: Sequence[int] | None) -> list[Row]:
    """How many by `channel` and `reason`: all, or of those who follow one of these groups."""
    return await connection.rows(COUNTS, groups=groups)


async def lift_dead(connection: Connection, *, channel: str, address_hash: bytes) -> bool:
    """Use an address again that came back or was gone; False where its owner stopped it, or
    nothing stands against it."""
    return await connection.row(LIFT_DEAD, channel=channel, hash=address_hash) is not None
