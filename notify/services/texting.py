"""Codes that go the cheap way round: the page shows one, and the phone texts it to us.

Its digits are other ones than those of a code that is sent, and typing them proves nothing: only the
phone that texts them is proven by them. They may have been given to its owner by somebody else, who
sees the page. So they prove a number that nobody has, and neither open nor change the page of whoever
has one (docs/adr/0027-a-code-that-is-shown-opens-nothing.md).
"""

import hmac
from typing import Final
from uuid import UUID

from channels.sms import receives
from notify.domain.codes import DIGITS, LIFE, Purpose, tidy
from notify.domain.keyring import Keyring
from notify.domain.replying import Say
from notify.domain.words import AddressState, Channel
from notify.services import joining, proving, visiting
from notify.services.joining import NotHere, Taken
from notify.settings import Settings
from notify.store import codes, my
from notify.store.database import Connection

_PURPOSES: Final = {Purpose.PROVE: "code", Purpose.TEXT: "texted"}
"""What the digits of each are made for; also a code that was sent may be texted back."""


async def show(connection: Connection, address_id: int) -> int | None:
    """Make a code that the address's owner texts to us, in the caller's transaction; None where
    the address is gone."""
    return await codes.add_shown(connection, address_id, purpose=Purpose.TEXT, life=LIFE)


def digits(keyring: Keyring, code_id: int) -> str:
    """What the page shows."""
    return keyring.digits(_PURPOSES[Purpose.TEXT], code_id, size=DIGITS)[0]


def word(keyring: Keyring, code_id: int) -> str:
    """The word of the session that opens for the page once its code was texted. Only the page that
    shows the code is given it."""
    return keyring.seal("texted", code_id.to_bytes(8, "big"))


def number(settings: Settings) -> str | None:
    """The number that codes are texted to; None where nobody can text to us."""
    if settings.twilio_account_sid is None:
        return None
    names = (entry.partition("@")[0] for entry in settings.twilio_senders)
    return next((name for name in names if name.startswith("+")), None)


def can_receive(settings: Settings) -> bool:
    """Whether what residents answer by SMS reaches us, or no SMS goes out at all."""
    names = (entry.partition("@")[0] for entry in settings.twilio_senders)
    return settings.twilio_account_sid is None or any(map(receives, names))


async def texted(
    connection: Connection, keyring: Keyring, sender: str, digits: str, *, settings: Settings
) -> Say | None:
    """What to answer where these six digits, texted by `sender` (E.164), are a code for that number:
    that it is proven now, in the caller's transaction, or is somebody's already. None where they
    are no code for it. A look at a code counts as a try of it."""
    given = tidy(digits)
    if given is None:
        return None
    for code in await codes.open_for(connection, channel="sms", value=sender, purposes=_PURPOSES):
        if not await codes.count_try(connection, code["id"]):
            continue
        made = keyring.digits(_PURPOSES[code["purpose"]], code["id"], size=DIGITS)
        right = [hmac.compare_digest(given, one) for one in made]
        if any(right):
            return await _prove(connection, keyring, code["id"], settings=settings)
    return None


async def _prove(
    connection: Connection, keyring: Keyring, code_id: int, *, settings: Settings
) -> Say | None:
    try:
        # Undone by itself where it is refused: the text is kept all the same.
        async with connection.raw.transaction():
            joined = await _join(connection, keyring, code_id, settings=settings)
            return Say.PROVED if joined else None
    except Taken:
        return Say.TAKEN
    except NotHere:
        return None


async def _join(
    connection: Connection, keyring: Keyring, code_id: int, *, settings: Settings
) -> bool:
    proven = await proving.use(connection, code_id)
    if proven is None:
        return False
    shown = proven.purpose is Purpose.TEXT
    # Whoever texts digits of the page has the page before them.
    here: UUID | None = proven.resident if shown else None
    before = await my.addresses(connection, proven.resident)
    joined = await joining.prove(
        connection, keyring, proven, settings=settings, here=here, moves=not shown,
        evidence=joining.Evidence(reference="texted code"),
    )  # fmt: skip
    if joined is None:
        return False
    phones = {known["state"] for known in before if known["channel"] == Channel.SMS}
    if not joined.first and AddressState.PROVEN not in phones:
        await my.warn_over(connection, joined.resident, channel=Channel.SMS)
    if shown and joined.first:
        await visiting.open_as(connection, joined.resident, word(keyring, code_id))
    return True
