"""DKIM signatures, verified offline against the published key."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from channels.dkim import DkimKey, Signer
from channels.email import EmailChannel
from channels.mime import build
from tests.channels.smtp_double import an_email, scripted

DATE = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
RSA = rsa.generate_private_key(65537, 2048)
ED25519 = Ed25519PrivateKey.generate()


def _pem(key: PrivateKeyTypes, form: PrivateFormat = PrivateFormat.PKCS8) -> str:
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def _dns(key: rsa.RSAPrivateKey | Ed25519PrivateKey) -> Callable[..., bytes]:
    """The record at sel._domainkey.example.com."""
    if isinstance(key, rsa.RSAPrivateKey):
        kind = b"rsa"
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    else:
        kind = b"ed25519"
        public = key.public_key().public_bytes_raw()

    def look_up(name: bytes, timeout: int = 5) -> bytes:
        assert name == b"sel._domainkey.example.com."
        return b"v=DKIM1; k=" + kind + b"; p=" + base64.b64encode(public)

    return look_up


def _verifies(mail: bytes, key: rsa.RSAPrivateKey | Ed25519PrivateKey) -> bool:
    return bool(dkim.verify(mail, dnsfunc=_dns(key)))  # type: ignore[no-untyped-call]


def _mail() -> bytes:
    email = an_email(
        subject="Grüße aus dem Rathaus " * 9,
        text=".\nmit  Leerzeichen \n\n\n",
        unsubscribe_url="https://stadt.example/u/" + "a" * 200,
    )
    return build(email, date=DATE)


@pytest.mark.parametrize(
    ("key", "pem"),
    [
        pytest.param(RSA, _pem(RSA), id="RSA, PKCS 8"),
        pytest.param(RSA, _pem(RSA, PrivateFormat.TraditionalOpenSSL), id="RSA, PKCS 1"),
        pytest.param(RSA, _pem(RSA).replace("\n", "\r\n"), id="RSA, CRLF"),
        pytest.param(ED25519, _pem(ED25519), id="Ed25519"),
    ],
)
def test_a_signature_verifies(key: rsa.RSAPrivateKey | Ed25519PrivateKey, pem: str) -> None:
    signed = Signer(DkimKey("example.com", "sel", pem)).sign(_mail())

    assert signed.endswith(_mail())
    assert _verifies(signed, key)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b"Leerzeichen", b"Leerraeumen", id="body"),
        pytest.param(b"\r\nFrom: ", b"\r\nFrom: x@y.example\r\nFrom: ", id="second From"),
        pytest.param(b"\r\nSubject: ", b"\r\nSubject: x", id="subject"),
        pytest.param(b"/u/aaa", b"/u/baa", id="unsubscribe URL"),
        pytest.param(b"=One-Click", b"=Two-Click", id="unsubscribe post"),
        pytest.param(b"\r\nTo: ", b"\r\nReply-To: x@y.example\r\nTo: ", id="new Reply-To"),
    ],
)
def test_a_changed_mail_does_not_verify(old: bytes, new: bytes) -> None:
    signed = Signer(DkimKey("example.com", "sel", _pem(RSA))).sign(_mail())
    assert old in signed

    assert not _verifies(signed.replace(old, new, 1), RSA)


async def test_the_channel_signs_what_it_sends() -> None:
    async with scripted() as server:
        channel = EmailChannel(server.url, dkim=DkimKey("example.com", "sel", _pem(RSA)))

        await channel.send(an_email(text=".\n.x"))

        await channel.close()
    received = server.bodies[0].removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
    assert _verifies(received, RSA)


@pytest.mark.parametrize(
    "pem",
    [
        pytest.param("geheim", id="no PEM"),
        pytest.param("ü", id="no ASCII"),
        pytest.param(_pem(ec.generate_private_key(ec.SECP256R1())), id="elliptic curve"),
        pytest.param(
            RSA.private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")
            ).decode(),
            id="encrypted",
        ),
    ],
)
def test_a_key_dkim_cannot_use_is_refused_at_once(pem: str) -> None:
    key = DkimKey("example.com", "sel", pem)

    with pytest.raises(ValueError, match="DKIM private key") as caught:
        Signer(key)

    assert pem not in f"{caught.value}{key!r}"
