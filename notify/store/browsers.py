"""Browsers that residents get push messages in: addresses of the channel `push`."""

from collections.abc import Mapping
from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from notify.store.database import Connection, Row

OWNER: LiteralString = """
SELECT id, resident_id, keys FROM addresses
WHERE channel = 'push' AND value = %(endpoint)s AND live FOR UPDATE
"""

COUNT: LiteralString = """
SELECT count(*) AS n FROM addresses WHERE resident_id = %(resident)s AND channel = 'push' AND live
"""

ADD: LiteralString = """
-- Nothing where somebody else was quicker with the same one.
INSERT INTO addresses (resident_id, channel, value, keys, hash, state, proven_at)
VALUES (%(resident)s, 'push', %(endpoint)s, %(keys)s, %(hash)s, 'proven', now())
ON CONFLICT (channel, value) WHERE live DO NOTHING
RETURNING id
"""

KEEP: LiteralString = """
UPDATE addresses SET keys = %(keys)s, state = 'proven', proven_at = coalesce(proven_at, now())
WHERE id = %(address)s
"""

END: LiteralString = """
UPDATE addresses SET state = 'gone', version = version + 1
WHERE id = %(address)s AND live
"""

LIFT: LiteralString = "DELETE FROM suppressions WHERE channel = 'push' AND hash = %(hash)s"

CHOOSE: LiteralString = """
UPDATE subscriptions SET
  alerts = CASE WHEN %(alerts)s AND NOT 'push' = ANY(alerts) THEN alerts || 'push'::text
    ELSE alerts END,
  news = CASE WHEN %(news)s AND NOT 'push' = ANY(news) THEN news || 'push'::text ELSE news END,
  -- Alerts that they now want in a browser of theirs reach them while in force.
  created_at = CASE WHEN %(alerts)s AND NOT 'push' = ANY(alerts) THEN now() ELSE created_at END
WHERE resident_id = %(resident)s
"""

ENDED: LiteralString = """
-- One that its push service ended. What its resident took away does not come back, nor does one
-- whose secret was used for that before.
SELECT a.id, a.resident_id, a.keys FROM addresses a
WHERE a.channel = 'push' AND a.hash = %(hash)s AND NOT a.live AND a.keys ? 'auth'
  AND EXISTS (SELECT FROM deliveries d JOIN attempts t ON t.delivery_id = d.id
    WHERE d.resident_id = a.resident_id AND d.address_id = a.id AND t.outcome = 'address_gone')
ORDER BY a.id DESC LIMIT 1 FOR UPDATE OF a
"""

REPLACE: LiteralString = """
UPDATE addresses SET value = %(endpoint)s, keys = %(keys)s, hash = %(hash)s, state = 'proven',
  proven_at = coalesce(proven_at, now())
WHERE id = %(address)s
"""

SPEND: LiteralString = "UPDATE addresses SET keys = '{}' WHERE id = %(address)s"

SITUATION: LiteralString = """
SELECT r.language,
  (SELECT coalesce(jsonb_agg(g.names ORDER BY g.slug), '[]') FROM subscriptions s
    JOIN groups g ON g.id = s.group_id WHERE s.resident_id = r.id) AS groups
FROM residents r WHERE r.id = %(resident)s
"""


async def owner(connection: Connection, endpoint: str) -> Row | None:
    """The live address of a browser: `id`, `resident_id`, `keys`; held for this transaction."""
    return await connection.row(OWNER, endpoint=endpoint)


async def count(connection: Connection, resident: UUID) -> int:
    row = await connection.row(COUNT, resident=resident)
    return int(row["n"]) if row else 0


async def add(
    connection: Connection, resident: UUID, *, endpoint: str, keys: Mapping[str, str], hash_: bytes
) -> int | None:
    """The new address; None where it is live elsewhere by now."""
    row = await connection.row(
        ADD, resident=resident, endpoint=endpoint, keys=Jsonb(dict(keys)), hash=hash_
    )
    return row["id"] if row else None


async def keep(connection: Connection, address_id: int, *, keys: Mapping[str, str]) -> None:
    """The browser has proven itself again, with these keys."""
    await connection.run(KEEP, address=address_id, keys=Jsonb(dict(keys)))


async def end(connection: Connection, address_id: int) -> bool:
    """Never send there again; False where it had ended."""
    return await connection.run(END, address=address_id) == 1


async def lift(connection: Connection, hash_: bytes) -> None:
    await connection.run(LIFT, hash=hash_)


async def choose(connection: Connection, resident: UUID, *, alerts: bool, news: bool) -> None:
    """Add push to what the resident follows, for alerts, for news or for both."""
    await connection.run(CHOOSE, resident=resident, alerts=alerts, news=news)


async def ended(connection: Connection, hash_: bytes) -> Row | None:
    """The address of a browser that its push service ended: `id`, `resident_id`, `keys`."""
    return await connection.row(ENDED, hash=hash_)


async def replace(
    connection: Connection, address_id: int, *, endpoint: str, keys: Mapping[str, str], hash_: bytes
) -> None:
    """Reach the browser at another endpoint; what is planned for it goes there too."""
    await connection.run(
        REPLACE, address=address_id, endpoint=endpoint, keys=Jsonb(dict(keys)), hash=hash_
    )


async def spend(connection: Connection, address_id: int) -> None:
    """Forget the keys of an address that ended: they have brought its browser back."""
    await connection.run(SPEND, address=address_id)


async def situation(connection: Connection, resident: UUID) -> dict[str, Any] | None:
    """The resident's `language`, and the names by language of the `groups` they follow."""
    return await connection.row(SITUATION, resident=resident)
