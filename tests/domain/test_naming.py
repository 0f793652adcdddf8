"""An address is found in a line that somebody typed freely, and only there where it is."""

import pytest

from notify.domain.naming import names
from notify.domain.words import Channel

MAIL, PHONE = "anna@example.org", "+4915112345678"


@pytest.mark.parametrize(
    "line",
    ["anna@example.org", " Anna@Example.ORG ", "per Mail: anna@example.org.", "mailto:anna@example.org",
     "Anna Müller <anna@example.org>, gern abends", "b@example.org;anna@example.org"],
)  # fmt: skip
def test_a_mail_address_is_found_however_it_is_written(line: str) -> None:
    assert names(line, channel=Channel.EMAIL, value=MAIL)


@pytest.mark.parametrize(
    "line", ["", "anna", "joanna@example.org", "anna@example.org.evil.example", "anna@example.com"]
)
def test_another_mail_address_is_not(line: str) -> None:
    assert not names(line, channel=Channel.EMAIL, value=MAIL)


@pytest.mark.parametrize(
    "line",
    ["+4915112345678", "0151 12345678", "0151/123 456 78", "0049 151 12345678", "+49 (0)151 12345678",
     "am besten 0151-12345678, abends", "Tel. 0151 12345678 oder b@example.org"],
)  # fmt: skip
def test_a_phone_number_is_found_however_it_is_written(line: str) -> None:
    assert names(line, channel=Channel.SMS, value=PHONE)


@pytest.mark.parametrize("line", ["", "0151 12345679", "12345678", "+43 151 12345678", "anna"])
def test_another_phone_number_is_not(line: str) -> None:
    assert not names(line, channel=Channel.SMS, value=PHONE)
