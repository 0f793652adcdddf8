"""SMS that anybody can have us send, counted a day of the town."""

from datetime import date
from typing import LiteralString

from notify.store.database import Connection

TAKE: LiteralString = """
-- Zero rows when that many are no longer left.
INSERT INTO sms_asked AS s (day, n) SELECT %(day)s, %(n)s WHERE %(n)s <= %(most)s
ON CONFLICT (day) DO UPDATE SET n = s.n + excluded.n WHERE s.n + excluded.n <= %(most)s
"""


async def take(connection: Connection, day: date, n: int, most: int) -> bool:
    """Take `n` of the `most` SMS of a day; False, and none taken, where fewer are left."""
    return await connection.run(TAKE, day=day, n=n, most=most) == 1
