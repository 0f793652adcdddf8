"""Whoever may answer, found by what they hold: an address, a link, a notification."""

from collections.abc import Sequence
from typing import LiteralString
from uuid import UUID

from notify.store.database import Connection, Row

STANDING: LiteralString = """
SELECT v.id, v.broadcast_id, v.resident_id, v.answered, v.receipt, v.how, r.language,
  p.close_at, p.closed_at, b.cancelled_at, b.forgotten_at
FROM voters v JOIN polls p USING (broadcast_id)
JOIN broadcasts b ON b.id = v.broadcast_id JOIN residents r ON r.id = v.resident_id
WHERE v.id = %(voter)s
"""

BY_MAIL: LiteralString = """
-- Whom it went to; where they were made one with another resident, that one, to whom their mails went
-- along. An address that only changed hands proves nothing: who had it before may have the mail still.
SELECT v.id FROM addresses a JOIN voters v ON v.resident_id = a.resident_id
WHERE a.id = %(address)s AND a.channel = 'email' AND a.live AND a.state = 'proven'
  AND v.broadcast_id = %(broadcast)s AND (a.resident_id = %(resident)s OR (
    NOT EXISTS (SELECT FROM residents r WHERE r.id = %(resident)s)
    AND EXISTS (SELECT FROM deliveries d WHERE d.broadcast_id = v.broadcast_id
      AND d.address_id = a.id AND d.resident_id = a.resident_id)))
"""

WITH_PHONE: LiteralString = """
SELECT v.id FROM voters v WHERE v.id = %(voter)s AND EXISTS (
  SELECT FROM addresses a WHERE a.resident_id = v.resident_id AND a.channel = 'sms'
    AND a.live AND a.state = 'proven')
"""

BY_PUSH: LiteralString = """
SELECT v.id FROM attempts t JOIN deliveries d ON d.id = t.delivery_id
JOIN addresses a ON a.id = d.address_id AND a.resident_id = d.resident_id
JOIN voters v ON v.broadcast_id = d.broadcast_id AND v.resident_id = d.resident_id
WHERE t.id = %(attempt)s AND a.channel = 'push' AND a.live AND a.state = 'proven'
"""

WAITING: LiteralString = """
SELECT count(*) AS polls FROM voters v JOIN polls p USING (broadcast_id)
JOIN broadcasts b ON b.id = v.broadcast_id
WHERE v.resident_id = %(resident)s AND v.answered = '{}' AND p.closed_at IS NULL
  AND p.close_at > now() AND b.cancelled_at IS NULL
"""

SAID: LiteralString = """
-- Only of a named poll: the ballots of a secret one have no resident.
SELECT question, choices FROM ballots
WHERE broadcast_id = %(broadcast)s AND resident_id = %(resident)s
"""


async def standing(connection: Connection, voter: int) -> Row | None:
    """A voter with what decides whether they may answer; None where they or the poll are gone."""
    return await connection.row(STANDING, voter=voter)


async def by_mail(
    connection: Connection, *, resident: UUID, address: int, broadcast: UUID
) -> int | None:
    """Who a mail to this resident went to, or whoever they turned out to be, while the address is theirs
    and proven."""
    return _id(
        await connection.row(BY_MAIL, resident=resident, address=address, broadcast=broadcast)
    )


async def with_phone(connection: Connection, voter: int) -> int | None:
    """The voter, while a phone of theirs is proven."""
    return _id(await connection.row(WITH_PHONE, voter=voter))


async def by_push(connection: Connection, attempt: int) -> int | None:
    """Whose browser a notification went to, while it is theirs and gets messages."""
    return _id(await connection.row(BY_PUSH, attempt=attempt))


async def waiting(connection: Connection, resident: UUID) -> int:
    """How many open polls wait for an answer of theirs."""
    row = await connection.row(WAITING, resident=resident)
    return int(row["polls"]) if row else 0


async def said(connection: Connection, *, broadcast: UUID, resident: UUID) -> Sequence[Row]:
    """What somebody answered, where the poll is named: `question` and `choices`."""
    return await connection.rows(SAID, broadcast=broadcast, resident=resident)


def _id(row: Row | None) -> int | None:
    return int(row["id"]) if row else None
