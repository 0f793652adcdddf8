"""Puts right what is due by a clock that has gone back, so that nothing waits for the old time."""

from typing import LiteralString

from notify.store.database import Connection

LOOK: LiteralString = """
-- Seconds the clock is behind where it was; no row while another looks.
SELECT extract(epoch FROM seen_at - now())::float AS back FROM clock_mark FOR UPDATE SKIP LOCKED
"""

MARK: LiteralString = """
-- Steady since the last jump, or since somebody looked again after nobody did: that looks the same.
UPDATE clock_mark SET seen_at = now(), steady_since = CASE
  WHEN abs(extract(epoch FROM now() - seen_at)) <= %(leap)s THEN least(steady_since, now())
  ELSE now() END
WHERE seen_at NOT BETWEEN now() - interval '2 s' AND now()
"""

STEADY: LiteralString = """
SELECT abs(extract(epoch FROM now() - seen_at)) <= %(leap)s
  AND steady_since <= now() - %(during)s * interval '1 s' AS steady FROM clock_mark
"""

FRESH: LiteralString = """
-- What nobody has tried yet was due when it was planned: now. In batches, it may be a whole town.
WITH ahead AS (
  SELECT id FROM deliveries WHERE status = 'pending' AND claims = 0 AND due_at > now()
  LIMIT %(size)s FOR UPDATE SKIP LOCKED)
UPDATE deliveries d SET due_at = now(), created_at = least(created_at, now()) FROM ahead WHERE d.id = ahead.id
"""

DELIVERIES: LiteralString = """
-- What is in hand was due, and is again should it be handed back. In batches, by id: a retry that
-- was moved may still be due later, and must not be moved twice.
WITH ahead AS (
  SELECT id FROM deliveries
  WHERE id > %(after)s AND due_at > now()
    AND ((status = 'pending' AND claims > 0) OR status = 'sending'
      OR (status = 'unknown' AND closed_at IS NULL))
  ORDER BY id LIMIT %(size)s FOR UPDATE
), moved AS (
  UPDATE deliveries d SET due_at = CASE WHEN status = 'sending' THEN now()
    ELSE greatest(now(), due_at - %(back)s * interval '1 s') END,
    created_at = least(created_at, now())
  FROM ahead WHERE d.id = ahead.id
)
SELECT count(*) AS n, max(id) AS through FROM ahead
"""

ATTEMPTS: LiteralString = """
-- Leases, and the time of the hand-over: the provider is asked for what it got since then. A lease
-- that would be over by that was taken after the jump, or is over: it gets the longest there is.
UPDATE attempts t SET
  lease_until = CASE WHEN t.lease_until - %(back)s * interval '1 s' > now()
    THEN t.lease_until - %(back)s * interval '1 s'
    ELSE least(t.lease_until, now() + interval '10 min') END,
  started_at = CASE WHEN t.started_at > now()
    THEN least(now(), t.started_at - %(back)s * interval '1 s') ELSE t.started_at END
FROM deliveries d
WHERE d.id = t.delivery_id AND d.attempt_id = t.id
  AND ((d.status = 'sending' AND t.outcome IS NULL)
    OR (d.status = 'unknown' AND d.closed_at IS NULL AND t.started_at > now()))
"""

SENDERS: LiteralString = """
UPDATE senders SET seen_at = least(seen_at, now()), probing_until = NULL,
  free_at = least(free_at, greatest(now(), free_at - %(back)s * interval '1 s')),
  down_since = CASE WHEN down_since > now() THEN now() ELSE down_since END,
  down_until = CASE WHEN down_until > now()
    THEN greatest(now(), down_until - %(back)s * interval '1 s') ELSE down_until END
"""

WORKERS: LiteralString = "UPDATE workers SET seen_at = least(seen_at, now())"

PULLS: LiteralString = """
UPDATE inbound_pulls SET due_at = least(due_at, now()), holder = NULL, held_until = NULL
WHERE due_at > now() OR held_until > now()
"""

LATECOMERS: LiteralString = """
UPDATE broadcasts SET latecomers_through = now() WHERE latecomers_through > now()
"""


ALARMS: LiteralString = """
UPDATE alarms SET noticed_at = least(noticed_at, now()), seen_at = least(seen_at, now()),
  since = least(since, now()), raised_at = least(raised_at, now()),
  remind_at = least(remind_at, greatest(now(), remind_at - %(back)s * interval '1 s'))
WHERE over_at IS NULL
"""

TELLINGS: LiteralString = """
UPDATE tellings SET told_at = least(told_at, now()), created_at = least(created_at, now()),
  due_at = least(due_at, greatest(now(), due_at - %(back)s * interval '1 s'))
WHERE due_at > now() OR told_at > now() OR created_at > now()
"""

RINGS: LiteralString = """
UPDATE rings SET rung_at = least(rung_at, now()),
  check_at = least(check_at, greatest(now(), check_at - %(back)s * interval '1 s'))
WHERE result IS NULL
"""

WATCH: LiteralString = """
UPDATE watch SET looked_at = least(looked_at, now()), beaten_at = least(beaten_at, now())
"""


async def look(connection: Connection) -> float | None:
    """Seconds the clock has gone back since the last look (below 0: it goes on), held against
    others until the transaction ends; None while another one looks."""
    row = await connection.row(LOOK)
    return row["back"] if row else None


async def mark(connection: Connection, *, leap: float) -> None:
    """Look again from here; more than `leap` seconds since the last look, or before it, are a jump."""
    await connection.run(MARK, leap=leap)


async def steady(connection: Connection, *, leap: float, during: float) -> bool:
    """Whether the clock was looked at for `during` seconds, also lately, and did not jump."""
    row = await connection.row(STEADY, leap=leap, during=during)
    return bool(row and row["steady"])


async def put_right(connection: Connection, *, back: float) -> None:
    """Everything but deliveries, once for each time the clock goes back."""
    for query in (ATTEMPTS, SENDERS, ALARMS, TELLINGS, RINGS):
        await connection.run(query, back=back)
    await connection.run(WORKERS)
    await connection.run(WATCH)
    await connection.run(PULLS)
    await connection.run(LATECOMERS)


async def make_due(connection: Connection, *, size: int) -> int:
    """Deliveries that nobody has tried yet are due at once; returns how many were not."""
    return await connection.run(FRESH, size=size)


async def move(connection: Connection, *, back: float, after: int, size: int) -> int | None:
    """Deliveries that were tried keep their delay; the id to go on after, None at the end."""
    row = await connection.row(DELIVERIES, back=back, after=after, size=size)
    return row["through"] if row and row["n"] == size else None
