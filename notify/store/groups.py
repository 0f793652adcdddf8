"""Groups and their tree."""

from collections.abc import Iterable, Mapping, Sequence
from typing import LiteralString

from psycopg.types.json import Jsonb

from notify.domain.groups import Group, is_slug
from notify.store.database import Connection, Row

BY_SLUGS: LiteralString = """
SELECT g.id, g.slug, p.slug AS parent, g.names, g.closed, g.carries_parent_news, g.identity,
  g.about, g.drill, g.news_need_approval
FROM groups g LEFT JOIN groups p ON p.id = g.parent_id
WHERE g.slug = ANY(%(slugs)s)
"""

ADD: LiteralString = """
INSERT INTO groups (slug, parent_id, names, closed, carries_parent_news, identity, sms_cap, about)
VALUES (%(slug)s, (SELECT id FROM groups WHERE slug = %(parent)s), %(names)s, %(closed)s,
  %(carries_parent_news)s, %(identity)s, %(sms_cap)s, %(about)s)
ON CONFLICT (slug) DO NOTHING
RETURNING id, slug, %(parent)s::text AS parent, names, closed, carries_parent_news, identity,
  about, drill, news_need_approval
"""

TREE: LiteralString = """
-- Parents before children, siblings by slug; below one group where one is given.
WITH RECURSIVE tree AS (
  SELECT id, ARRAY[slug] AS path FROM groups
  WHERE CASE WHEN %(top)s::bigint IS NULL THEN parent_id IS NULL ELSE id = %(top)s END
  UNION ALL
  SELECT g.id, t.path || g.slug FROM groups g JOIN tree t ON t.id = g.parent_id
  WHERE g.slug <> ALL(t.path)
)
SELECT g.id, g.slug, p.slug AS parent, g.names, g.closed, g.carries_parent_news, g.identity,
  g.about, g.drill, g.news_need_approval
FROM tree t JOIN groups g ON g.id = t.id LEFT JOIN groups p ON p.id = g.parent_id
ORDER BY t.path
"""

BELOW: LiteralString = """
WITH RECURSIVE below AS (
  SELECT id FROM groups WHERE id = ANY(%(ids)s)
  UNION
  SELECT g.id FROM groups g JOIN below b ON b.id = g.parent_id
)
SELECT id FROM below ORDER BY id
"""

NEWS: LiteralString = """
-- The groups themselves, and those below that say at sign-up that they carry the news from above.
WITH RECURSIVE audience AS (
  SELECT id FROM groups WHERE id = ANY(%(ids)s)
  UNION
  SELECT g.id FROM groups g JOIN audience a ON a.id = g.parent_id WHERE g.carries_parent_news
)
SELECT id FROM audience ORDER BY id
"""

LINE: LiteralString = """
-- A group's own identity and those above it, the nearest first.
WITH RECURSIVE line AS (
  SELECT id, parent_id, identity, 0 AS distance FROM groups WHERE id = %(id)s
  UNION ALL
  SELECT g.id, g.parent_id, g.identity, l.distance + 1
  FROM groups g JOIN line l ON l.parent_id = g.id WHERE l.distance < 100
)
SELECT identity FROM line ORDER BY distance
"""

HEARD: LiteralString = """
-- What reaches a group's followers: alerts to it and to all above, news to it, and from above as far
-- as each group on the way carries them.
WITH RECURSIVE up AS (
  SELECT id, parent_id, carries_parent_news AS carries, true AS news, 0 AS distance
  FROM groups WHERE id = %(id)s
  UNION ALL
  SELECT g.id, g.parent_id, g.carries_parent_news, u.news AND u.carries, u.distance + 1
  FROM groups g JOIN up u ON u.parent_id = g.id WHERE u.distance < 100
)
SELECT id, news FROM up ORDER BY distance
"""

NEEDS_APPROVAL: LiteralString = """
WITH RECURSIVE up AS (
  SELECT id, parent_id, news_need_approval FROM groups WHERE id = ANY(%(ids)s)
  UNION
  SELECT g.id, g.parent_id, g.news_need_approval FROM groups g JOIN up u ON u.parent_id = g.id
)
SELECT bool_or(news_need_approval) AS needed FROM up
"""


async def by_slugs(connection: Connection, slugs: Iterable[str]) -> dict[str, Group]:
    """The groups there are, by slug; unknown slugs, and what is none, are simply not in it."""
    rows = await connection.rows(BY_SLUGS, slugs=[slug for slug in slugs if is_slug(slug)])
    return {row["slug"]: _group(row) for row in rows}


async def by_slug(connection: Connection, slug: str) -> Group | None:
    return (await by_slugs(connection, [slug])).get(slug)


async def add(
    connection: Connection,
    *,
    slug: str,
    parent: str | None,
    names: Mapping[str, str],
    closed: bool,
    carries_parent_news: bool,
    identity: Mapping[str, str],
    sms_cap: int | None,
    about: Mapping[str, Mapping[str, str]],
) -> Group | None:
    """The group made, or None where the slug is taken."""
    row = await connection.row(
        ADD,
        slug=slug,
        parent=parent,
        names=Jsonb(dict(names)),
        closed=closed,
        carries_parent_news=carries_parent_news,
        identity=Jsonb(dict(identity)),
        sms_cap=sms_cap,
        about=Jsonb({tag: dict(said) for tag, said in about.items()}),
    )
    return _group(row) if row else None


async def describe(
    connection: Connection, slug: str, about: Mapping[str, Mapping[str, str]]
) -> Group | None:
    """Set what a group says of itself at sign-up; None where there is no such group."""
    changed = await connection.run(
        "UPDATE groups SET about = %(about)s WHERE slug = %(slug)s",
        slug=slug,
        about=Jsonb({tag: dict(said) for tag, said in about.items()}),
    )
    return await by_slug(connection, slug) if changed else None


async def need_approval(connection: Connection, slug: str, needed: bool) -> None:
    await connection.run(
        "UPDATE groups SET news_need_approval = %(needed)s WHERE slug = %(slug)s",
        slug=slug,
        needed=needed,
    )


async def mark_drill(connection: Connection, slug: str, drill: bool) -> None:
    await connection.run(
        "UPDATE groups SET drill = %(drill)s WHERE slug = %(slug)s", slug=slug, drill=drill
    )


async def tree(connection: Connection, *, top: int | None = None) -> list[Group]:
    """Every group, or `top` and those below: parents before children, siblings by slug."""
    return [_group(row) for row in await connection.rows(TREE, top=top)]


async def below(connection: Connection, ids: Sequence[int]) -> list[int]:
    """The groups and all below them."""
    return [row["id"] for row in await connection.rows(BELOW, ids=list(ids))]


async def audience(
    connection: Connection, *, group_ids: Sequence[int], alert: bool, drill: bool = False
) -> list[int]:
    """The groups whose followers a broadcast to `group_ids` asks: for an alert all below as well,
    for news only those below that carry them; for a drill, of all these, only those for drills."""
    if alert:
        found = await below(connection, group_ids)
    else:
        found = [row["id"] for row in await connection.rows(NEWS, ids=list(group_ids))]
    return await drills(connection, found) if drill else found


async def slugs(connection: Connection, ids: Sequence[int]) -> list[str]:
    """The slugs of these groups, in this order."""
    rows = await connection.rows(
        "SELECT slug FROM groups WHERE id = ANY(%(ids)s::bigint[])"
        " ORDER BY array_position(%(ids)s::bigint[], id)",
        ids=list(ids),
    )
    return [row["slug"] for row in rows]


async def drills(connection: Connection, ids: Sequence[int]) -> list[int]:
    """Those of these groups that are for drills."""
    rows = await connection.rows(
        "SELECT id FROM groups WHERE id = ANY(%(ids)s) AND drill ORDER BY id", ids=list(ids)
    )
    return [row["id"] for row in rows]


WHOLLY_FOR_DRILLS: LiteralString = """
WITH RECURSIVE ordinary AS (
  SELECT id, parent_id FROM groups WHERE NOT drill
  UNION
  SELECT g.id, g.parent_id FROM groups g JOIN ordinary o ON g.id = o.parent_id
)
SELECT id FROM groups WHERE id NOT IN (SELECT id FROM ordinary)
"""


async def wholly_for_drills(connection: Connection) -> set[int]:
    """The groups for drills that have only such below them: an alert to one is a drill to all."""
    return {row["id"] for row in await connection.rows(WHOLLY_FOR_DRILLS)}


async def not_for_drills(connection: Connection, ids: Sequence[int]) -> list[str]:
    """The slugs of those groups that no drill may go to."""
    rows = await connection.rows(
        "SELECT slug FROM groups WHERE id = ANY(%(ids)s) AND NOT drill ORDER BY slug", ids=list(ids)
    )
    return [row["slug"] for row in rows]


async def news_need_approval(connection: Connection, ids: Sequence[int]) -> bool:
    """Whether any of these groups, or of those above them, says that its news need approval."""
    row = await connection.row(NEEDS_APPROVAL, ids=list(ids))
    return bool(row and row["needed"])


async def line(connection: Connection, group_id: int) -> list[Mapping[str, str]]:
    """What the group and those above it say of themselves, the nearest first."""
    return [row["identity"] for row in await connection.rows(LINE, id=group_id)]


async def heard(connection: Connection, group_id: int) -> tuple[list[int], list[int]]:
    """The groups whose alerts, and those whose news, reach the followers of this one."""
    rows = await connection.rows(HEARD, id=group_id)
    return [row["id"] for row in rows], [row["id"] for row in rows if row["news"]]


def _group(row: Row) -> Group:
    return Group(
        id=row["id"],
        slug=row["slug"],
        parent=row["parent"],
        names=row["names"],
        closed=row["closed"],
        carries_parent_news=row["carries_parent_news"],
        identity=row["identity"],
        about=row["about"],
        drill=row["drill"],
        news_need_approval=row["news_need_approval"],
    )
