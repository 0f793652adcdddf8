"""What the mail relay took, and how it reads."""

from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from functools import cached_property
from hashlib import sha256
from typing import Any


@dataclass(frozen=True)
class Mail:
    """One mail for one recipient, as accepted.

    `raw` is the message after dot-unstuffing (empty where the book keeps digests only), `at`
    the time of acceptance in seconds since the epoch, `options` what came with RCPT TO (NOTIFY,
    ORCPT), `envid` decoded.
    """

    at: float
    envelope_from: str
    to: str
    raw: bytes = field(repr=False)
    digest: str
    size: int
    envid: str | None = None
    options: dict[str, str] = field(default_factory=dict)
    answered: bool = True

    @cached_property
    def message(self) -> Message:
        # The old policy is many times quicker, and headers are decoded below.
        return BytesParser(policy=compat32).parsebytes(self.raw)

    def header(self, name: str) -> str:
        """Give a header, decoded and unfolded; empty where it is missing."""
        value = self.message.get(name)
        return "" if value is None else _decoded(value)

    @property
    def subject(self) -> str:
        return self.header("Subject")

    @property
    def message_id(self) -> str:
        return self.header("Message-ID").strip().strip("<>")

    @property
    def text(self) -> str:
        return self._part("text/plain")

    @property
    def html(self) -> str:
        return self._part("text/html")

    def _part(self, content_type: str) -> str:
        for part in self.message.walk():
            if part.get_content_type() == content_type:
                content = part.get_payload(decode=True)
                charset = part.get_content_charset("utf-8")
                if isinstance(content, bytes):
                    return content.decode(charset, "replace").replace("\r\n", "\n")
        return ""

    def brief(self) -> dict[str, Any]:
        """Give what can be told without reading the message."""
        return {
            "at": self.at,
            "to": self.to,
            "envelope_from": self.envelope_from,
            "envid": self.envid,
            "size": self.size,
            "digest": self.digest,
            "answered": self.answered,
        }

    def full(self) -> dict[str, Any]:
        """Give everything, parsed."""
        return {
            **self.brief(),
            "subject": self.subject,
            "message_id": self.message_id,
            "text": self.text,
            "html": self.html,
            "headers": [[name, _decoded(value)] for name, value in self.message.items()],
        }


def _decoded(value: object) -> str:
    unfolded = "".join(str(value).splitlines())
    try:
        return str(make_header(decode_header(unfolded)))
    except (HeaderParseError, LookupError, UnicodeError):
        return unfolded


def digest_of(raw: bytes) -> str:
    """Give what stands for a message where the message itself is not kept."""
    return sha256(raw).hexdigest()
