"""Makes and checks what staff prove who they are with: a password, a second factor, recovery codes.

The password is kept as argon2id makes it, the second factor hidden with the keys of the
installation, recovery codes as hashes. Nothing here writes.
"""

import asyncio
import secrets
from base64 import b32encode
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final
from uuid import UUID

import pyotp
from pwdlib import PasswordHash

from notify import clock
from notify.domain.keyring import Keyring
from notify.store.database import Row

RECOVERY_CODES: Final = 10
STEP: Final = 30  # seconds for which a code of the second factor is shown (RFC 6238, 4.1)
_DRIFT: Final = 1  # steps that somebody's clock, or typing, may be away
_RECOVERY_BYTES: Final = 15  # 120 bits need no slow hash (ASVS 5.0, 6.5.2)
_RECOVERY_SIGNS: Final = _RECOVERY_BYTES * 8 // 5
_AT_ONCE: Final = 2  # passwords that are hashed at a time: each takes a core, and 64 MB

_hashing = asyncio.Semaphore(_AT_ONCE)


@dataclass(frozen=True, slots=True)
class Factor:
    """What was right besides the password: the moment of a code, or the hash of a recovery code."""

    step: int | None = None
    recovery: bytes | None = None


async def hash_password(password: str) -> str:
    async with _hashing:
        return await asyncio.to_thread(_hasher().hash, password)


async def is_password(password: str, kept: str | None) -> bool:
    """Takes as long where there is nothing to hold it against."""
    async with _hashing:
        right = await asyncio.to_thread(_hasher().verify, password, kept or _nobodys())
    return right and kept is not None


def new_secret() -> str:
    """The secret of a second factor, as apps take it."""
    return pyotp.random_base32()


def spelled(secret: str, *, email: str, town: str) -> str:
    """The same as a URL, which a QR code brings into an app."""
    return pyotp.TOTP(secret, interval=STEP).provisioning_uri(name=email, issuer_name=town)


def step_of(secret: str, typed: str) -> int | None:
    """The moment, in steps since 1970, whose code was typed; None where it is of none near now."""
    digits = "".join(typed.split())
    if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        return None
    totp, now = pyotp.TOTP(secret, interval=STEP), int(clock.now().timestamp()) // STEP
    near = range(now - _DRIFT, now + _DRIFT + 1)
    return next((step for step in near if totp.verify(digits, for_time=step * STEP)), None)


def factor(keyring: Keyring, person: Row | None, typed: str) -> Factor | None:
    """What the code that was typed is, held against the second factor of a row of staff.

    Whether it was used before is for the store to say.
    """
    secret = reveal(keyring, person) if person else None
    step = step_of(secret or _NO_SECRET, typed)
    if secret is not None and step is not None:
        return Factor(step=step)
    recovery = recovery_typed(typed)
    return Factor(recovery=recovery) if recovery is not None else None


def hide(keyring: Keyring, secret: str, *, staff: UUID) -> str:
    """The second factor as it is kept; of use for nobody else."""
    return keyring.hide("totp", staff.bytes + secret.encode())


def reveal(keyring: Keyring, person: Row) -> str | None:
    """The second factor of a row of staff; None where there is none, or the keys are gone."""
    payload = keyring.reveal("totp", person["totp"]) if person["totp"] else None
    if payload is None or payload[:16] != person["id"].bytes:
        return None
    return payload[16:].decode()


def new_recovery_codes() -> list[str]:
    """Codes to print and lock away, as people type them."""
    made = (
        b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower()
        for _ in range(RECOVERY_CODES)
    )
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in made]


def recovery_hash(code: str) -> bytes:
    return sha256(_tidy(code).encode()).digest()


def recovery_typed(typed: str) -> bytes | None:
    """The hash of what was typed where it has the form of a recovery code."""
    tidy = _tidy(typed)
    return recovery_hash(tidy) if len(tidy) == _RECOVERY_SIGNS else None


_NO_SECRET: Final = "A" * 32


def _tidy(code: str) -> str:
    # As base 32 has neither, who types one means the other.
    return (
        "".join(sign for sign in code.lower() if sign.isalnum()).replace("0", "o").replace("1", "l")
    )


@lru_cache(maxsize=1)
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@lru_cache(maxsize=1)
def _nobodys() -> str:
    return _hasher().hash(secrets.token_urlsafe(16))
