"""Reads a bounce or a complaint and finds, by the MAC in its address, the attempt it is about."""

import hashlib
import re
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import getaddresses, parseaddr

from channels.bounces import Bounce, parse
from channels.receipts import Receipt
from notify.domain.keyring import Keyring

_ADDRESS = re.compile(r"bounce\+(\d{1,18}-(?:[0-9a-f]{20}|[a-z2-7]{16}))@", re.IGNORECASE)

# Where mail servers write down whom a message was really for, the surest first.
_FOR_WHOM = ("X-Original-To", "Delivered-To", "Envelope-To", "X-Envelope-To", "To")
_MOST_ADDRESSES = 50


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

    Where nobody says to which address the message came, its header is asked, and then the
    report for the envelope id (RFC 3461 ENVID) that we gave with the mail.

    Raises Forged for an address that is not ours, `channels.bounces.Unreadable` for garbage.
    """
    if recipient is not None:
        number = attempt_of(keyring, recipient)
        bounces = parse(raw)
    else:
        bounces = parse(raw)
        number = _by_message(keyring, raw, bounces)
    return number, [_receipt(bounce, number) for bounce in bounces]


def _by_message(keyring: Keyring, raw: bytes, bounces: list[Bounce]) -> int:
    for address in _recipients(BytesHeaderParser().parsebytes(raw)):
        try:
            return attempt_of(keyring, address)
        except Forged:
            continue
    for bounce in bounces:
        number = keyring.unmark("bounce", (bounce.envelope_id or "").lower())
        if number is not None:
            return number
    raise Forged


def _recipients(header: Message) -> Iterator[str]:
    for name in _FOR_WHOM:
        values = [str(value)[:1000] for value in header.get_all(name, [])[:_MOST_ADDRESSES]]
        for _, address in getaddresses(values)[:_MOST_ADDRESSES]:
            yield address


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
