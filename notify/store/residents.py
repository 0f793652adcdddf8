"""Residents, their addresses, subscriptions and consents; and what they leave."""

from collections.abc import Sequence
from typing import LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from notify.domain.keyring import Keyring
from notify.domain.residents import JudgedAddress
from notify.store.database import Connection, Row

ADD: LiteralString = """
INSERT INTO residents (name, language) VALUES (%(name)s, %(language)s) RETURNING id
"""

ADD_ADDRESSES: LiteralString = """
-- In the order of the index, so that two who bring the same addresses wait and do not deadlock.
INSERT INTO addresses (resident_id, channel, value, keys, hash, state, proven_at)
SELECT %(resident)s, channel, value, keys, hash, %(state)s,
  CASE WHEN %(state)s = 'proven' THEN now() END
FROM unnest(%(channels)s::text[], %(values)s::text[], %(keys)s::jsonb[], %(hashes)s::bytea[])
  AS a (channel, value, keys, hash)
ORDER BY channel, value
ON CONFLICT (channel, value) WHERE live DO NOTHING
"""

OWNER: LiteralString = """
SELECT a.resident_id FROM addresses a
JOIN unnest(%(channels)s::text[], %(values)s::text[]) AS asked (channel, value)
  USING (channel, value)
WHERE a.live AND a.resident_id <> %(but)s
ORDER BY a.id LIMIT 1
"""

ADD_CONSENT: LiteralString = """
INSERT INTO consents (resident_id, source, reference, language, wording, version)
VALUES (%(resident)s, %(source)s, %(reference)s, %(language)s, %(wording)s, %(version)s)
"""

SUBSCRIBE: LiteralString = """
INSERT INTO subscriptions (resident_id, group_id, alerts, news, state)
VALUES (%(resident)s, %(group)s, %(alerts)s, %(news)s, %(state)s)
"""

LOCK: LiteralString = "SELECT id FROM residents WHERE id = %(resident)s FOR NO KEY UPDATE"

ADDRESS: LiteralString = """
SELECT a.id, a.channel, a.state, r.language,
  (SELECT count(*) FROM addresses b
   WHERE b.resident_id = a.resident_id AND b.channel = a.channel AND b.live) AS live
FROM addresses a JOIN residents r ON r.id = a.resident_id
WHERE a.id = %(address)s AND a.resident_id = %(resident)s
"""

SENT_TO: LiteralString = """
SELECT kind, coalesce(audience, group_ids) AS audience, group_ids
FROM broadcasts WHERE id = %(broadcast)s
"""

FOLLOWED: LiteralString = """
SELECT g.id, g.slug, g.names,
  s.state = 'active' AND %(channel)s = ANY(CASE WHEN %(alert)s THEN s.alerts ELSE s.news END)
    AS reached
FROM subscriptions s JOIN groups g ON g.id = s.group_id
WHERE s.resident_id = %(resident)s AND s.group_id = ANY(%(groups)s)
ORDER BY g.slug
"""

WARNED: LiteralString = """
SELECT DISTINCT g.id, g.slug, g.names, a.channel
FROM subscriptions s JOIN groups g ON g.id = s.group_id
JOIN addresses a ON a.resident_id = s.resident_id AND a.live AND a.channel = ANY(s.alerts)
LEFT JOIN suppressions x ON x.channel = a.channel AND x.hash = a.hash
WHERE s.resident_id = %(resident)s AND s.state = 'active' AND x.hash IS NULL
ORDER BY g.slug, a.channel
"""

GROUPS: LiteralString = """
SELECT id, slug, names FROM groups WHERE id = ANY(%(groups)s) ORDER BY slug
"""

LEAVE_KIND: LiteralString = """
UPDATE subscriptions SET
  alerts = CASE WHEN %(alert)s THEN array_remove(alerts, %(channel)s) ELSE alerts END,
  news = CASE WHEN %(alert)s THEN news ELSE array_remove(news, %(channel)s) END
WHERE resident_id = %(resident)s AND group_id = ANY(%(groups)s)
  AND %(channel)s = ANY(CASE WHEN %(alert)s THEN alerts ELSE news END)
"""

LEAVE_GROUP: LiteralString = """
DELETE FROM subscriptions WHERE resident_id = %(resident)s AND group_id = %(group)s
"""

LEAVE_CHANNEL: LiteralString = """
UPDATE subscriptions SET alerts = array_remove(alerts, %(channel)s),
  news = array_remove(news, %(channel)s)
WHERE resident_id = %(resident)s AND %(channel)s = ANY(alerts || news)
"""

LEAVE_ADDRESS: LiteralString = """
UPDATE addresses SET state = 'gone'
WHERE id = %(address)s AND resident_id = %(resident)s AND live
"""

LEAVE_ALL: LiteralString = "DELETE FROM subscriptions WHERE resident_id = %(resident)s"

BUMP: LiteralString = "UPDATE addresses SET version = version + 1 WHERE resident_id = %(resident)s"


async def add(connection: Connection, *, name: str | None, language: str) -> UUID:
    row = await connection.row(ADD, name=name, language=language)
    assert row is not None  # noqa: S101 - an INSERT that returns
    return UUID(str(row["id"]))


async def add_addresses(
    connection: Connection,
    resident: UUID,
    *,
    addresses: Sequence[JudgedAddress],
    keyring: Keyring,
    proven: bool,
) -> bool:
    """Whether all became the resident's; False where another has one of them."""
    added = await connection.run(
        ADD_ADDRESSES,
        resident=resident,
        state="proven" if proven else "unverified",
        channels=[str(address.channel) for address in addresses],
        values=[address.value for address in addresses],
        keys=[None if address.keys is None else Jsonb(dict(address.keys)) for address in addresses],
        hashes=[keyring.address_hash(address.channel, address.value) for address in addresses],
    )
    return added == len(addresses)


async def owner(
    connection: Connection, *, addresses: Sequence[JudgedAddress], but: UUID
) -> UUID | None:
    """Another resident who has one of these addresses."""
    row = await connection.row(
        OWNER,
        channels=[str(address.channel) for address in addresses],
        values=[address.value for address in addresses],
        but=but,
    )
    return row["resident_id"] if row else None


async def add_consent(connection: Connection, resident: UUID, **said: str | None) -> None:
    """`source`, `reference`, and of what was agreed to `language`, `wording` and `version`."""
    await connection.run(ADD_CONSENT, resident=resident, **said)


async def subscribe(
    connection: Connection,
    resident: UUID,
    *,
    group: int,
    alerts: Sequence[str],
    news: Sequence[str],
    state: str,
) -> None:
    await connection.run(
        SUBSCRIBE,
        resident=resident,
        group=group,
        alerts=[str(channel) for channel in alerts],
        news=[str(channel) for channel in news],
        state=state,
    )


async def lock(connection: Connection, resident: UUID) -> bool:
    """Hold the resident for this transaction; False where they were erased."""
    return await connection.row(LOCK, resident=resident) is not None


async def address(connection: Connection, resident: UUID, *, address_id: int) -> Row | None:
    """The address with `channel`, `state`, its owner's `language`, and how many of its channel
    are `live`; None unless it is this resident's."""
    return await connection.row(ADDRESS, resident=resident, address=address_id)


async def sent_to(connection: Connection, broadcast: UUID) -> Row | None:
    """The `kind` of a broadcast, its `audience` (as far as known) and `group_ids`."""
    return await connection.row(SENT_TO, broadcast=broadcast)


async def followed_among(
    connection: Connection, resident: UUID, *, groups: Sequence[int], channel: str, alert: bool
) -> list[Row]:
    """Those of the groups that the resident follows, with `id`, `slug`, `names`, and whether an
    alert, or else news, `reached` them through it over this channel."""
    return await connection.rows(
        FOLLOWED, resident=resident, groups=list(groups), channel=channel, alert=alert
    )


async def warned(connection: Connection, resident: UUID) -> list[Row]:
    """The ways on which warnings reach the resident: the group with `id`, `slug` and `names`, and
    the `channel`."""
    return await connection.rows(WARNED, resident=resident)


async def groups_named(connection: Connection, groups: Sequence[int]) -> list[Row]:
    """The groups with their `id`, `slug` and `names`."""
    return await connection.rows(GROUPS, groups=list(groups))


async def leave_kind(
    connection: Connection, resident: UUID, *, groups: Sequence[int], channel: str, alert: bool
) -> int:
    return await connection.run(
        LEAVE_KIND, resident=resident, groups=list(groups), channel=channel, alert=alert
    )


async def leave_group(connection: Connection, resident: UUID, *, group: int) -> int:
    """Follow this group no more, over no way; 0 where the resident did not."""
    return await connection.run(LEAVE_GROUP, resident=resident, group=group)


async def leave_channel(connection: Connection, resident: UUID, *, channel: str) -> int:
    return await connection.run(LEAVE_CHANNEL, resident=resident, channel=channel)


async def leave_address(connection: Connection, resident: UUID, *, address_id: int) -> int:
    return await connection.run(LEAVE_ADDRESS, resident=resident, address=address_id)


async def leave_all(connection: Connection, resident: UUID) -> int:
    return await connection.run(LEAVE_ALL, resident=resident)


async def bump(connection: Connection, resident: UUID) -> None:
    """Make every plan that holds one of the resident's addresses look closer (rule 5)."""
    await connection.run(BUMP, resident=resident)
