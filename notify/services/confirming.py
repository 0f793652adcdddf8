"""Asks unverified addresses to confirm, once, and takes their owner's yes."""

from collections.abc import Sequence
from struct import Struct

from notify.domain.codes import Purpose
from notify.domain.keyring import Keyring
from notify.domain.words import AddressState, Source
from notify.services import joining, proving
from notify.services.joining import Evidence, NotHere
from notify.services.proving import Proven
from notify.settings import Settings
from notify.store import joining as addresses
from notify.store import notes
from notify.store.database import Database

DAYS = 14  # how long the question holds
_TOGETHER = 1_000
_ADDRESS = Struct(">cq")
_MADE = b"\x01"  # tells a token from the JSON of version 0.1.0


def seal(keyring: Keyring, *, address_id: int) -> str:
    """The token of a link to confirm."""
    return keyring.seal("confirm", _ADDRESS.pack(_MADE, address_id))


async def ask(db: Database, *, channels: Sequence[str]) -> int:
    """Ask some of those not asked yet; 0 when all have been."""
    async with db.transaction() as connection:
        return await notes.ask_to_confirm(connection, channels=channels, days=DAYS, size=_TOGETHER)


async def confirm(
    db: Database,
    keyring: Keyring,
    token: str,
    *,
    settings: Settings,
    language: str | None = None,
    wording: str | None = None,
    version: str | None = None,
) -> bool:
    """Prove the address a token was sent to; False when the token is forged or the address
    gone. Doing it twice is fine. The rest is kept as evidence: what the page said above its button."""
    address_id = _address(keyring, token)
    if address_id is None:
        return False
    evidence = Evidence(
        reference="request to confirm", source=Source.PAGE, language=language, wording=wording,
        version=version,
    )  # fmt: skip
    async with db.transaction() as connection:
        address = await addresses.address(connection, address_id)
        if address is not None and address["state"] == AddressState.PROVEN:
            return True  # nothing new: whoever stopped it since has to say so anew
        if address is None or address["state"] != AddressState.UNVERIFIED:
            return False
        owner = address["resident_id"]
        proven = Proven(Purpose.PROVE, owner, address_id)
        joined = await joining.prove(
            connection, keyring, proven, settings=settings, here=owner, evidence=evidence
        )
        return joined is not None


async def by_code(db: Database, keyring: Keyring, code: int, *, settings: Settings) -> bool:
    """Take the link in a code's mail to a resident who has proven another address already: this one
    is proven too. False where the code is over. Whoever calls opens no page by it: staff took the
    address down, perhaps a stranger's.

    Raises NotHere where a page asked for the address: there its digits have to be typed.
    """
    async with db.transaction() as connection:
        proven = await proving.use(connection, code)
        if proven is None:
            return False
        address = await addresses.address(connection, proven.address_id)
        if address is None or address["state"] != AddressState.UNVERIFIED:
            raise NotHere
        joined = await joining.prove(
            connection, keyring, proven, settings=settings, here=proven.resident,
            evidence=Evidence(reference="code"),
        )  # fmt: skip
        return joined is not None


def _address(keyring: Keyring, token: str) -> int | None:
    payload = keyring.unseal("confirm", token)
    if payload is not None and payload[:1] == _MADE and len(payload) == _ADDRESS.size:
        return int(_ADDRESS.unpack(payload)[1])
    old = (keyring.unseal_first("confirm", token) or {}).get("a")
    return old if isinstance(old, int) else None
