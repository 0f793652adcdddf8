"""Sends codes to addresses, and takes them back: who has the code has the address.

A code is typed where it was asked for, or its mail's link is opened and a button pressed. It is
used once, in the transaction that does what it is for.
"""

import hmac
from dataclasses import dataclass
from struct import Struct
from uuid import UUID

from notify.domain.codes import DIGITS, LIFE, Purpose, Verdict, tidy
from notify.domain.keyring import Keyring
from notify.store import codes
from notify.store.database import Connection, Database

_CODE = Struct(">q")


@dataclass(frozen=True, slots=True)
class Proven:
    """What a used code says: this address is that of whoever is here now."""

    purpose: Purpose
    resident: UUID
    address_id: int


def digits(keyring: Keyring, code_id: int) -> str:
    """What the resident is sent, and types."""
    return keyring.digits("code", code_id, size=DIGITS)[0]


def seal(keyring: Keyring, code_id: int) -> str:
    """The token of a mail's link; it holds as long as the digits, however often those are tried."""
    return keyring.seal("code", _CODE.pack(code_id))


def unseal(keyring: Keyring, token: str) -> int | None:
    """The code that a link's token stands for; None where it is none of ours."""
    payload = keyring.unseal("code", token)
    if payload is None or len(payload) != _CODE.size:
        return None
    return int(_CODE.unpack(payload)[0])


async def send(
    connection: Connection, address_id: int, *, purpose: Purpose, language: str | None = None
) -> int | None:
    """Put a code in the way of an address, with the caller's transaction; its id, None where the
    address is gone. Whoever calls has seen to it that nobody is flooded."""
    return await codes.add(connection, address_id, purpose=purpose, life=LIFE, language=language)


async def check(db: Database, keyring: Keyring, code_id: int, typed: str) -> Verdict:
    """Hold what was typed against the code. The try counts even where what follows fails; what is
    no code at all is no try."""
    given = tidy(typed)
    if given is None:
        return Verdict.WRONG
    async with db.transaction() as connection:
        counted = await codes.count_try(connection, code_id)
        # The commit waits for the disk also where no code is: a clock tells no difference.
        await codes.weigh(connection)
    right = [
        hmac.compare_digest(given, made) for made in keyring.digits("code", code_id, size=DIGITS)
    ]
    if not counted:
        return Verdict.OVER
    return Verdict.RIGHT if any(right) else Verdict.WRONG


async def purpose(db: Database, keyring: Keyring, token: str) -> Purpose | None:
    """What the code of a link is for; None where it no longer holds. Changes nothing."""
    code = unseal(keyring, token)
    if code is None:
        return None
    async with db.statement() as connection:
        row = await codes.look(connection, code)
    return Purpose(row["purpose"]) if row and row["holds"] else None


async def use(connection: Connection, code_id: int) -> Proven | None:
    """Use a code up whose digits were right or whose link was opened; None where it is over."""
    row = await codes.use(connection, code_id)
    if row is None:
        return None
    return Proven(Purpose(row["purpose"]), row["resident_id"], row["address_id"])
