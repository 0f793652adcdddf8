"""Signs people up at the town hall: the paper says what they want, a code says that they are reached.

The paper alone proves no address: it may be misread. Whoever stands at the desk reads the code from
their phone to the clerk; at home it is the link in the mail, or the request to confirm that follows.
"""

from uuid import UUID

from notify.domain.codes import Purpose, Verdict
from notify.domain.keyring import Keyring
from notify.domain.words import Channel, Source
from notify.errors import Conflict, NotFound
from notify.services import joining, proving
from notify.services.groups import check_reach
from notify.services.joining import Evidence, NotHere
from notify.store import desk as store
from notify.store.database import Connection, Database


async def send_codes(db: Database, resident: UUID, *, within: int | None = None) -> int:
    """Send a code to each address of a resident that is not proven; returns how many.

    `within` is the group of the caller's grant. Raises NotFound.
    """
    async with db.transaction() as connection:
        await _find(connection, resident, within=within)
        return await send(connection, resident)


async def send(connection: Connection, resident: UUID) -> int:
    """The same in the caller's transaction, which has seen to it that the resident is theirs."""
    sent = 0
    for row in await store.unproven(connection, resident):
        if row["channel"] != Channel.PUSH:
            await proving.send(connection, row["id"], purpose=Purpose.PROVE)
            sent += 1
    return sent


async def confirm(
    db: Database, keyring: Keyring, resident: UUID, typed: str, *, within: int | None = None
) -> Channel:
    """Take a code that the resident read out: the address it was sent to is proven.

    Returns the channel. Raises NotFound, and Conflict where it is none of the codes that hold.
    """
    async with db.transaction() as connection:
        await _find(connection, resident, within=within)
        waiting = await store.unproven(connection, resident)
    for row in waiting:
        if row["code"] is None:
            continue
        if await proving.check(db, keyring, row["code"], typed) is Verdict.RIGHT:
            await _prove(db, keyring, row["code"])
            return Channel(row["channel"])
    raise Conflict("This is not the code, or it no longer holds. Send another one.")


async def _prove(db: Database, keyring: Keyring, code: int) -> None:
    async with db.transaction() as connection:
        proven = await proving.use(connection, code)
        if proven is None:
            raise Conflict("This code was used already.")
        try:
            # The clerk has the resident before them, and both addresses on one paper.
            await joining.prove(
                connection, keyring, proven, here=proven.resident,
                evidence=Evidence(reference="code read out", source=Source.DESK),
            )  # fmt: skip
        except NotHere:
            raise Conflict("This address cannot be added to this resident.") from None


async def _find(connection: Connection, resident: UUID, *, within: int | None) -> None:
    """Raises NotFound unless the resident is there, and follows a group that the grant reaches."""
    groups = await store.followed(connection, resident)
    if groups is None:
        raise NotFound("There is no such resident.")
    if within is not None:
        for group in groups:
            await check_reach(connection, [group], within=within)
        if not groups:
            raise NotFound("There is no such resident.")
