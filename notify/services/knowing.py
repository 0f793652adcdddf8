"""Knows a browser again in which an address was proven: what it asks for is not counted with what
strangers ask for.

The browser holds keyed marks of the addresses, sealed; we keep nothing.
"""

from typing import Final

from notify.domain.keyring import Keyring
from notify.services import visiting
from notify.store import signing_up
from notify.store.database import Database

_MARK: Final = 16  # bytes of an address's keyed hash
_MOST: Final = 2  # a resident has one e-mail address and one number


async def token(db: Database, keyring: Keyring, word: str) -> str | None:
    """What the browser with this word of a session is to keep; None where nothing is proven yet."""
    session = await visiting.find(db, word)
    if session is None:
        return None
    async with db.statement() as connection:
        proven = await signing_up.proven(connection, session.resident)
    marks = [_mark(keyring, row["channel"], row["value"]) for row in proven[:_MOST]]
    return keyring.seal("known", b"".join(marks)) if marks else None


def knows(keyring: Keyring, token: str | None, *, channel: str, value: str) -> bool:
    """Whether a browser that keeps this has proven the address."""
    marks = keyring.unseal("known", token) if token else None
    if marks is None:
        return False
    found = [marks[place : place + _MARK] for place in range(0, len(marks), _MARK)]
    return _mark(keyring, channel, value) in found


def _mark(keyring: Keyring, channel: str, value: str) -> bytes:
    return keyring.address_hash(channel, value)[:_MARK]
