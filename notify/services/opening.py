"""Opens a resident's page: by a code sent to an address that they have proven.

Whoever asks learns nothing of who is known here: the answer, the statements and the commit are the
same for any address, and a code that is wrong is told like one that is over. The form of the browser
that asked carries, hidden, which code was sent: only there its digits can be tried.
"""

from struct import Struct

from notify.domain.addresses import HostList
from notify.domain.codes import Purpose, Verdict
from notify.domain.keyring import Keyring
from notify.domain.residents import JudgedAddress, judge_addresses
from notify.domain.words import Channel
from notify.errors import Invalid
from notify.services import asking, proving, visiting
from notify.services.asking import Spent
from notify.settings import Settings
from notify.store import codes, opening, suppressions
from notify.store.database import Database

NOBODY = -1  # an address, or a code, that no row has
_CODE = Struct(">q")


def judge(typed: str, *, region: str, hosts: HostList) -> JudgedAddress:
    """What somebody typed into the one field, as an e-mail address or a phone number.

    Raises Invalid with a sentence that says what to write.
    """
    channel = Channel.EMAIL if "@" in typed else Channel.SMS
    try:
        (address,) = judge_addresses([(channel, typed)], region=region, hosts=hosts)
    except Invalid as refusal:
        raise Invalid(refusal.message, field="address") from None
    return address


async def ask(db: Database, keyring: Keyring, *, settings: Settings, address: JudgedAddress) -> str:
    """Send a code that opens the page, where the address is proven; else nothing. Gives what the
    form that takes its digits has to carry, which looks alike for both.

    Whoever calls has asked `asking.ask`. Raises Spent, for a number that is known and for any other;
    but only what is sent uses the budget up.
    """
    async with db.transaction() as connection:
        known = await opening.proven(connection, channel=address.channel, value=address.value)
        code = await proving.send(connection, known or NOBODY, purpose=Purpose.OPEN)
        # Last: the one row of the day is held no longer than needed, by nobody who waits for more.
        if address.channel is Channel.SMS and not await asking.afford(
            connection, settings=settings, segments=asking.code_segments(settings),
            sends=known is not None,
        ):  # fmt: skip
            raise Spent
        # The commit waits for the disk also where nothing was written: a clock tells no difference.
        await codes.weigh(connection)
    return keyring.hide("opening", _CODE.pack(code or NOBODY))


async def try_(
    db: Database, keyring: Keyring, address: JudgedAddress, *, asked: str, typed: str
) -> str | None:
    """Open the page with a code typed for an address, where `asked` is what `ask` gave for it; gives
    the word of the session, None where the code is wrong or over, or was never sent."""
    payload = keyring.reveal("opening", asked)
    number = _CODE.unpack(payload)[0] if payload else NOBODY
    async with db.transaction() as connection:
        code = await opening.sent(connection, number, channel=address.channel, value=address.value)
    verdict = await proving.check(db, keyring, code or NOBODY, typed)
    if verdict is not Verdict.RIGHT or code is None:
        return None
    return await use(db, code)


async def use(db: Database, code: int) -> str | None:
    """Open the page with a code whose digits were right or whose link was pressed; gives the word
    of the session, None where the code is over.

    A code that came back shows that what it was sent to works: it is no longer held for gone or
    bounced. Whoever said that they want nothing there has not taken that back with it.
    """
    async with db.transaction() as connection:
        proven = await proving.use(connection, code)
        if proven is None or proven.purpose is not Purpose.OPEN:
            return None
        await suppressions.works(connection, proven.address_id)
        return await visiting.open_(connection, proven.resident)
