"""Who took part is told the result, once, over the way on which they answered; nobody else is."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.errors import AdminShutdown
from psycopg.types.json import Jsonb

from channels import segments
from channels.memory import MemoryChannel
from channels.messages import Email, Push, Sms
from notify import clock
from notify.domain.keyring import Keyring
from notify.domain.poll import Ask, How, Question, Shape, Shown, Wording, to_json
from notify.domain.words import Channel, Lane
from notify.rendering.links import shorten
from notify.services import (
    closing_polls,
    counting,
    groups,
    holding,
    leaving,
    submitting,
    telling_results,
)
from notify.services.telling_results import Teller
from notify.store.database import Database
from tests.polled import ASK, POOL, Polled, poll
from tests.polled import asked as also_asked
from tests.town import ALL, Town

DAY = datetime(2026, 11, 26, 12, tzinfo=UTC)
NIGHT = datetime(2026, 11, 26, 21, tzinfo=UTC)  # 22 o'clock in town
TELL = replace(ASK, tell=True)
CHANNELS = {"sms": How.SMS, "email": How.MAIL, "push": How.PUSH}


def teller(town: Town, channels: tuple[str, ...] = ALL, db: Database | None = None) -> Teller:
    return Teller(db or town.db, town.keyring, settings=town.settings, channels=channels)


async def asked(town: Town, polled: Polled, **reached: Any) -> tuple[UUID, int]:
    """A resident of the group who is asked, reached by what is given; with the voter."""
    resident = await town.resident(polled.groups["town"], **reached)
    return resident, await also_asked(polled, resident, "town")


async def one_each(town: Town, polled: Polled) -> None:
    """Somebody who answered by SMS, by mail, by push, and who did not answer; reached on all."""
    for n, (channel, how) in enumerate([*CHANNELS.items(), ("nothing", None)]):
        _, voter = await asked(
            town, polled, email=f"{channel}@example.org", phone=f"+491511234560{n}",
            push=[f"https://push.example/{channel}"],
        )  # fmt: skip
        if how is not None:
            await polled.vote(voter, 1, 2, how=how)


async def notes(town: Town) -> list[tuple[str, str]]:
    rows = await town.rows(
        "SELECT d.channel, a.value FROM notes n JOIN deliveries d ON d.note_id = n.id"
        " JOIN addresses a ON a.id = d.address_id WHERE n.kind = 'result' ORDER BY 1, 2"
    )
    return [(row["channel"], row["value"]) for row in rows]


async def sent(town: Town, channel: Channel, kind: Any) -> list[Any]:
    memory = MemoryChannel[kind]()
    pump = await town.pump(memory, channel=channel, lane=Lane.NOTE)
    await pump.round()
    return list(memory.taken)


async def test_each_is_told_over_the_way_on_which_they_answered(town: Town) -> None:
    polled = await poll(town, {"town": 0}, ask=TELL)
    await one_each(town, polled)
    assert await teller(town).round(DAY) == 0  # it is open
    await closing_polls.close(town.db, polled.id)

    assert await teller(town).round(DAY) == 3

    assert await notes(town) == [
        ("email", "email@example.org"),
        ("push", "https://push.example/push"),
        ("sms", "+4915112345600"),
    ]
    assert (await polled.row())["told_at"] is not None
    assert await teller(town).round(DAY) == 0
    url = f"/polls/{shorten(polled.id)}"
    (text,) = await sent(town, Channel.SMS, Sms)
    assert text.body.startswith("Musterstadt: Ergebnis: Sturm. Bücherei 100 %")
    assert text.body.endswith(url)
    (mail,) = await sent(town, Channel.EMAIL, Email)
    assert mail.form.subject == "Ergebnis: Sturm"
    for part in (mail.form.text, mail.form.html):
        assert url in part
        assert "Bücherei: 100 %" in part
        assert "3 von 4 Befragten haben mitgemacht" in part
        assert "Es gibt noch mehr Fragen" in part
    (push,) = await sent(town, Channel.PUSH, Push)
    assert url.encode() in push.payload


@pytest.mark.parametrize(
    ("how", "channels", "told"),
    [
        (How.DESK, ALL, [("email", "a@example.org")]),
        (How.PAGE, ("sms", "push"), [("push", "https://p.example/1"), ("push", "https://p.example/2")]),
        (How.DESK, ("sms",), [("sms", "+4915112345678")]),
        (How.MAIL, ("sms",), []),
    ],
)  # fmt: skip
async def test_who_answered_elsewhere_is_told_over_one_of_their_ways(
    town: Town, how: How, channels: tuple[str, ...], told: list[tuple[str, str]]
) -> None:
    polled = await poll(town, {"town": 0}, ask=TELL)
    _, voter = await asked(
        town, polled, email="a@example.org", phone="+4915112345678",
        push=["https://p.example/1", "https://p.example/2"],
    )  # fmt: skip
    await polled.vote(voter, 1, 2, how=how)
    await closing_polls.close(town.db, polled.id)

    await teller(town, channels).round(DAY)

    assert await notes(town) == told


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO suppressions SELECT channel, hash, 'opted_out' FROM addresses",
        "DELETE FROM subscriptions",
        "UPDATE subscriptions SET news = '{email}'",
        "UPDATE addresses SET state = 'gone'",
        "DELETE FROM residents",
        "UPDATE broadcasts SET cancelled_at = now()",
        "UPDATE broadcasts SET held_at = now(), held_why = 'open'",
        "UPDATE broadcasts SET forgotten_at = now()",
        "UPDATE polls SET closed_at = closed_at - interval '3 days'",
    ],
)
async def test_who_left_or_stopped_it_is_told_nothing_more(town: Town, change: Any) -> None:
    polled = await poll(town, {"town": 0}, ask=TELL)
    _, voter = await asked(town, polled, phone="+4915112345678")
    await polled.vote(voter, 1, 2)
    await closing_polls.close(town.db, polled.id)
    await town.change(change)

    assert await teller(town).round(DAY) == 0

    assert await notes(town) == []


@pytest.mark.parametrize(
    "ask", [ASK, replace(TELL, shown=Shown.STAFF)], ids=["not wished", "for staff"]
)
async def test_nobody_is_told_where_it_is_not_wished_or_not_theirs(town: Town, ask: Ask) -> None:
    polled = await poll(town, {"town": 0}, ask=TELL)
    await town.change("UPDATE broadcasts SET asks = %(asks)s", asks=Jsonb(to_json(ask)))
    await one_each(town, polled)
    await closing_polls.close(town.db, polled.id)

    assert await teller(town).round(DAY) == 0


async def test_those_asked_alone_get_a_pass_in_their_link(town: Town, keyring: Keyring) -> None:
    polled = await poll(town, {"town": 0}, ask=replace(TELL, shown=Shown.ASKED))
    _, voter = await asked(town, polled, phone="+4915112345678")
    await polled.vote(voter, 1, 2)
    await closing_polls.close(town.db, polled.id)

    await teller(town).round(DAY)

    (text,) = await sent(town, Channel.SMS, Sms)
    _, _, by = text.body.rpartition("?by=")
    assert await counting.was_asked(town.db, keyring, polled.id, by)


async def test_nobody_is_told_by_night_nor_in_their_quiet_hours(town: Town) -> None:
    polled = await poll(town, {"town": 0}, ask=TELL)
    resident, voter = await asked(town, polled, phone="+4915112345678")
    await polled.vote(voter, 1, 2)
    await closing_polls.close(town.db, polled.id)
    assert await teller(town).round(NIGHT) == 0
    await town.change(
        "UPDATE residents SET quiet_from = (now() AT TIME ZONE 'Europe/Berlin')::time,"
        " quiet_until = (now() AT TIME ZONE 'Europe/Berlin' + interval '2 hours')::time"
        " WHERE id = %(id)s",
        id=resident,
    )

    assert await teller(town).round(DAY) == 1

    (row,) = await town.rows("SELECT due_at > now() + interval '1 hour' AS later FROM deliveries")
    assert row["later"]


async def test_who_leaves_while_the_note_waits_is_told_nothing(town: Town) -> None:
    polled = await poll(town, {"town": 0}, ask=TELL)
    people = [await asked(town, polled, email=f"{n}@example.org") for n in range(3)]
    for _, voter in people:
        await polled.vote(voter, 1, 2, how=How.MAIL)
    await closing_polls.close(town.db, polled.id)
    assert await teller(town).round(DAY) == 3

    _, leaves, elsewhere = [resident for resident, _ in people]
    async with town.db.transaction() as connection:
        await leaving.leave_group(connection, leaves, polled.groups["town"])
    kita = await town.group("kita")
    await town.change(
        "INSERT INTO subscriptions (resident_id, group_id, alerts, news)"
        " VALUES (%(id)s, %(kita)s, '{}', '{email}')",
        id=elsewhere,
        kita=kita,
    )
    async with town.db.transaction() as connection:
        await leaving.leave_group(connection, elsewhere, kita)

    mails = await sent(town, Channel.EMAIL, Email)
    assert {mail.to for mail in mails} == {"0@example.org", "2@example.org"}
    (row,) = await town.rows(
        "SELECT status, reason FROM deliveries WHERE resident_id = %(id)s", id=leaves
    )
    assert (row["status"], row["reason"]) == ("cancelled", "left")


async def test_of_a_poll_that_is_recalled_nothing_more_is_told(town: Town) -> None:
    polled, other = [await poll(town, {"town": 0}, ask=TELL) for _ in range(2)]
    for one in (polled, other):
        _, voter = await asked(town, one, email=f"{one.id}@example.org")
        await one.vote(voter, 1, 2, how=How.MAIL)
        await closing_polls.close(town.db, one.id)
    assert await teller(town).round(DAY) == 2

    await submitting.cancel(town.db, polled.id, within=None)

    (mail,) = await sent(town, Channel.EMAIL, Email)
    assert mail.to == f"{other.id}@example.org"


async def test_only_a_few_wait_at_once_so_that_codes_come_through(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling_results, "AHEAD", {"sms": 2, "email": 3, "push": 2})
    polled = await poll(town, {"town": 0}, ask=TELL)
    for n in range(7):
        _, voter = await asked(town, polled, phone=f"+491511234560{n}")
        await polled.vote(voter, 1, 2)
    await closing_polls.close(town.db, polled.id)
    told = []
    for _ in range(5):
        told.append(await teller(town).round(DAY))
        assert await teller(town).round(DAY) == 0
        await sent(town, Channel.SMS, Sms)

    assert told == [2, 2, 2, 1, 0]
    assert len(await notes(town)) == 7
    assert (await polled.row())["told_at"] is not None


async def test_killed_in_the_middle_the_rest_is_told_and_nobody_twice(
    town: Town, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling_results, "_SIZE", 3)
    polled = await poll(town, {"town": 0}, ask=TELL)
    for n in range(8):
        _, voter = await asked(town, polled, email=f"{n}@example.org")
        await polled.vote(voter, 1, 2, how=How.MAIL)
    await closing_polls.close(town.db, polled.id)
    own = Database(database_url, size=2)
    await own.open()
    async with town.db.transaction() as connection:
        # It has put one slice in the way, and waits with the next: notes are locked.
        await teller(town)._some()
        await connection.run("LOCK TABLE notes IN SHARE MODE")
        dying = asyncio.create_task(teller(town, db=own).round(DAY))
        await town.somebody_waits()
        with psycopg.connect(database_url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
        with pytest.raises(AdminShutdown):
            await dying
    await own.close()
    assert len(await notes(town)) == 3

    told = await asyncio.gather(*(teller(town).round(DAY) for _ in range(3)))

    assert sum(told) == 5
    assert [value for _, value in await notes(town)] == [f"{n}@example.org" for n in range(8)]


async def test_after_a_restore_nobody_is_told_what_they_may_have_been_told_since(
    town: Town,
) -> None:
    closed, over, running = [await poll(town, {"town": 0}, ask=TELL) for _ in range(3)]
    for n, polled in enumerate((closed, over, running)):
        _, voter = await asked(town, polled, email=f"{n}@example.org")
        await polled.vote(voter, 1, 2, how=How.MAIL)
    await closing_polls.close(town.db, closed.id)
    await over.run_out()

    await holding.hold(town.db)
    await closing_polls.Closer(town.db).round()
    await closing_polls.close(town.db, running.id)

    await teller(town).round(DAY)
    assert await notes(town) == [("email", "2@example.org")]


@pytest.mark.parametrize("language", ["de", "en"])
async def test_an_sms_is_never_longer_than_two_segments(
    town: Town, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = Question(
        Shape.SINGLE,
        {"de": Wording("Wie soll die Straße heißen?", tuple(f"Straße der {n}. Überflüssigkeit €" * 3
                       for n in range(9)))},
    )  # fmt: skip
    polled = await poll(town, {"town": 0}, ask=TELL)
    await town.change(
        "UPDATE broadcasts SET drill = true, asks = %(asks)s, texts = jsonb_set(texts, '{de,title}',"
        " to_jsonb(repeat('Überlange Überschrift ', 40)))",
        asks=Jsonb(to_json(replace(TELL, questions=(long, POOL)))),
    )
    _, voter = await asked(town, polled, phone="+4915112345678", language=language)
    await polled.vote(voter, 1, 2)
    await closing_polls.close(town.db, polled.id)

    await teller(town).round(DAY)

    (text,) = await sent(town, Channel.SMS, Sms)
    assert segments.measure(text.body).segments <= 2
    assert "Straße der 1." in text.body
    assert text.body.endswith(f"/polls/{shorten(polled.id)}")
    assert ("ÜBUNG" if language == "de" else "EXERCISE") in text.body


async def _answered_by_sms(town: Town, polled: Polled, count: int) -> None:
    for n in range(count):
        _, voter = await asked(town, polled, phone=f"+491511234560{n}")
        await polled.vote(voter, 1, 2)
    await closing_polls.close(town.db, polled.id)


async def _spent(town: Town) -> dict[str, int]:
    rows = await groups.sms_spent(town.db, month=clock.month(town.settings.zone))
    return {slug: row["segments"] for slug, row in rows.items()}


async def test_an_sms_of_a_result_counts_for_the_group_that_asked_and_those_above(
    town: Town,
) -> None:
    district = await town.group("district")
    await town.group("town", parent=district)
    polled = await poll(town, {"town": 0}, ask=TELL)
    _, by_mail = await asked(town, polled, email="a@example.org")
    await polled.vote(by_mail, 1, 2, how=How.MAIL)
    await _answered_by_sms(town, polled, 3)

    assert await teller(town).round(DAY) == 4

    texts = await sent(town, Channel.SMS, Sms)
    parts = sum(segments.measure(text.body).segments for text in texts)
    assert len(texts) == 3
    assert await _spent(town) == {"town": parts, "district": parts}
    assert (
        await town.rows("SELECT * FROM sms_asked") == []
    )  # codes have their budget for themselves


async def test_whom_the_cap_has_no_room_for_is_not_told_and_staff_see_how_many(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling_results, "_SIZE", 3)
    polled = await poll(town, {"town": 0}, ask=TELL)
    for n in range(2):
        _, by_mail = await asked(town, polled, email=f"{n}@example.org")
        await polled.vote(by_mail, 1, 2, how=How.MAIL)
    await _answered_by_sms(town, polled, 5)
    each = await _segments(town, polled)
    await groups.cap_sms(town.db, "town", 2 * each + each - 1)

    told = await teller(town).round(DAY)

    assert told == 4
    assert sorted(channel for channel, _ in await notes(town)) == ["email"] * 2 + ["sms"] * 2
    assert await _spent(town) == {"town": 2 * each}
    row = await polled.row()
    assert (row["capped"], row["told_at"] is not None) == (3, True)
    assert (await counting.count(town.db, polled.id)).capped == 3
    assert await teller(town).round(DAY) == 0


async def test_several_workers_do_not_overshoot_the_cap_together(town: Town) -> None:
    several = [await poll(town, {"town": 0}, ask=TELL) for _ in range(3)]
    for place, polled in enumerate(several):
        for n in range(3):
            _, voter = await asked(town, polled, phone=f"+49151123456{place}{n}")
            await polled.vote(voter, 1, 2)
        await closing_polls.close(town.db, polled.id)
    each = await _segments(town, several[0])
    await groups.cap_sms(town.db, "town", 4 * each)

    await asyncio.gather(*(teller(town).round(DAY) for _ in several))

    assert len(await notes(town)) == 4
    assert await _spent(town) == {"town": 4 * each}
    rows = await town.rows("SELECT sum(capped) AS n FROM polls")
    assert rows[0]["n"] == 5


async def _segments(town: Town, polled: Polled) -> int:
    """What one such SMS takes."""
    result = await counting.count(town.db, polled.id)
    row = {"language": "de", "voter_id": 1}
    return teller(town)._price(result, row)
