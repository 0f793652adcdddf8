"""What a resident's own page shows and changes. Every statement is bound to one resident."""

from collections.abc import Sequence
from datetime import time
from typing import LiteralString
from uuid import UUID

from notify.store.database import Connection, Row

PERSON: LiteralString = """
SELECT name, language, created_at, quiet_from, quiet_until,
  newcomer_until IS NOT NULL AS newcomer FROM residents WHERE id = %(resident)s
"""

ADDRESSES: LiteralString = """
-- With the latest code for each that still holds: one that was sent, or one that is shown.
SELECT a.id, a.channel, a.value, a.state, a.created_at, a.proven_at, x.reason AS stopped,
  c.id AS code, c.purpose
FROM addresses a LEFT JOIN suppressions x ON x.channel = a.channel AND x.hash = a.hash
LEFT JOIN LATERAL (SELECT id, purpose FROM codes WHERE address_id = a.id
  AND purpose IN ('prove', 'text') AND used_at IS NULL AND valid_until > now()
  ORDER BY id DESC LIMIT 1) AS c ON true
WHERE a.resident_id = %(resident)s AND a.state <> 'gone'
ORDER BY array_position(ARRAY['email', 'sms', 'push'], a.channel), a.id
"""

WISHES: LiteralString = """
SELECT g.id AS group_id, g.slug, g.names, g.closed, s.alerts, s.news, s.state
FROM subscriptions s JOIN groups g ON g.id = s.group_id
WHERE s.resident_id = %(resident)s ORDER BY g.slug
"""

CHOOSE: LiteralString = """
-- More than before is as joining now: what is in force reaches them over it.
UPDATE subscriptions SET alerts = %(alerts)s, news = %(news)s,
  created_at = CASE WHEN alerts @> %(alerts)s THEN created_at ELSE now() END
WHERE resident_id = %(resident)s AND group_id = %(group)s
  AND (alerts, news) IS DISTINCT FROM (%(alerts)s::text[], %(news)s::text[])
"""

JOIN: LiteralString = """
INSERT INTO subscriptions (resident_id, group_id, alerts, news, state)
SELECT %(resident)s, id, %(alerts)s, %(news)s, CASE WHEN closed THEN 'requested' ELSE 'active' END
FROM groups WHERE id = ANY(%(groups)s) ORDER BY id
ON CONFLICT (resident_id, group_id) DO NOTHING RETURNING group_id
"""

WARN_OVER: LiteralString = """
-- Nothing was chosen for this way yet. As joining now: what is in force reaches them over it.
UPDATE subscriptions SET alerts = alerts || %(channel)s::text, created_at = now()
WHERE resident_id = %(resident)s AND NOT EXISTS (SELECT FROM subscriptions o
  WHERE o.resident_id = %(resident)s AND %(channel)s::text = ANY(o.alerts || o.news))
"""

CALM: LiteralString = """
UPDATE residents SET quiet_from = %(begin)s, quiet_until = %(until)s WHERE id = %(resident)s
"""

WAKE: LiteralString = """
-- Judged anew, by the hours that hold now, when it is claimed.
UPDATE deliveries SET due_at = now(), reason = NULL
WHERE resident_id = %(resident)s AND status = 'pending' AND lane = 'bulk' AND reason = 'quiet'
"""

ASK_FOR: LiteralString = """
-- One at a time is asked for on a channel: a new one takes the place of one not proven yet.
WITH others AS (
  DELETE FROM addresses WHERE resident_id = %(resident)s AND channel = %(channel)s
    AND state = 'asked'
)
INSERT INTO addresses (resident_id, channel, value, hash, state, asked_at)
VALUES (%(resident)s, %(channel)s, %(value)s, %(hash)s, 'asked', now()) RETURNING id
"""

CODE: LiteralString = """
SELECT c.id FROM codes c JOIN addresses a ON a.id = c.address_id
WHERE a.id = %(address)s AND a.resident_id = %(resident)s AND c.purpose = 'prove'
  AND c.used_at IS NULL AND c.valid_until > now() ORDER BY c.id DESC LIMIT 1
"""

LET_GO: LiteralString = """
-- What was only asked for leaves nothing behind.
WITH unproven AS (
  DELETE FROM addresses WHERE id = %(address)s AND resident_id = %(resident)s AND state = 'asked'
  RETURNING id
), ended AS (
  UPDATE addresses SET state = 'gone' WHERE id = %(address)s AND resident_id = %(resident)s AND live
  RETURNING id
)
SELECT id FROM unproven UNION ALL SELECT id FROM ended
"""

SESSIONS: LiteralString = """
SELECT opened_at, seen_at, hash = %(here)s AS here FROM sessions
WHERE resident_id = %(resident)s AND valid_until > now() ORDER BY opened_at
"""

RECEIVED: LiteralString = """
SELECT d.id, d.broadcast_id, d.channel, d.language, d.status, d.reason, d.created_at,
  coalesce(d.handed_over_at, d.ended_at, d.created_at) AS at, d.closed_at,
  b.kind, b.drill, b.severity, b.relation, b.texts, n.kind AS note
FROM deliveries d LEFT JOIN broadcasts b ON b.id = d.broadcast_id
LEFT JOIN notes n ON n.id = d.note_id
WHERE d.resident_id = %(resident)s AND (%(before)s::bigint IS NULL OR d.id < %(before)s)
ORDER BY d.id DESC LIMIT %(limit)s
"""


async def person(connection: Connection, resident: UUID) -> Row | None:
    """`name`, `language`, `created_at`, quiet hours, and whether a `newcomer`."""
    return await connection.row(PERSON, resident=resident)


async def addresses(connection: Connection, resident: UUID) -> list[Row]:
    """Live ones and those asked for; `stopped` is why one is not used, `code` with its `purpose`
    the one that may be typed or texted for it."""
    return await connection.rows(ADDRESSES, resident=resident)


async def wishes(connection: Connection, resident: UUID) -> list[Row]:
    """What is followed, with the group's `slug`, `names` and whether it is `closed`."""
    return await connection.rows(WISHES, resident=resident)


async def choose(
    connection: Connection, resident: UUID, *, group: int, alerts: Sequence[str],
    news: Sequence[str],
) -> bool:  # fmt: skip
    """Whether anything is other than before."""
    changed = await connection.run(
        CHOOSE, resident=resident, group=group, alerts=list(alerts), news=list(news)
    )
    return changed == 1


async def warn_over(connection: Connection, resident: UUID, *, channel: str) -> None:
    """Choose a channel for the warnings of all groups, where nothing was chosen for it so far."""
    await connection.run(WARN_OVER, resident=resident, channel=channel)


async def join(
    connection: Connection, resident: UUID, *, groups: Sequence[int], alerts: Sequence[str],
    news: Sequence[str],
) -> set[int]:  # fmt: skip
    """Follow these groups, closed ones once staff approve; returns those that are new."""
    rows = await connection.rows(
        JOIN, resident=resident, groups=list(groups), alerts=list(alerts), news=list(news)
    )
    return {row["group_id"] for row in rows}


async def speak(connection: Connection, resident: UUID, language: str) -> None:
    await connection.run(
        "UPDATE residents SET language = %(language)s WHERE id = %(resident)s",
        resident=resident, language=language,
    )  # fmt: skip


async def keep_quiet(
    connection: Connection, resident: UUID, begin: time | None, until: time | None
) -> None:
    """Set the hours without news, or none; what waits by the old ones is judged anew."""
    await connection.run(CALM, resident=resident, begin=begin, until=until)
    await connection.run(WAKE, resident=resident)


async def ask_for(
    connection: Connection, resident: UUID, *, channel: str, value: str, hash_: bytes
) -> int:
    """Note an address that the resident says is theirs; its id."""
    row = await connection.row(ASK_FOR, resident=resident, channel=channel, value=value, hash=hash_)
    assert row is not None  # noqa: S101 - an INSERT that returns
    return int(row["id"])


async def code(connection: Connection, resident: UUID, *, address_id: int) -> int | None:
    """The code that proves this address of the resident's, as long as it may hold."""
    row = await connection.row(CODE, resident=resident, address=address_id)
    return row["id"] if row else None


async def let_go(connection: Connection, resident: UUID, *, address_id: int) -> bool:
    """Use an address no more; False unless it was this resident's."""
    return await connection.row(LET_GO, resident=resident, address=address_id) is not None


async def sessions(connection: Connection, resident: UUID, *, here: bytes) -> list[Row]:
    """The resident's open pages: since when, seen when, and whether it is the one `here`."""
    return await connection.rows(SESSIONS, resident=resident, here=here)


async def received(
    connection: Connection, resident: UUID, *, before: int | None, limit: int
) -> list[Row]:
    """What was sent to the resident, the newest first, before the delivery `before`."""
    return await connection.rows(RECEIVED, resident=resident, before=before, limit=limit)
