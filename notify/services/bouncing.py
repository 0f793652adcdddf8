"""Reads a bounce or a complaint and finds, by the MAC in its address, the attempt it is about."""

import hashlib
import re
from email.utils import parseaddr

from channels.bounces import Bounce, parse
from channels.receipts import Receipt
from notify.domain.keyring import Keyring

_ADDRESS = re.compile(r"bounce\+(\d{1,18}-[a-z2-7]{16})@", re.IGNORECASE)


class Forged(Exception):
    """The address the message came to was not made here."""


def attempt_of(keyring: Keyring, recipient: str | None) -> int:
    """The attempt a bounce address stands for. Raises Forged."""
    match = _ADDRESS.match(parseaddr(recipient or "")[1])
    number = keyring.unmark("bounce", match[1].lower()) if match else None
    if number is None:
        raise Forged
    return number


def read(keyring: Keyring, raw: bytes, *, recipient: str | None) -> tuple[int, list[Receipt]]:
    """The attempt and what the message reports about it; nothing for an out-of-office reply.

    Raises Forged for an address that is not ours, `channels.bounces.Unreadable` for garbage.
    """
    number = attempt_of(keyring, recipient)
    return number, [_receipt(bounce, number) for bounce in parse(raw)]


def _receipt(bounce: Bounce, attempt: int) -> Receipt:
    said = f"{attempt}:{bounce.report}:{bounce.code}:{bounce.reason}"
    return Receipt(
        provider="mail",
        key=hashlib.sha256(said.encode()).hexdigest()[:32],
        report=bounce.report,
        attempt=str(attempt),
        reason=bounce.reason,
        code=bounce.code,
        gone=bounce.gone,
    )
