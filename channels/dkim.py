"""Signs mails with DKIM (RFC 6376; Ed25519 by RFC 8463), so that receivers can trust the town.

dkimpy canonicalises and writes the header. The RSA operation itself is OpenSSL's: dkimpy's own,
in pure Python, takes about 7 ms of the event loop for each mail.
"""

import base64
from dataclasses import dataclass, field
from typing import Any

import dkim
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from typing_extensions import override

# Naming a header that the mail lacks keeps others from adding it; From twice keeps a second one
# out. List-Unsubscribe and its Post must be covered (RFC 8058 §4).
_SIGNED = (
    b"from",
    b"from",
    b"to",
    b"subject",
    b"date",
    b"message-id",
    b"reply-to",
    b"in-reply-to",
    b"references",
    b"mime-version",
    b"content-type",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
)
_RSA, _ED25519 = b"rsa-sha256", b"ed25519-sha256"


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A domain's signing key as published at `<selector>._domainkey.<domain>`."""

    domain: str
    selector: str
    private_key_pem: str = field(repr=False)


class Signer:
    """Signs mails for one key; ValueError if the key is none that DKIM can use."""

    def __init__(self, key: DkimKey) -> None:
        self._domain = key.domain.encode("ascii")
        self._selector = key.selector.encode("ascii")
        self._key = _load(key.private_key_pem)
        if isinstance(self._key, RSAPrivateKey):
            self._algorithm = _RSA
            self._dkimpy_key = self._key.private_bytes(
                Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
            )
        else:
            self._algorithm = _ED25519
            self._dkimpy_key = base64.b64encode(self._key.private_bytes_raw())

    def sign(self, mail: bytes) -> bytes:
        """The mail with its DKIM-Signature in front; relaxed/relaxed, CRLF line ends."""
        signing = _Dkim(mail, signature_algorithm=self._algorithm)  # type: ignore[no-untyped-call]
        if isinstance(self._key, RSAPrivateKey):
            signing.openssl = self._key
        header: bytes = signing.sign(  # type: ignore[no-untyped-call]
            self._selector,
            self._domain,
            self._dkimpy_key,
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=list(_SIGNED),
        )
        return header + mail


def _load(pem: str) -> RSAPrivateKey | Ed25519PrivateKey:
    try:
        key = load_pem_private_key(pem.encode("ascii"), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("the DKIM private key is no unencrypted PEM private key") from None
    if isinstance(key, RSAPrivateKey) and key.key_size >= 1024:
        return key
    if isinstance(key, Ed25519PrivateKey):
        return key
    raise ValueError("the DKIM private key must be RSA with 1024 bits or more, or Ed25519")


class _Signature:
    def __init__(self, signature: bytes) -> None:
        self.signature = signature


class _OpensslKey:
    """Looks like the key dkimpy signs Ed25519 with: takes a digest, answers a signature."""

    def __init__(self, key: RSAPrivateKey) -> None:
        self._key = key

    def sign(self, digest: bytes) -> _Signature:
        return _Signature(self._key.sign(digest, padding.PKCS1v15(), Prehashed(SHA256())))


class _Dkim(dkim.DKIM):
    """dkimpy with the RSA operation handed to OpenSSL."""

    openssl: RSAPrivateKey | None = None

    @override
    def gen_header(
        self,
        fields: Any,
        include_headers: Any,
        canon_policy: Any,
        header_name: Any,
        pk: Any,
        standardize: bool = False,
    ) -> Any:
        if self.openssl is not None:
            # The algorithm is already written into `fields`; from here on it only picks the
            # branch that hands the SHA-256 digest to `pk.sign`.
            self.signature_algorithm = _ED25519
            pk = _OpensslKey(self.openssl)
        return super().gen_header(  # type: ignore[no-untyped-call]
            fields, include_headers, canon_policy, header_name, pk, standardize=standardize
        )
