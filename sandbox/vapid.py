"""Checks who speaks to the push service (VAPID, RFC 8292)."""

import json
import re
import time
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from sandbox.browser import decode

_DAY = 86_400
_MAX_REMEMBERED = 1_000
_HEADER = re.compile(r"vapid\s+(.*)", re.IGNORECASE | re.DOTALL)


class VapidRefused(Exception):
    """The header is missing (401) or does not hold (403)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class VapidGuard:
    """Verifies Authorization headers for one origin; a header seen before costs nothing."""

    def __init__(self) -> None:
        self._good: dict[tuple[str, str], tuple[float, str]] = {}

    def check(self, header: str | None, *, origin: str) -> str:
        """Give the application's key (base64url); raises VapidRefused."""
        if header is None:
            raise VapidRefused(401, "no Authorization header")
        known = self._good.get((header, origin))
        if known is None:
            known = _verify(header, origin)
            if len(self._good) >= _MAX_REMEMBERED:
                self._good.clear()
            self._good[header, origin] = known
        expires, key = known
        if expires <= time.time():
            raise VapidRefused(403, "the token has expired")
        return key


def _verify(header: str, origin: str) -> tuple[float, str]:
    token, key = _split(header)
    claims = _claims(token, key)
    expires = claims.get("exp")
    if claims.get("aud") != origin:
        raise VapidRefused(403, "aud is not this push service")
    if not isinstance(expires, int | float) or expires > time.time() + _DAY + 60:
        raise VapidRefused(403, "exp is missing or more than 24 hours ahead")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject.startswith(("mailto:", "https:")):
        raise VapidRefused(403, "sub is neither mailto: nor https:")
    return float(expires), key


def _split(header: str) -> tuple[str, str]:
    found = _HEADER.fullmatch(header.strip())
    if found is None:
        raise VapidRefused(401, "the Authorization header is not of the scheme vapid")
    words = (word.strip().partition("=") for word in found[1].split(","))
    params = {name.strip().lower(): value.strip().strip('"') for name, _, value in words}
    if not params.get("t") or not params.get("k"):
        raise VapidRefused(401, "t or k is missing")
    return params["t"], params["k"].rstrip("=")


def _claims(token: str, key: str) -> dict[str, Any]:
    try:
        signed, _, signature = token.rpartition(".")
        head, _, body = signed.partition(".")
        raw = decode(signature)
        if json.loads(decode(head)).get("alg") != "ES256" or len(raw) != 64:
            raise VapidRefused(403, "the token is not signed with ES256")
        der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decode(key))
        public.verify(der, signed.encode(), ec.ECDSA(hashes.SHA256()))
        claims = json.loads(decode(body))
    except (ValueError, AttributeError, InvalidSignature):
        raise VapidRefused(403, "the signature does not hold") from None
    if not isinstance(claims, dict):
        raise VapidRefused(403, "the token has no claims")
    return claims
