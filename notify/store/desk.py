"""What is still to be proven of a resident whom staff signed up."""

from typing import LiteralString
from uuid import UUID

from notify.store.database import Connection, Row

UNPROVEN: LiteralString = """
SELECT a.id, a.channel, a.value, c.id AS code FROM addresses a
LEFT JOIN LATERAL (SELECT id FROM codes WHERE address_id = a.id AND purpose = 'prove'
  AND used_at IS NULL AND valid_until > now() ORDER BY id DESC LIMIT 1) AS c ON true
WHERE a.resident_id = %(resident)s AND a.state = 'unverified' ORDER BY a.id
"""

FOLLOWED: LiteralString = """
SELECT r.id, ARRAY(SELECT group_id FROM subscriptions s WHERE s.resident_id = r.id) AS groups
FROM residents r WHERE r.id = %(resident)s
"""


async def unproven(connection: Connection, resident: UUID) -> list[Row]:
    """Live addresses that are not proven: `id`, `channel`, `value`, and the `code` that holds, if any."""
    return await connection.rows(UNPROVEN, resident=resident)


async def followed(connection: Connection, resident: UUID) -> list[int] | None:
    """The groups a resident follows; None where there is no such resident."""
    row = await connection.row(FOLLOWED, resident=resident)
    return None if row is None else list(row["groups"])
