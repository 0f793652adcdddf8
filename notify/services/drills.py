"""Keeps drills to groups for drills."""

from collections.abc import Sequence

from notify.domain.words import ENDINGS, Kind, Relation
from notify.store import groups
from notify.store.database import Connection


async def refused(
    connection: Connection, kind: Kind, group_ids: Sequence[int], *, relation: Relation | None
) -> list[str]:
    """The slugs of groups for no drills, whose followers such a drill would reach. What ends one goes
    to who has it, whatever their groups are for by now."""
    if relation in ENDINGS:
        return []
    reached = await groups.audience(connection, group_ids=group_ids, alert=kind is Kind.ALERT)
    return await groups.not_for_drills(connection, reached)
