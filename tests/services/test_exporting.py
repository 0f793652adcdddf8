"""Everything that is kept about a resident, and nothing of anybody else."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from channels.memory import MemoryChannel
from channels.messages import Email
from channels.receipts import Receipt, Report
from notify.domain.codes import Purpose
from notify.errors import NotFound
from notify.services import closing_polls, exporting, proving, receiving, visiting, voting
from tests.polled import NAMED, asked, poll
from tests.town import Town

PHONE = "+4915112345678"

NO_PERSON = {
    "clock_mark", "groups", "keys", "replays", "broadcasts", "progress", "handovers", "skip_counts",
    "workers", "senders", "sms_spent", "sms_asked", "inbound_counts", "inbound_pulls", "alarms",
    "tellings", "rings", "watch", "page_stamp", "yoyo_lock", "_yoyo_log", "_yoyo_migration",
    "_yoyo_version", "staff", "grants", "invitations", "recovery_codes", "staff_sessions",
    "decisions", "drafts", "templates", "template_versions", "template_approvals", "broken_glass",
    "answers", "audit", "imports", "polls",
}  # fmt: skip
"""Tables that hold nothing of a resident: what staff answer is a note, and a file of residents that is
not taken in yet is over within the hour."""

EXPORTED = {
    "residents", "addresses", "subscriptions", "consents", "deliveries", "attempts", "receipts",
    "skips", "inbound", "sessions", "codes", "suppressions", "notes", "feedback", "voters", "ballots",
}  # fmt: skip


async def full(town: Town) -> dict[str, Any]:
    """The document of somebody about whom there is a row in every table."""
    group = await town.group()
    anna = await town.resident(
        group, email="anna@example.org", phone=PHONE, alerts=["email", "push"]
    )
    bert = await town.resident(group, email="bert@example.org", alerts=["email"])
    await town.change(
        "INSERT INTO consents (resident_id, source, reference, wording) VALUES"
        " (%(id)s, 'page', '/join', 'Ja, ich will.')",
        id=anna,
    )
    await town.broadcast("town")
    await town.plan()
    pump = await town.pump(MemoryChannel[Email]())
    while await pump.round():
        pass
    (attempt,) = await town.rows(
        "SELECT t.id FROM attempts t JOIN deliveries d ON d.id = t.delivery_id"
        " WHERE d.resident_id = %(id)s",
        id=anna,
    )
    await receiving.take(town.db, [(attempt["id"], Receipt("relay", "r1", Report.DELIVERED))])
    for provider, sender, body in (("a", PHONE, "Annas SMS"), ("b", "+4915100000000", "Fremd")):
        await town.change(
            "INSERT INTO inbound (provider, provider_id, sender, recipient, body, how, sent_at)"
            " VALUES (%(p)s, 'SM1', %(s)s, '+49151', %(b)s, 'hook', now())",
            p=provider, s=sender, b=body,
        )  # fmt: skip
    for message, reply_to in (
        ("Zu klein", "Anna@Example.org"), ("Zu laut", "0151 / 12345678"),
        ("Von Bert", "bert@example.org"), ("Von niemand", None),
    ):  # fmt: skip
        await town.change(
            "INSERT INTO feedback (message, place, reply_to, language)"
            " VALUES (%(m)s, 'Archiv', %(r)s, 'de')",
            m=message, r=reply_to,
        )  # fmt: skip
    await town.change(
        "INSERT INTO suppressions (channel, hash, reason)"
        " SELECT channel, hash, 'bounced' FROM addresses WHERE value = 'anna@example.org'"
    )
    async with town.db.transaction() as connection:
        await visiting.open_(connection, anna)
        rows = await connection.rows("SELECT id FROM addresses WHERE value = %(v)s", v=PHONE)
        await proving.send(connection, rows[0]["id"], purpose=Purpose.OPEN)
    await _asked(town, anna, bert)
    exported = await exporting.export(town.db, anna, settings=town.settings)
    document: dict[str, Any] = json.loads(exporting.as_json(exported))
    document["_ids"] = {"anna": str(anna), "bert": str(bert)}
    return document


async def _asked(town: Town, *residents: UUID) -> None:
    """They are asked in a poll that is not secret; the first chose 2, the others 1."""
    polled = await poll(town, {"town": 0}, ask=NAMED)
    for resident in residents:
        voter = await asked(polled, resident, "town")
        await polled.vote(voter, 1, 2 if resident == residents[0] else 1)


async def test_all_there_is_about_a_resident_is_given_out(town: Town) -> None:
    found = await full(town)

    assert found["shape"] == exporting.SHAPE
    assert found["from"] == "Musterstadt"
    assert found["resident"]["id"] == found["_ids"]["anna"]
    assert [(a["channel"], a["value"], a["stopped"]) for a in found["addresses"]] == [
        ("email", "anna@example.org", "bounced"),
        ("sms", PHONE, None),
    ]
    assert [(s["group"], s["alerts"]) for s in found["subscriptions"]] == [
        ("town", ["email", "push"])
    ]
    assert [c["wording"] for c in found["consents"]] == ["Ja, ich will."]
    alert, code = found["messages"]
    assert (alert["kind"], alert["title"], alert["status"]) == ("alert", "Sturm", "delivered")
    assert [a["outcome"] for a in alert["attempts"]] == ["sent"]
    assert [r["report"] for r in alert["receipts"]] == ["delivered"]
    assert (code["kind"], code["title"], code["attempts"]) == ("code", None, [])
    assert [(s["channel"], s["reason"]) for s in found["left_out"]] == [("push", "no_address")]
    assert [t["body"] for t in found["texts"]] == ["Annas SMS"]
    assert [(f["message"], f["reply_to"]) for f in found["feedback"]] == [
        ("Zu klein", "Anna@Example.org"),
        ("Zu laut", "0151 / 12345678"),
    ]
    (poll_,) = found["polls"]
    assert (poll_["title"], poll_["secret"], poll_["took_part"], poll_["how"]) == (
        "Sturm", False, True, "sms"
    )  # fmt: skip
    assert [(one["question"], one["choices"]) for one in poll_["answers"]] == [(1, [2])]
    assert len(found["sessions"]) == 1
    assert [c["purpose"] for c in found["codes"]] == ["open"]


async def test_nothing_of_anybody_else_and_no_secret_is_in_it(town: Town) -> None:
    found = await full(town)
    ids = found.pop("_ids")
    text = json.dumps(found)

    for word in (ids["bert"], "bert@example.org", "Fremd", "Von ", "hash"):
        assert word not in text
    for session in found["sessions"]:
        assert set(session) == {"opened_at", "seen_at", "valid_until"}


async def test_texts_of_a_number_given_up_are_in_it_unless_another_has_it(town: Town) -> None:
    anna = await town.resident(email="anna@example.org")
    await town.resident(phone="+4915122222222")
    for number in ("+4915111111111", "+4915122222222"):
        await town.change(
            "INSERT INTO addresses (resident_id, channel, value, hash, state, proven_at) VALUES"
            " (%(id)s, 'sms', %(v)s, 'x', 'gone', now())",
            id=anna, v=number,
        )  # fmt: skip
        await town.change(
            "INSERT INTO inbound (provider, provider_id, sender, recipient, body, how, sent_at)"
            " VALUES ('p', %(v)s, %(v)s, '+49151', %(v)s, 'hook', now())",
            v=number,
        )

    found = await exporting.export(town.db, anna, settings=town.settings)

    assert [text["body"] for text in found["texts"]] == ["+4915111111111"]


async def test_a_browser_is_in_it_with_its_endpoint_and_without_what_is_in_its_keys(
    town: Town,
) -> None:
    anna = await town.resident(email="a@example.org", push=["https://push.example/1"])
    await town.change(
        """UPDATE addresses SET keys = '{"p256dh": "POINT", "auth": "SECRET"}'"""
        " WHERE channel = 'push'"
    )

    found = await exporting.export(town.db, anna, settings=town.settings)

    mail, browser = found["addresses"]
    assert (browser["value"], browser["keys"]) == ("https://push.example/1", ["auth", "p256dh"])
    assert mail["keys"] == []
    assert not {"POINT", "SECRET"} & {*exporting.as_json(found).replace('"', " ").split()}


async def test_what_staff_answered_is_in_it_by_its_words(town: Town) -> None:
    anna = await town.resident(phone=PHONE)
    await town.change(
        "WITH noted AS (INSERT INTO notes (kind, data, valid_until)"
        """ VALUES ('answer', '{"text": "Ja, seit 8 Uhr."}', now()) RETURNING id)"""
        " INSERT INTO deliveries (note_id, resident_id, address_id, address_version, channel, lane,"
        " language) SELECT noted.id, a.resident_id, a.id, a.version, 'sms', 'note', 'de'"
        " FROM noted, addresses a WHERE a.resident_id = %(anna)s",
        anna=anna,
    )

    found = await exporting.export(town.db, anna, settings=town.settings)

    assert [(one["kind"], one["text"]) for one in found["messages"]] == [
        ("answer", "Ja, seit 8 Uhr.")
    ]


async def test_of_a_secret_poll_it_says_that_they_took_part_and_never_what_they_said(
    town: Town,
) -> None:
    polled = await poll(town, {"town": 0})
    anna = await town.resident(polled.groups["town"])
    voter = await asked(polled, anna, "town")
    receipt = (await polled.vote(voter, 2, 1, 4)).receipt
    key = (await polled.row())["key"]

    for close in (False, True):
        if close:
            await closing_polls.close(town.db, polled.id)
        found = await exporting.export(town.db, anna, settings=town.settings)
        (one,) = found["polls"]
        assert (one["took_part"], one["receipt"], one["answers"]) == (True, receipt, None)
        text = exporting.as_json(found)
        assert voting.ballot_name(key, anna).hex() not in text
        assert "choices" not in text


async def test_every_moment_tells_its_zone(town: Town) -> None:
    found = await full(town)

    assert found["made_at"].endswith("+00:00")
    assert "+" in found["resident"]["created_at"]


async def test_each_table_is_either_in_it_or_holds_nothing_of_a_resident(town: Town) -> None:
    rows = await town.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")

    tables = {row["tablename"] for row in rows}
    assert tables - NO_PERSON == EXPORTED


async def test_nobody_is_not_found(town: Town) -> None:
    with pytest.raises(NotFound):
        await exporting.export(town.db, uuid4(), settings=town.settings)
