"""Phone numbers as people write them."""

import phonenumbers
from phonenumbers import PhoneNumberFormat


def spoken(number: str | None) -> str | None:
    """A phone number as people write it."""
    if number is None:
        return None
    parsed = phonenumbers.parse(number)
    return phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL)
