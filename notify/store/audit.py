"""The audit log as rows: only ever added to, one after the other."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from notify.domain.audit import Line
from notify.store.database import Connection, Row

# Longer than the server lets one that holds it and has fallen silent live (BOUNDS in database.py).
PATIENCE: LiteralString = "SELECT set_config('lock_timeout', '12s', true)"

TURN: LiteralString = "SELECT pg_advisory_xact_lock(hashtextextended('audit', 0))"

LAST: LiteralString = "SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1"

ADD: LiteralString = """
INSERT INTO audit (id, at, staff_id, deed, about, hash)
VALUES (%(id)s, %(at)s, %(staff_id)s, %(deed)s, %(about)s, %(hash)s)
"""

AFTER: LiteralString = """
SELECT id, at, staff_id, deed, about, hash FROM audit WHERE id > %(after)s ORDER BY id LIMIT %(limit)s
"""


LATEST: LiteralString = """
-- Each filter holds where it is given. `thing` is one of the ids that a line names.
SELECT id, at, staff_id, deed, about, hash FROM audit a
WHERE (%(before)s::bigint IS NULL OR id < %(before)s)
  AND (%(staff)s::uuid IS NULL OR staff_id = %(staff)s)
  AND (%(deed)s::text IS NULL OR deed = %(deed)s)
  AND (%(begin)s::timestamptz IS NULL OR at >= %(begin)s)
  AND (%(until)s::timestamptz IS NULL OR at < %(until)s)
  AND (%(thing)s::text IS NULL
    OR EXISTS (SELECT FROM jsonb_each_text(a.about) AS said WHERE said.value = %(thing)s))
ORDER BY id DESC LIMIT %(limit)s
"""

LATELY: LiteralString = """
SELECT EXISTS (SELECT FROM audit
  WHERE (staff_id = %(staff)s::uuid OR (staff_id IS NULL AND %(staff)s::uuid IS NULL))
  AND deed = %(deed)s
  AND at > now() - %(within)s AND about @> %(about)s) AS found
"""

DEEDS: LiteralString = """
-- From one to the next in the index: there are few deeds and many lines.
WITH RECURSIVE deeds AS (
  (SELECT deed FROM audit ORDER BY deed LIMIT 1)
  UNION ALL
  SELECT (SELECT a.deed FROM audit a WHERE a.deed > d.deed ORDER BY a.deed LIMIT 1)
  FROM deeds d WHERE d.deed IS NOT NULL
)
SELECT deed FROM deeds WHERE deed IS NOT NULL
"""


async def last(connection: Connection) -> Row | None:
    """The line to go on from, held against others until the transaction ends."""
    await connection.row(PATIENCE)
    await connection.row(TURN)
    return await connection.row(LAST)


async def add(connection: Connection, line: Line, chained: bytes) -> None:
    await connection.run(
        ADD, id=line.id, at=line.at, staff_id=line.staff_id, deed=line.deed,
        about=Jsonb(dict(line.about)), hash=chained,
    )  # fmt: skip


async def after(connection: Connection, line: int, *, limit: int) -> list[Row]:
    return await connection.rows(AFTER, after=line, limit=limit)


async def latest(
    connection: Connection, *, staff: UUID | None, deed: str | None, begin: datetime | None,
    until: datetime | None, thing: str | None, before: int | None, limit: int,
) -> list[Row]:  # fmt: skip
    """Lines before the line `before`, the newest first."""
    return await connection.rows(
        LATEST, staff=staff, deed=deed, begin=begin, until=until, thing=thing, before=before,
        limit=limit,
    )  # fmt: skip


async def lately(
    connection: Connection, staff: UUID | None, deed: str, about: Mapping[str, str], *,
    within: timedelta,
) -> bool:  # fmt: skip
    """Whether there is such a line of theirs (None: of no staff), with this in it, from this time on."""
    row = await connection.row(
        LATELY, staff=staff, deed=deed, about=Jsonb(dict(about)), within=within
    )
    assert row is not None  # noqa: S101 - it has no WHERE
    return bool(row["found"])


async def deeds(connection: Connection) -> list[str]:
    """Every deed that there is a line of."""
    return [row["deed"] for row in await connection.rows(DEEDS)]


async def names(connection: Connection, staff: Iterable[UUID]) -> dict[UUID, str]:
    """What these of the staff are called now."""
    rows = await connection.rows(
        "SELECT id, name FROM staff WHERE id = ANY(%(ids)s)", ids=list(staff)
    )
    return {row["id"]: row["name"] for row in rows}


async def everybody(connection: Connection) -> list[Row]:
    return await connection.rows("SELECT id, name, ended_at FROM staff ORDER BY lower(name), id")


def to_line(row: Row) -> Line:
    return Line(row["id"], row["at"], row["staff_id"], row["deed"], row["about"])
