"""How fast each sender may be used and how it fares, shared by all workers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

from notify.store.database import Connection, Row

ENSURE: LiteralString = """
INSERT INTO senders (name, channel, rate, place)
VALUES (%(name)s, %(channel)s, %(rate)s, %(place)s)
ON CONFLICT (name) DO UPDATE SET channel = excluded.channel, rate = excluded.rate,
  place = excluded.place, seen_at = now()
"""

SEEN: LiteralString = """
-- Now and then, and never waiting for a row that is in use.
UPDATE senders SET seen_at = now() WHERE name IN (
  SELECT name FROM senders
  WHERE name = ANY(%(names)s) AND seen_at < now() - interval '1 min' FOR UPDATE SKIP LOCKED)
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

OPEN: LiteralString = """
-- Several of one batch, and several workers, say the same: the first of them counts.
UPDATE senders SET failures = failures + 1, down_since = coalesce(down_since, now()),
  down_until = now() + %(rest)s * interval '1 s', down_reason = %(reason)s, down_code = %(code)s,
  probing_until = NULL
WHERE name = %(name)s AND (down_until IS NULL OR down_until <= now())
"""

CLOSE: LiteralString = """
UPDATE senders SET failures = 0, down_since = NULL, down_until = NULL, down_reason = NULL,
  down_code = NULL, probing_until = NULL
WHERE name = %(name)s AND failures > 0
"""

TAKE_PROBE: LiteralString = """
UPDATE senders SET probing_until = now() + %(seconds)s * interval '1 s'
WHERE name = %(name)s AND (probing_until IS NULL OR probing_until <= now())
"""

FORGOTTEN: LiteralString = """
-- Down, and nothing came by for a while that could have been tried on it.
SELECT name FROM senders
WHERE name = ANY(%(names)s) AND failures > 0 AND stopped_at IS NULL
  AND down_until < now() - %(idle)s * interval '1 s'
  AND (probing_until IS NULL OR probing_until <= now())
"""

HEALTH: LiteralString = """
SELECT name, stopped_at IS NOT NULL AS stopped, failures,
  greatest(0, coalesce(extract(epoch FROM down_until - now()), 0))::float AS rest
FROM senders WHERE name = ANY(%(names)s)
"""

EVERY: LiteralString = """
-- backlog: seconds of work that lie ahead of it. down: why it is left alone, or tried with one.
SELECT channel, name, rate, stopped_at, reason, code, failures, down_since, down_until,
  down_reason, down_code,
  CASE WHEN stopped_at IS NOT NULL THEN 'stopped' WHEN failures = 0 THEN 'ok'
    WHEN down_until > now() THEN 'down' ELSE 'probing' END AS state,
  CASE WHEN rate IS NOT NULL THEN round(greatest(0, extract(epoch FROM free_at - now())), 1)::float
    END AS backlog,
  coalesce(extract(epoch FROM now() - down_since), 0)::float AS down_for
FROM senders WHERE seen_at > now() - interval '1 day'
ORDER BY array_position(ARRAY['email', 'sms', 'push'], channel), place, name
"""


LATELY: LiteralString = """
-- By the latest attempts alone, however many there are: where more were made in the time, it is as
-- short as they reach back.
WITH latest AS (
  SELECT sender, started_at FROM attempts ORDER BY id DESC LIMIT %(most)s
), lately AS (
  SELECT sender, started_at FROM latest WHERE started_at > now() - %(seconds)s * interval '1 s'
), span AS (
  SELECT CASE WHEN count(*) < %(most)s THEN %(seconds)s::float
    ELSE greatest(1, extract(epoch FROM now() - min(started_at)))::float END AS seconds FROM lately
)
SELECT sender, count(*) / (SELECT seconds FROM span) AS speed FROM lately GROUP BY sender
"""

_MOST_ATTEMPTS = 50_000


@dataclass(frozen=True, slots=True)
class SenderHealth:
    """`rest`: seconds it is still left alone. `failures`: since it last worked."""

    stopped: bool
    failures: int
    rest: float


async def ensure(
    connection: Connection, name: str, *, channel: str, rate: float | None, place: int
) -> None:
    await connection.run(ENSURE, name=name, channel=channel, rate=rate, place=place)


async def seen(connection: Connection, names: Sequence[str]) -> None:
    """A worker knows these still; one that nobody has known for a day is not shown any more."""
    await connection.run(SEEN, names=list(names))


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


async def known(connection: Connection, name: str) -> bool:
    row = await connection.row("SELECT 1 AS one FROM senders WHERE name = %(name)s", name=name)
    return row is not None


async def resume(connection: Connection, name: str) -> bool:
    return await connection.run(RESUME, name=name) > 0


async def open_circuit(
    connection: Connection, name: str, *, rest: float, reason: str | None, code: str | None
) -> bool:
    """Leave a sender alone for `rest` seconds; False when it is left alone already."""
    return await connection.run(OPEN, name=name, rest=rest, reason=reason, code=code) > 0


async def close_circuit(connection: Connection, name: str) -> bool:
    """It works again; False when nobody thought otherwise."""
    return await connection.run(CLOSE, name=name) > 0


async def take_probe(connection: Connection, name: str, *, seconds: float) -> bool:
    """Whether this worker is the one to try a sender that was down."""
    return await connection.run(TAKE_PROBE, name=name, seconds=seconds) > 0


async def forgotten(connection: Connection, names: Sequence[str], *, idle: float) -> list[str]:
    """Those that are down and that nobody has tried for `idle` seconds since their rest."""
    return [row["name"] for row in await connection.rows(FORGOTTEN, names=list(names), idle=idle)]


async def leave_probe(connection: Connection, name: str) -> None:
    """There was nothing to try it with: let the next worker."""
    await connection.run("UPDATE senders SET probing_until = NULL WHERE name = %(n)s", n=name)


async def health(connection: Connection, names: Sequence[str]) -> dict[str, SenderHealth]:
    rows = await connection.rows(HEALTH, names=list(names))
    return {row["name"]: SenderHealth(row["stopped"], row["failures"], row["rest"]) for row in rows}


async def every(connection: Connection) -> list[Row]:
    """All senders in use, with state `ok`, `down`, `probing` or `stopped`."""
    return await connection.rows(EVERY)


async def lately(connection: Connection, *, seconds: float) -> dict[str, float]:
    """What each sender was handed a second, within the last `seconds`; those that were, by name."""
    rows = await connection.rows(LATELY, seconds=seconds, most=_MOST_ATTEMPTS)
    return {row["sender"]: float(row["speed"]) for row in rows}
