"""Browsers by the thousand, each with keys of its own that follow from its number."""

from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.browser import Browser


def browser(origin: str, number: int) -> Browser:
    """The browser of this number, subscribed at the push service at `origin`."""
    seed = sha256(b"browser %d" % number).digest()
    return Browser(
        token=str(number),
        endpoint=f"{origin}/push/{number}",
        # 31 bytes of a hash are below the order of the curve, and not all of them zero.
        key=ec.derive_private_key(int.from_bytes(seed[:31], "big"), ec.SECP256R1()),
        auth=sha256(seed).digest()[:16],
    )
