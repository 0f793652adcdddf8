"""What a resident has of groups and addresses, and how it is given back."""

from collections.abc import Sequence
from typing import LiteralString
from uuid import UUID

from notify.store.database import Connection, Row

WISHES: LiteralString = """
SELECT group_id, alerts, news, state FROM subscriptions WHERE resident_id = %(resident)s
ORDER BY group_id
"""

LIVE: LiteralString = """
SELECT id FROM addresses WHERE resident_id = %(resident)s AND state = 'proven' ORDER BY id
"""

WISH_AGAIN: LiteralString = """
-- As joining now, so that an alert in force reaches them.
INSERT INTO subscriptions AS s (resident_id, group_id, alerts, news, state)
SELECT %(resident)s, id, %(alerts)s, %(news)s, %(state)s FROM groups WHERE id = %(group)s
ON CONFLICT (resident_id, group_id) DO UPDATE SET created_at = now(),
  alerts = ARRAY(SELECT DISTINCT unnest(s.alerts || excluded.alerts) ORDER BY 1),
  news = ARRAY(SELECT DISTINCT unnest(s.news || excluded.news) ORDER BY 1)
"""

USE_AGAIN: LiteralString = """
UPDATE addresses a SET state = 'proven' WHERE a.id = ANY(%(addresses)s)
  AND a.resident_id = %(resident)s AND a.state = 'gone'
  AND NOT EXISTS (SELECT FROM addresses o WHERE o.live AND o.channel = a.channel
    AND (o.value = a.value OR o.resident_id = a.resident_id AND a.channel <> 'push'))
"""


async def wishes(connection: Connection, resident: UUID) -> list[Row]:
    """The `group_id`, `alerts`, `news` and `state` of what is followed."""
    return await connection.rows(WISHES, resident=resident)


async def live_addresses(connection: Connection, resident: UUID) -> list[int]:
    """The resident's proven addresses."""
    return [row["id"] for row in await connection.rows(LIVE, resident=resident)]


async def wish_again(
    connection: Connection, resident: UUID, *, group: int, alerts: Sequence[str],
    news: Sequence[str], state: str,
) -> None:  # fmt: skip
    await connection.run(
        WISH_AGAIN, resident=resident, group=group, alerts=list(alerts), news=list(news),
        state=state,
    )  # fmt: skip


async def use_again(connection: Connection, resident: UUID, addresses: Sequence[int]) -> None:
    """Use addresses again that were let go of, unless another has taken their place."""
    await connection.run(USE_AGAIN, resident=resident, addresses=list(addresses))
