"""Opens a resident's page: by a code sent to an address that they have proven.

Whoever asks learns nothing of who is known here: the answer, the statements and the commit are the
same for any address, and a code that is wrong is told like one that is over.
"""

from notify.domain.addresses import HostList
from notify.domain.codes import Purpose, Verdict
from notify.domain.keyring import Keyring
from notify.domain.residents import JudgedAddress, judge_addresses
from notify.domain.words import Channel
from notify.errors import Invalid
from notify.services import asking, proving, visiting
from notify.settings import Settings
from notify.store import opening, suppressions
from notify.store.database import Database

NOBODY = -1  # an address that no row has


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


class Spent(Exception):
    """No more SMS can be asked for today, by whomever."""


async def ask(db: Database, *, settings: Settings, address: JudgedAddress) -> None:
    """Send a code that opens the page, where the address is proven; else nothing.

    Whoever calls has asked `asking.ask`. Raises Spent, for a number that is known and for any other:
    each counts, so that the budget tells nothing either.
    """
    if not await asking.spare(db, settings=settings, channel=address.channel):
        raise Spent
    async with db.transaction() as connection:
        known = await opening.proven(connection, channel=address.channel, value=address.value)
        await proving.send(connection, known or NOBODY, purpose=Purpose.OPEN)
        # The commit waits for the disk also where nothing was written: a clock tells no difference.
        await opening.weigh(connection)


async def try_(db: Database, keyring: Keyring, address: JudgedAddress, typed: str) -> str | None:
    """Open the page with a code typed for an address; gives the word of the session, None where
    the code is wrong or over, or was never sent."""
    async with db.transaction() as connection:
        code = await opening.latest_code(connection, channel=address.channel, value=address.value)
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
