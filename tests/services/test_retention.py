"""Each class of data is kept as long as its own setting says: what is older goes, what is younger stays."""

from typing import LiteralString

import pytest

from notify.domain.poll import Ask
from notify.services import auditing, closing_polls, counting
from notify.services.forgetting import Forgetter, Kept
from notify.services.pulling import Puller
from notify.services.texts import Means
from notify.settings import Settings
from tests.polled import ASK, NAMED, poll
from tests.town import Town
from tests.web.officer import enrol

KEPT = Kept(deliveries=400, notes=30, feedback=60, drafts=90)


@pytest.fixture(autouse=True)
async def _clock_is_steady(town: Town) -> None:
    await town.change("UPDATE clock_mark SET steady_since = now() - interval '25 h'")


async def forget(town: Town) -> None:
    await Forgetter(town.db, KEPT, rest=0.0).round()


CLASSES: dict[str, tuple[LiteralString, LiteralString, int]] = {
    "notes": (
        ("INSERT INTO notes (kind, valid_until, created_at)"
        " VALUES ('ring', now() - %(days)s * interval '1 day', now() - interval '5 years')"),
        "SELECT FROM notes", 30,
    ),
    "feedback": (
        ("INSERT INTO feedback (message, language, created_at)"
        " VALUES ('x', 'de', now() - %(days)s * interval '1 day')"),
        "SELECT FROM feedback", 60,
    ),
    "strays": (
        ("INSERT INTO receipts (provider, key, report, received_at)"
        " VALUES ('p', 'k', 'sent', now() - %(days)s * interval '1 day')"),
        "SELECT FROM receipts", 400,
    ),
    "drafts": (
        ("INSERT INTO drafts (content, editors, changed_by, created_at, changed_at)"
        " SELECT '{}', ARRAY[id], id, now() - interval '5 years',"
        " now() - %(days)s * interval '1 day' FROM staff LIMIT 1"),
        "SELECT FROM drafts", 90,
    ),
    "files of an import": (
        ("INSERT INTO imports (staff_id, name, content, valid_until)"
        " SELECT id, 'x', 'x', now() - %(days)s * interval '1 day' FROM staff LIMIT 1"),
        "SELECT FROM imports", 0,
    ),
    "staff sessions": (
        ("INSERT INTO staff_sessions (hash, staff_id, browser, valid_until)"
        " SELECT 'x', id, 'old', now() - %(days)s * interval '1 day' FROM staff LIMIT 1"),
        "SELECT FROM staff_sessions WHERE browser = 'old'", 0,
    ),
}  # fmt: skip
"""How one is made that is so many days old, how it is found, and the days that it is kept."""


@pytest.mark.parametrize("name", CLASSES)
async def test_what_is_older_goes_and_what_is_younger_stays(town: Town, name: str) -> None:
    await enrol(town)
    make, find, days = CLASSES[name]

    await town.change(make, days=days - 1)
    await town.change(make.replace("'k'", "'l'").replace("'x', id", "'y', id"), days=days + 1)
    assert len(await town.rows(find)) == 2
    await forget(town)

    assert len(await town.rows(find)) == 1


async def test_a_draft_that_was_submitted_stays(town: Town) -> None:
    person = await enrol(town)
    await town.change(
        "INSERT INTO drafts (content, editors, changed_by, changed_at, submitted_at)"
        " VALUES ('{}', ARRAY[%(id)s::uuid], %(id)s, now() - interval '5 years', now())",
        id=person.id,
    )
    await forget(town)
    assert len(await town.rows("SELECT FROM drafts")) == 1


async def test_the_audit_log_and_stopped_addresses_stay_for_good(town: Town) -> None:
    async with town.db.transaction() as connection:
        await auditing.record(connection, None, "group.made", group="x")
    await town.change(
        "INSERT INTO suppressions (channel, hash, reason, created_at)"
        " VALUES ('email', 'x', 'bounced', now() - interval '20 years')"
    )
    await forget(town)
    assert (await auditing.verify(town.db)).lines == 1
    assert len(await town.rows("SELECT FROM suppressions")) == 1


def test_each_class_has_its_setting(settings: Settings) -> None:
    changed = settings.model_copy(
        update={"delivery_days": 11, "note_days": 12, "feedback_days": 13, "draft_days": 14,
                "newcomer_hours": 15, "poll_days": 16}
    )  # fmt: skip
    assert Kept.by(changed) == Kept(11, 12, 13, 14, 15, 16)


async def test_texts_of_residents_go_when_their_days_are_over(town: Town) -> None:
    days = town.settings.inbound_days
    for number, age in enumerate((days - 1, days + 1)):
        await town.change(
            "INSERT INTO inbound (provider, provider_id, sender, recipient, body, how, sent_at, received_at)"
            " VALUES ('twilio', %(id)s, '+4915112345678', '+4915100000000', %(id)s, 'hook', now(),"
            " now() - %(age)s * interval '1 day')",
            id=f"SM{number}", age=age,
        )  # fmt: skip

    await Puller(town.db, Means(town.settings, town.keyring), inbox=None).round()

    assert await town.rows("SELECT body FROM inbound") == [{"body": "SM0"}]


@pytest.mark.parametrize("ask", [ASK, NAMED], ids=["secret", "named"])
async def test_who_was_asked_in_a_poll_is_let_go_of_and_the_result_stays(
    town: Town, ask: Ask
) -> None:
    old, young, running = [await poll(town, {"north": 12, "south": 11}, ask=ask) for _ in range(3)]
    for polled in (old, young, running):
        for voter in polled.everybody[:20]:
            await polled.vote(voter, 1, 1 + voter % 3)
    for polled, age in ((old, KEPT.polls + 1), (young, KEPT.polls - 1)):
        await closing_polls.close(town.db, polled.id)
        await town.change(
            "UPDATE polls SET closed_at = now() - %(age)s * interval '1 day'"
            " WHERE broadcast_id = %(id)s", age=age, id=polled.id,
        )  # fmt: skip
    before = await counting.count(town.db, old.id)

    await forget(town)

    assert await counting.count(town.db, old.id) == before
    for table in ("voters", "ballots"):
        rows = await town.rows(
            f"SELECT broadcast_id, count(resident_id) AS named FROM {table} GROUP BY 1".encode()
        )
        named = {row["broadcast_id"]: row["named"] for row in rows}
        kept = {"voters": 23, "ballots": 0 if ask.secret else 20}[table]
        assert named == {old.id: 0, young.id: kept, running.id: kept}
    assert await town.rows("SELECT FROM ballots WHERE broadcast_id = %(id)s AND at IS NOT NULL",
                           id=old.id) == []  # fmt: skip
    assert (await old.row())["key"] is None
    assert (await running.row())["key"] is not None
    assert (await young.row())["unnamed_at"] is None
