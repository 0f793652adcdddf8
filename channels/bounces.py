"""Reads what comes back to a bounce address: delivery reports, complaints and the zoo.

Delivery status notifications (RFC 3464, RFC 6533), abuse reports (RFC 5965), and through
flufl.bounce the forms that never met a standard. Out-of-office replies are nothing.

Whether the mail is genuine is the caller's business (the MAC in the bounce address); nothing in
it is trusted beyond what it reports of that one attempt.
"""

import re
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser

from flufl.bounce import all_failures

from channels.receipts import Report
from channels.replies import meaning
from channels.report_mail import (
    MOST_PARTS,
    Unreadable,
    address,
    blocks,
    first,
    message_id_of_original,
    one_line,
    parts,
)

__all__ = ["LARGEST", "Bounce", "Unreadable", "parse"]

LARGEST = 1_000_000
"""The largest mail that is read, in bytes."""

# The heuristics look at the words in front, and some take quadratic time.
_LARGEST_OF_THE_ZOO = 50_000
_MOST_RECIPIENTS = 100
_BOUNDARY = re.compile(rb"boundary[\s*\d]*=", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Bounce:
    """What one report says of one recipient.

    `code` is what the reporting server noted (`550 5.1.1`, or the kind of a complaint). `gone`
    says that the address must not be used again. `envelope_id` and `message_id` (no angle
    brackets) are ours, as far as the report repeats them.
    """

    original_recipient: str | None = field(repr=False)
    report: Report
    gone: bool = False
    reason: str | None = None
    code: str | None = None
    envelope_id: str | None = None
    message_id: str | None = None


def parse(raw: bytes) -> list[Bounce]:
    """Reads a mail sent to a bounce address; empty if it reports nothing.

    Raises Unreadable.
    """
    if len(raw) > LARGEST:
        raise Unreadable("the mail is too big to be a bounce")
    if len(_BOUNDARY.findall(raw)) > MOST_PARTS:
        # The parser's time grows with lines times nesting.
        raise Unreadable("the mail has too many parts")
    try:
        return _read(raw)
    except Unreadable:
        raise
    except Exception:  # noqa: BLE001 - the parsers of the stdlib and of flufl.bounce fail in many ways
        # Not chained: their messages may quote addresses.
        raise Unreadable("the mail cannot be read") from None


def _read(raw: bytes) -> list[Bounce]:
    mail = BytesParser().parsebytes(raw)
    if not mail.keys():
        raise Unreadable("this is no mail: it has no header")
    leaves = list(parts(mail))
    message_id = message_id_of_original(leaves)
    for part in leaves:
        kind = part.get_content_type()
        if kind == "message/feedback-report":
            return _complaints(blocks(part), message_id)
        if kind in {"message/delivery-status", "message/global-delivery-status"}:
            found = _statuses(blocks(part), message_id) or _zoo(raw, message_id)
            if not found:
                raise Unreadable("the delivery report names no recipient")
            return found
    if _is_automatic_reply(mail) or _is_forwarded_report(leaves):
        return []
    return _zoo(raw, message_id)


# --- delivery status notifications ------------------------------------------------------------

_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_REPLY = re.compile(r"(?<![\d.])([245]\d\d)(?![\d.])")

_REPORTS = {
    "failed": Report.FAILED,
    "fail": Report.FAILED,
    "error": Report.FAILED,  # OpenSMTPD
    "delayed": Report.DELAYED,
    "delivered": Report.DELIVERED,
    "relayed": Report.SENT,  # handed on to a server that reports nothing
    "expanded": Report.SENT,  # handed on to the members of a list
}
_BY_CLASS = {"5": Report.FAILED, "4": Report.DELAYED, "2": Report.DELIVERED}


def _statuses(groups: list[Message], message_id: str | None) -> list[Bounce]:
    envelope_id = first(groups, "Original-Envelope-Id")
    found = (_status(group, envelope_id, message_id) for group in groups[:_MOST_RECIPIENTS])
    return [bounce for bounce in found if bounce is not None]


def _status(block: Message, envelope_id: str | None, message_id: str | None) -> Bounce | None:
    status = _STATUS.search(one_line(block, "Status"))
    action = re.match(r"[a-z]*", one_line(block, "Action").lower())
    report = _REPORTS.get(action[0] if action else "")
    if report is None and status is not None:
        report = _BY_CLASS[status[1][0]]
    if report is None:
        return None
    diagnostic = str(block.get("Diagnostic-Code", ""))[:2000]
    codes = _codes(status[1] if status else "", diagnostic)
    reason, gone = _verdict(codes) if report is Report.FAILED else (None, False)
    return Bounce(
        original_recipient=address(block, "Original-Recipient", "Final-Recipient"),
        report=report,
        gone=gone,
        reason=reason,
        code=_raw_code(codes, diagnostic),
        envelope_id=envelope_id,
        message_id=message_id,
    )


def _codes(status: str, diagnostic: str) -> list[str]:
    """Enhanced statuses, the most telling first: what the last server said, then the summary."""
    said = _STATUS.search(diagnostic)
    codes = [code for code in (said[1] if said else "", status) if code]
    telling = [code for code in codes if not code.endswith(".0.0")]
    return telling or codes


def _verdict(codes: list[str]) -> tuple[str, bool]:
    """The reason, and whether the address is gone: for good, and with no code that disagrees."""
    if not codes:
        return "refused", False
    found = meaning(codes[0])
    if not codes[0].startswith("5"):
        # Not for good, but its server stopped trying.
        return ("mailbox_full" if found.reason == "mailbox_full" else "gave_up"), False
    return found.reason, all(code.startswith("5") and meaning(code).gone for code in codes)


def _raw_code(codes: list[str], diagnostic: str) -> str | None:
    reply = _REPLY.search(diagnostic)
    words = [*([reply[1]] if reply else []), *codes[:1]]
    return " ".join(words) or None


# --- complaints -------------------------------------------------------------------------------

# What a reader says on purpose. `not-spam`, `auth-failure` and `virus` are no such thing, and
# `other` says nothing.
_COMPLAINTS = {
    "abuse": "marked_as_spam",
    "fraud": "marked_as_spam",
    "opt-out": "opted_out",
    "opt-out-list": "opted_out",
}


def _complaints(groups: list[Message], message_id: str | None) -> list[Bounce]:
    kind = (first(groups, "Feedback-Type") or "").lower()
    if not kind:
        raise Unreadable("the feedback report names no type")
    reason = _COMPLAINTS.get(kind)
    if reason is None:
        return []
    recipients: list[str | None] = [
        str(value).strip().strip("<>")
        for group in groups
        for value in group.get_all("Original-Rcpt-To", [])
    ]
    return [
        Bounce(
            recipient,
            Report.COMPLAINED,
            gone=True,
            reason=reason,
            code=kind,
            envelope_id=first(groups, "Original-Envelope-Id"),
            message_id=message_id,
        )
        for recipient in recipients[:_MOST_RECIPIENTS] or [None]
    ]


# --- everything else --------------------------------------------------------------------------


def _is_automatic_reply(mail: Message) -> bool:
    """Out of office and the like (RFC 3834). Exim's bounces say so too, but name who failed."""
    if "X-Failed-Recipients" in mail:
        return False
    return (
        one_line(mail, "Auto-Submitted").lower().startswith("auto-replied")
        or one_line(mail, "Precedence").lower() == "auto_reply"
        or any(name in mail for name in ("X-Autoreply", "X-Autorespond", "X-Autoresponse"))
    )


def _is_forwarded_report(leaves: list[Message]) -> bool:
    """Whether a mail that it carries is the report: it was sent to somebody else."""
    return any(
        inner.get_content_type() == "message/delivery-status"
        for leaf in leaves
        for inner in leaf.walk()
    )


# Some of the heuristics take a server's "still trying" for a failure.
_STILL_TRYING = re.compile(
    r"transient non-fatal|warning message only|will be retried|has been delayed"
    r"|not yet been delivered|delivery attempts will continue",
    re.IGNORECASE,
)


def _zoo(raw: bytes, message_id: str | None) -> list[Bounce]:
    """Bounces by their looks. Gone only if the text holds codes, and all of them say so."""
    mail = BytesParser().parsebytes(raw[:_LARGEST_OF_THE_ZOO])
    if not str(mail.get("From", "")).strip():
        del mail["From"]
        mail["From"] = "nobody@invalid"  # flufl.bounce looks at it without asking
    delayed, failed = all_failures(mail)
    text = _first_text(list(parts(mail)))
    if _STILL_TRYING.search(text):
        delayed, failed = delayed | failed, frozenset()
    # Only codes for good: a number of class 4 or 2 may be the version of a mail server.
    codes = [code for code in _STATUS.findall(text) if code.startswith("5")]
    reason, gone = _verdict(codes)
    bounces = [
        Bounce(
            _name(address),
            Report.FAILED,
            gone=gone,
            reason=reason,
            code=codes[0] if codes else None,
            message_id=message_id,
        )
        for address in sorted(failed)[:_MOST_RECIPIENTS]
    ]
    bounces += [
        Bounce(_name(address), Report.DELAYED, message_id=message_id)
        for address in sorted(delayed - failed)[:_MOST_RECIPIENTS]
    ]
    return bounces


def _first_text(leaves: list[Message]) -> str:
    for part in leaves:
        if part.get_content_maintype() == "text":
            payload = part.get_payload(decode=True)
            return payload[:8000].decode("ascii", "replace") if isinstance(payload, bytes) else ""
    return ""


def _name(address: bytes) -> str:
    return address.decode("ascii", "replace")
