"""Counts who would get a broadcast, by the rules that planning goes by. It only reads."""

from collections.abc import Sequence
from typing import Any, LiteralString
from uuid import UUID

from notify.store.database import Connection, Row
from notify.store.judging import JUDGED, LEFT_AGAIN, LEFT_OUT, READ_IN, REJUDGED

_COUNTED: LiteralString = """
SELECT 'reached' AS what, channel, language, NULL AS reason, count(*) AS messages,
  count(DISTINCT resident_id) AS people, count(quiet_until) AS later
FROM chosen GROUP BY GROUPING SETS ((channel, language), (channel), (language), ())
UNION ALL
SELECT 'skipped', channel, NULL, reason, count(*), count(*), 0 FROM skipped GROUP BY channel, reason
UNION ALL
SELECT 'asked', NULL, NULL, NULL, 0, count(DISTINCT resident_id), 0 FROM asked
"""

_CHOSEN: LiteralString = (
    "SELECT resident_id, channel, address_id, quiet_until, "
    + READ_IN
    + " AS language FROM judged WHERE skip IS NULL"
)

FOLLOWERS: LiteralString = (
    """
WITH slice AS MATERIALIZED (
  SELECT DISTINCT resident_id FROM subscriptions
  WHERE group_id = ANY(%(audience)s) AND state = 'active'
), """
    + JUDGED
    + ", chosen AS MATERIALIZED ("
    + _CHOSEN
    + "), skipped AS ("
    + LEFT_OUT
    + "), asked AS (SELECT resident_id FROM slice)"
    + _COUNTED
)

FOLLOW_UP: LiteralString = (
    """
-- Those reached before; and where %(adds)s, whoever follows today and is not among them.
WITH again AS MATERIALIZED (
  WITH had AS (
    SELECT DISTINCT d.address_id, d.resident_id
    FROM broadcasts e JOIN deliveries d ON d.broadcast_id = e.id
    WHERE e.thread_id = %(thread_id)s
      AND (d.status = ANY(%(reached)s) OR (d.repeats > 0 AND d.status <> 'failed'))
  ), judged AS MATERIALIZED ("""
    + REJUDGED
    + """), chosen AS ("""
    + _CHOSEN
    + """)
  SELECT resident_id, channel, address_id, quiet_until, language, NULL AS reason
  FROM chosen
  UNION ALL
  SELECT resident_id, channel, NULL, NULL, NULL, reason FROM ("""
    + LEFT_AGAIN
    + """) AS left_again
), slice AS MATERIALIZED (
  SELECT DISTINCT resident_id FROM subscriptions
  WHERE %(adds)s AND group_id = ANY(%(audience)s) AND state = 'active'
), """
    + JUDGED
    + """, chosen AS MATERIALIZED (
  SELECT resident_id, channel, address_id, quiet_until, language FROM again WHERE reason IS NULL
  UNION """
    + _CHOSEN
    + """
), skipped AS (
  SELECT resident_id, channel, reason FROM again WHERE reason IS NOT NULL
  UNION ALL
  SELECT l.resident_id, l.channel, l.reason FROM ("""
    + LEFT_OUT
    + """) AS l
  WHERE NOT EXISTS (SELECT FROM again a
    WHERE a.resident_id = l.resident_id AND a.channel = l.channel)
), asked AS (SELECT resident_id FROM slice UNION SELECT resident_id FROM again)"""
    + _COUNTED
)


async def patience(connection: Connection, milliseconds: int) -> None:
    """Bound what this transaction asks: it only reads, and is given up where it takes too long."""
    await connection.run("SET TRANSACTION READ ONLY")
    await connection.run(
        "SELECT set_config('statement_timeout', %(most)s::text, true),"
        # One core at most: whatever is being sent has the others.
        " set_config('max_parallel_workers_per_gather', '0', true)",
        most=milliseconds,
    )


async def turn(connection: Connection) -> bool:
    """Whether this transaction may count: two may at once, of the whole installation."""
    row = await connection.row(
        "SELECT pg_try_advisory_xact_lock(hashtext('reckoning'), 1)"
        " OR pg_try_advisory_xact_lock(hashtext('reckoning'), 2) AS free"
    )
    return bool(row and row["free"])


async def followers(connection: Connection, **values: Any) -> list[Row]:
    """Who follows the groups of `audience`: rows `reached` (messages, people, and how many of the
    messages wait for the end of somebody's quiet hours, by channel and language, and their sums),
    `skipped` (people by channel and reason) and `asked` (people)."""
    return await connection.rows(FOLLOWERS, **values)


async def follow_up(
    connection: Connection, *, thread_id: UUID, adds: bool, reached: Sequence[str], **values: Any
) -> list[Row]:
    """The same for what follows in a thread."""
    return await connection.rows(
        FOLLOW_UP, thread_id=thread_id, adds=adds, reached=list(reached), **values
    )
