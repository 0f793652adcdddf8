"""Makes one voter of two residents who turn out to be the same person.

Whoever was asked by SMS and by mail as two has one vote from then on: the later answer to each
question. What is closed stays as it was counted.
"""

from collections.abc import Iterable
from itertools import groupby
from uuid import UUID

from notify.services.voting import ballot_name
from notify.store import uniting
from notify.store.database import Connection, Row


async def unite(connection: Connection, source: UUID, *, into: UUID) -> None:
    """All that `source` was asked and answered is `into`'s, before `source` goes; in the caller's
    transaction."""
    held = await uniting.hold(connection, source, into=into)
    held.sort(key=lambda row: row["broadcast_id"])
    for broadcast, rows in groupby(held, key=lambda row: row["broadcast_id"]):
        await _unite(connection, broadcast, rows, source=source, into=into)


async def _unite(
    connection: Connection, broadcast: UUID, rows: Iterable[Row], *, source: UUID, into: UUID
) -> None:
    by_resident = {row["resident_id"]: row for row in rows}
    theirs, other = by_resident[source], by_resident.get(into)
    if other is not None and not theirs["unites"]:
        return
    later, key = False, theirs["key"]
    if key is not None:  # that of a secret poll that is closed is gone
        later = await uniting.rename(
            connection, broadcast, ballot_name(key, source), ballot_name(key, into), into=into
        )
    if other is None:
        await uniting.hand_over(connection, theirs["id"], into=into)
    else:
        await uniting.unite(connection, theirs["id"], other=other["id"], later=later)
