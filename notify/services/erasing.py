"""Erases a resident: all that is theirs goes, at once and for good.

What stays is nobody's: the figures of broadcasts, and the keyed hash of an address that must not be
written to (it bounced, complained or opted out). Erasing by itself adds no such hash: whoever wants
to come back signs up anew.
"""

from uuid import UUID

from notify.domain.addresses import HostList
from notify.errors import Invalid, NotFound
from notify.log import get
from notify.services import feedback, opening
from notify.settings import Settings
from notify.store import erasing, groups
from notify.store.database import Connection, Database

log = get(__name__)


async def erase(db: Database, resident: UUID, *, within: int | None = None) -> None:
    """Erase a resident. What is queued for them does not leave; what a provider reports later
    applies to nothing.

    `within` is the group of the caller's grant: it reaches whoever follows only that one and those
    below it. Raises NotFound, also beyond the grant.
    """
    async with db.transaction() as connection:
        if not await erasing.lock(connection, resident):
            raise NotFound("There is no such resident.")
        if within is not None:
            reach = await groups.below(connection, [within])
            if await erasing.beyond(connection, resident, groups=reach):
                raise NotFound("There is no such resident.")
        await feedback.forget(connection, resident)
        await erasing.erase(connection, resident)
    log.info("resident.erased")


async def find(connection: Connection, named: str, *, settings: Settings, hosts: HostList) -> UUID:
    """The resident with this id, or who has this e-mail address or phone number.

    Raises Invalid where it is neither, NotFound where nobody has it.
    """
    try:
        return UUID(named.strip())
    except ValueError:
        pass
    try:
        address = opening.judge(named, region=settings.default_region, hosts=hosts)
    except Invalid:
        raise Invalid("Write a resident's id, e-mail address or phone number.") from None
    found = await erasing.owner(connection, channel=address.channel, value=address.value)
    if found is None:
        raise NotFound("Nobody has this address.")
    return found
