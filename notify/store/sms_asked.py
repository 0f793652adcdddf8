"""Segments of the SMS that anybody can have us send, counted a day of the town."""

from datetime import date
from typing import LiteralString

from notify.store.database import Connection

TAKE: LiteralString = """
-- Zero rows when that many are no longer left. A mere look writes the row as well.
INSERT INTO sms_asked AS s (day, n) SELECT %(day)s, %(taken)s WHERE %(n)s <= %(most)s
ON CONFLICT (day) DO UPDATE SET n = s.n + excluded.n WHERE s.n + %(n)s <= %(most)s
"""


async def take(
    connection: Connection, day: date, n: int, most: int, *, counts: bool = True
) -> bool:
    """Take `n` of the `most` segments of a day; False, and none taken, where fewer are left. Unless it
    `counts`, none is taken either, and all else is the same."""
    taken = n if counts else 0
    return await connection.run(TAKE, day=day, n=n, taken=taken, most=most) == 1
