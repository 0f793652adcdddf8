"""Lets go of who was asked in a poll, and who answered what, long after its close. What was answered
stays."""

from typing import LiteralString

from notify.store.database import Connection

RIPE: LiteralString = """
SELECT broadcast_id FROM polls
WHERE unnamed_at IS NULL AND closed_at < now() - %(days)s * interval '1 day'
ORDER BY closed_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""

VOTERS: LiteralString = """
UPDATE voters SET resident_id = NULL WHERE id IN (
  SELECT id FROM voters WHERE broadcast_id = %(id)s AND resident_id IS NOT NULL LIMIT %(size)s)
"""

BALLOTS: LiteralString = """
-- With the time, which would tell by what else was noted then. The name goes with the key.
UPDATE ballots SET resident_id = NULL, at = NULL, since = NULL WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM ballots WHERE broadcast_id = %(id)s AND (resident_id IS NOT NULL OR at IS NOT NULL)
  LIMIT %(size)s FOR UPDATE))
"""

DONE: LiteralString = """
UPDATE polls SET unnamed_at = now(), key = NULL, told_through = NULL WHERE broadcast_id = %(id)s
"""


async def forget(connection: Connection, *, days: int, size: int) -> int:
    """Take up to `size` names off a poll that closed so many days ago; how many rows changed, 0 where
    there is no such poll left."""
    poll = await connection.row(RIPE, days=days)
    if poll is None:
        return 0
    id_ = poll["broadcast_id"]
    gone = await connection.run(VOTERS, id=id_, size=size)
    gone = gone or await connection.run(BALLOTS, id=id_, size=size)
    return gone or await connection.run(DONE, id=id_)
