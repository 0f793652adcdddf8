"""Takes in who signs up by themselves: a newcomer, until an address is proven.

Whether an address is known here is looked at by nobody before its code comes back: for a known and
an unknown one everything is the same, to the statement.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from notify.domain.codes import Purpose, Verdict
from notify.domain.keyring import Keyring
from notify.domain.residents import JudgedAddress
from notify.domain.words import Channel, Source
from notify.services import asking, joining, proving, texting, visiting
from notify.services.joining import Joined
from notify.settings import Settings
from notify.store import residents
from notify.store import signing_up as store
from notify.store.database import Connection, Database, Row


@dataclass(frozen=True, slots=True)
class Agreed:
    """What somebody agreed to: the words shown, their version and language, and on which page."""

    wording: str
    version: str
    language: str
    reference: str


@dataclass(frozen=True, slots=True)
class SignUp:
    """Somebody's wishes. `groups` are ids; `alerts` and `news` the channels chosen for each."""

    groups: Sequence[int]
    addresses: Sequence[JudgedAddress]
    alerts: Sequence[Channel]
    news: Sequence[Channel]
    language: str
    agreed: Agreed


async def begin(db: Database, keyring: Keyring, *, settings: Settings, wanted: SignUp) -> str:
    """Make a newcomer and put a code in the way of each address; gives the word of the session in
    which they are proven. Whoever calls has asked `asking.ask` for each address."""
    spare = [
        await asking.spare(db, settings=settings, channel=address.channel, claim=True)
        for address in wanted.addresses
    ]
    async with db.transaction() as connection:
        resident = await store.add(
            connection, language=wanted.language, hours=settings.newcomer_hours
        )
        await store.wish(
            connection, resident, groups=wanted.groups, alerts=wanted.alerts, news=wanted.news
        )
        await residents.add_consent(
            connection, resident, source=Source.PAGE, reference=wanted.agreed.reference,
            language=wanted.agreed.language, wording=wanted.agreed.wording,
            version=wanted.agreed.version,
        )  # fmt: skip
        for address, sent in zip(wanted.addresses, spare, strict=True):
            made = await store.add_address(
                connection, resident, channel=address.channel, value=address.value,
                hash_=keyring.address_hash(address.channel, address.value),
            )  # fmt: skip
            await _send(connection, made, sent=sent)
        return await visiting.open_(connection, resident)


async def _send(connection: Connection, address_id: int, *, sent: bool) -> None:
    """Send a code that proves an address, or, where the day's SMS are used up, make one that the
    phone texts to us."""
    if sent:
        await proving.send(connection, address_id, purpose=Purpose.PROVE)
    else:
        await texting.show(connection, address_id)


async def change(
    db: Database,
    keyring: Keyring,
    *,
    settings: Settings,
    resident: UUID,
    address_id: int,
    address: JudgedAddress,
) -> bool:
    """Ask for another address in the place of one that was mistyped, with a new code; False where
    there is none to change."""
    sent = await asking.spare(db, settings=settings, channel=address.channel, claim=True)
    async with db.transaction() as connection:
        made = await store.change(
            connection, resident, address=address_id, channel=address.channel,
            value=address.value, hash_=keyring.address_hash(address.channel, address.value),
        )  # fmt: skip
        if made is None:
            return False
        await _send(connection, made, sent=sent)
        return True


async def again(db: Database, *, settings: Settings, resident: UUID, address_id: int) -> bool:
    """Send another code to an address asked for; False where it is not this resident's."""
    for row in await asked(db, resident):
        if row["id"] == address_id:
            sent = await asking.spare(db, settings=settings, channel=row["channel"], claim=True)
            async with db.transaction() as connection:
                await _send(connection, address_id, sent=sent)
            return True
    return False


async def asked(db: Database, resident: UUID) -> list[Row]:
    """The addresses still to be proven: `id`, `channel`, `value`, `code` and its `purpose`."""
    async with db.statement() as connection:
        return await store.asked(connection, resident)


async def type_(
    db: Database, keyring: Keyring, *, settings: Settings, resident: UUID, address_id: int,
    typed: str,
) -> tuple[Verdict, str | None]:  # fmt: skip
    """Hold what was typed against the latest code for an address of the open page; where it is
    right the address is proven, and the word of the session that goes on is given."""
    found = [row for row in await asked(db, resident) if row["id"] == address_id]
    code = found[0]["code"] if found and found[0]["purpose"] == Purpose.PROVE else None
    if code is None:
        return Verdict.OVER, None
    verdict = await proving.check(db, keyring, code, typed)
    if verdict is not Verdict.RIGHT:
        return verdict, None
    joined, word = await prove(db, keyring, code, settings=settings, here=resident)
    return (Verdict.RIGHT, word) if joined else (Verdict.OVER, None)


async def prove(
    db: Database, keyring: Keyring, code: int, *, settings: Settings, here: UUID | None
) -> tuple[Joined | None, str | None]:
    """Use a code whose digits were right, or whose link's button was pressed, and open a session
    for whoever proved the address. `here` is the resident of the browser it happened in. Gives
    None twice where the code is over. Raises NotHere."""
    async with db.transaction() as connection:
        proven = await proving.use(connection, code)
        if proven is None or proven.purpose is not Purpose.PROVE:
            return None, None
        joined = await joining.prove(
            connection, keyring, proven, settings=settings, here=here,
            evidence=joining.Evidence(reference="code"),
        )  # fmt: skip
        if joined is None:
            return None, None
        return joined, await visiting.open_(connection, joined.resident)


async def result(db: Database, resident: UUID) -> tuple[list[Row], list[Row]]:
    """The proven addresses of a resident and what they follow."""
    async with db.transaction() as connection:
        return await store.proven(connection, resident), await store.followed(connection, resident)
