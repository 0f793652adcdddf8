"""How a resident adds, changes and lets go of addresses on their own page.

The old address stays in use until the new one is proven, by a code typed on the page that is open.
Where the day's SMS are used up, the page shows one that the phone texts to us.
"""

from uuid import UUID

from notify.domain.codes import Purpose, Verdict
from notify.domain.keyring import Keyring
from notify.domain.residents import JudgedAddress
from notify.domain.words import AddressState, Channel
from notify.rendering.changes import Change
from notify.services import asking, guarding, joining, proving, texting
from notify.services.asking import Spent
from notify.services.joining import Evidence
from notify.settings import Settings
from notify.store import my, residents
from notify.store.database import Connection, Database


class LastOne(Exception):
    """Without this address nobody could open the page any more."""


class Yours(Exception):
    """The address is the resident's already."""


async def ask_for(
    db: Database, keyring: Keyring, *, settings: Settings, resident: UUID, address: JudgedAddress,
    evidence: Evidence,
) -> bool:  # fmt: skip
    """Note an address that the resident says is theirs, and send it a code, or make one that the
    phone texts to us; whether it was sent. `evidence` is what they read when they asked.

    Whether somebody else has it is not looked at: who proves it is told. Raises Spent and
    Yours.
    """
    spare = await asking.spare(db, settings=settings, channel=address.channel, claim=True)
    if not spare and texting.number(settings) is None:
        raise Spent
    async with db.transaction() as connection:
        await residents.lock(connection, resident)
        for known in await my.addresses(connection, resident):
            if known["value"] == address.value and known["state"] == AddressState.PROVEN:
                raise Yours
        made = await my.ask_for(
            connection, resident, channel=address.channel, value=address.value,
            hash_=keyring.address_hash(address.channel, address.value),
        )  # fmt: skip
        await _send(connection, resident, made, sent=spare, evidence=evidence)
    return spare


async def send_again(
    db: Database, *, settings: Settings, resident: UUID, address_id: int, evidence: Evidence
) -> bool:
    """Another code for an address of the resident's; whether it was sent. Raises Spent.

    Also for one that is proven, but stopped: its owner shows anew that they want to use it.
    """
    async with db.statement() as connection:
        rows = await my.addresses(connection, resident)
    found = next((known for known in rows if known["id"] == address_id), None)
    if found is None or found["channel"] == Channel.PUSH:
        return False
    spare = await asking.spare(
        db, settings=settings, channel=found["channel"],
        claim=found["state"] != AddressState.PROVEN,
    )  # fmt: skip
    if not spare and texting.number(settings) is None:
        raise Spent
    async with db.transaction() as connection:
        await _send(connection, resident, address_id, sent=spare, evidence=evidence)
    return spare


async def _send(
    connection: Connection, resident: UUID, address_id: int, *, sent: bool, evidence: Evidence
) -> None:
    """Send a code, or make one to be shown. Who texts it has the page before them no more: what
    they agreed to is kept now, and again when the code has come."""
    if sent:
        await proving.send(connection, address_id, purpose=Purpose.PROVE)
    else:
        await texting.show(connection, address_id)
        await joining.keep(connection, resident, evidence, channel=Channel.SMS)


async def prove(
    db: Database, keyring: Keyring, *, settings: Settings, resident: UUID, address_id: int,
    typed: str, evidence: Evidence,
) -> Verdict:  # fmt: skip
    """Hold what was typed against the code for an address of the open page; where it is right the
    address is in use from now on. A way that is new gets the warnings of all groups."""
    async with db.statement() as connection:
        code = await my.code(connection, resident, address_id=address_id)
    if code is None:
        return Verdict.OVER
    verdict = await proving.check(db, keyring, code, typed)
    if verdict is not Verdict.RIGHT:
        return verdict
    async with db.transaction() as connection:
        before = await my.addresses(connection, resident)
        proven = await proving.use(connection, code)
        if proven is None:
            return Verdict.OVER
        joined = await joining.prove(
            connection, keyring, proven, settings=settings, here=resident, evidence=evidence
        )
        if joined is None:
            return Verdict.OVER
        channel = next(known["channel"] for known in before if known["id"] == address_id)
        if (channel, AddressState.PROVEN) not in {(a["channel"], a["state"]) for a in before}:
            await my.warn_over(connection, resident, channel=channel)
    return Verdict.RIGHT


async def let_go(db: Database, *, settings: Settings, resident: UUID, address_id: int) -> bool:
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
                connection, list(doors), Change.REMOVED, settings=settings,
                channel=removed["channel"], value=removed["value"],
            )  # fmt: skip
        return gone
