"""What is to be told to whom outside, and what was told."""

from collections.abc import Sequence
from typing import LiteralString

from notify.store.database import Connection, Row

ADD: LiteralString = """
INSERT INTO tellings (alarm_id, way, target, state)
SELECT alarm_id, way, target, %(state)s FROM unnest(%(alarms)s::bigint[]) AS alarm_id,
  unnest(%(ways)s::text[], %(targets)s::text[]) AS told (way, target)
"""

WITHDRAW: LiteralString = """
-- It is over before everybody heard of it: one word, that it was, is enough for them.
UPDATE tellings SET dropped_at = now()
WHERE alarm_id = ANY(%(alarms)s) AND told_at IS NULL AND dropped_at IS NULL
"""

LATELY: LiteralString = """
-- What is told together counts once.
SELECT count(DISTINCT told_at) AS n FROM tellings
WHERE way = %(way)s AND target = %(target)s AND told_at > now() - interval '1 hour'
"""

TAKE: LiteralString = """
-- Taking puts off, so that nobody else tells the same meanwhile. No pause is as long as an hour:
-- what is due later than that was put off before the clock went back.
WITH due AS MATERIALIZED (
  SELECT id FROM tellings WHERE way = %(way)s AND target = %(target)s
    AND told_at IS NULL AND dropped_at IS NULL
    AND (due_at <= now() OR due_at > now() + interval '1 hour')
  ORDER BY id LIMIT %(size)s FOR UPDATE SKIP LOCKED
), taken AS (
  UPDATE tellings t SET due_at = now() + %(hold)s * interval '1 s', tries = tries + 1
  FROM due WHERE t.id = due.id
  RETURNING t.id, t.alarm_id, t.state, t.tries, t.created_at)
SELECT t.id, t.state, t.tries, t.created_at, a.key, a.facts, a.since, a.over_at
FROM taken t JOIN alarms a ON a.id = t.alarm_id ORDER BY t.id
"""

TOLD: LiteralString = """
WITH done AS (
  UPDATE tellings SET told_at = now() WHERE id = ANY(%(ids)s) AND told_at IS NULL
  RETURNING alarm_id)
UPDATE alarms SET told_at = coalesce(told_at, now()) FROM done WHERE id = done.alarm_id
"""

LATER: LiteralString = """
UPDATE tellings SET due_at = now() + %(delay)s * interval '1 s'
WHERE id = ANY(%(ids)s) AND told_at IS NULL
"""

GIVE_UP: LiteralString = """
-- Too old to be of use, or the settings no longer name who would hear it.
UPDATE tellings SET dropped_at = now()
WHERE told_at IS NULL AND dropped_at IS NULL AND created_at < now() - %(worth)s * interval '1 s'
"""


async def add(
    connection: Connection,
    alarms: Sequence[int],
    *,
    state: str,
    targets: Sequence[tuple[str, str]],
) -> None:
    """Have everybody (pairs of way and target) told of these alarms."""
    await connection.run(
        ADD, alarms=list(alarms), state=state,
        ways=[way for way, _ in targets], targets=[target for _, target in targets],
    )  # fmt: skip


async def withdraw(connection: Connection, alarms: Sequence[int]) -> int:
    return await connection.run(WITHDRAW, alarms=list(alarms))


async def lately(connection: Connection, way: str, target: str) -> int:
    """How often this target was told something within the last hour."""
    row = await connection.row(LATELY, way=way, target=target)
    return int(row["n"]) if row else 0


async def take(
    connection: Connection, way: str, target: str, *, size: int, hold: float
) -> list[Row]:
    return await connection.rows(TAKE, way=way, target=target, size=size, hold=hold)


async def told(connection: Connection, ids: Sequence[int]) -> None:
    await connection.run(TOLD, ids=list(ids))


async def later(connection: Connection, ids: Sequence[int], *, delay: float) -> None:
    await connection.run(LATER, ids=list(ids), delay=delay)


async def give_up(connection: Connection, *, worth: float) -> int:
    return await connection.run(GIVE_UP, worth=worth)
