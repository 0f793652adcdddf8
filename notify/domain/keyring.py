"""Signs what leaves the house and must come back unchanged, and hashes what must not be kept.

The first key signs and every key verifies, so that keys can rotate; the last key hashes
addresses for suppressions, so it stays for good.
"""

import hashlib
import hmac
from base64 import b32encode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from itsdangerous import BadData, Signer, URLSafeSerializer
from itsdangerous.encoding import base64_decode, base64_encode

_MAC_LENGTH = 20  # hexadecimal digits: 80 bits, short enough for a local part
_FIRST_MAC_LENGTH = 16  # of base 32: as many bits


class Keyring:
    """The secret keys, newest first. Raises ValueError when there is none."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ValueError("a keyring needs at least one key")
        self._keys = [key.encode() for key in keys]
        self._signers: dict[str, Signer] = {}

    def address_hash(self, channel: str, value: str) -> bytes:
        """The keyed hash by which a suppressed address is known after it is erased."""
        text = f"address\0{channel}\0{value}".encode()
        return hmac.new(self._keys[-1], text, hashlib.sha256).digest()

    def seal(self, purpose: str, payload: bytes) -> str:
        """A URL-safe token that only this installation can have made for this purpose."""
        return self._signer(purpose).sign(base64_encode(payload)).decode()

    def unseal(self, purpose: str, token: str) -> bytes | None:
        """What was sealed, or None when the token is forged, broken or for something else."""
        try:
            return base64_decode(self._signer(purpose).unsign(token))
        except (BadData, UnicodeError):
            return None

    def unseal_first(self, purpose: str, token: str) -> dict[str, Any] | None:
        """The same for what version 0.1.0 sealed: mails stay in inboxes, and so do their links."""
        serializer = URLSafeSerializer(list(reversed(self._keys)), salt=f"notify.{purpose}")
        try:
            payload = serializer.loads(token)
        except (BadData, UnicodeError):
            return None
        return payload if isinstance(payload, dict) else None

    def hide(self, purpose: str, payload: bytes) -> str:
        """A token like a seal that nobody else can read either; of one length for one size."""
        return self._cipher(purpose).encrypt(payload).decode()

    def reveal(self, purpose: str, token: str) -> bytes | None:
        """What was hidden, or None when the token is forged, broken or for something else."""
        try:
            return self._cipher(purpose).decrypt(token.encode(errors="replace"))
        except InvalidToken:
            return None

    def mark(self, purpose: str, number: int) -> str:
        """A reference to a row with a MAC, lower case, safe in a local part or a URL."""
        return f"{number}-{_mac(_digest(self._keys[0], purpose, number))}"

    def unmark(self, purpose: str, reference: str) -> int | None:
        """The number a reference stands for, or None when it is forged or broken."""
        digits, _, given = reference.partition("-")
        if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
            return None
        number = int(digits)
        if not given.isascii():
            return None
        macs = _MACS.get(len(given))
        if macs is None:
            return None
        known = (macs(_digest(key, purpose, number)) for key in self._keys)
        good = [hmac.compare_digest(mac, given.lower()) for mac in known]
        return number if any(good) else None

    def digits(self, purpose: str, number: int, *, size: int) -> list[str]:
        """A secret of so many digits that belongs to a row: as each key makes it, the first first."""
        digests = (_digest(key, purpose, number) for key in self._keys)
        return [f"{int.from_bytes(digest) % 10**size:0{size}}" for digest in digests]

    def _cipher(self, purpose: str) -> MultiFernet:
        secrets = (hmac.digest(key, f"hide\0{purpose}".encode(), "sha256") for key in self._keys)
        return MultiFernet([Fernet(urlsafe_b64encode(secret)) for secret in secrets])

    def _signer(self, purpose: str) -> Signer:
        signer = self._signers.get(purpose)
        if signer is None:
            salt = f"notify.{purpose}"
            signer = self._signers[purpose] = Signer(list(reversed(self._keys)), salt=salt)
        return signer


def _digest(key: bytes, purpose: str, number: int) -> bytes:
    return hmac.digest(key, f"{purpose}\0{number}".encode(), "sha256")


def _mac(digest: bytes) -> str:
    return digest.hex()[:_MAC_LENGTH]


def _first_mac(digest: bytes) -> str:
    """As version 0.1.0 marked, whose bounces may still come."""
    return b32encode(digest).decode().lower()[:_FIRST_MAC_LENGTH]


_MACS: Mapping[int, Callable[[bytes], str]] = {_MAC_LENGTH: _mac, _FIRST_MAC_LENGTH: _first_mac}
