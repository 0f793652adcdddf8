"""Who has an address, and how two residents become one when an address proves that they are."""

from collections.abc import Collection
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from notify.store.database import Connection, Row

ADDRESS: LiteralString = """
SELECT id, resident_id, channel, value, state, created_at FROM addresses WHERE id = %(id)s
"""

HOLD_VALUE: LiteralString = """
SELECT pg_advisory_xact_lock(hashtextextended('address:' || encode(%(hash)s, 'hex'), 0))
"""

HOLDER: LiteralString = """
SELECT id, resident_id, state FROM addresses
WHERE channel = %(channel)s AND value = %(value)s AND live
"""

LOCK: LiteralString = """
-- Nobody who only refers to them waits.
SELECT id FROM residents WHERE id = ANY(%(ids)s) ORDER BY id FOR NO KEY UPDATE
"""

LOCK_WHOLE: LiteralString = """
SELECT id FROM residents WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE
"""

KNOWN_BY: LiteralString = """
SELECT id, channel FROM addresses WHERE resident_id = %(resident)s AND state = 'proven'
  AND id <> %(but)s ORDER BY id
"""

RETIRE: LiteralString = """
UPDATE addresses SET state = 'gone', version = version + 1
WHERE resident_id = %(resident)s AND channel = %(channel)s AND id <> %(but)s AND live
"""

PROVE: LiteralString = """
-- Not just when it was proven first: whoever proves an address now is a latecomer to what is in force.
UPDATE addresses SET state = 'proven', proven_at = now(), resident_id = %(resident)s,
  version = version + 1
WHERE id = %(id)s
"""

DELIVERIES: LiteralString = """
-- Locked in the order of their ids, as everywhere.
SELECT id FROM deliveries WHERE resident_id = %(resident)s ORDER BY id FOR UPDATE
"""

TAKE_OPEN: LiteralString = """
-- What is over was sent to whoever had the address then, and stays theirs.
UPDATE deliveries d SET resident_id = %(resident)s
WHERE d.resident_id = %(before)s AND d.address_id = %(id)s
  AND ((d.status IN ('pending', 'sending', 'unknown') AND d.closed_at IS NULL)
    OR EXISTS (SELECT FROM broadcasts b WHERE b.id = d.broadcast_id AND b.kind = 'alert'
      AND b.valid_until > now()))
"""

HAD_SINCE: LiteralString = """
-- The row is older than its owner's claim to it.
UPDATE addresses SET created_at = %(since)s WHERE id = %(id)s
"""

SETTLE: LiteralString = """
UPDATE residents SET newcomer_until = NULL WHERE id = %(resident)s
"""

FOLLOW: LiteralString = """
UPDATE subscriptions s SET created_at = now(),
  state = CASE WHEN g.closed THEN 'requested' ELSE 'active' END
FROM groups g WHERE g.id = s.group_id AND s.resident_id = %(resident)s AND s.state = 'asked'
"""

HAS_LIVE: LiteralString = """
SELECT EXISTS (SELECT FROM addresses WHERE resident_id = %(resident)s AND live) AS has
"""

WISHES: LiteralString = """
-- Whatever either wished for; with a new date, so that what is in force reaches them.
INSERT INTO subscriptions AS s (resident_id, group_id, alerts, news, state)
SELECT %(into)s, w.group_id, w.alerts, w.news, CASE WHEN w.state <> 'asked' THEN w.state
  WHEN g.closed THEN 'requested' ELSE 'active' END
FROM subscriptions w JOIN groups g ON g.id = w.group_id WHERE w.resident_id = %(source)s
ORDER BY w.group_id
ON CONFLICT (resident_id, group_id) DO UPDATE SET created_at = now(),
  alerts = ARRAY(SELECT DISTINCT unnest(s.alerts || excluded.alerts) ORDER BY 1),
  news = ARRAY(SELECT DISTINCT unnest(s.news || excluded.news) ORDER BY 1),
  state = CASE WHEN s.state = 'active' THEN 'active' ELSE excluded.state END
"""

ADDRESSES: LiteralString = """
-- What is not proven stays so; what is only asked for comes along if wished. Of a channel that the other has an address for, it is one asked for.
UPDATE addresses a SET resident_id = %(into)s, version = version + 1,
  state = CASE WHEN a.channel <> 'push' AND EXISTS (SELECT FROM addresses o
      WHERE o.resident_id = %(into)s AND o.channel = a.channel AND o.live)
    THEN 'asked' ELSE a.state END
WHERE a.resident_id = %(source)s AND (a.live OR (a.state = 'asked' AND %(asked)s))
  AND NOT EXISTS (SELECT FROM addresses o
  WHERE o.resident_id = %(into)s AND o.channel = a.channel AND o.value = a.value
    AND o.state <> 'gone')
"""

SKIPS: LiteralString = """
UPDATE skips s SET resident_id = %(into)s WHERE s.resident_id = %(source)s
  AND NOT EXISTS (SELECT FROM skips o WHERE o.broadcast_id = s.broadcast_id
    AND o.resident_id = %(into)s AND o.channel = s.channel)
"""

END_CODES: LiteralString = """
UPDATE codes SET valid_until = now()
WHERE resident_id = %(resident)s AND address_id <> %(but)s AND used_at IS NULL
  AND valid_until > now()
"""

CODES: LiteralString = """
-- Only those of addresses that came along; the others go with who asked for them.
UPDATE codes SET resident_id = %(into)s WHERE resident_id = %(source)s
  AND address_id IN (SELECT id FROM addresses WHERE resident_id = %(into)s)
"""

REST: tuple[LiteralString, ...] = (
    CODES,
    "UPDATE consents SET resident_id = %(into)s WHERE resident_id = %(source)s",
    "UPDATE deliveries SET resident_id = %(into)s WHERE resident_id = %(source)s",
    SKIPS,
    "DELETE FROM skips WHERE resident_id = %(source)s",
    "DELETE FROM residents WHERE id = %(source)s",
)

EVIDENCE: LiteralString = """
-- What was agreed to is what the resident was shown last, unless it is said here.
INSERT INTO consents (resident_id, source, reference, channel, language, wording, version)
SELECT %(resident)s, coalesce(%(source)s::text, last.source, 'page'), %(reference)s, %(channel)s,
  coalesce(%(language)s::text, last.language), coalesce(%(wording)s::text, last.wording),
  coalesce(%(version)s::text, last.version)
FROM (SELECT 1) AS once LEFT JOIN LATERAL (
  SELECT source, language, wording, version FROM consents
  WHERE resident_id = %(resident)s AND wording IS NOT NULL ORDER BY id DESC LIMIT 1) AS last ON true
"""


async def address(connection: Connection, address_id: int) -> Row | None:
    """The `resident_id`, `channel`, `value`, `state` and `created_at` of an address."""
    return await connection.row(ADDRESS, id=address_id)


async def hold_value(connection: Connection, address_hash: bytes) -> None:
    """One at a time decides whose an address is, until the transaction ends."""
    await connection.rows(HOLD_VALUE, hash=address_hash)


async def holder(connection: Connection, *, channel: str, value: str) -> Row | None:
    """The live row of an address: its `id`, `resident_id` and `state`."""
    return await connection.row(HOLDER, channel=channel, value=value)


async def lock(connection: Connection, residents: Collection[UUID]) -> None:
    """Hold these residents, in one order, so that nobody waits crosswise; of two or more all but
    one may be deleted."""
    await connection.rows(LOCK_WHOLE if len(residents) > 1 else LOCK, ids=list(residents))


async def known_by(connection: Connection, resident: UUID, *, but: int) -> list[Row]:
    """The addresses that the resident has proven, but this one: `id` and `channel`."""
    return await connection.rows(KNOWN_BY, resident=resident, but=but)


async def retire(connection: Connection, resident: UUID, *, channel: str, but: int) -> None:
    """Let go of the resident's live address of a channel, for the one that takes its place."""
    await connection.run(RETIRE, resident=resident, channel=channel, but=but)


async def prove(connection: Connection, address_id: int, *, resident: UUID) -> None:
    """Make the address this resident's, and proven."""
    await connection.run(PROVE, id=address_id, resident=resident)


async def hold_deliveries(connection: Connection, resident: UUID) -> None:
    """Hold all that was sent to somebody, before any of it becomes another's."""
    await connection.rows(DELIVERIES, resident=resident)


async def take_open(
    connection: Connection, address_id: int, *, before: UUID, resident: UUID
) -> None:
    """What is still on its way to an address, or in force, goes along to whose it is now."""
    await connection.run(TAKE_OPEN, id=address_id, before=before, resident=resident)


async def had_since(connection: Connection, address_id: int, since: datetime) -> None:
    """Note since when an address is its owner's, where its row was another's before."""
    await connection.run(HAD_SINCE, id=address_id, since=since)


async def drop(connection: Connection, address_id: int) -> None:
    await connection.run("DELETE FROM addresses WHERE id = %(id)s", id=address_id)


async def settle(connection: Connection, resident: UUID) -> None:
    """No newcomer any more: what was asked for holds from now on."""
    await connection.run(SETTLE, resident=resident)
    await connection.run(FOLLOW, resident=resident)


async def is_reachable(connection: Connection, resident: UUID) -> bool:
    """Whether any live address is left."""
    row = await connection.row(HAS_LIVE, resident=resident)
    return bool(row and row["has"])


async def end_codes(connection: Connection, resident: UUID, *, but: int) -> None:
    """What was asked for so far with this resident's addresses, but one, has to be asked anew."""
    await connection.run(END_CODES, resident=resident, but=but)


async def absorb(connection: Connection, source: UUID, *, into: UUID, asked: bool) -> None:
    """Make one resident of two: `source` goes, all that was theirs is the other's. Addresses that
    were only asked for, with their codes, come along if `asked`; else they are dropped."""
    await connection.run(WISHES, source=source, into=into)
    await connection.run(ADDRESSES, source=source, into=into, asked=asked)
    for statement in REST:
        await connection.run(statement, source=source, into=into)


async def add_evidence(connection: Connection, resident: UUID, **said: str | None) -> None:
    """`source`, `reference`, `channel`, `language`, `wording`, `version`; None: as told before."""
    await connection.run(EVIDENCE, resident=resident, **said)
