"""What one officer sent alone, as rows, and whom it was sent to."""

from collections.abc import Sequence
from datetime import timedelta
from typing import LiteralString
from uuid import UUID

from notify.store import broadcasts
from notify.store.database import Connection, Row
from notify.store.reach import REACHED_AND_MINE

TURN: LiteralString = "SELECT pg_advisory_xact_lock(hashtextextended('glass.' || %(staff)s, 0))"

ADD: LiteralString = """
INSERT INTO broken_glass (broadcast_id, staff_id, token, template_id, version)
VALUES (%(broadcast)s, %(staff)s, %(token)s, %(template)s, %(version)s)
"""

REACHED: LiteralString = """
-- Residents who get an alert to these groups (and those below, which are in it) over some channel.
SELECT count(*) AS n FROM residents r WHERE EXISTS (
  SELECT FROM subscriptions s JOIN addresses a ON a.resident_id = s.resident_id
    AND a.channel = ANY(s.alerts)
  WHERE s.resident_id = r.id AND s.group_id = ANY(%(groups)s) AND s.state = 'active'
    AND a.state = 'proven' AND a.channel = ANY(%(channels)s)
    AND NOT EXISTS (SELECT FROM suppressions x WHERE x.channel = a.channel AND x.hash = a.hash))
"""

ALIKE: LiteralString = """
-- The same words to the same groups, until whenever, that went out just before. Asked after its own
-- INSERT and one at a time, so that of two at the same moment the second sees the first.
SELECT e.id FROM broadcasts b JOIN broadcasts e ON e.id <> b.id
WHERE b.id = %(id)s AND e.created_at > now() - %(seconds)s * interval '1 s'
  AND e.kind = b.kind AND e.drill = b.drill AND e.severity IS NOT DISTINCT FROM b.severity
  AND e.texts = b.texts AND e.group_ids @> b.group_ids AND e.group_ids <@ b.group_ids
  AND e.in_reply_to IS NULL AND (e.send_at IS NULL OR e.send_at <= now())
  AND e.status NOT IN ('submitted', 'returned', 'cancelled', 'expired')
ORDER BY e.created_at DESC LIMIT 1
"""

FOLLOWED: LiteralString = """
-- What somebody sent alone and now ends or corrects in words of theirs. What of the thread was let go is
-- theirs alone unless `others` said any of it; `further`: it went, or this goes, to more groups than they
-- warned; `late`: the first of it is longer ago than `bound`; `reviewed`: some of it was.
SELECT g.template_id, g.version, b.drill, b.status = 'submitted' AS waits, said.others, said.late,
  said.reviewed, said.further OR NOT b.group_ids <@ f.group_ids AS further
FROM broadcasts b JOIN broadcasts f ON f.id = b.in_reply_to
JOIN broken_glass g ON g.broadcast_id = f.id AND g.staff_id = %(staff)s
CROSS JOIN LATERAL (
  SELECT bool_or(o.broadcast_id IS NULL) AS others,
    bool_or(NOT e.group_ids <@ f.group_ids) AS further,
    coalesce(bool_or(o.broken_at < now() - %(bound)s), false) AS late,
    bool_or(EXISTS (SELECT FROM decisions d
      WHERE d.broadcast_id = e.id AND d.decision = 'reviewed')) AS reviewed
  FROM broadcasts e LEFT JOIN broken_glass o
    ON o.broadcast_id = e.id AND o.staff_id = %(staff)s
  WHERE e.thread_id = b.thread_id AND e.id <> b.id AND e.approved_at IS NOT NULL
) said
WHERE b.id = %(id)s AND b.relation IN ('all_clear', 'correction') AND b.key_id IS NULL
  AND %(staff)s = ANY(b.editors)
"""

TO_REVIEW: LiteralString = (
    """
-- Sent alone to groups that are all at `tops` or below (NULL: to any), and nobody else has looked at
-- it since; the oldest first. A drill needs no review. mine: all are at `may`, and somebody else than `staff` sent it.
"""
    + REACHED_AND_MINE
    + """
SELECT g.staff_id <> %(staff)s AND (%(may)s::bigint[] IS NULL
    OR b.group_ids <@ ARRAY(SELECT id FROM mine)) AS mine, b.id, b.kind, b.severity, b.texts, b.group_ids, g.staff_id, s.name, g.broken_at
FROM broken_glass g JOIN broadcasts b ON b.id = g.broadcast_id JOIN staff s ON s.id = g.staff_id
WHERE NOT b.drill AND NOT EXISTS (SELECT FROM decisions d
    WHERE d.broadcast_id = b.id AND d.decision = 'reviewed')
  AND (%(id)s::uuid IS NULL OR b.id = %(id)s)
  AND (%(tops)s::bigint[] IS NULL OR b.group_ids <@ ARRAY(SELECT id FROM reached))
ORDER BY g.broken_at LIMIT %(limit)s
"""
)


async def turn(connection: Connection, *, staff: UUID) -> None:
    """Have whatever else they send alone at the same moment wait until the transaction ends."""
    await connection.row(TURN, staff=str(staff))


async def by_token(connection: Connection, *, staff: UUID, token: UUID) -> UUID | None:
    """What was sent by this form."""
    row = await connection.row(
        "SELECT broadcast_id FROM broken_glass WHERE staff_id = %(staff)s AND token = %(token)s",
        staff=staff,
        token=token,
    )
    return UUID(str(row["broadcast_id"])) if row else None


async def alike(connection: Connection, broadcast_id: UUID, *, seconds: float) -> UUID | None:
    """What says the same as this one, which was just inserted, and went out within `seconds`."""
    await connection.row(broadcasts.ONE_AT_A_TIME)
    row = await connection.row(ALIKE, id=broadcast_id, seconds=seconds)
    return UUID(str(row["id"])) if row else None


async def lately(connection: Connection, *, staff: UUID, drill: bool) -> int:
    """How much they sent alone within the last hour; drills count among themselves."""
    row = await connection.row(
        "SELECT count(*) AS n FROM broken_glass g JOIN broadcasts b ON b.id = g.broadcast_id"
        " WHERE g.staff_id = %(staff)s AND b.drill = %(drill)s"
        " AND g.broken_at > now() - interval '1 hour'",
        staff=staff,
        drill=drill,
    )
    return int(row["n"]) if row else 0


async def add(
    connection: Connection, broadcast_id: UUID, *, staff: UUID, token: UUID, template: UUID,
    version: int,
) -> None:  # fmt: skip
    """It is theirs: they do not approve, nor review, what follows from it."""
    await connection.run(
        ADD, broadcast=broadcast_id, staff=staff, token=token, template=template, version=version
    )
    await connection.run(
        "UPDATE broadcasts SET editors = editors || %(staff)s::uuid"
        " WHERE id = %(id)s AND %(staff)s <> ALL(editors)",
        staff=staff,
        id=broadcast_id,
    )


async def followed(
    connection: Connection, broadcast_id: UUID, *, staff: UUID, bound: timedelta
) -> Row | None:
    """Template and version of what they sent alone and end or correct by this, and what keeps them
    from doing that alone; None where it is not theirs to send alone at all."""
    return await connection.row(FOLLOWED, id=broadcast_id, staff=staff, bound=bound)


async def reached(
    connection: Connection, group_ids: Sequence[int], *, channels: Sequence[str]
) -> int:
    """How many residents an alert reaches who follow one of these groups."""
    row = await connection.row(REACHED, groups=list(group_ids), channels=list(channels))
    return int(row["n"]) if row else 0


async def to_review(
    connection: Connection, *, tops: Sequence[int] | None, may: Sequence[int] | None, staff: UUID,
    broadcast_id: UUID | None = None, limit: int = 50,
) -> list[Row]:  # fmt: skip
    """What was sent alone within `tops` and waits for a review; `mine` where `staff`, who may review
    within `may`, did not send it."""
    return await connection.rows(
        TO_REVIEW, tops=tops, may=may, staff=staff, id=broadcast_id, limit=limit
    )
