"""What the public pages show: broadcasts that have left the house, by thread.

A broadcast recalled or run out before anything was sent has no page.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from notify.store.database import Connection, Row

_COLUMNS: LiteralString = """b.id, b.kind, b.status, b.severity, b.texts, b.group_ids,
  b.valid_until, b.send_at, b.thread_id, b.sequence, b.in_reply_to, b.relation, b.created_at, b.drill, b.asks,
  coalesce(b.dispatching_at, b.approved_at, b.created_at) AS published_at, b.cancelled_at,
  ARRAY(SELECT g.names FROM unnest(b.group_ids) WITH ORDINALITY AS asked (id, place)
        JOIN groups g ON g.id = asked.id ORDER BY asked.place) AS group_names"""

_AT: LiteralString = "coalesce(b.dispatching_at, b.approved_at, b.created_at)"

_LIVE: LiteralString = "('dispatching', 'dispatched')"

_PUBLIC: LiteralString = """(b.status = ANY(%(public)s) AND
  (b.status IN ('dispatching', 'dispatched') OR b.dispatching_at IS NOT NULL))"""

# What goes only to closed groups is for whoever was let in: reachable by its link, never listed.
_LISTED: LiteralString = """EXISTS (
  SELECT FROM groups g WHERE g.id = ANY(b.group_ids) AND NOT g.closed)"""

# A drill is seen where it is for: by its link, and with the groups for drills.
_REAL: LiteralString = "NOT b.drill"

NEWEST: LiteralString = (
    """NOT EXISTS (
  SELECT FROM broadcasts later WHERE later.thread_id = b.thread_id
    AND later.sequence > b.sequence AND (later.status IN """
    + _LIVE
    + " OR later.status = 'expired' AND later.dispatching_at IS NOT NULL))"
)

IN_FORCE: LiteralString = (
    "b.kind = 'alert' AND b.relation IS DISTINCT FROM 'all_clear' AND b.valid_until > %(now)s"
)

_THREAD: LiteralString = (
    "SELECT "
    + _COLUMNS
    + " FROM broadcasts b JOIN broadcasts asked ON asked.thread_id = b.thread_id"
    + " WHERE asked.id = %(id)s AND "
    + _PUBLIC
    + " ORDER BY b.sequence"
)

_ALERTS: LiteralString = (
    "SELECT "
    + _COLUMNS
    + " FROM broadcasts b WHERE b.status IN "
    + _LIVE
    + " AND "
    + IN_FORCE
    + " AND "
    + NEWEST
    + " AND "
    + _LISTED
    + " AND "
    + _REAL
    + """ ORDER BY array_position(ARRAY['extreme', 'severe', 'moderate', 'minor'], b.severity),
      published_at DESC LIMIT %(limit)s"""
)

_DRILLS: LiteralString = (
    "SELECT "
    + _COLUMNS
    + " FROM broadcasts b WHERE b.drill AND b.group_ids && %(groups)s::bigint[] AND b.status IN "
    + _LIVE
    + " AND "
    + IN_FORCE
    + " AND "
    + NEWEST
    + " ORDER BY published_at DESC LIMIT %(limit)s"
)

_LATEST: LiteralString = (
    "SELECT "
    + _COLUMNS
    + " FROM broadcasts b WHERE b.status IN "
    + _LIVE
    + " AND NOT ("
    + IN_FORCE
    + ") AND "
    + NEWEST
    + " AND "
    + _LISTED
    + " AND "
    + _REAL
    + " ORDER BY published_at DESC LIMIT %(limit)s"
)

_ARCHIVE: LiteralString = (
    "SELECT "
    + _COLUMNS
    + ", NOT ("
    + NEWEST
    + ") AS replaced FROM broadcasts b WHERE "
    + _PUBLIC
    + " AND "
    + _LISTED
    + " AND (%(drills)s OR "
    + _REAL
    + """) AND (%(since)s::timestamptz IS NULL OR """
    + _AT
    + """ >= %(since)s) AND (%(until)s::timestamptz IS NULL OR """
    + _AT
    + """ < %(until)s)
  AND (%(alerts)s::bigint[] IS NULL OR b.group_ids && CASE b.kind WHEN 'alert'
    THEN %(alerts)s::bigint[] ELSE %(news)s::bigint[] END)
  AND (%(before)s::uuid IS NULL OR ("""
    + _AT
    + """, b.id) < (SELECT """
    + _AT
    + """, b.id FROM broadcasts b WHERE b.id = %(before)s))
ORDER BY """
    + _AT
    + """ DESC, b.id DESC LIMIT %(limit)s"""
)

_SPAN: LiteralString = (
    "SELECT min("
    + _AT
    + ") AS first, max("
    + _AT
    + ") AS last FROM broadcasts b WHERE b.status IN ('dispatching', 'dispatched')"
)

_ENDS: LiteralString = (
    "SELECT min(b.valid_until) AS at FROM broadcasts b WHERE b.valid_until > %(now)s"
    " AND b.status IN " + _LIVE
)

_READABLE: LiteralString = (
    "SELECT b.id FROM broadcasts b WHERE b.id = ANY(%(ids)s::uuid[]) AND " + _PUBLIC
)

_STAMP: LiteralString = "SELECT stamp FROM page_stamp"


async def stamp(connection: Connection) -> UUID | None:
    """Another one whenever something that the public reads was changed."""
    row = await connection.row(_STAMP)
    return UUID(str(row["stamp"])) if row else None


async def readable(
    connection: Connection, ids: Sequence[UUID], *, public: list[str]
) -> frozenset[UUID]:
    """Those of these broadcasts that have a page."""
    rows = await connection.rows(_READABLE, ids=list(ids), public=public)
    return frozenset(row["id"] for row in rows)


async def next_end(connection: Connection, now: datetime) -> datetime | None:
    """When the next of the broadcasts that are out runs out."""
    row = await connection.row(_ENDS, now=now)
    return row["at"] if row else None


async def thread(connection: Connection, broadcast_id: UUID, *, public: list[str]) -> list[Row]:
    """The public broadcasts of the thread that this one belongs to, in their order."""
    return await connection.rows(_THREAD, id=broadcast_id, public=public)


async def in_force(connection: Connection, now: datetime, *, limit: int) -> list[Row]:
    """The newest broadcast of each thread whose warning applies now, the worst first."""
    return await connection.rows(_ALERTS, now=now, limit=limit)


async def drills(
    connection: Connection, groups: Sequence[int], now: datetime, *, limit: int
) -> list[Row]:
    """The newest broadcast of each drill for these groups that is under way."""
    return await connection.rows(_DRILLS, groups=list(groups), now=now, limit=limit)


async def latest(connection: Connection, now: datetime, *, limit: int) -> list[Row]:
    """The newest broadcast of each other thread: news, all-clears and warnings that are over."""
    return await connection.rows(_LATEST, now=now, limit=limit)


async def archive(
    connection: Connection,
    *,
    public: list[str],
    since: datetime | None,
    until: datetime | None,
    of: tuple[Sequence[int], Sequence[int]] | None,
    drills: bool,
    before: UUID | None,
    limit: int,
) -> list[Row]:
    """All that was published, the newest first, and whether something later replaced it.

    `of` are the groups to whose alerts, and to whose news, it is narrowed; `drills` whether drills
    are among it; `before` is the one after which to go on.
    """
    alerts, news = of or (None, None)
    return await connection.rows(
        _ARCHIVE, public=public, since=since, until=until,
        alerts=None if alerts is None else list(alerts), news=None if news is None else list(news),
        drills=drills, before=before, limit=limit,
    )  # fmt: skip


async def span(connection: Connection) -> tuple[datetime, datetime] | None:
    """When the first and the last of all that is out was published."""
    row = await connection.row(_SPAN)
    return (row["first"], row["last"]) if row and row["first"] else None
