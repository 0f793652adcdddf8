"""What is wrong with the service, as long as it is, and the figures by which that is seen."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from notify.store.database import Connection, Row
from notify.store.progress import HEADS

TAKE_LOOK: LiteralString = """
-- One process looks at a time; nobody waits for it. A mark that lies ahead was set before the
-- clock was put back.
UPDATE watch SET looked_at = now() WHERE one = (SELECT one FROM watch
  WHERE looked_at <= now() - %(every)s * interval '1 s' OR looked_at > now() + interval '1 min'
  FOR UPDATE SKIP LOCKED)
"""

TAKE_BEAT: LiteralString = """
-- Whoever has not looked lately does not know that all is well.
UPDATE watch SET beaten_at = now() WHERE one = (SELECT one FROM watch
  WHERE beaten_at <= now() - %(every)s * interval '1 s' OR beaten_at > now() + interval '1 min'
  FOR UPDATE SKIP LOCKED)
  AND looked_at > now() - interval '1 min'
  AND NOT EXISTS (SELECT FROM alarms WHERE over_at IS NULL AND raised_at IS NOT NULL
    AND key = ANY(%(silenced_by)s))
  AND NOT EXISTS (SELECT FROM unnest(%(lanes)s::text[]) AS wanted (lane) WHERE NOT EXISTS (
    SELECT FROM workers w WHERE w.lane = wanted.lane AND w.seen_at > now() - %(lately)s * interval '1 s'))
"""

MISSED_BEAT: LiteralString = """
UPDATE watch SET beaten_at = now() - (%(every)s - %(again)s) * interval '1 s'
"""

WAITING: LiteralString = (
    HEADS
    + """
-- With when something of the same broadcast was last handed over there, and whether ever. An alert
-- that nobody begins to plan waits as well, and so does one whose planning stands still.
SELECT lane, channel, due_at, CASE WHEN id IS NOT NULL THEN tried_since END AS tried_since,
  (SELECT max(h.last_at) FROM handovers h WHERE h.broadcast_id = heads.id
    AND h.channel = heads.channel AND h.second > now() - interval '20 min') AS moved_at,
  EXISTS (SELECT FROM handovers h WHERE h.broadcast_id = heads.id
    AND h.channel = heads.channel) AS left
FROM heads WHERE least(due_at, tried_since) <= now() - %(seconds)s * interval '1 s'
UNION ALL
SELECT 'alert', 'planning', min(since), NULL, NULL, false FROM (
  SELECT CASE WHEN status = 'dispatching' THEN greatest(dispatching_at, advanced_at)
    ELSE coalesce(send_at, approved_at) END AS since FROM broadcasts
  WHERE kind = 'alert' AND held_at IS NULL AND planned_at IS NULL
    AND cancelled_at IS NULL AND superseded_at IS NULL
    AND status IN ('approved', 'scheduled', 'dispatching')) AS unplanned
WHERE since <= now() - %(seconds)s * interval '1 s'
HAVING count(*) > 0
"""
)

SENDERS: LiteralString = """
-- Those that wait for a person, and those that fail, between the first failure and the last, for
-- longer than a moment: one that nobody has tried since is none of them.
SELECT name, channel, stopped_at, reason, code, down_since, down_reason, down_code FROM senders
WHERE name = ANY(%(names)s)
  AND (stopped_at IS NOT NULL OR down_until - down_since >= %(down)s * interval '1 s')
ORDER BY name
"""

SEE: LiteralString = """
INSERT INTO alarms (key, level, facts, since)
SELECT key, level, facts, coalesce(since, now())
FROM unnest(%(keys)s::text[], %(levels)s::text[], %(facts)s::jsonb[], %(since)s::timestamptz[])
  AS seen (key, level, facts, since)
ON CONFLICT (key) WHERE over_at IS NULL DO UPDATE
SET seen_at = now(), facts = excluded.facts, level = excluded.level
"""

RAISE: LiteralString = """
-- Seen right now, and for longer than it may be a hiccup (or since before the clock went back).
UPDATE alarms a SET raised_at = now(), remind_at = now() + %(remind)s * interval '1 s'
FROM unnest(%(keys)s::text[], %(patience)s::float[]) AS seen (key, patience)
WHERE a.key = seen.key AND a.over_at IS NULL AND a.raised_at IS NULL
  AND (a.noticed_at <= now() - seen.patience * interval '1 s' OR a.noticed_at > now())
RETURNING a.id, a.key, a.level
"""

REMIND: LiteralString = """
UPDATE alarms SET remind_at = now() + %(remind)s * interval '1 s'
WHERE over_at IS NULL AND raised_at IS NOT NULL AND remind_at <= now() AND seen_at = now()
RETURNING id, key, level
"""

END: LiteralString = """
UPDATE alarms SET over_at = now()
WHERE over_at IS NULL AND raised_at IS NOT NULL
  AND seen_at <= now() - %(calm)s * interval '1 s'
RETURNING id, key, level
"""

DROP_HICCUPS: LiteralString = """
DELETE FROM alarms WHERE over_at IS NULL AND raised_at IS NULL
  AND seen_at <= now() - %(calm)s * interval '1 s'
"""

IN_FORCE: LiteralString = """
SELECT id, key, level, facts, since, raised_at, told_at FROM alarms
WHERE over_at IS NULL AND raised_at IS NOT NULL ORDER BY raised_at, id
"""


async def take_look(connection: Connection, *, every: float) -> bool:
    """Whether it is our turn to look; held until this transaction ends."""
    return await connection.run(TAKE_LOOK, every=every) > 0


async def take_beat(
    connection: Connection,
    *,
    every: float,
    silenced_by: Sequence[str],
    lanes: Sequence[str],
    lately: float,
) -> bool:
    """Whether it is our turn to call the heartbeat, and all is well enough for it."""
    return (
        await connection.run(
            TAKE_BEAT, every=every, silenced_by=list(silenced_by), lanes=list(lanes), lately=lately
        )
        > 0
    )


async def missed_beat(connection: Connection, *, every: float, again: float) -> None:
    """The call failed: it is due again in `again` seconds."""
    await connection.run(MISSED_BEAT, every=every, again=again)


async def clock(connection: Connection) -> datetime:
    """The moment of this transaction, on the clock by which all its rows are written."""
    row = await connection.row("SELECT now() AS now")
    assert row is not None  # noqa: S101 - a SELECT without FROM
    moment: datetime = row["now"]
    return moment


async def waiting(connection: Connection, *, seconds: float) -> list[Row]:
    """Lanes, channels and broadcasts where something has been open for so long."""
    return await connection.rows(WAITING, seconds=seconds)


async def bad_senders(connection: Connection, names: Sequence[str], *, down: float) -> list[Row]:
    """Senders of these names that are stopped, or have failed for `down` seconds."""
    return await connection.rows(SENDERS, names=list(names), down=down)


async def see(
    connection: Connection,
    *,
    keys: Sequence[str],
    levels: Sequence[str],
    facts: Sequence[dict[str, Any]],
    since: Sequence[Any],
) -> None:
    """Note what is wrong right now, one entry in each list."""
    await connection.run(
        SEE, keys=list(keys), levels=list(levels), facts=[Jsonb(one) for one in facts],
        since=list(since),
    )  # fmt: skip


async def raise_(
    connection: Connection, *, keys: Sequence[str], patience: Sequence[float], remind: float
) -> list[Row]:
    return await connection.rows(RAISE, keys=list(keys), patience=list(patience), remind=remind)


async def remind(connection: Connection, *, remind: float) -> list[Row]:
    return await connection.rows(REMIND, remind=remind)


async def end(connection: Connection, *, calm: float) -> list[Row]:
    """End what was not seen for a while; what was never raised is forgotten."""
    await connection.run(DROP_HICCUPS, calm=calm)
    return await connection.rows(END, calm=calm)


async def in_force(connection: Connection) -> list[Row]:
    return await connection.rows(IN_FORCE)
