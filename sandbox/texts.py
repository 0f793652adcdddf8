"""A text message at the gateway: the record of the book, and Twilio's view of it."""

import base64
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPED = frozenset("\f^{}\\[~]|€")
_PLAIN = re.compile(r"[A-Za-z0-9 .,:;!?/()+\-\n]*")

FINAL = frozenset({"delivered", "undelivered", "failed", "canceled", "received", "read"})


@dataclass(slots=True)
class Text:
    """One SMS, in or out. `body` is what was taken, whatever was redacted since."""

    sid: str
    account: str
    to: str
    sender: str | None
    body: str
    at: float
    status: str
    service: str | None = None
    callback: str | None = None
    validity: int | None = None
    inbound: bool = False
    sent_at: float | None = None
    updated_at: float = 0.0
    error: int | None = None
    redacted: bool = False
    segments: int = 1

    def move(self, status: str, *, now: float, error: int | None = None) -> None:
        """Go on to another status."""
        self.status, self.error, self.updated_at = status, error, now
        if status == "sent":
            self.sent_at = now

    def resource(self) -> dict[str, Any]:
        """Give the Message resource as Twilio's API shows it."""
        uri = f"/2010-04-01/Accounts/{self.account}/Messages/{self.sid}"
        return {
            "account_sid": self.account,
            "api_version": "2010-04-01",
            "body": "" if self.redacted else self.body,
            "date_created": formatdate(self.at),
            "date_sent": None if self.sent_at is None else formatdate(self.sent_at),
            "date_updated": formatdate(self.updated_at or self.at),
            "direction": "inbound" if self.inbound else "outbound-api",
            "error_code": self.error,
            "error_message": None,
            "from": self.sender,
            "messaging_service_sid": self.service,
            "num_media": "0",
            # A messaging service picks the sender, and with it the parts, later.
            "num_segments": "0" if self.status == "accepted" else str(self.segments),
            "price": None,
            "price_unit": "USD",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": self.to,
            "uri": f"{uri}.json",
        }

    def record(self) -> dict[str, Any]:
        """Give the entry of the book."""
        return {
            "at": self.at,
            "sid": self.sid,
            "to": self.to,
            "from": self.sender,
            "messaging_service_sid": self.service,
            "body": self.body,
            "status": self.status,
            "error_code": self.error,
            "segments": self.segments,
            "status_callback": self.callback,
            "validity_period": self.validity,
            "direction": "inbound" if self.inbound else "outbound",
        }


def segments(body: str) -> int:
    """Count the parts a text is sent in; no character is cut in two (GSM 03.38, UCS-2)."""
    if len(body) <= 160 and _PLAIN.fullmatch(body):
        return 1
    if all(char in _BASIC or char in _ESCAPED for char in body):
        return _parts([2 if char in _ESCAPED else 1 for char in body], single=160, part=153)
    return _parts([2 if ord(char) > 0xFFFF else 1 for char in body], single=70, part=67)


def _parts(costs: list[int], *, single: int, part: int) -> int:
    if sum(costs) <= single:
        return 1
    count, used = 1, 0
    for cost in costs:
        if used + cost > part:
            count, used = count + 1, 0
        used += cost
    return count


def signature(url: str, params: Mapping[str, str], token: str) -> str:
    """Sign a callback: HMAC-SHA1 over the URL and the sorted parameters, base64."""
    said = url + "".join(name + params[name] for name in sorted(params))
    return base64.b64encode(hmac.digest(token.encode(), said.encode(), "sha1")).decode()
