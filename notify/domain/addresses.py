"""Brings the addresses people write to the one form by which they are compared and used.

All raise `Invalid` with a sentence that says what to write; it never repeats the address.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from channels.push_hosts import Refused, check_keys
from notify.errors import Invalid

MAX_EMAIL = 254
"""Octets of an e-mail address (RFC 5321 §4.5.3.1.3, less the angle brackets)."""

_LONGEST = 1_000
"""Characters that are looked at; whatever is longer is no address in any reading."""

_EMAIL_WORDS = "Write one e-mail address like erika@example.org."
_PHONE_WORDS = "Write one phone number like 0151 23456789 or +49 151 23456789."
# What nearly all addresses look like; the long way gives the same answer and takes 20 times as
# long, which a file of 100,000 residents feels.
_PLAIN_EMAIL = re.compile(
    r"(?=.{6,254}\Z)(?=[^@]{1,64}@)[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*"
    r"@(?:(?![a-z0-9-]{2}--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}"
)
_LOCALHOST = "localhost"
# Names that RFC 6761 and its followers keep out of the public DNS. A mail relay inside a town
# hall may know them, and the world on this machine lives there.
_RESERVED = re.compile(r"(?P<below>.+)\.(?:localhost|local|test|invalid|arpa|onion)", re.IGNORECASE)

_PHONE_CHARACTERS = re.compile(r"[( ]*\+?[\d ()./-]{1,60}")
_TWO_NUMBERS = re.compile(r"(?:\d[^\d/]*){6}/\s*0\d{2}.*\d{3}")
_REACHABLE = frozenset(
    {
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.VOIP,
        PhoneNumberType.PERSONAL_NUMBER,
    }
)
"""Kinds of numbers an SMS may go to. Some carriers read SMS aloud on a land line."""

_SHOWN_DIGITS = 3
_SHORT_NAME = 2


class HostList(Protocol):
    """What is asked of the allow-list of push services; raises `channels.push_hosts.Refused`."""

    def check(self, endpoint: str) -> None: ...


@dataclass(frozen=True, slots=True)
class PushAddress:
    """A browser's push subscription; the keys are base64url without padding."""

    endpoint: str
    p256dh: str = field(repr=False)
    auth: str = field(repr=False)


def normalise_email(text: str) -> str:
    """The form by which a mailbox is known: lower case, the domain in ASCII (IDNA 2008).

    RFC 5321 lets case matter before the @; no provider in use does, and two spellings of one
    mailbox would get every warning twice. A local part beyond ASCII stays (RFC 6531). The
    domain is not looked up.
    """
    if _PLAIN_EMAIL.fullmatch(lower := text.lower()):
        return lower
    return _careful_email(text)


def _careful_email(text: str) -> str:
    if len(text) > _LONGEST:
        raise Invalid(_EMAIL_WORDS)
    tidy = _tidy(text).removesuffix(".")
    if tidy[:7].lower() == "mailto:":
        tidy = tidy[7:]
    local, at, domain = tidy.rpartition("@")
    try:
        found = validate_email(
            f"{local}{at}{_public(domain)}", check_deliverability=False, strict=True
        )
    except (EmailNotValidError, UnicodeError):
        raise Invalid(_EMAIL_WORDS) from None
    host = _put_back(found.ascii_domain, domain)
    address = unicodedata.normalize("NFC", f"{found.local_part.lower()}@{host}")
    if len(address.encode()) > MAX_EMAIL:
        raise Invalid(f"Write an e-mail address of at most {MAX_EMAIL} characters.")
    return address


def normalise_phone(text: str, *, region: str) -> str:
    """The number in E.164. `region` (two letters) says where a number without prefix is.

    Only numbers that exist in the numbering plan and may belong to a person: no emergency,
    short, premium-rate, shared-cost or free-phone number, no extension.
    """
    if len(text) > _LONGEST:
        raise Invalid(_PHONE_WORDS)
    tidy = _tidy_phone(text)
    if not _PHONE_CHARACTERS.fullmatch(tidy) or _TWO_NUMBERS.search(tidy):
        raise Invalid(_PHONE_WORDS)
    found = _readings(tidy, region)
    if len(found) > 1:
        found = {number: kind for number, kind in found.items() if kind == PhoneNumberType.MOBILE}
    if len(found) != 1:
        raise Invalid(_PHONE_WORDS)
    ((number, kind),) = found.items()
    if kind not in _REACHABLE:
        raise Invalid("Write a mobile or land line number, not a service number.")
    return number


def normalise_push(value: Mapping[str, Any], *, hosts: HostList) -> PushAddress:
    """A subscription as the browser's `toJSON` gives it: `endpoint` and `keys`, both checked."""
    keys = value.get("keys")
    endpoint = value.get("endpoint")
    if not isinstance(endpoint, str) or not isinstance(keys, Mapping):
        raise Invalid('Give "endpoint" and "keys" as the browser made them.')
    p256dh, auth = keys.get("p256dh"), keys.get("auth")
    if not isinstance(p256dh, str) or not isinstance(auth, str):
        raise Invalid('Give "p256dh" and "auth" in "keys" as the browser made them.')
    try:
        hosts.check(endpoint)
        check_keys(p256dh, auth)
    except Refused as refusal:
        raise Invalid(
            f"This push subscription cannot be used ({refusal.reason}); "
            "give it as the browser made it, from a push service that is allowed here."
        ) from None
    return PushAddress(endpoint, p256dh.rstrip("="), auth.rstrip("="))


def _tidy(text: str) -> str:
    """Compatibility forms made plain, and what copying leaves at the edges taken off."""
    plain = unicodedata.normalize("NFKC", text)
    start, end = 0, len(plain)
    while start < end and _is_edge(plain[start]):
        start += 1
    while end > start and _is_edge(plain[end - 1]):
        end -= 1
    return plain[start:end]


def _is_edge(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) == "Cf"


def _public(domain: str) -> str:
    """The domain as its syntax is judged, with a reserved last part made an ordinary one."""
    if domain.lower() == _LOCALHOST:
        return f"{_LOCALHOST}.com"
    reserved = _RESERVED.fullmatch(domain)
    return f"{reserved['below']}.com" if reserved else domain


def _put_back(judged: str, domain: str) -> str:
    if domain.lower() == _LOCALHOST:
        return _LOCALHOST
    if _RESERVED.fullmatch(domain):
        return judged.removesuffix("com") + domain.rpartition(".")[2].lower()
    return judged.lower()


def _tidy_phone(text: str) -> str:
    plain = text
    if not text.isprintable() or not text.isascii():
        plain = "".join(_plain_sign(sign) for sign in unicodedata.normalize("NFKC", text))
    plain = plain.strip().removeprefix("'").strip()  # a spreadsheet's mark for "this is text"
    return plain[4:].strip() if plain[:4].lower() == "tel:" else plain


def _plain_sign(sign: str) -> str:
    digit = unicodedata.decimal(sign, None)
    if digit is not None:
        return str(digit)
    if sign in "\r\n\t\v\f":
        return "\n"  # a line break inside is no part of a number: refused by its character
    category = unicodedata.category(sign)
    return {"Pd": "-", "Zs": " ", "Cf": ""}.get(category, "-" if sign == "−" else sign)


def _readings(text: str, region: str) -> dict[str, int]:
    """The valid numbers that the text may mean, in E.164, with their kind.

    Spreadsheets drop a leading `+` or `0`, and with them the difference between a country code
    and an area code: then both are tried.
    """
    wordings = [text]
    if text.lstrip("( ").startswith(str(phonenumbers.country_code_for_region(region))):
        wordings.append(f"+{text}")
    found = {}
    for wording in wordings:
        try:
            number = phonenumbers.parse(wording, region)
        except NumberParseException:
            continue
        kind = phonenumbers.number_type(number)
        if kind != PhoneNumberType.UNKNOWN and not number.extension:  # only valid ones have a kind
            found[phonenumbers.format_number(number, PhoneNumberFormat.E164)] = kind
    return found


def masked(channel: str, value: str) -> str:
    """An address in its normal form so that whoever has it knows it and nobody else can use it:
    `a…@example.org`, `…678`."""
    if channel == "email":
        name, _, place = value.rpartition("@")
        return f"{name[:1] if len(name) > _SHORT_NAME else ''}…@{place}"
    return f"…{value[-_SHOWN_DIGITS:]}"
