"""Erases a resident: all that is theirs goes, at once and for good.

What stays is nobody's: the figures of broadcasts, and the keyed hash of an address that must not be
written to (it bounced, complained or opted out). Erasing by itself adds no such hash: whoever wants
to come back signs up anew.
"""

from uuid import UUID

from notify.domain.addresses import HostList
from notify.errors import Invalid, NotFound
from notify.log import get
from notify.services import auditing, feedback, opening
from notify.settings import Settings
from notify.store import erasing, groups
from notify.store.database import Connection, Database

log = get(__name__)


async def erase(
    db: Database, resident: UUID, *, within: int | None = None, key_id: int | None = None,
    by_resident: bool = False,
) -> None:  # fmt: skip
    """Erase a resident. What is queued for them does not leave; what a provider reports later
    applies to nothing.

    `within` is the group of the caller's grant: it reaches whoever follows only that one and those
    below it, and `key_id` the program that asks; `by_resident`: they do it themselves, and no log of
    staff is kept of it. Raises NotFound, also beyond the grant.
    """
    async with db.transaction() as connection:
        await hold(connection, resident)
        if within is not None:
            reach = await groups.below(connection, [within])
            if await erasing.beyond(connection, resident, groups=reach):
                raise NotFound("There is no such resident.")
        await take_out(connection, resident)
        if not by_resident:
            await auditing.record(
                connection, None, "resident.erased", resident=resident, by_key=key_id
            )


async def hold(connection: Connection, resident: UUID) -> None:
    """Keep others from this resident until the transaction ends. Raises NotFound."""
    if not await erasing.lock(connection, resident):
        raise NotFound("There is no such resident.")


async def take_out(connection: Connection, resident: UUID) -> None:
    """Erase a resident whom the caller's transaction holds, and whom it reaches."""
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
