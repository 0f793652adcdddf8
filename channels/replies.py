"""What an SMTP server's refusal means for a delivery: one table, first match wins.

Sources: RFC 5321 §4.2 (reply codes), RFC 3463 and the IANA registry of enhanced status codes.
The server's text never leaves this module: it often repeats the address.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from channels.base import AddressGone, Failure, Rejected, SenderDown, SenderStopped, TryAgain


class Phase(StrEnum):
    """Which step of a hand-over a reply answers."""

    GREETING = "greeting"
    TLS = "tls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"  # the command, answered by 354
    BODY = "body"  # the message, answered after the final dot


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an enhanced status says of an address; `gone` only where it cannot be read otherwise."""

    reason: str
    gone: bool = False


# Subject and detail of an enhanced status (the class before them tells for good from for now).
# Not gone, though permanent: 1.2 (a relay with a broken resolver says so of every domain), 2.1
# (also said of mailboxes that receive too fast), 2.2 (full today), 7.x (about us or the text).
_MEANINGS = (
    ("1.1", Meaning("no_such_address", gone=True)),
    ("1.2", Meaning("no_such_domain")),
    ("1.3", Meaning("no_such_address", gone=True)),
    ("1.6", Meaning("no_such_address", gone=True)),
    ("1.10", Meaning("no_such_address", gone=True)),
    ("2.1", Meaning("mailbox_disabled")),
    ("2.2", Meaning("mailbox_full")),
    ("2.3", Meaning("too_big")),
    ("3.4", Meaning("too_big")),
    ("4.*", Meaning("unreachable")),
    ("5.*", Meaning("not_understood")),
    ("6.7", Meaning("needs_smtputf8")),
    ("6.*", Meaning("refused_content")),
    ("7.*", Meaning("refused_by_policy")),
    ("*", Meaning("refused")),
)


def meaning(enhanced: str) -> Meaning:
    """Reads an enhanced status like `5.1.1`; its class digit is the caller's business."""
    detail = enhanced.partition(".")[2]
    return next(found for pattern, found in _MEANINGS if fnmatchcase(detail, pattern))


@dataclass(frozen=True, slots=True)
class _Rule:
    """Matches replies by phase, code, enhanced status ("" for a reply without one) and words."""

    phases: frozenset[Phase]
    codes: str
    enhanced: str
    failure: type[Failure]
    reason: str
    words: re.Pattern[str] | None = None

    def matches(self, phase: Phase, code: str, enhanced: str, text: str) -> bool:
        return (
            phase in self.phases
            and any(fnmatchcase(code, pattern) for pattern in self.codes.split())
            and any(fnmatchcase(enhanced, pattern) for pattern in self.enhanced.split(","))
            and (self.words is None or self.words.search(text) is not None)
        )


_ANY = frozenset(Phase)
_GREETING, _TLS, _AUTH, _MAIL, _RCPT = (
    frozenset({phase}) for phase in (Phase.GREETING, Phase.TLS, Phase.AUTH, Phase.MAIL, Phase.RCPT)
)
_CONTENT = frozenset({Phase.DATA, Phase.BODY})
_ENVELOPE = frozenset({Phase.MAIL, Phase.RCPT})
_ADDRESS = _RCPT | _CONTENT

_NO_SUCH = re.compile(
    r"user unknown|unknown (user|recipient|mailbox)|no such (user|recipient|mailbox|address)"
    r"|(user|recipient|mailbox|address|account) (does not|doesn't) exist",
    re.IGNORECASE,
)
_NO_RELAYING = re.compile(r"\brelay", re.IGNORECASE)

_RULES = (
    # At an address it may be about that one only; several in a row are the relay's.
    _Rule(_RCPT, "421", "*", TryAgain, "relay_busy"),
    _Rule(_ANY, "421", "*", SenderDown, "relay_busy"),
    _Rule(_GREETING, "4*", "*", SenderDown, "relay_busy"),
    _Rule(_GREETING, "5*", "*", SenderDown, "refused_connection"),
    _Rule(_TLS, "*", "*", SenderDown, "tls_failed"),
    _Rule(_AUTH, "4*", "*", SenderDown, "relay_busy"),
    _Rule(_AUTH, "5*", "*", SenderStopped, "credentials_refused"),
    # 530 and 535 mean "log in first", wherever they come.
    _Rule(_ENVELOPE | _CONTENT, "530 535", "*", SenderStopped, "credentials_refused"),
    # MAIL: about us, our sender address or the relay's own state.
    _Rule(_MAIL, "45*", "4.3.*,4.7.*", SenderDown, "throttled"),
    _Rule(_MAIL, "452", "", SenderDown, "relay_busy"),
    _Rule(_MAIL, "4*", "*", TryAgain, "try_later"),
    _Rule(_MAIL, "5*", "5.3.4", Rejected, "too_big"),
    _Rule(_MAIL, "552", ",5.2.3", Rejected, "too_big"),
    _Rule(_MAIL, "5*", "5.1.7,5.1.8,5.7.*", SenderStopped, "sender_refused"),
    _Rule(_MAIL, "550 551 553", "", SenderStopped, "sender_refused"),
    # For now.
    _Rule(_ADDRESS, "4*", "4.2.2", TryAgain, "mailbox_full"),
    _Rule(_RCPT, "452", "", TryAgain, "mailbox_full"),
    _Rule(_ADDRESS, "45*", "4.3.*", TryAgain, "relay_busy"),
    _Rule(_ADDRESS, "450 451", ",4.2.0,4.7.*", TryAgain, "greylisted"),
    _Rule(_ADDRESS, "4*", "4.7.*", TryAgain, "throttled"),
    _Rule(_ENVELOPE | _CONTENT, "4*", "*", TryAgain, "try_later"),
    # A relay that will not relay for us says nothing about the resident: losing a whole alert to
    # a setting would be worse than asking again.
    _Rule(_RCPT, "5*", ",5.7.*", TryAgain, "relaying_denied", words=_NO_RELAYING),
    # For good: only what says that the address is not there suppresses it.
    _Rule(_ADDRESS, "5*", "5.1.1,5.1.3,5.1.6,5.1.10", AddressGone, "no_such_address"),
    _Rule(_RCPT, "550 551 553", "", AddressGone, "no_such_address", words=_NO_SUCH),
    _Rule(_RCPT, "552", "", Rejected, "mailbox_full"),
    _Rule(_CONTENT, "552", "", Rejected, "too_big"),
    _Rule(_CONTENT, "55*", ",5.0.0", Rejected, "refused_content"),
    _Rule(_ENVELOPE | _CONTENT, "500 501 502 503 504 555", "", Rejected, "not_understood"),
)

_ENHANCED = re.compile(r"\(?#?([245]\.\d{1,3}\.\d{1,3})\b")


def enhanced_status(code: int, text: str) -> str:
    """The enhanced status at the start of a reply's text, "" if it has none of its own class."""
    found = _ENHANCED.match(text)
    if found is None or found[1][0] != str(code)[0]:
        return ""
    return found[1]


def refusal(phase: Phase, code: int, text: str) -> Failure:
    """Turns a reply that is no consent into the failure it means.

    Replies outside 4xx and 5xx are no answer to what was asked; before the body that is safe to
    try again (after the body the caller asks elsewhere).
    """
    enhanced = enhanced_status(code, text)
    raw = f"{code} {enhanced}" if enhanced else str(code)
    for rule in _RULES:
        if rule.matches(phase, str(code), enhanced, text):
            return rule.failure(rule.reason, code=raw)
    if 500 <= code <= 599:
        return Rejected(meaning(enhanced).reason if enhanced else "refused", code=raw)
    if phase in {Phase.GREETING, Phase.AUTH}:
        return SenderDown("garbled_answer", code=raw)
    return TryAgain("garbled_answer", code=raw)


# Postfix, Exim, sendmail, and the plain "Ok <id>" of many services.
_QUEUE_IDS = (
    re.compile(r"\bqueued as ([\w.:/+-]+)", re.IGNORECASE),
    re.compile(r"\bid=([\w.:/+-]+)", re.IGNORECASE),
    re.compile(r"([\w.:/+-]*\d[\w.:/+-]*) message accepted", re.IGNORECASE),
    re.compile(r"^(?:2\.\d\.\d\s+)?ok:?\s+([\w.:/+-]*\d[\w.:/+-]*)", re.IGNORECASE),
)


def queue_id(text: str) -> str | None:
    """What the server calls the mail it took, at most 80 printable characters, if it says so."""
    for pattern in _QUEUE_IDS:
        found = pattern.search(text[:1000])
        if found and found[1].isascii() and len(found[1]) <= 80:
            return found[1]
    return None
