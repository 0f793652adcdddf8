"""Who is at work."""

from typing import LiteralString
from uuid import UUID

from notify.store.database import Connection, Row

SEEN: LiteralString = """
INSERT INTO workers (id, lane, host) VALUES (%(id)s, %(lane)s, %(host)s)
ON CONFLICT (id) DO UPDATE SET seen_at = now()
"""


async def seen(connection: Connection, worker: UUID, *, lane: str, host: str) -> None:
    await connection.run(SEEN, id=worker, lane=lane, host=host)


async def left(connection: Connection, worker: UUID) -> None:
    await connection.run("DELETE FROM workers WHERE id = %(id)s", id=worker)


async def lately(connection: Connection, *, seconds: float) -> list[Row]:
    """Workers seen within `seconds`, by lane and host; older entries are forgotten after a day."""
    return await connection.rows(
        "SELECT lane, host, max(seen_at) AS seen_at, count(*) AS n FROM workers"
        " WHERE seen_at > now() - %(seconds)s * interval '1 s' GROUP BY lane, host",
        seconds=seconds,
    )


async def forget(connection: Connection) -> int:
    return await connection.run("DELETE FROM workers WHERE seen_at < now() - interval '1 day'")
