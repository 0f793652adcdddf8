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
_MOST: Final = 6  # a household's e-mail addresses and numbers


async def token(db: Database, keyring: Keyring, word: str, *, before: str | None) -> str | None:
    """What the browser with this word of a session is to keep, with the latest of what it kept
    `before`; None where nothing is proven yet."""
    session = await visiting.find(db, word)
    if session is None:
        return None
    async with db.statement() as connection:
        proven = await signing_up.proven(connection, session.resident)
    if not proven:
        return None
    own = [_mark(keyring, row["channel"], row["value"]) for row in proven]
    marks = list(dict.fromkeys([*own, *_marks(keyring, before)]))
    return keyring.seal("known", b"".join(marks[:_MOST]))


def knows(keyring: Keyring, token: str | None, *, channel: str, value: str) -> bool:
    """Whether a browser that keeps this has proven the address."""
    return _mark(keyring, channel, value) in _marks(keyring, token)


def _marks(keyring: Keyring, token: str | None) -> list[bytes]:
    marks = (keyring.unseal("known", token) if token else None) or b""
    return [marks[place : place + _MARK] for place in range(0, len(marks), _MARK)]


def _mark(keyring: Keyring, channel: str, value: str) -> bytes:
    return keyring.address_hash(channel, value)[:_MARK]
