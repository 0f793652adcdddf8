"""The vocabularies of the code and the CHECKs of the database are the same words."""

import re
from collections.abc import Iterable

import pytest

from channels.receipts import Report
from notify.domain.alarms import Level, State
from notify.domain.broadcast import BroadcastStatus, HeldWhy
from notify.domain.codes import Purpose
from notify.domain.delivery import DeliveryStatus
from notify.domain.duty import RingResult
from notify.domain.grants import Role
from notify.domain.inbound import Word
from notify.domain.poll import How
from notify.domain.replying import Say
from notify.domain.words import (
    AddressState,
    Channel,
    Following,
    Kind,
    Lane,
    NoteKind,
    Relation,
    Severity,
    Skip,
    Source,
    Suppressed,
)
from notify.services.inbound import HOOK, PULL
from notify.store.database import Database

OUTCOMES = {
    "sent",
    "try_again",
    "rejected",
    "address_gone",
    "sender_stopped",
    "unknown",
    "released",
}
"""Those of `notify.domain.outcome`, and `released` for what was never handed over."""

WORDS: dict[tuple[str, str], Iterable[str]] = {
    ("addresses", "channel"): Channel,
    ("addresses", "state"): AddressState,
    ("alarms", "level"): Level,
    ("attempts", "outcome"): OUTCOMES,
    ("broadcasts", "held_why"): HeldWhy,
    ("broadcasts", "kind"): Kind,
    ("broadcasts", "plan_phase"): {"reached", "followers", "done"},
    ("broadcasts", "relation"): Relation,
    ("broadcasts", "severity"): Severity,
    ("broadcasts", "status"): BroadcastStatus,
    ("codes", "purpose"): Purpose,
    ("consents", "channel"): Channel,
    ("consents", "source"): Source,
    ("decisions", "decision"): {"approved", "returned", "recalled", "broke_glass", "reviewed"},
    ("deliveries", "channel"): Channel,
    ("deliveries", "lane"): Lane,
    ("deliveries", "status"): DeliveryStatus,
    ("grants", "role"): Role,
    ("inbound", "how"): {HOOK, PULL},
    ("inbound", "say"): Say,
    ("inbound", "word"): Word,
    ("inbound_counts", "how"): {HOOK, PULL},
    ("notes", "kind"): NoteKind,
    ("receipts", "report"): Report,
    ("rings", "channel"): Channel,
    ("rings", "result"): RingResult,
    ("senders", "channel"): Channel,
    ("skips", "channel"): {*Channel, "none"},
    ("skips", "reason"): Skip,
    ("subscriptions", "alerts"): Channel,
    ("subscriptions", "news"): Channel,
    ("subscriptions", "state"): Following,
    ("suppressions", "channel"): Channel,
    ("suppressions", "reason"): Suppressed,
    ("tellings", "state"): State,
    ("tellings", "way"): {"mail", "webhook"},
    ("voters", "how"): How,
    ("workers", "lane"): Lane,
}


@pytest.fixture
async def checks(db: Database) -> dict[tuple[str, str], set[str]]:
    """The words each CHECK allows, by table and column."""
    found: dict[tuple[str, str], set[str]] = {}
    async with db.transaction() as connection:
        rows = await connection.rows(
            "SELECT conrelid::regclass::text AS table, pg_get_constraintdef(oid) AS rule"
            " FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
        )
    for row in rows:
        match = re.match(r"CHECK \(\((\w+) (?:= ANY \(|<@ )\(?ARRAY\[(.*)\]", row["rule"])
        single = re.match(r"CHECK \(\((\w+) = '(\w+)'::text\)\)", row["rule"])
        if match:
            found[row["table"], match[1]] = set(re.findall(r"'(\w+)'", match[2]))
        elif single:
            found[row["table"], single[1]] = {single[2]}
    return found


async def test_every_vocabulary_is_the_same_in_code_and_database(
    checks: dict[tuple[str, str], set[str]],
) -> None:
    assert checks == {place: set(map(str, words)) for place, words in WORDS.items()}
