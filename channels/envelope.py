"""The envelope of a mail: what is said to a server before the message itself (RFC 5321, 3461)."""

import re
from dataclasses import dataclass
from typing import Self

import aiosmtplib

from channels.base import Rejected

_LONGEST_ENVELOPE_ID = 100  # RFC 3461 §4.4
_SPECIAL = re.compile(r"[+= ]")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it goes over the wire. `raw` is ready for DATA: no line begins with a dot."""

    envelope_from: str
    to: str
    envelope_id: str | None  # as xtext
    raw: bytes

    @property
    def needs_smtputf8(self) -> bool:
        return not (self.to.isascii() and self.envelope_from.isascii() and self.raw.isascii())


@dataclass(frozen=True, slots=True)
class Extensions:
    """What a server said it can, as far as we use it.

    `size_limit` is the largest mail it takes, in bytes; None if it does not say (RFC 1870).
    """

    pipelining: bool = False
    size: bool = False
    size_limit: int | None = None
    dsn: bool = False
    smtputf8: bool = False

    @classmethod
    def of(cls, client: aiosmtplib.SMTP) -> Self:
        limit = client.esmtp_extensions.get("size", "").strip()
        return cls(
            pipelining=client.supports_extension("pipelining"),
            size=client.supports_extension("size"),
            size_limit=int(limit) or None if limit.isascii() and limit.isdecimal() else None,
            dsn=client.supports_extension("dsn"),
            smtputf8=client.supports_extension("smtputf8"),
        )


def envelope(mail: Mail, extensions: Extensions) -> tuple[bytes, bytes, bytes]:
    """MAIL, RCPT and DATA. Raises Rejected if the mail is none for this server."""
    if extensions.size_limit is not None and len(mail.raw) > extensions.size_limit:
        raise Rejected("too_big")
    utf8 = mail.needs_smtputf8
    if utf8 and not extensions.smtputf8:
        raise Rejected("needs_smtputf8")
    sender = f"MAIL FROM:<{mail.envelope_from}>"
    recipient = f"RCPT TO:<{mail.to}>"
    if extensions.size:
        sender += f" SIZE={len(mail.raw)}"
    if utf8:
        sender += " BODY=8BITMIME SMTPUTF8"
    if extensions.dsn:
        # The head of a returned mail is enough to tell which it was, and keeps texts at home.
        sender += " RET=HDRS"
        if mail.envelope_id:
            sender += f" ENVID={mail.envelope_id}"
        recipient += " NOTIFY=FAILURE,DELAY"
        if mail.to.isascii():
            recipient += f" ORCPT=rfc822;{xtext(mail.to)}"
    return f"{sender}\r\n".encode(), f"{recipient}\r\n".encode(), b"DATA\r\n"


def envelope_id(text: str | None) -> str | None:
    """An id for ENVID, as xtext; ValueError if it cannot be one."""
    if text is None:
        return None
    if len(text) > _LONGEST_ENVELOPE_ID:
        raise ValueError("an envelope id is longer than 100 characters")
    return xtext(text)


def xtext(text: str) -> str:
    """RFC 3461 §4: printable ASCII, with + and = and everything else as +XX."""
    if not text.isascii() or not text.isprintable():
        raise ValueError("xtext holds printable ASCII only")
    return _SPECIAL.sub(lambda found: f"+{ord(found[0]):02X}", text)
