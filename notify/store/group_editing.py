"""Groups as staff change them: one part at a time."""

from collections.abc import Mapping
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from notify.store.database import Connection, Row

GET: LiteralString = """
SELECT g.id, g.slug, p.slug AS parent, p.names AS parent_names, g.names, g.closed,
  g.carries_parent_news, g.identity, g.about, g.sms_cap, g.drill, g.news_need_approval
FROM groups g LEFT JOIN groups p ON p.id = g.parent_id WHERE g.slug = %(slug)s
"""

ABOVE: LiteralString = """
-- What those above it say of themselves, the nearest first.
WITH RECURSIVE line AS (
  SELECT p.id, p.parent_id, p.slug, p.names, p.identity, 1 AS distance
  FROM groups g JOIN groups p ON p.id = g.parent_id WHERE g.id = %(id)s
  UNION ALL
  SELECT g.id, g.parent_id, g.slug, g.names, g.identity, l.distance + 1
  FROM groups g JOIN line l ON l.parent_id = g.id WHERE l.distance < 100
)
SELECT slug, names, identity FROM line ORDER BY distance
"""

CHANGE: Mapping[str, LiteralString] = {
    "names": "UPDATE groups SET names = %(names)s WHERE id = %(id)s",
    "about": "UPDATE groups SET about = %(about)s WHERE id = %(id)s",
    "identity": "UPDATE groups SET identity = %(identity)s WHERE id = %(id)s",
    "joining": "UPDATE groups SET closed = %(closed)s,"
    " carries_parent_news = %(carries_parent_news)s WHERE id = %(id)s",
    "sending": "UPDATE groups SET news_need_approval = %(news_need_approval)s, drill = %(drill)s"
    " WHERE id = %(id)s",
    "cap": "UPDATE groups SET sms_cap = %(sms_cap)s WHERE id = %(id)s",
}


async def get(connection: Connection, slug: str, *, hold: bool = False) -> Row | None:
    """The group with what it says itself; `hold` keeps others from it until the transaction ends."""
    if hold:
        await connection.run("SELECT FROM groups WHERE slug = %(slug)s FOR UPDATE", slug=slug)
    return await connection.row(GET, slug=slug)


async def above(connection: Connection, group_id: int) -> list[Row]:
    return await connection.rows(ABOVE, id=group_id)


async def change(
    connection: Connection, group_id: int, part: str, values: Mapping[str, Any]
) -> None:
    """Set the columns of one part, a key of CHANGE."""
    kept = {
        name: Jsonb(value) if isinstance(value, dict) else value for name, value in values.items()
    }
    await connection.run(CHANGE[part], id=group_id, **kept)
