"""Who answered an alert that asks, for whoever sees to them."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from notify.store.database import Connection, Row

WITHIN: LiteralString = """
-- Voters of a broadcast whom staff may see: asked through a group of theirs, or followers of one.
v.broadcast_id = %(broadcast)s
  AND (%(groups)s::integer[] IS NULL OR v.group_id = ANY(%(groups)s)
    OR EXISTS (SELECT FROM subscriptions s
      WHERE s.resident_id = v.resident_id AND s.group_id = ANY(%(groups)s)))
"""

# Whoever asks for help again after somebody saw to it is open again. at: since when they wait, whom
# asking twice does not send to the end of the list.
_FOUND: LiteralString = """
SELECT v.id, v.resident_id, v.group_id, v.how, b.choices[1] AS choice,
  CASE WHEN v.helped_at >= b.since THEN b.at ELSE b.since END AS at,
  coalesce(b.choices[1] = %(urgent)s, false) AS urgent,
  coalesce(v.helped_at >= b.at, false) AS helped, v.helped_at, v.helped_by
FROM voters v JOIN ballots b ON b.broadcast_id = v.broadcast_id AND b.question = 1
  AND b.resident_id = v.resident_id
WHERE
"""

COUNT: LiteralString = f"""
WITH found AS ({_FOUND} {WITHIN})
SELECT (SELECT count(*) FROM voters v WHERE v.resident_id IS NOT NULL AND {WITHIN}) AS asked, count(*) AS answered,
  count(*) FILTER (WHERE urgent) AS urgent,
  count(*) FILTER (WHERE urgent AND NOT helped) AS open
FROM found
"""

_LIST: LiteralString = f"""
-- Who needs help first, those that nobody has seen to first of all, and who waits longest; each with
-- their place among all of these.
WITH found AS ({_FOUND} {WITHIN}), numbered AS (
  SELECT *, row_number() OVER (ORDER BY urgent DESC, helped, at, id) AS place,
    count(*) OVER () AS total
  FROM found
  WHERE (%(urgent_only)s::boolean IS NULL OR urgent = %(urgent_only)s)
    AND (%(helped)s::boolean IS NULL OR helped = %(helped)s)
)
SELECT f.*, r.name, g.names AS group_names, g.slug, s.name AS helped_by_name,
  (SELECT a.value FROM addresses a WHERE a.resident_id = f.resident_id AND a.channel = 'sms' AND a.live
    AND a.state = 'proven' LIMIT 1) AS phone,
  (SELECT a.value FROM addresses a WHERE a.resident_id = f.resident_id AND a.channel = 'email'
    AND a.live AND a.state = 'proven' LIMIT 1) AS email
FROM numbered f JOIN residents r ON r.id = f.resident_id
LEFT JOIN groups g ON g.id = f.group_id LEFT JOIN staff s ON s.id = f.helped_by
"""

BEHIND: LiteralString = f"""{_LIST}
WHERE %(done)s::boolean IS NULL
  OR (f.helped, f.at, f.id) > (%(done)s, %(at)s::timestamptz, %(id)s::bigint)
ORDER BY f.place LIMIT %(limit)s
"""

BEFORE: LiteralString = f"""{_LIST}
WHERE (f.helped, f.at, f.id) < (%(done)s::boolean, %(at)s::timestamptz, %(id)s::bigint)
ORDER BY f.place DESC LIMIT %(limit)s
"""

Place = tuple[bool, datetime, int]
"""Where somebody stands in a list: whether they were seen to, when they answered, their voter's id."""

SETTLE: LiteralString = f"""
-- Who saw to it first stays; who asked for help again is seen to anew.
WITH found AS ({_FOUND} {WITHIN} AND v.id = %(voter)s)
UPDATE voters v SET helped_at = now(), helped_by = %(staff)s
FROM found f WHERE v.id = f.id AND f.urgent AND NOT f.helped
RETURNING v.resident_id
"""

REOPEN: LiteralString = f"""
UPDATE voters v SET helped_at = NULL, helped_by = NULL
WHERE {WITHIN} AND v.id = %(voter)s AND v.helped_at IS NOT NULL
RETURNING v.resident_id
"""


async def counts(
    connection: Connection, broadcast: UUID, *, urgent: int | None, groups: Sequence[int] | None
) -> Row:
    """How many were `asked` and `answered`; of those how many are `urgent`, and still `open`."""
    row = await connection.row(COUNT, broadcast=broadcast, urgent=urgent, groups=groups)
    assert row is not None  # noqa: S101 - it counts
    return row


async def answers(
    connection: Connection, broadcast: UUID, *, urgent: int | None, groups: Sequence[int] | None,
    limit: int, urgent_only: bool | None = None, helped: bool | None = None,
    behind: Place | None = None, before: Place | None = None,
) -> list[Row]:  # fmt: skip
    """Who answered, with what staff need to reach them; `urgent_only` False gives all others, `helped`
    those alone who were seen to, or were not. Of these some, `behind` a place or right `before` one
    (of those who are urgent, or are not); `total` is how many there are."""
    done, at, id_ = before or behind or (None, None, None)
    rows = await connection.rows(
        BEFORE if before else BEHIND, broadcast=broadcast, urgent=urgent, groups=groups,
        limit=limit, urgent_only=urgent_only, helped=helped, done=done, at=at, id=id_,
    )  # fmt: skip
    return rows[::-1] if before else rows


async def settle(
    connection: Connection, broadcast: UUID, voter: int, *, urgent: int | None,
    groups: Sequence[int] | None, staff: UUID,
) -> UUID | None:  # fmt: skip
    """Note who saw to somebody's call for help; the resident, None where there is nothing to see to."""
    row = await connection.row(
        SETTLE, broadcast=broadcast, voter=voter, urgent=urgent, groups=groups, staff=staff
    )
    return row["resident_id"] if row else None


async def reopen(
    connection: Connection, broadcast: UUID, voter: int, *, groups: Sequence[int] | None
) -> UUID | None:
    """Take that back; None where nobody saw to it."""
    row = await connection.row(REOPEN, broadcast=broadcast, voter=voter, groups=groups)
    return row["resident_id"] if row else None
