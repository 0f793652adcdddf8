"""How fast each sender may be used, shared by all workers, and which ones wait for a person."""

from typing import LiteralString

from notify.store.database import Connection, Row

ENSURE: LiteralString = """
INSERT INTO senders (name, channel) VALUES (%(name)s, %(channel)s) ON CONFLICT (name) DO NOTHING
"""

RESERVE: LiteralString = """
-- Units free within the next %(window)s seconds at this rate, taken in one go (GCRA).
WITH sender AS (
  SELECT name, greatest(free_at, now()) AS free, free_at <= now() AS idle FROM senders
  WHERE name = %(name)s AND stopped_at IS NULL FOR UPDATE
), room AS (
  -- An idle sender may always take one, however slow it is.
  SELECT name, free, least(%(wanted)s, greatest(idle::int, floor(extract(epoch FROM
    now() + %(window)s * interval '1 s' - free) * %(rate)s)))::int AS n FROM sender)
UPDATE senders s SET free_at = room.free + room.n / %(rate)s::float * interval '1 s'
FROM room WHERE s.name = room.name
RETURNING room.n
"""

GIVE_BACK: LiteralString = """
UPDATE senders SET free_at = free_at - %(units)s / %(rate)s::float * interval '1 s'
WHERE name = %(name)s
"""

STOP: LiteralString = """
UPDATE senders SET stopped_at = now(), reason = %(reason)s, code = %(code)s
WHERE name = %(name)s AND stopped_at IS NULL
"""

RESUME: LiteralString = """
UPDATE senders SET stopped_at = NULL, reason = NULL, code = NULL
WHERE name = %(name)s AND stopped_at IS NOT NULL
"""


async def ensure(connection: Connection, name: str, *, channel: str) -> None:
    await connection.run(ENSURE, name=name, channel=channel)


async def reserve(
    connection: Connection, name: str, *, rate: float, wanted: int, window: float
) -> int:
    """Units this worker may hand over now: at most `window` seconds of the sender's rate lie
    ahead of it, over all workers together."""
    row = await connection.row(RESERVE, name=name, rate=rate, wanted=wanted, window=window)
    return int(row["n"]) if row else 0


async def give_back(connection: Connection, name: str, *, rate: float, units: int) -> None:
    await connection.run(GIVE_BACK, name=name, rate=rate, units=units)


async def stop(connection: Connection, name: str, *, reason: str, code: str | None) -> bool:
    return await connection.run(STOP, name=name, reason=reason, code=code) > 0


async def resume(connection: Connection, name: str) -> bool:
    return await connection.run(RESUME, name=name) > 0


async def every(connection: Connection) -> list[Row]:
    return await connection.rows(
        "SELECT name, channel, stopped_at, reason, code FROM senders ORDER BY channel, name"
    )


async def stopped(connection: Connection) -> set[str]:
    rows = await connection.rows("SELECT name FROM senders WHERE stopped_at IS NOT NULL")
    return {row["name"] for row in rows}
