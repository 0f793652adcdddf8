"""Builds the bytes of a mail: multipart/alternative, 7-bit safe, the same for any server.

What is the same for many mails, their form, is put into MIME once and kept; only what differs is
put in for each. The parts are joined by hand from stdlib encoders (email.header, binascii): the
stdlib generator takes a hundred times as long, and refolds URLs and ids that must stay in one
piece.

What arrives is what was given, after `plain`: CRLF, CR and LF are one line end, tab stays, all
other control characters are dropped, a lone surrogate becomes U+FFFD. In the subject and in
display names a control character becomes a space; in an address, URL or id it is a ValueError.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime
from functools import lru_cache
from html import escape

import idna

from channels.bodies import Body, body
from channels.messages import Email, MailForm

# "=_" occurs neither in quoted-printable nor in base64 (RFC 2045 §6.7), so the boundary can be
# the same in every mail.
_BOUNDARY = "=_citizen-notify"
_LINE_END = re.compile(r"\r\n|\r|\n")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_IN_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_QUOTE = re.compile(r'(["\\])')
# RFC 5321 §4.1.2 and RFC 6531 §3.3: dot-string or quoted-string, then a domain.
_ATOM = r"[^\x00-\x20\x7f-\xa0()<>\[\]:;@\\,.\"\s]+"
_QUOTED_STRING = r'"(?:[^\x00-\x1f\x7f-\x9f"\\\u2028\u2029]|\\[\x20-\x7e])*"'
_LOCAL_PART = re.compile(rf"(?:{_ATOM}(?:\.{_ATOM})*|{_QUOTED_STRING})\Z")
_USUAL_ADDRESS = re.compile(
    r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\Z"
)
_DOMAIN = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\Z")
_ID = re.compile(r"[!-;=?-~]+@[!-;=?-~]+\Z")
_OWN = re.compile(r"[!-;=?-~]+\Z")
_URL = re.compile(r"https?://[!-;=?-~]+\Z")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*\Z")
_LONGEST_LINE = 998  # RFC 5322 §2.1.1, without CRLF
_USUAL_LINE = 78
_LONGEST_ADDRESS = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets


def plain(text: str) -> str:
    """Text as it arrives, with LF line ends."""
    text = _CONTROL_IN_TEXT.sub("", _LINE_END.sub("\n", text))
    return _SURROGATE.sub("\ufffd", text)


def plain_line(text: str) -> str:
    """A subject as it arrives: one line, no space around it."""
    return _SURROGATE.sub("\ufffd", _CONTROL.sub(" ", text)).strip()


def plain_name(text: str) -> str:
    """A display name as it arrives: one line, single spaces."""
    return " ".join(plain_line(text).split())


def wire_address(address: str) -> str:
    """An address with its domain in IDNA; the local part stays, ASCII or not.

    ValueError if it cannot stand in an SMTP command or a header.
    """
    if len(address) <= _LONGEST_ADDRESS and _USUAL_ADDRESS.match(address):
        return address
    local, at, domain = address.rpartition("@")
    if not at or not _LOCAL_PART.match(local) or _SURROGATE.search(local):
        raise ValueError("an e-mail address is not of the form name@domain")
    domain = _wire_domain(domain)
    if len(local.encode()) + len(domain) > _LONGEST_ADDRESS - 1:
        raise ValueError("an e-mail address is too long")
    return f"{local}@{domain}"


@lru_cache(maxsize=4096)
def _wire_domain(domain: str) -> str:
    try:
        wire = domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:
        wire = ""
    if not _DOMAIN.match(wire):
        raise ValueError("an e-mail address has a domain that is no valid name")
    return wire


@dataclass(frozen=True, slots=True)
class _Made:
    """A form in MIME: what stands before, between and behind its two texts."""

    head: bytes
    text: Body
    between: bytes
    html: Body
    end: bytes


def build(email: Email, *, date: datetime) -> bytes:
    """The mail with CRLF line ends, ready for DATA but for the dots.

    ASCII throughout, unless a local part is not (RFC 6532, only for SMTPUTF8 servers).
    ValueError if an address, URL, id or language cannot stand in a header, or if the form has a
    gap and the mail nothing for it; it names the field and never its value.
    """
    made = _made(email.form)
    own = _own_headers(email, date)
    fill = _fill(email)
    return b"".join(
        (
            own.encode(),
            made.head,
            made.text.filled(fill),
            made.between,
            made.html.filled(escape(fill)),
            made.end,
        )
    )


def _own_headers(email: Email, date: datetime) -> str:
    """The headers that differ from mail to mail."""
    message_id = _checked(_ID, email.message_id, "message_id")
    lines = (
        f"Date: {_date(int(date.timestamp()))}\r\n"
        f"To: {wire_address(email.to)}\r\n"
        f"Message-ID: <{message_id}>\r\n"
    )
    if email.in_reply_to:
        parent = _checked(_ID, email.in_reply_to, "in_reply_to")
        lines += f"In-Reply-To: <{parent}>\r\nReferences: <{parent}>\r\n"
    if email.unsubscribe_url:
        # On one line: folded, it breaks DKIM at some receivers and the URL at some readers.
        url = _checked(_URL, email.unsubscribe_url, "unsubscribe_url")
        lines += (
            f"List-Unsubscribe: <{url}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        )
    return lines


def _fill(email: Email) -> str:
    """What stands in the gaps."""
    if email.form.gap is None:
        return ""
    if email.own is None:
        raise ValueError("own is missing, and the form has a gap for it")
    return _checked(_OWN, email.own, "own")


@lru_cache(maxsize=64)
def _made(form: MailForm) -> _Made:
    language = _checked(_LANGUAGE, form.language, "language")
    text, html = (body(_segments(one, form.gap)) for one in (form.text, form.html))
    head = [*_form_headers(form), "", "--" + _BOUNDARY, *_part_headers("plain", language, text)]
    between = ["", "--" + _BOUNDARY, *_part_headers("html", language, html)]
    return _Made(
        head="\r\n".join([*head, "", ""]).encode(),
        text=text,
        between="\r\n".join([*between, "", ""]).encode(),
        html=html,
        end=f"\r\n--{_BOUNDARY}--\r\n".encode(),
    )


def _segments(text: str, gap: str | None) -> list[str]:
    return [plain(segment) for segment in (text.split(gap) if gap else [text])]


def _part_headers(subtype: str, language: str, part: Body) -> list[str]:
    return [
        f"Content-Type: text/{subtype}; charset=utf-8",
        f"Content-Transfer-Encoding: {part.coding}",
        f"Content-Language: {language}",
    ]


def _form_headers(form: MailForm) -> list[str]:
    lines = [
        _mailbox("From", form.from_name, form.from_address),
        _subject(plain_line(form.subject)),
    ]
    if form.reply_to:
        lines.append(f"Reply-To: {wire_address(form.reply_to)}")
    return [
        *lines,
        *_manners(urgent=form.urgent),
        f"Content-Language: {form.language}",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="{_BOUNDARY}"',
    ]


@lru_cache(maxsize=4)
def _date(second: int) -> str:
    return format_datetime(datetime.fromtimestamp(second, UTC))


def _manners(*, urgent: bool) -> list[str]:
    """Headers that keep robots from answering (RFC 3834) and set an alert apart."""
    lines = ["Auto-Submitted: auto-generated", "X-Auto-Response-Suppress: OOF, AutoReply"]
    if urgent:
        return [*lines, "Importance: high", "Priority: urgent", "X-Priority: 1"]
    return [*lines, "Precedence: bulk"]


def _checked(pattern: re.Pattern[str], value: str, field: str) -> str:
    if not pattern.match(value) or len(value) > _LONGEST_LINE - len("List-Unsubscribe: <>"):
        raise ValueError(f"{field} cannot stand in a mail header")
    return value


def _subject(text: str) -> str:
    # A subject that looks like an encoded word would be decoded by the reader.
    if text.isascii() and "=?" not in text and len(text) <= _USUAL_LINE - len("Subject: "):
        return f"Subject: {text}"
    return "Subject: " + _encoded(text, name="Subject")


def _mailbox(name: str, display: str, address: str) -> str:
    address = wire_address(address)
    display = plain_name(display)
    if not display:
        return f"{name}: {address}"
    if display.isascii() and "=?" not in display and len(display) <= _USUAL_LINE - len(name) - 5:
        display = '"' + _QUOTE.sub(r"\\\1", display) + '"'
    else:
        display = _encoded(display, name=name)
    line = f"{name}: {display} <{address}>"
    if len(line.rpartition("\r\n")[2]) > _USUAL_LINE:
        line = f"{name}: {display}\r\n <{address}>"
    return line


def _encoded(text: str, *, name: str) -> str:
    """Encoded words (RFC 2047), folded."""
    return Header(text, "utf-8", header_name=name).encode(linesep="\r\n")
