"""Addresses as people write them."""

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from channels.push_hosts import PushHosts
from notify.domain.addresses import (
    _PLAIN_EMAIL,
    _careful_email,
    masked,
    normalise_email,
    normalise_phone,
    normalise_push,
)
from notify.errors import Invalid


@pytest.mark.parametrize(
    ("channel", "value", "shown"),
    [("email", "erika@example.org", "e…@example.org"), ("email", "er@example.org", "…@example.org"),
     ("email", "e@example.org", "…@example.org"), ("sms", "+4915123456789", "…789")],
)  # fmt: skip
def test_a_masked_address_is_known_to_whose_it_is_only(
    channel: str, value: str, shown: str
) -> None:
    assert masked(channel, value) == shown


@pytest.mark.parametrize(
    ("written", "known_as"),
    [
        pytest.param("erika@example.org", "erika@example.org", id="plain"),
        pytest.param("Erika.Mustermann@Example.ORG", "erika.mustermann@example.org", id="case"),
        pytest.param("  erika@example.org\t", "erika@example.org", id="spaces around"),
        pytest.param(
            "\u00a0erika@example.org\u200b", "erika@example.org", id="hidden at the edges"
        ),
        pytest.param("\ufefferika@example.org", "erika@example.org", id="byte order mark"),
        pytest.param("erika@example.org.", "erika@example.org", id="trailing dot"),
        pytest.param("mailto:erika@example.org", "erika@example.org", id="mailto"),
        pytest.param("erika+warnung@example.org", "erika+warnung@example.org", id="plus"),
        pytest.param("o'neil@example.org", "o'neil@example.org", id="apostrophe"),
        pytest.param("erika@bürgerhaus.de", "erika@xn--brgerhaus-q9a.de", id="umlaut domain"),
        pytest.param("erika@straße.de", "erika@xn--strae-oqa.de", id="sharp s (IDNA 2008)"),
        pytest.param("Jürgen@example.org", "jürgen@example.org", id="umlaut before the @"),
        pytest.param("ju\u0308rgen@example.org", "jürgen@example.org", id="combining umlaut"),
        pytest.param("ｅｒｉｋａ＠example.org", "erika@example.org", id="full width"),
        pytest.param("erika@mail.test", "erika@mail.test", id="test domain"),
        pytest.param("erika@schule.LOCAL", "erika@schule.local", id="local domain"),
        pytest.param("erika@nirgends.invalid", "erika@nirgends.invalid", id="invalid domain"),
        pytest.param("erika@localhost", "erika@localhost", id="localhost"),
        pytest.param("erika@büro.test", "erika@xn--bro-hoa.test", id="umlaut and test domain"),
    ],
)
def test_a_mailbox_is_known_by_one_spelling(written: str, known_as: str) -> None:
    assert normalise_email(written) == known_as
    assert normalise_email(known_as) == known_as


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("", id="empty"),
        pytest.param("   ", id="blank"),
        pytest.param("@", id="only an at"),
        pytest.param("erika", id="no at"),
        pytest.param("erika@", id="no domain"),
        pytest.param("@example.org", id="nobody"),
        pytest.param("erika@gmail", id="domain without a dot"),
        pytest.param("erika@example..org", id="two dots in the domain"),
        pytest.param("erika..m@example.org", id="two dots before the @"),
        pytest.param("Erika <erika@example.org>", id="display name"),
        pytest.param("<erika@example.org>", id="angle brackets"),
        pytest.param("erika@example.org, bert@example.org", id="two with a comma"),
        pytest.param("erika@example.org;bert@example.org", id="two with a semicolon"),
        pytest.param("erika@example.org bert@example.org", id="two with a space"),
        pytest.param("eri ka@example.org", id="space inside"),
        pytest.param("erika@example.org\r\nBcc: all@example.org", id="header injection"),
        pytest.param("eri\x00ka@example.org", id="NUL"),
        pytest.param("eri\u202eka@example.org", id="direction override"),
        pytest.param("eri\ud800ka@example.org", id="lone surrogate"),
        pytest.param("erika@[127.0.0.1]", id="address literal"),
        pytest.param("erika@127.0.0.1", id="bare address"),
        pytest.param("e" * 65 + "@example.org", id="local part too long"),
        pytest.param("erika@" + "a." * 130 + "org", id="too long"),
        pytest.param("erika(home)@example.org", id="comment"),
        pytest.param('"erika m"@example.org', id="quoted"),
        pytest.param("erika@-example.org", id="bad label"),
        pytest.param("erika@.test", id="nothing below a reserved name"),
        pytest.param(
            "ü" * 60 + "@" + "b" * 60 + "." + "c" * 60 + "." + "d" * 60 + ".de", id="octets"
        ),
        pytest.param("İ" * 30 + "@" + ("b" * 60 + ".") * 3 + "org", id="grows in lower case"),
        pytest.param("erika@example.org" + " " * 1_000, id="far too long"),
    ],
)
def test_what_is_no_single_mailbox_is_refused_without_repeating_it(written: str) -> None:
    with pytest.raises(Invalid) as refusal:
        normalise_email(written)

    assert "erika@example.org" in refusal.value.message or "254" in refusal.value.message
    assert "bert" not in refusal.value.message


@given(st.emails())
def test_a_normalised_address_is_its_own_normal_form(address: str) -> None:
    try:
        once = normalise_email(address)
    except Invalid:
        return

    assert normalise_email(once) == once


@given(
    st.from_regex(
        r"[A-Za-z0-9_+.-]{1,66}@([A-Za-z0-9-]{1,66}\.){1,3}[A-Za-z0-9]{1,5}", fullmatch=True
    )
)
def test_the_quick_way_and_the_careful_way_give_the_same_address(written: str) -> None:
    if _PLAIN_EMAIL.fullmatch(written.lower()):
        assert _careful_email(written) == written.lower()


@pytest.mark.parametrize(
    ("written", "known_as"),
    [
        pytest.param("0151 23456789", "+4915123456789", id="national"),
        pytest.param("0151/234 567 89", "+4915123456789", id="slash"),
        pytest.param("0151.234.567.89", "+4915123456789", id="dots"),
        pytest.param("(0151) 23456789", "+4915123456789", id="brackets"),
        pytest.param("0151-23456789", "+4915123456789", id="hyphen"),
        pytest.param("+49\u2011151\u201323456789", "+4915123456789", id="typographic hyphens"),
        pytest.param("+49 151 23456789", "+4915123456789", id="international"),
        pytest.param("+49 (0) 151 23456789", "+4915123456789", id="bracketed zero"),
        pytest.param("+49(0)151/23456789", "+4915123456789", id="bracketed zero, slash"),
        pytest.param("+49 0151 23456789", "+4915123456789", id="zero after the country"),
        pytest.param("(+49) 151 23456789", "+4915123456789", id="bracketed country"),
        pytest.param("0049 151 23456789", "+4915123456789", id="double zero"),
        pytest.param("00 49 (0)151 23456789", "+4915123456789", id="double zero, bracketed zero"),
        pytest.param("0151\u00a023\u202f456789", "+4915123456789", id="no-break spaces"),
        pytest.param("０１５１ ２３４５６７８９", "+4915123456789", id="full-width digits"),
        pytest.param("٠١٥١٢٣٤٥٦٧٨٩", "+4915123456789", id="arabic digits"),
        pytest.param("\u202a0151 23456789\u202c", "+4915123456789", id="hidden direction marks"),
        pytest.param("tel:+49-151-23456789", "+4915123456789", id="tel"),
        pytest.param("0151 23456789.", "+4915123456789", id="trailing dot"),
        pytest.param("'0151 23456789", "+4915123456789", id="apostrophe of a spreadsheet"),
        pytest.param("151 23456789", "+4915123456789", id="zero lost in a spreadsheet"),
        pytest.param("4915123456789", "+4915123456789", id="plus lost in a spreadsheet"),
        pytest.param("06421 12345", "+49642112345", id="land line"),
        pytest.param("089/1234-0", "+498912340", id="switchboard"),
        pytest.param("0491 5123456", "+494915123456", id="area code like the country code"),
        pytest.param("+43 664 1234567", "+436641234567", id="neighbour"),
        pytest.param("+1 415 555 2671", "+14155552671", id="overseas"),
    ],
)
def test_a_phone_number_is_known_in_e164(written: str, known_as: str) -> None:
    assert normalise_phone(written, region="DE") == known_as
    assert normalise_phone(known_as, region="FR") == known_as


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("", id="empty"),
        pytest.param("-", id="dash"),
        pytest.param("keine", id="word"),
        pytest.param("110", id="police"),
        pytest.param("112", id="emergency"),
        pytest.param("+49112", id="emergency with country"),
        pytest.param("116117", id="short"),
        pytest.param("0900 1 123456", id="premium"),
        pytest.param("0137 7123456", id="televoting"),
        pytest.param("0180 5 123456", id="shared cost"),
        pytest.param("0800 1234567", id="free phone"),
        pytest.param("+49 151 23456789 ext. 5", id="extension"),
        pytest.param("0151 23456789;ext=3", id="extension of a tel URI"),
        pytest.param("0151-CALL-ME1", id="letters"),
        pytest.param("4,91512E+12", id="shortened by a spreadsheet"),
        pytest.param("0151 23456789 / 0152 23456789", id="two"),
        pytest.param("0642 123456 / 0642 123457", id="two short ones"),
        pytest.param("030 123456/030 12345", id="two that make one together"),
        pytest.param("0151 23456789 +49 152 23456789", id="two international"),
        pytest.param("0151 23456789\n0152 23456789", id="two lines"),
        pytest.param("++49 151 23456789", id="two plusses"),
        pytest.param("0151 12", id="too short"),
        pytest.param("0151 234567890123", id="too long"),
        pytest.param("+999 12345678", id="no such country"),
        pytest.param("\ud800", id="lone surrogate"),
        pytest.param("0151 23456789" + " " * 1_000, id="far too long"),
    ],
)
def test_what_no_sms_may_go_to_is_refused_without_repeating_it(written: str) -> None:
    with pytest.raises(Invalid) as refusal:
        normalise_phone(written, region="DE")

    assert refusal.value.message.startswith("Write ")
    assert written == "" or written not in refusal.value.message


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        number = normalise_phone(text, region="DE")
    except Invalid:
        return

    assert number[0] == "+"
    assert number[1:].isdigit()
    assert normalise_phone(number, region="DE") == number


HOSTS = PushHosts(["fcm.googleapis.com", "http://127.0.0.1:8123"])


def browser_keys() -> dict[str, str]:
    point = (
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    )
    return {
        "p256dh": base64.urlsafe_b64encode(point).decode(),
        "auth": base64.urlsafe_b64encode(b"a" * 16).decode(),
    }


@pytest.mark.parametrize(
    "endpoint",
    [
        pytest.param("https://fcm.googleapis.com/fcm/send/abc", id="by name"),
        pytest.param("http://127.0.0.1:8123/push/abc", id="by origin"),
    ],
)
def test_a_push_subscription_of_an_allowed_host_is_taken(endpoint: str) -> None:
    keys = browser_keys()

    address = normalise_push({"endpoint": endpoint, "keys": keys}, hosts=HOSTS)

    assert address.endpoint == endpoint
    assert address.auth == keys["auth"].rstrip("=")
    assert address.auth not in repr(address)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({}, id="empty"),
        pytest.param({"endpoint": 7, "keys": {}}, id="endpoint no text"),
        pytest.param({"endpoint": "https://fcm.googleapis.com/x", "keys": {}}, id="no keys"),
        pytest.param(
            {"endpoint": "https://fcm.googleapis.com/x", "keys": {"p256dh": "AA", "auth": "AA"}},
            id="bad keys",
        ),
        pytest.param({"endpoint": "https://evil.example/x", "keys": browser_keys()}, id="host"),
        pytest.param({"endpoint": "https://10.0.0.1/x", "keys": browser_keys()}, id="private"),
    ],
)
def test_a_broken_or_strange_push_subscription_is_refused(value: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refusal:
        normalise_push(value, hosts=HOSTS)

    assert "evil" not in refusal.value.message
    assert "10.0.0.1" not in refusal.value.message
