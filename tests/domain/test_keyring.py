"""Marks, seals and hashes: ours come back, all others do not, and keys rotate."""

import hmac
import re
from base64 import b32encode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from notify.domain.keyring import Keyring

RING = Keyring(["new", "old"])
OLD = Keyring(["old"])
STRANGER = Keyring(["other"])
PAYLOAD = b"\0 whatever it is \xff."


def test_what_is_hidden_comes_back_to_us_alone_and_looks_alike_for_all() -> None:
    token = RING.hide("opening", PAYLOAD)

    assert RING.reveal("opening", token) == PAYLOAD
    assert RING.reveal("opening", OLD.hide("opening", PAYLOAD)) == PAYLOAD
    assert len(RING.hide("opening", PAYLOAD[::-1])) == len(token)
    assert RING.hide("opening", PAYLOAD) != token
    assert RING.reveal("other", token) is None
    assert STRANGER.reveal("opening", token) is None
    for broken in ("", token[:-4], token.swapcase(), "ü\udc00", "\0"):
        assert RING.reveal("opening", broken) is None


@given(st.integers(1, 10**18 - 1), st.sampled_from(["bounce", "twilio", "beacon"]))
def test_a_mark_comes_back_also_in_capitals(number: int, purpose: str) -> None:
    mark = RING.mark(purpose, number)

    assert re.fullmatch(r"\d+-[0-9a-f]{20}", mark)
    assert RING.unmark(purpose, mark) == number
    assert RING.unmark(purpose, mark.upper()) == number


def test_a_mark_is_good_for_one_purpose_and_one_number() -> None:
    mark = RING.mark("bounce", 7)

    assert RING.unmark("twilio", mark) is None
    assert RING.unmark("bounce", mark.replace("7-", "8-", 1)) is None
    assert STRANGER.unmark("bounce", mark) is None


@pytest.mark.parametrize(
    "reference", ["", "-", "7", "7-", "-aaaa", "٧-aaaaaaaaaaaaaaaa", "7-ü", "9" * 19 + "-a", "7-\0"]
)
def test_a_broken_mark_is_nothing(reference: str) -> None:
    assert RING.unmark("bounce", reference) is None


@given(st.text(max_size=40))
def test_reading_a_mark_never_raises(reference: str) -> None:
    assert RING.unmark("bounce", reference) is None


def test_a_seal_comes_back_and_only_for_its_purpose() -> None:
    token = RING.seal("leave", PAYLOAD)

    assert re.fullmatch(r"[\w.-]+", token)
    assert RING.unseal("leave", token) == PAYLOAD
    assert RING.unseal("confirm", token) is None
    assert RING.unseal("leave", token[:-1]) is None
    for broken in ("\0", "ü", "", ".", "a.b", "\ud800"):
        assert RING.unseal("leave", broken) is None
    assert STRANGER.unseal("leave", token) is None


def test_what_an_older_key_made_stays_good() -> None:
    assert RING.unmark("bounce", OLD.mark("bounce", 7)) == 7
    assert RING.unseal("leave", OLD.seal("leave", PAYLOAD)) == PAYLOAD
    assert OLD.unmark("bounce", RING.mark("bounce", 7)) is None


def test_what_the_first_version_made_stays_good() -> None:
    made = URLSafeSerializer(["old"], salt="notify.leave").dumps({"a": 1})
    digest = hmac.digest(b"old", b"bounce\0" + b"7", "sha256")

    assert RING.unseal_first("leave", made) == {"a": 1}
    assert RING.unseal_first("confirm", made) is None
    assert STRANGER.unseal_first("leave", made) is None
    assert RING.unmark("bounce", "7-" + b32encode(digest).decode()[:16]) == 7
    assert RING.unmark("bounce", "8-" + b32encode(digest).decode()[:16]) is None


def test_hashes_of_addresses_outlive_a_rotation() -> None:
    assert RING.address_hash("email", "a@b") == OLD.address_hash("email", "a@b")
    assert RING.address_hash("email", "a@b") != RING.address_hash("sms", "a@b")
    assert RING.address_hash("email", "a@b") != STRANGER.address_hash("email", "a@b")


def test_a_keyring_needs_a_key() -> None:
    with pytest.raises(ValueError, match="at least one key"):
        Keyring([])
