"""Asks unverified addresses to confirm, once, and takes their owner's yes."""

from collections.abc import Sequence
from struct import Struct

from notify.domain.keyring import Keyring
from notify.store import notes
from notify.store.database import Database

DAYS = 14  # how long the question holds
_TOGETHER = 1_000
_ADDRESS = Struct(">q")


def seal(keyring: Keyring, *, address_id: int) -> str:
    """The token of a link to confirm."""
    return keyring.seal("confirm", _ADDRESS.pack(address_id))


async def ask(db: Database, *, channels: Sequence[str]) -> int:
    """Ask some of those not asked yet; 0 when all have been."""
    async with db.transaction() as connection:
        return await notes.ask_to_confirm(connection, channels=channels, days=DAYS, size=_TOGETHER)


async def confirm(db: Database, keyring: Keyring, token: str) -> bool:
    """Prove the address a token was sent to; False when the token is forged or the address
    gone. Doing it twice is fine."""
    payload = keyring.unseal("confirm", token)
    if payload is None or len(payload) != _ADDRESS.size:
        return False
    (address_id,) = _ADDRESS.unpack(payload)
    async with db.transaction() as connection:
        return await notes.prove(connection, address_id)
