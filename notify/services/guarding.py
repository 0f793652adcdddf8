"""Tells a resident at their other addresses that one was added to their page, replaced or removed.

Whoever gets at an open page could add an address of their own, and let go of those that are there: so
these are told, also the one that is let go of. A few a day at most; these SMS are none that anybody
can ask for, and use up nothing of the day's budget.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from notify.domain.addresses import masked
from notify.domain.words import Channel
from notify.rendering.changes import Change
from notify.store import changes
from notify.store.database import Connection

MOST_A_DAY: Final = 3
"""To one address."""

FRESH: Final = timedelta(hours=1)
"""Whoever is here for less than that is still at signing up, and adds what they have."""

_LIFE: Final = timedelta(days=3)


async def tell(
    connection: Connection, addresses: Collection[int], change: Change, *, channel: str, value: str
) -> int:
    """Tell these addresses, in the caller's transaction, what became of the one with this channel
    and value; returns how many are told. A browser is named to nobody: nothing is told of it."""
    if channel == Channel.PUSH:
        return 0
    data = {"change": change, "address": masked(channel, value)}
    return await changes.tell(connection, addresses, data, fresh=FRESH, most=MOST_A_DAY, life=_LIFE)
