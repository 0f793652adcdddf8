"""The residents' browsers: subscriptions with real keys, decryption, and what a service worker does."""

import base64
import random
import secrets
from dataclasses import dataclass, field
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(slots=True)
class Browser:
    """One push subscription. `application_key` is the VAPID key it was made with, if any."""

    token: str
    endpoint: str
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    auth: bytes = field(repr=False)
    application_key: str | None = None
    gone: bool = False

    def subscription(self) -> dict[str, Any]:
        """Give what `PushSubscription.toJSON()` gives to a page."""
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": encode(point), "auth": encode(self.auth)}
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": keys}

    def decrypt(self, body: bytes) -> bytes:
        """Decrypt a message made for this browser (RFC 8291); raises ECEException or ValueError."""
        plain = http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth)  # type: ignore[no-untyped-call]
        return bytes(plain)


class Browsers:
    """Makes browsers; with a seed the same keys and tokens every time."""

    def __init__(self, seed: int | None = None) -> None:
        self._random = secrets.SystemRandom() if seed is None else random.Random(seed)

    def make(self, origin: str, *, application_key: str | None = None) -> Browser:
        token = encode(self._random.randbytes(24))
        number = self._random.randrange(1, _ORDER)
        return Browser(
            token=token,
            endpoint=f"{origin}/push/{token}",
            key=ec.derive_private_key(number, ec.SECP256R1()),
            auth=self._random.randbytes(16),
            application_key=application_key,
        )


def encode(raw: bytes) -> str:
    """Write base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Read base64url with or without padding; raises ValueError."""
    bare = text.rstrip("=")
    return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
