"""Takes a mail that may be a report apart, however odd it is put together."""

import re
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesHeaderParser

MOST_PARTS = 30


class Unreadable(ValueError):
    """What arrived is no mail, too big, or a report whose contents cannot be made out."""


def parts(mail: Message) -> Iterator[Message]:
    """The leaves of a mail, not looking into the mails that it carries."""
    waiting = [mail]
    seen = 0
    while waiting:
        seen += 1
        if seen > MOST_PARTS:
            raise Unreadable("the mail has too many parts")
        part = waiting.pop()
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            waiting += [child for child in reversed(payload) if isinstance(child, Message)]
        else:
            yield part


def blocks(part: Message) -> list[Message]:
    """The groups of fields in a report, also where it is encoded although it must not be."""
    payload = part.get_payload()
    if isinstance(payload, list):
        text = b"\n".join(block.as_bytes() for block in payload if isinstance(block, Message))
    else:
        text = str(payload).encode("utf-8", "surrogateescape")
    if str(part.get("Content-Transfer-Encoding", "")).strip().lower() in {
        "base64",
        "quoted-printable",
    }:
        wrapper = Message()
        wrapper["Content-Transfer-Encoding"] = part["Content-Transfer-Encoding"]
        wrapper.set_payload(text.strip().decode("ascii", "replace"))
        decoded = wrapper.get_payload(decode=True)
        text = decoded if isinstance(decoded, bytes) else b""
    groups = re.split(rb"(?:\r?\n[ \t]*){2,}", text.strip())
    return [BytesHeaderParser().parsebytes(group.strip()) for group in groups if group.strip()]


def one_line(block: Message, name: str) -> str:
    """A field in one line, without comments; "" if it is not there."""
    value = " ".join(str(block.get(name, "")).split())
    return re.sub(r"\([^()]*\)", "", value).strip()


def address(block: Message, *names: str) -> str | None:
    """The first of these fields that holds an address, less its type (`rfc822;`)."""
    for name in names:
        value = one_line(block, name).rpartition(";")[2].strip().strip("<>")
        if "@" in value and len(value) <= 320:
            return value
    return None


def identifier(block: Message, name: str) -> str | None:
    value = one_line(block, name).strip("<>")
    return value if 0 < len(value) <= 300 else None


def first(groups: list[Message], name: str) -> str | None:
    """The first of these groups' fields of that name."""
    return next(filter(None, (identifier(group, name) for group in groups)), None)


def message_id_of_original(leaves: list[Message]) -> str | None:
    """The Message-ID of the mail that came back, whole or only its head."""
    for part in leaves:
        kind = part.get_content_type()
        payload = part.get_payload()
        if kind in {"message/rfc822", "message/global"} and isinstance(payload, list) and payload:
            original = payload[0]
        elif kind in {"text/rfc822-headers", "message/global-headers", "text/rfc822-header"}:
            original = blocks(part)[0] if blocks(part) else None
        else:
            continue
        if isinstance(original, Message) and (found := identifier(original, "Message-ID")):
            return found
    return None
