"""Tells a resident at their other addresses that one was added to their page, replaced or removed.

Whoever gets at an open page could add an address of their own, and let go of those that are there: so
these are told, also the one that is let go of. A few a day at most, and an SMS only while the day's
budget has room for it: else nobody could say what a page that is misused costs. A mail goes anyway.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from psycopg import Rollback

from notify.domain.addresses import masked
from notify.domain.words import Channel
from notify.rendering.changes import Change, most_segments
from notify.services.asking import afford
from notify.settings import Settings
from notify.store import changes
from notify.store.database import Connection

MOST_A_DAY: Final = 3
"""To one address."""

FRESH: Final = timedelta(hours=1)
"""Whoever is here for less than that is still at signing up, and adds what they have."""

_LIFE: Final = timedelta(days=3)


async def tell(
    connection: Connection, addresses: Collection[int], change: Change, *, settings: Settings,
    channel: str, value: str,
) -> int:  # fmt: skip
    """Tell these addresses, in the caller's transaction, what became of the one with this channel
    and value; returns how many are told. A browser is named to nobody: nothing is told of it.
    Whoever calls has locked by now what they need."""
    if channel == Channel.PUSH:
        return 0
    shown = masked(channel, value)
    data = {"change": change, "address": shown}

    async def over(way: Channel) -> int:
        return await changes.tell(
            connection, addresses, data, channel=way, fresh=FRESH, most=MOST_A_DAY, life=_LIFE
        )

    mails, texts = await over(Channel.EMAIL), 0
    async with connection.raw.transaction():
        texts = await over(Channel.SMS)
        segments = texts * most_segments(settings.town, change, shown, f"{settings.public_url}/my")
        if texts and not await afford(connection, settings=settings, segments=segments):
            texts = 0
            raise Rollback
    return mails + texts
