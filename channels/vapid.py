"""Signs what we send to push services, so that they know who speaks (VAPID, RFC 8292)."""

import base64
import re
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import jwt

from channels.base import Failure, Rejected, SenderDown, TryAgain

HEADER_LIFETIME = 3_600.0
"""Seconds one signature is used for; making one costs 0.13 ms."""

TOKEN_LIFETIME = 6 * 3_600
"""Seconds from signing to `exp`: push services refuse more than 24 hours, and our clock or
theirs may be wrong by some."""

_MAX_ORIGINS = 256
_SUBJECT = re.compile(r"mailto:[^@\s]+@[^@\s]+|https://\S+")


@dataclass(frozen=True, slots=True)
class _Signed:
    header: str
    at: float


class VapidSigner:
    """Makes the Authorization header for each push service, one signature an hour.

    Raises ValueError, without the key in it, where key or subject cannot be used.
    """

    def __init__(
        self, private_key: str, *, subject: str, clock: Callable[[], float] = time.time
    ) -> None:
        if not _SUBJECT.fullmatch(subject):
            raise ValueError(
                "the VAPID subject is no contact; write mailto:it@example.org "
                "or https://www.example.org/contact"
            )
        self._key = _load(private_key)
        self._public = _encode(_point(self._key))
        self._subject = subject
        self._clock = clock
        self._signed: dict[str, _Signed] = {}

    def header(self, origin: str) -> str:
        """Give the Authorization value for an origin (scheme, host, port where unusual)."""
        now = self._clock()
        signed = self._signed.get(origin)
        # The age may be negative: the clock may have been set back.
        if signed is None or not 0 <= now - signed.at < HEADER_LIFETIME:
            self._signed.pop(origin, None)
            if len(self._signed) >= _MAX_ORIGINS:
                del self._signed[next(iter(self._signed))]
            signed = self._signed[origin] = _Signed(self._sign(origin, now), now)
        return signed.header

    def _sign(self, origin: str, now: float) -> str:
        claims = {"aud": origin, "exp": int(now) + TOKEN_LIFETIME, "sub": self._subject}
        token = jwt.sign(claims, self._key)  # type: ignore[no-untyped-call]
        return f"vapid t={token},k={self._public}"


class Refusals:
    """Tells a key that push services refuse from a subscription made with another key.

    A push service answers both with 401 or 403. Anybody can hand us a subscription made with
    a key of their own, and one of those must not silence the town. So a refusal from a service
    that took messages lately is about the subscription, until several subscriptions in a row
    are refused; and the key is to blame only while no service at all takes it. Even then the
    sender only rests: they may all be one resident's, and the next message shows it.
    """

    ENOUGH = 5
    LATELY = 3_600.0
    PAUSE = 60.0

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._accepted: dict[str, float] = {}
        self._refused: dict[str, dict[str, float]] = {}

    def accepted(self, origin: str) -> None:
        """Note that a push service took a message signed with our key."""
        self._accepted.pop(origin, None)
        self._accepted[origin] = self._clock()
        self._refused.pop(origin, None)
        if len(self._accepted) > _MAX_ORIGINS:
            del self._accepted[next(iter(self._accepted))]

    def judge(self, origin: str, endpoint: str, *, code: str) -> Failure:
        """Say what a refusal means, as the failure to raise."""
        now = self._clock()
        refused = self._refused.get(origin, {})
        refused = {key: at for key, at in refused.items() if now - at < self.LATELY}
        if len(refused) < self.ENOUGH:
            refused[endpoint] = now
        self._refused[origin] = refused
        if len(self._refused) > _MAX_ORIGINS:
            del self._refused[next(iter(self._refused))]
        if len(refused) >= self.ENOUGH:
            self._accepted.pop(origin, None)
            if not self._taken_lately(self._accepted):
                return SenderDown("vapid_refused", code=code)
        elif self._taken_lately({origin} & self._accepted.keys()):
            return Rejected("vapid_refused", code=code)
        return TryAgain("vapid_refused", code=code, after=self.PAUSE)

    def _taken_lately(self, origins: Iterable[str]) -> bool:
        now = self._clock()
        return any(now - self._accepted[origin] < self.LATELY for origin in origins)


def make_vapid_key() -> str:
    """Make a private key, base64url. Replacing it later breaks every subscription."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return _encode(number.to_bytes(32, "big"))


def public_key(private: str) -> str:
    """Give what a browser wants as applicationServerKey: the public point, base64url."""
    return _encode(_point(_load(private)))


def _load(text: str) -> ec.EllipticCurvePrivateKey:
    """Read PEM (line breaks may be written as `\\n`), or base64url of 32 raw bytes or DER."""
    key: object = None
    # TypeError is what a PEM that wants a password gives.
    with suppress(ValueError, TypeError, UnsupportedAlgorithm):
        if "-----BEGIN" in text:
            pem = text.replace("\\n", "\n").encode()
            key = serialization.load_pem_private_key(pem, password=None)
        else:
            key = _from_bytes(_decode(text))
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise ValueError("the VAPID private key is no P-256 key in base64url or PEM")


def _from_bytes(raw: bytes) -> object:
    if len(raw) == 32:
        return ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1())
    return serialization.load_der_private_key(raw, password=None)


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    bare = text.strip().rstrip("=")
    return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
