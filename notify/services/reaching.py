"""How a resident adds, changes and lets go of addresses on their own page.

The old address stays in use until the new one is proven, by a code typed on the page that is open.
"""

from uuid import UUID

from notify.domain.codes import Purpose, Verdict
from notify.domain.keyring import Keyring
from notify.domain.residents import JudgedAddress
from notify.domain.words import AddressState, Channel
from notify.rendering.changes import Change
from notify.services import asking, guarding, joining, proving
from notify.services.joining import Evidence
from notify.services.opening import Spent
from notify.settings import Settings
from notify.store import my, residents
from notify.store.database import Database


class LastOne(Exception):
    """Without this address nobody could open the page any more."""


class Yours(Exception):
    """The address is the resident's already."""


async def ask_for(
    db: Database, keyring: Keyring, *, settings: Settings, resident: UUID, address: JudgedAddress
) -> None:
    """Note an address that the resident says is theirs, and send it a code.

    Whether somebody else has it is not looked at: who proves it is told. Raises Spent and
    Yours.
    """
    spare = await asking.spare(db, settings=settings, channel=address.channel, claim=True)
    async with db.transaction() as connection:
        await residents.lock(connection, resident)
        for known in await my.addresses(connection, resident):
            if known["value"] == address.value and known["state"] == AddressState.PROVEN:
                raise Yours
        if not spare:
            raise Spent
        made = await my.ask_for(
            connection, resident, channel=address.channel, value=address.value,
            hash_=keyring.address_hash(address.channel, address.value),
        )  # fmt: skip
        await proving.send(connection, made, purpose=Purpose.PROVE)


async def send_again(db: Database, *, settings: Settings, resident: UUID, address_id: int) -> bool:
    """Send another code to an address of the resident's; False where it is none. Raises Spent.

    Also to one that is proven, but stopped: its owner shows anew that they want to use it.
    """
    async with db.statement() as connection:
        found = await my.addresses(connection, resident)
    channel = next((known["channel"] for known in found if known["id"] == address_id), Channel.PUSH)
    if channel == Channel.PUSH:
        return False
    if not await asking.spare(db, settings=settings, channel=channel, claim=True):
        raise Spent
    async with db.transaction() as connection:
        return await proving.send(connection, address_id, purpose=Purpose.PROVE) is not None


async def prove(
    db: Database, keyring: Keyring, *, resident: UUID, address_id: int, typed: str,
    evidence: Evidence,
) -> Verdict:  # fmt: skip
    """Hold what was typed against the code for an address of the open page; where it is right the
    address is in use from now on."""
    async with db.statement() as connection:
        code = await my.code(connection, resident, address_id=address_id)
    if code is None:
        return Verdict.OVER
    verdict = await proving.check(db, keyring, code, typed)
    if verdict is not Verdict.RIGHT:
        return verdict
    async with db.transaction() as connection:
        proven = await proving.use(connection, code)
        if proven is None:
            return Verdict.OVER
        joined = await joining.prove(connection, keyring, proven, here=resident, evidence=evidence)
    return Verdict.RIGHT if joined else Verdict.OVER


async def let_go(db: Database, *, resident: UUID, address_id: int) -> bool:
    """Use an address no more; what is queued for it does not leave. It is told, and the others are.
    False where it is none of the resident's. Raises LastOne."""
    async with db.transaction() as connection:
        await residents.lock(connection, resident)
        doors = {
            known["id"]: known for known in await my.addresses(connection, resident)
            if known["state"] == AddressState.PROVEN and known["channel"] != Channel.PUSH
        }  # fmt: skip
        if list(doors) == [address_id]:
            raise LastOne
        gone = await my.let_go(connection, resident, address_id=address_id)
        if gone:
            await residents.bump(connection, resident)
        if gone and address_id in doors:
            removed = doors[address_id]
            await guarding.tell(
                connection, list(doors), Change.REMOVED, channel=removed["channel"],
                value=removed["value"],
            )  # fmt: skip
        return gone
