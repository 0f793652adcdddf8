"""Newcomers as rows: who says that an address is theirs, and what they would follow."""

from collections.abc import Sequence
from typing import LiteralString
from uuid import UUID

from notify.store.database import Connection, Row

NEWCOMER: LiteralString = """
INSERT INTO residents (language, newcomer_until)
VALUES (%(language)s, now() + %(hours)s * interval '1 hour') RETURNING id
"""

ADDRESS: LiteralString = """
INSERT INTO addresses (resident_id, channel, value, hash, state, asked_at)
VALUES (%(resident)s, %(channel)s, %(value)s, %(hash)s, 'asked', now()) RETURNING id
"""

WISHES: LiteralString = """
INSERT INTO subscriptions (resident_id, group_id, alerts, news, state)
SELECT %(resident)s, g.id, %(alerts)s, %(news)s, 'asked' FROM groups g
WHERE g.id = ANY(%(groups)s) ORDER BY g.id
"""

ASKED: LiteralString = """
-- With the latest code for each that still holds: one that was sent, or one that is shown.
SELECT a.id, a.channel, a.value, c.id AS code, c.purpose FROM addresses a
LEFT JOIN LATERAL (SELECT id, purpose FROM codes WHERE address_id = a.id
  AND purpose IN ('prove', 'text') AND used_at IS NULL AND valid_until > now()
  ORDER BY id DESC LIMIT 1) AS c ON true
WHERE a.resident_id = %(resident)s AND a.state = 'asked' ORDER BY a.id
"""

PROVEN: LiteralString = """
SELECT channel, value FROM addresses
WHERE resident_id = %(resident)s AND state = 'proven' AND channel <> 'push' ORDER BY channel
"""

CHANGE: LiteralString = """
-- The codes for what it was before hold no more: they go with the row.
WITH before AS (
  DELETE FROM addresses WHERE id = %(address)s AND resident_id = %(resident)s AND state = 'asked'
  RETURNING channel
)
INSERT INTO addresses (resident_id, channel, value, hash, state, asked_at)
SELECT %(resident)s, channel, %(value)s, %(hash)s, 'asked', now() FROM before
WHERE channel = %(channel)s RETURNING id
"""

FOLLOWED: LiteralString = """
SELECT g.names, s.alerts, s.news, s.state FROM subscriptions s JOIN groups g ON g.id = s.group_id
WHERE s.resident_id = %(resident)s ORDER BY g.slug
"""


async def add(connection: Connection, *, language: str, hours: int) -> UUID:
    """A newcomer, who is forgotten after so many hours unless an address is proven."""
    row = await connection.row(NEWCOMER, language=language, hours=hours)
    assert row is not None  # noqa: S101 - an INSERT that returns
    return UUID(str(row["id"]))


async def add_address(
    connection: Connection, resident: UUID, *, channel: str, value: str, hash_: bytes
) -> int:
    """An address that the resident says is theirs; its id."""
    row = await connection.row(ADDRESS, resident=resident, channel=channel, value=value, hash=hash_)
    assert row is not None  # noqa: S101 - an INSERT that returns
    return int(row["id"])


async def wish(
    connection: Connection,
    resident: UUID,
    *,
    groups: Sequence[int],
    alerts: Sequence[str],
    news: Sequence[str],
) -> None:
    """What the newcomer would follow, all groups over the same channels."""
    await connection.run(
        WISHES, resident=resident, groups=list(groups), alerts=list(alerts), news=list(news)
    )


async def asked(connection: Connection, resident: UUID) -> list[Row]:
    """What the resident says is theirs: `id`, `channel`, `value`; `code` and its `purpose` where
    one holds."""
    return await connection.rows(ASKED, resident=resident)


async def proven(connection: Connection, resident: UUID) -> list[Row]:
    return await connection.rows(PROVEN, resident=resident)


async def change(
    connection: Connection, resident: UUID, *, address: int, channel: str, value: str, hash_: bytes
) -> int | None:
    """Put another value in the place of an address that is only asked for; the id of the new row,
    None where it is not this resident's, or proven by now."""
    row = await connection.row(
        CHANGE, resident=resident, address=address, channel=channel, value=value, hash=hash_
    )
    return row["id"] if row else None


async def followed(connection: Connection, resident: UUID) -> list[Row]:
    """The groups' `names`, with `alerts`, `news` and `state`."""
    return await connection.rows(FOLLOWED, resident=resident)
