"""Who answered what in a poll that is not secret, for staff."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from notify.store.database import Connection, Row
from notify.store.helping import WITHIN

_KEY: LiteralString = "name IS NULL, lower(coalesce(name, '')), id"
"""By name, those without one last."""

_LIST: LiteralString = f"""
-- One row for each person; `said` is what they chose, by the number of the question.
WITH found AS (
  SELECT v.id, v.resident_id, v.group_id, v.how, nullif(r.name, '') AS name
  FROM voters v JOIN residents r ON r.id = v.resident_id
  WHERE {WITHIN} AND EXISTS (
    SELECT FROM ballots b WHERE b.broadcast_id = v.broadcast_id AND b.resident_id = v.resident_id
      AND (%(question)s::smallint IS NULL
        OR b.question = %(question)s AND %(choice)s = ANY(b.choices)))
), numbered AS (
  SELECT *, count(*) OVER () AS total, row_number() OVER (ORDER BY {_KEY}) AS place FROM found
), mark AS (
  SELECT v.id, nullif(r.name, '') AS name FROM voters v JOIN residents r ON r.id = v.resident_id
  WHERE v.id = %(mark)s AND v.broadcast_id = %(broadcast)s
), shown AS (
  SELECT * FROM numbered
  WHERE %(mark)s::bigint IS NULL
    OR (%(back)s AND ({_KEY}) < (SELECT {_KEY} FROM mark))
    OR (NOT %(back)s AND ({_KEY}) > (SELECT {_KEY} FROM mark))
  ORDER BY CASE WHEN %(back)s THEN -place ELSE place END
  LIMIT %(limit)s
)
SELECT s.*, b.said, b.at FROM shown s CROSS JOIN LATERAL (
  SELECT jsonb_object_agg(question, to_jsonb(choices)) AS said, max(at) AS at FROM ballots
  WHERE broadcast_id = %(broadcast)s AND resident_id = s.resident_id
) b
ORDER BY s.place
"""


async def unnamed_at(connection: Connection, broadcast: UUID) -> datetime | None:
    """When it was let go of who answered what; None where it is still known."""
    row = await connection.row(
        "SELECT unnamed_at FROM polls WHERE broadcast_id = %(id)s", id=broadcast
    )
    return row["unnamed_at"] if row else None


async def every(
    connection: Connection, broadcast: UUID, *, groups: Sequence[int] | None,
    chosen: tuple[int, int] | None, limit: int | None, mark: int | None = None, back: bool = False,
) -> list[Row]:  # fmt: skip
    """Those who answered, by name, with how many there are in `total`. `groups` are those whose
    residents are shown (None: all), `chosen` a question with the choice that they made. They come
    behind the voter `mark`, or, `back`, right before; nobody where that one is gone."""
    question, choice = chosen or (None, None)
    return await connection.rows(
        _LIST, broadcast=broadcast, groups=groups, question=question, choice=choice, limit=limit,
        mark=mark, back=back,
    )  # fmt: skip
