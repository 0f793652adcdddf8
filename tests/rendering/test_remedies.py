"""Whose turn it is: with every reason there is."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from notify.domain.delivery import DeliveryStatus
from notify.domain.words import Skip
from notify.rendering.languages import words
from notify.rendering.reasons import ENDED, SAID
from notify.rendering.remedies import REMEDIES, Remedy, remedy, todo

ZONE = ZoneInfo("Europe/Berlin")
UNTIL = datetime(2026, 11, 26, 17, 0, tzinfo=UTC)


def test_every_reason_is_somebody_s_and_no_other() -> None:
    assert REMEDIES.keys() == SAID.keys()


def test_what_waits_is_what_is_said_to_go_on_by_itself() -> None:
    assert {reason for reason, whose in REMEDIES.items() if whose is Remedy.WAITS} == ENDED.keys()


@pytest.mark.parametrize("status", ["failed", "expired", "cancelled"])
def test_nothing_that_is_over_is_said_to_go_on(status: str) -> None:
    for reason in (*SAID, None, "from_the_future"):
        assert remedy(reason, status) is not Remedy.WAITS


def test_what_is_pending_goes_on_or_needs_somebody_now() -> None:
    for reason in SAID:
        assert remedy(reason, "pending") not in {Remedy.OTHERWISE, Remedy.RESIDENT}


@pytest.mark.parametrize(
    ("reason", "status", "whose"),
    [
        ("no_such_number", "failed", Remedy.TOWN_HALL),
        ("mailbox_full", "failed", Remedy.RESIDENT),
        ("mailbox_full", "pending", Remedy.WAITS),
        ("credentials_refused", "pending", Remedy.SENDERS),
        ("timed_out", "unknown", Remedy.UNSURE),
        ("greylisted", "pending", Remedy.WAITS),
        ("greylisted", "failed", Remedy.OTHERWISE),
        ("filtered", "failed", Remedy.TEXT),
        ("recalled", "cancelled", Remedy.MEANT),
        (None, "superseded", Remedy.MEANT),
        ("sms_cap", "cancelled", Remedy.SENDERS),
        *((str(skip), None, whose) for skip, whose in {
            Skip.NO_CHANNEL: Remedy.RESIDENT, Skip.CHANNEL_OFF: Remedy.SENDERS,
            Skip.NO_ADDRESS: Remedy.TOWN_HALL, Skip.UNVERIFIED: Remedy.RESIDENT,
            Skip.SUPPRESSED: Remedy.RESIDENT,
        }.items()),
    ],
)  # fmt: skip
def test_examples(reason: str | None, status: str | None, whose: Remedy) -> None:
    assert remedy(reason, status) is whose


@pytest.mark.parametrize("language", ["de", "en"])
def test_each_says_in_a_sentence_what_to_do(language: str) -> None:
    chosen = words(language, default="de", zone=ZONE)

    said = {todo(chosen, one) for one in Remedy}
    assert len(said) == len(Remedy)
    assert all(sentence[0].isupper() and sentence.endswith(".") for sentence in said)
    assert "18:00" in todo(chosen, Remedy.WAITS, until=UNTIL)


def test_every_status_is_somebody_s() -> None:
    for status in DeliveryStatus:
        assert remedy(None, status) in Remedy
