"""Signs what leaves the house and must come back unchanged, and hashes what must not be kept.

The first key signs and every key verifies, so that keys can rotate; the last key hashes
addresses for suppressions, so it stays for good.
"""

import hashlib
import hmac
from base64 import b32encode
from collections.abc import Mapping, Sequence
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

_MAC_LENGTH = 16  # base32 characters: 80 bits, short enough for a local part


class Keyring:
    """The secret keys, newest first. Raises ValueError when there is none."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ValueError("a keyring needs at least one key")
        self._keys = list(keys)

    def address_hash(self, channel: str, value: str) -> bytes:
        """The keyed hash by which a suppressed address is known after it is erased."""
        text = f"address\0{channel}\0{value}".encode()
        return hmac.new(self._keys[-1].encode(), text, hashlib.sha256).digest()

    def seal(self, purpose: str, payload: Mapping[str, Any]) -> str:
        """A URL-safe token that only this installation can have made for this purpose."""
        return str(self._serializer(purpose).dumps(dict(payload)))

    def unseal(self, purpose: str, token: str) -> dict[str, Any] | None:
        """What was sealed, or None when the token is forged, broken or for something else."""
        try:
            payload = self._serializer(purpose).loads(token)
        except BadData:
            return None
        return payload if isinstance(payload, dict) else None

    def mark(self, purpose: str, number: int) -> str:
        """A reference to a row with a MAC, lower case, safe in a local part or a URL."""
        return f"{number}-{self._mac(self._keys[0], purpose, number)}"

    def unmark(self, purpose: str, reference: str) -> int | None:
        """The number a reference stands for, or None when it is forged or broken."""
        digits, _, given = reference.partition("-")
        if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
            return None
        number = int(digits)
        known = (self._mac(key, purpose, number) for key in self._keys)
        good = [hmac.compare_digest(mac, given.lower()) for mac in known if given.isascii()]
        return number if any(good) else None

    def _mac(self, key: str, purpose: str, number: int) -> str:
        digest = hmac.new(key.encode(), f"{purpose}\0{number}".encode(), hashlib.sha256).digest()
        return b32encode(digest).decode().lower()[:_MAC_LENGTH]

    def _serializer(self, purpose: str) -> URLSafeSerializer:
        return URLSafeSerializer(list(reversed(self._keys)), salt=f"notify.{purpose}")
