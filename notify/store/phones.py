"""Whoever texts us, known by the number: a resident, or a newcomer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import LiteralString
from uuid import UUID

from notify.domain.groups import Group
from notify.domain.words import AddressState
from notify.store.database import Connection, Row

FIND: LiteralString = """
-- The resident whose number it is, else a newcomer who is nothing but this number.
SELECT a.id AS address_id, a.resident_id, a.state, r.language
FROM addresses a JOIN residents r ON r.id = a.resident_id
WHERE a.channel = 'sms' AND a.value = %(phone)s AND ((a.live AND %(live)s) OR (a.state = 'asked'
  AND r.newcomer_until > now() AND r.name IS NULL
  AND NOT EXISTS (SELECT FROM addresses o WHERE o.resident_id = r.id AND o.id <> a.id)
  AND NOT EXISTS (SELECT FROM subscriptions s WHERE s.resident_id = r.id)
  AND NOT EXISTS (SELECT FROM codes c WHERE c.resident_id = r.id)))
ORDER BY a.live DESC, a.id LIMIT 1
"""

ASKS_ANOTHER: LiteralString = """
-- Something open was sent to this phone, and its owner by now is not asked in it.
SELECT FROM polls p JOIN broadcasts b ON b.id = p.broadcast_id
JOIN deliveries d ON d.broadcast_id = p.broadcast_id JOIN addresses a ON a.id = d.address_id
WHERE p.closed_at IS NULL AND p.close_at > now() AND b.cancelled_at IS NULL
  AND a.channel = 'sms' AND a.value = %(phone)s AND a.live AND a.state = 'proven'
  AND d.handed_over_at IS NOT NULL AND NOT EXISTS (SELECT FROM voters v
    WHERE v.broadcast_id = p.broadcast_id AND v.resident_id = a.resident_id)
LIMIT 1
"""

ADD: LiteralString = """
WITH newcomer AS (
  INSERT INTO residents (language, newcomer_until) VALUES (%(language)s, now() + %(life)s)
  RETURNING id, language
)
INSERT INTO addresses (resident_id, channel, value, hash, state)
SELECT id, 'sms', %(phone)s, %(hash)s, 'asked' FROM newcomer
RETURNING id AS address_id, resident_id, state
"""

STAY: LiteralString = """
UPDATE residents SET newcomer_until = greatest(newcomer_until, now() + %(life)s)
WHERE id = %(resident)s AND newcomer_until IS NOT NULL
"""

LOCK: LiteralString = """
SELECT alerts, news, state FROM subscriptions
WHERE resident_id = %(resident)s AND group_id = %(group)s FOR UPDATE
"""

FOLLOW: LiteralString = """
-- By SMS too, besides what was chosen before; with a new date, so that an alert in force comes.
INSERT INTO subscriptions AS s (resident_id, group_id, alerts, news, state)
VALUES (%(resident)s, %(group)s, ARRAY['sms'], ARRAY['sms'], %(state)s)
ON CONFLICT (resident_id, group_id) DO UPDATE SET
  alerts = array_remove(s.alerts, 'sms') || ARRAY['sms'],
  news = array_remove(s.news, 'sms') || ARRAY['sms'],
  created_at = CASE WHEN 'sms' = ANY(s.alerts) THEN s.created_at ELSE now() END
RETURNING state
"""

REACH: LiteralString = """
UPDATE addresses SET proven_at = now()
WHERE channel = 'sms' AND value = %(phone)s AND live AND state = 'proven'
"""

MUTE: LiteralString = """
UPDATE subscriptions SET alerts = array_remove(alerts, 'sms'), news = array_remove(news, 'sms')
WHERE resident_id = %(resident)s AND group_id = %(group)s
"""

FOLLOWED: LiteralString = """
SELECT g.id, g.slug, g.names, s.state, 'sms' = ANY(s.alerts || s.news) AS by_sms
FROM subscriptions s JOIN groups g ON g.id = s.group_id
WHERE s.resident_id = %(resident)s ORDER BY g.slug
"""

SPEAK: LiteralString = "UPDATE residents SET language = %(language)s WHERE id = %(resident)s"


@dataclass(frozen=True, slots=True)
class Phone:
    """A number with its owner: it is `proven` to be theirs, or they have only just texted from it
    (`asked`), or it is theirs by hearsay."""

    address_id: int
    resident: UUID
    language: str
    state: str

    @property
    def proven(self) -> bool:
        return self.state == AddressState.PROVEN

    @property
    def asked(self) -> bool:
        return self.state == AddressState.ASKED


@dataclass(frozen=True, slots=True)
class Followed:
    """A group that somebody follows, whether joining was only `requested`, and whether anything
    of it comes `by_sms`."""

    group: Group
    requested: bool
    by_sms: bool


async def find(connection: Connection, phone: str, *, live: bool = True) -> Phone | None:
    """Whose number it is, None where nobody's; with `live` False only who just texted from it."""
    row = await connection.row(FIND, phone=phone, live=live)
    return _phone(row, row["language"]) if row else None


async def asks_another(connection: Connection, phone: str) -> bool:
    """Whether a phone got a question that is open, and whose phone it is by now is not asked."""
    return await connection.row(ASKS_ANOTHER, phone=phone) is not None


async def add(
    connection: Connection, phone: str, *, hash_: bytes, language: str, life: timedelta
) -> Phone:
    """A newcomer who is nothing but this number."""
    row = await connection.row(ADD, phone=phone, hash=hash_, language=language, life=life)
    assert row is not None  # noqa: S101 - an INSERT that returns
    return _phone(row, language)


async def stay(connection: Connection, resident: UUID, *, life: timedelta) -> None:
    """Keep a newcomer for `life` more; nothing for a resident."""
    await connection.run(STAY, resident=resident, life=life)


async def subscription(connection: Connection, resident: UUID, group: int) -> Row | None:
    """Its `alerts`, `news` and `state`, held until the transaction ends; None where there is none."""
    return await connection.row(LOCK, resident=resident, group=group)


async def reach(connection: Connection, phone: str) -> None:
    """SMS to this resident's number are welcome as of now: alerts in force come too."""
    await connection.run(REACH, phone=phone)


async def follow(connection: Connection, resident: UUID, group: int, *, state: str) -> str:
    """Follow by SMS; gives the state, which stays where the resident followed before."""
    row = await connection.row(FOLLOW, resident=resident, group=group, state=state)
    assert row is not None  # noqa: S101 - an INSERT that returns
    return str(row["state"])


async def mute(connection: Connection, resident: UUID, group: int) -> None:
    """No SMS about this group any more."""
    await connection.run(MUTE, resident=resident, group=group)


async def followed(connection: Connection, resident: UUID) -> Sequence[Followed]:
    """What a resident follows; of the groups only what they are called."""
    rows = await connection.rows(FOLLOWED, resident=resident)
    return [
        Followed(
            Group(row["id"], row["slug"], None, row["names"]), row["state"] == "requested",
            row["by_sms"],
        )
        for row in rows
    ]  # fmt: skip


async def speak(connection: Connection, resident: UUID, language: str) -> None:
    """Write to this resident in `language` from now on."""
    await connection.run(SPEAK, resident=resident, language=language)


def _phone(row: Row, language: str) -> Phone:
    return Phone(row["address_id"], row["resident_id"], language, row["state"])
