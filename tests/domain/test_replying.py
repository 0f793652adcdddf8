"""Who may be answered by SMS, and until when; and which language somebody names."""

from datetime import UTC, datetime, timedelta

import pytest

from notify.domain.languages import language_named
from notify.domain.replying import (
    MOST_A_DAY,
    Say,
    in_countries,
    in_time,
    is_phone,
    sort_of,
    worth,
)

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("phone", "home"),
    [("+4915112345678", True), ("+493012345678", True), ("+436641234567", False),
     ("+12025550123", False), ("+999123456789", False), ("+4", False), ("12345", False),
     ("Stadtwerke", False)],
)  # fmt: skip
def test_only_numbers_of_the_countries_count(phone: str, *, home: bool) -> None:
    assert in_countries(phone, ["DE"]) is home
    assert not in_countries(phone, [])


@pytest.mark.parametrize(
    "sender", ["12345", "Rathaus", "whatsapp:+4915112345678", "+0123456789", ""]
)
def test_names_and_short_codes_are_no_phones(sender: str) -> None:
    assert not is_phone(sender)


@pytest.mark.parametrize("say", Say)
def test_every_answer_is_counted_and_worth_something_for_a_while(say: Say) -> None:
    assert MOST_A_DAY[sort_of(say)] <= (40 if say is Say.QUESTION else 12)
    assert timedelta(minutes=10) <= worth(say) <= timedelta(days=1)
    assert in_time(say, said_at=None, now=NOON)
    assert in_time(say, said_at=NOON - worth(say), now=NOON)
    assert not in_time(say, said_at=NOON - worth(say) - timedelta(seconds=1), now=NOON)


@pytest.mark.parametrize(
    ("text", "tag"),
    [("de", "de"), ("DE", "de"), ("Deutsch", "de"), ("german", "de"), ("en", "en"),
     ("ENGLISH", "en"), ("englisch", "en"), ("de-x-simple", "de-x-simple"),
     ("DE X SIMPLE", "de-x-simple"), ("einfach", "de-x-simple"), ("Leichte Sprache", "de-x-simple"),
     ("einfaches Deutsch", "de-x-simple"), ("uk", "uk"), ("fr", None), ("", None), ("klingonisch", None)],
)  # fmt: skip
def test_a_language_is_known_by_tag_and_name(text: str, tag: str | None) -> None:
    assert language_named(text, ("de", "en", "uk")) == tag


def test_only_what_is_offered_is_chosen() -> None:
    assert language_named("english", ("de",)) is None
    assert language_named("einfach", ("en",)) is None
