"""What two residents were asked and answered, made one's, as rows."""

from collections.abc import Sequence
from typing import LiteralString
from uuid import UUID

from notify.store.database import Connection, Row

HOLD: LiteralString = """
-- Voters that either is where the first is asked, held against votes and the close in their order.
SELECT v.id, v.resident_id, v.broadcast_id, p.key, p.closed_at IS NULL OR b.kind = 'alert' AS unites
FROM voters v JOIN polls p USING (broadcast_id) JOIN broadcasts b ON b.id = v.broadcast_id
WHERE v.resident_id = ANY(ARRAY[%(source)s, %(into)s]::uuid[]) AND EXISTS (SELECT FROM voters w
  WHERE w.broadcast_id = v.broadcast_id AND w.resident_id = %(source)s)
ORDER BY v.id FOR SHARE OF p FOR UPDATE OF v
"""

HAND_OVER: LiteralString = """
UPDATE voters SET resident_id = %(into)s WHERE id = %(voter)s
"""

OVERTAKEN: LiteralString = """
-- Where both answered a question the later answer stays.
DELETE FROM ballots b WHERE b.broadcast_id = %(id)s AND b.name = ANY(%(names)s)
  AND EXISTS (SELECT FROM ballots o WHERE o.broadcast_id = b.broadcast_id
    AND o.question = b.question AND o.name = ANY(%(names)s) AND (o.at, o.name) > (b.at, b.name))
"""

RENAME: LiteralString = """
UPDATE ballots SET name = %(new)s, resident_id = CASE WHEN resident_id IS NULL THEN NULL
  ELSE %(into)s END
WHERE broadcast_id = %(id)s AND name = %(old)s
"""

LAST: LiteralString = """
SELECT name FROM ballots WHERE broadcast_id = %(id)s AND name = ANY(%(names)s)
ORDER BY at DESC LIMIT 1
"""

UNITE: LiteralString = """
WITH gone AS (DELETE FROM voters WHERE id = %(voter)s RETURNING *)
UPDATE voters v SET receipt = coalesce(v.receipt, g.receipt),
  answered = v.answered || ARRAY(SELECT q FROM unnest(g.answered) AS q WHERE q <> ALL(v.answered)),
  how = CASE WHEN %(later)s OR v.how IS NULL THEN g.how ELSE v.how END,
  question = CASE WHEN v.asked_at IS NULL OR g.asked_at > v.asked_at THEN g.question
    ELSE v.question END,
  asked_at = greatest(v.asked_at, g.asked_at), helped_at = greatest(v.helped_at, g.helped_at),
  helped_by = CASE WHEN v.helped_at IS NULL OR g.helped_at > v.helped_at THEN g.helped_by
    ELSE v.helped_by END
FROM gone g WHERE v.id = %(other)s
"""


async def hold(connection: Connection, source: UUID, *, into: UUID) -> list[Row]:
    """The voters that either is in what `source` is asked. `unites`: of two one may still be made."""
    return await connection.rows(HOLD, source=source, into=into)


async def hand_over(connection: Connection, voter: int, *, into: UUID) -> None:
    """The voter is another resident from now on."""
    await connection.run(HAND_OVER, voter=voter, into=into)


async def rename(
    connection: Connection, broadcast: UUID, old: bytes, new: bytes, *, into: UUID
) -> bool:
    """Keep ballots under another name; of two to one question the later. Whether the last of all was
    under the old one."""
    names: Sequence[bytes] = [old, new]
    last = await connection.row(LAST, id=broadcast, names=names)
    await connection.run(OVERTAKEN, id=broadcast, names=names)
    await connection.run(RENAME, id=broadcast, old=old, new=new, into=into)
    return last is not None and bytes(last["name"]) == old


async def unite(connection: Connection, voter: int, *, other: int, later: bool) -> None:
    """Make one voter of two: `voter` goes. `later` is whether they answered last."""
    await connection.run(UNITE, voter=voter, other=other, later=later)
