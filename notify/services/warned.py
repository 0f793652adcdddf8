"""Over which ways warnings reach a resident, and what is left of them when something is left."""

from collections.abc import Sequence
from uuid import UUID

from notify.domain.groups import Group
from notify.domain.words import Channel, Kind
from notify.store import groups, residents
from notify.store.database import Connection, Row


async def at_all(connection: Connection, resident: UUID) -> bool:
    """Whether any warning reaches the resident."""
    return bool(await residents.warned(connection, resident))


async def below(
    connection: Connection, resident: UUID, group: int, *, over: Channel | None = None
) -> list[Group]:
    """The groups below this one, itself not, through which its warnings reach the resident: over
    this channel, or over any."""
    under = set(await groups.below(connection, [group])) - {group}
    found = {
        row["id"]: Group(row["id"], row["slug"], None, row["names"])
        for row in await residents.warned(connection, resident)
        if row["id"] in under and over in {None, row["channel"]}
    }
    return list(found.values())


async def last(
    connection: Connection, resident: UUID, *, address: Row, sent: Row | None, kind: Kind
) -> frozenset[str]:
    """The choices of a leave link, and the slugs of groups, that would end all warnings; none
    where none come. `address` and `sent` are as the store gives them."""
    ways = await residents.warned(connection, resident)
    if not ways:
        return frozenset()
    over = address["channel"]
    slugs = {way["slug"] for way in ways}
    ends = slugs if len(slugs) == 1 else set()
    several = over == Channel.PUSH and address["live"] > 1  # one browser goes, the others stay
    if all(way["channel"] == over for way in ways):
        ends |= set() if several else {"channel"}
        through: Sequence[int] = sent["audience"] if sent else ()
        if kind is Kind.ALERT and all(way["id"] in through for way in ways):
            ends |= {"this"}
    return frozenset(ends)
