"""Finds an address in a line that somebody typed freely, as where an answer may reach them."""

import contextlib
import re
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberMatcher

from notify.domain.addresses import normalise_email, normalise_phone
from notify.domain.words import Channel
from notify.errors import Invalid

_BETWEEN_MAILS: Final = re.compile(r"[\s,;<>()\[\]\"']+")
_AROUND_MAILS: Final = ".:!?"


def names(line: str, *, channel: Channel, value: str) -> bool:
    """Whether the line names this e-mail address or phone number, given in its normal form,
    however it is spelled there. A line of 300 characters at most is meant."""
    return value in (_mails(line) if channel is Channel.EMAIL else _phones(line, value))


def _mails(line: str) -> set[str]:
    words = [word.strip(_AROUND_MAILS) for word in _BETWEEN_MAILS.split(line) if "@" in word]
    found = set()
    for word in words:
        try:
            found.add(normalise_email(word))
        except Invalid:
            continue
    return found


def _phones(line: str, value: str) -> set[str]:
    """Numbers in the line; one without a prefix is of the country that `value` is of."""
    region = phonenumbers.region_code_for_number(phonenumbers.parse(value)) or ""
    found = {
        phonenumbers.format_number(match.number, PhoneNumberFormat.E164)
        for match in PhoneNumberMatcher(line, region)
    }
    with contextlib.suppress(Invalid):
        found.add(normalise_phone(line, region=region))
    return found
