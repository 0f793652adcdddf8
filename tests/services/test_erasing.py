"""Erasure: all of a person goes, figures and keyed hashes stay, nothing queued leaves."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from channels.memory import MemoryChannel
from channels.messages import Email
from channels.receipts import Receipt, Report
from notify import clock
from notify.domain.codes import Purpose
from notify.domain.delivery import DeliveryStatus, allowed_from
from notify.domain.words import Channel, Kind, Lane
from notify.errors import Invalid, NotFound
from notify.services import (
    closing_polls,
    counting,
    erasing,
    joining,
    proving,
    receiving,
    visiting,
    watching,
)
from notify.store import claiming, pump
from tests.polled import ASK, NAMED, asked, poll
from tests.services.test_exporting import EXPORTED, PHONE, full
from tests.services.test_joining import address, newcomer, prove
from tests.town import Town


async def traces(town: Town, *words: str) -> list[str]:
    """The tables in which any of these words stands anywhere."""
    found = []
    for table in sorted(EXPORTED | {"broadcasts", "tellings", "alarms"}):
        rows = await town.rows(f"SELECT to_jsonb(t)::text AS row FROM {table} t")
        if any(word in row["row"] for row in rows for word in words):
            found.append(table)
    return found


async def test_nothing_of_a_person_is_left_in_any_table_but_a_keyed_hash(town: Town) -> None:
    ids = (await full(town))["_ids"]
    anna = UUID(ids["anna"])
    assert len(await traces(town, ids["anna"], "anna@example.org", PHONE, "Annas SMS")) >= 8
    before = await town.rows("SELECT to_jsonb(t)::text AS row FROM deliveries t WHERE"
                             " resident_id = %(id)s", id=UUID(ids["bert"]))  # fmt: skip

    await erasing.erase(town.db, anna)

    assert await traces(town, ids["anna"], "anna@example.org", PHONE, "Annas SMS") == []
    assert [r["message"] for r in await town.rows("SELECT message FROM feedback ORDER BY id")] == [
        "Von Bert", "Von niemand"
    ]  # fmt: skip
    (row,) = await town.rows("SELECT channel, hash, reason FROM suppressions")
    assert row["hash"] == town.keyring.address_hash("email", "anna@example.org")
    assert await town.rows("SELECT FROM residents WHERE id = %(id)s", id=UUID(ids["bert"]))
    assert before == await town.rows("SELECT to_jsonb(t)::text AS row FROM deliveries t")
    assert [r["body"] for r in await town.rows("SELECT body FROM inbound ORDER BY id")] == [
        "", "Fremd"
    ]  # fmt: skip
    for orphans in (
        "SELECT FROM attempts t WHERE NOT EXISTS (SELECT FROM deliveries WHERE id = t.delivery_id)",
        "SELECT FROM receipts t WHERE NOT EXISTS (SELECT FROM deliveries WHERE id = t.delivery_id)",
        "SELECT FROM notes t WHERE NOT EXISTS (SELECT FROM deliveries WHERE note_id = t.id)",
    ):
        assert await town.rows(orphans) == []


async def test_the_figures_of_a_broadcast_stay(town: Town) -> None:
    ids = (await full(town))["_ids"]
    (row,) = await town.rows("SELECT id FROM broadcasts WHERE kind = 'alert'")

    async def counted() -> Any:
        found = await watching.broadcast(town.db, row["id"], within=None)
        return found.progress

    before = await counted()
    await erasing.erase(town.db, UUID(ids["anna"]))

    assert await counted() == before


async def _queued(town: Town) -> tuple[UUID, UUID]:
    group = await town.group()
    anna = await town.resident(group, email="anna@example.org", alerts=["email"], news=["email"])
    broadcast = await town.broadcast("town", kind=Kind.ANNOUNCEMENT)
    await town.plan(Lane.BULK)
    return anna, broadcast


async def test_what_is_queued_does_not_leave_and_its_broadcast_comes_to_an_end(town: Town) -> None:
    anna, broadcast = await _queued(town)

    await erasing.erase(town.db, anna)

    carrier = MemoryChannel[Email]()
    worker = await town.pump(carrier, lane=Lane.BULK)
    while await worker.round():
        pass
    assert not carrier.taken
    found = await watching.broadcast(town.db, broadcast, within=None)
    rows = await town.rows("SELECT sum(n) AS n FROM progress WHERE status = 'pending'")
    assert rows[0]["n"] == 0
    assert found.row["status"] == "dispatching"
    from notify.store import sweep

    async with town.db.transaction() as connection:
        assert [row["id"] for row in await sweep.finish(connection)] == [broadcast]


async def test_what_a_worker_holds_is_not_started_and_what_it_tells_later_applies_to_nothing(
    town: Town,
) -> None:
    anna, _ = await _queued(town)
    worker = uuid4()
    async with town.db.transaction() as connection:
        (held,) = await claiming.claim(
            connection, lane=Lane.BULK, channel=Channel.EMAIL, sender="s", worker=worker, size=5,
            lease=60, allowed=allowed_from(DeliveryStatus.SENDING),
        )  # fmt: skip

    await erasing.erase(town.db, anna)

    async with town.db.transaction() as connection:
        attempts = [held.attempt_id]
        assert not await pump.start(connection, attempts=attempts, worker=worker, lease=60)
        await pump.release(connection, attempts=attempts, worker=worker)
    receipt = Receipt("relay", "r1", Report.DELIVERED, at=clock.now())
    await receiving.take(town.db, [(held.attempt_id, receipt)])
    assert await town.rows("SELECT FROM deliveries") == []
    rows = await town.rows("SELECT delivery_id FROM receipts")
    assert [row["delivery_id"] for row in rows] in ([], [None])


async def test_who_was_erased_signs_up_again_like_anybody(town: Town) -> None:
    group = await town.group()
    anna = await town.resident(group, email="anna@example.org")
    async with town.db.transaction() as connection:
        word = await visiting.open_(connection, anna)
    await erasing.erase(town.db, anna)
    assert await visiting.find(town.db, word) is None

    again = await newcomer(town, group, email="anna@example.org", alerts=["email"])
    joined = await prove(town, await address(town, again))

    assert joined == joining.Joined(again, merged=False)
    broadcast = await town.broadcast("town")
    await town.plan()
    assert await town.statuses(broadcast) == ["pending"]


async def test_a_stop_outlives_the_person_until_fresh_proof(town: Town) -> None:
    group = await town.group()
    anna = await town.resident(group, phone=PHONE)
    hash_ = town.keyring.address_hash("sms", PHONE)
    await town.change(
        "INSERT INTO suppressions (channel, hash, reason) VALUES ('sms', %(h)s, 'opted_out')",
        h=hash_,
    )
    await erasing.erase(town.db, anna)
    assert len(await town.rows("SELECT FROM suppressions")) == 1

    again = await newcomer(town, group, phone=PHONE, alerts=["sms"])
    await prove(town, await address(town, again, "sms"))

    assert await town.rows("SELECT FROM suppressions") == []


async def test_texts_of_a_number_that_another_has_by_now_are_theirs(town: Town) -> None:
    await town.resident(phone=PHONE)
    before = await town.resident(email="old@example.org")
    claims = await newcomer(town, phone="+4915199999999")
    await town.change(
        "INSERT INTO addresses (resident_id, channel, value, hash, state, proven_at) VALUES"
        " (%(id)s, 'sms', %(v)s, 'x', 'gone', now())",
        id=before, v=PHONE,
    )  # fmt: skip
    for number, sender in enumerate((PHONE, "+4915199999999")):
        await town.change(
            "INSERT INTO inbound (provider, provider_id, sender, recipient, body, how, sent_at)"
            " VALUES ('p', %(n)s, %(s)s, '+49151', 'Hallo', 'hook', now())",
            n=str(number), s=sender,
        )  # fmt: skip

    await erasing.erase(town.db, before)
    await erasing.erase(town.db, claims)  # who never proved the number

    assert [row["body"] for row in await town.rows("SELECT body FROM inbound")] == ["Hallo"] * 2


async def test_a_text_that_is_told_once_more_brings_nothing_back(town: Town) -> None:
    from channels.inbound import Inbound
    from notify.services import inbound
    from notify.services.texts import Means

    means = Means(town.settings, town.keyring)
    anna = await town.resident(phone=PHONE)
    message = Inbound("p", "SM1", PHONE, "+49151", "STOP", clock.now())
    async with town.db.transaction() as connection:
        await inbound.take(connection, means, [message], how=inbound.HOOK)
    await erasing.erase(town.db, anna)

    async with town.db.transaction() as connection:
        again = await inbound.take(connection, means, [message], how=inbound.PULL)

    assert again.new == 0

    assert await traces(town, PHONE, "STOP") == []


async def test_codes_under_way_open_nothing_any_more(town: Town) -> None:
    anna = await town.resident(email="anna@example.org")
    async with town.db.transaction() as connection:
        rows = await connection.rows("SELECT id FROM addresses")
        code = await proving.send(connection, rows[0]["id"], purpose=Purpose.OPEN)
        assert code is not None
    await erasing.erase(town.db, anna)

    async with town.db.transaction() as connection:
        assert await proving.use(connection, code) is None
    assert await town.rows("SELECT FROM notes") == []


async def test_a_grant_reaches_whoever_follows_nothing_beyond_it(town: Town) -> None:
    top = await town.group("top")
    below = await town.group("below", parent=top)
    other = await town.group("other")
    within = await town.resident(below, email="a@example.org")
    beyond = await town.resident(below, other, email="b@example.org")
    nowhere = await town.resident(email="c@example.org")

    for resident in (beyond, nowhere):
        with pytest.raises(NotFound):
            await erasing.erase(town.db, resident, within=top)
    await erasing.erase(town.db, within, within=top)
    with pytest.raises(NotFound):
        await erasing.erase(town.db, within)
    assert len(await town.rows("SELECT FROM residents")) == 2


async def test_a_resident_is_found_by_id_mail_and_phone(town: Town) -> None:
    anna = await town.resident(email="anna@example.org", phone=PHONE)
    await newcomer(town, email="claimed@example.org")
    from notify.bootstrap import push_hosts

    hosts = push_hosts(town.settings)
    async with town.db.transaction() as connection:
        for named in (str(anna), " Anna@example.org", "0151 12345678"):
            found = await erasing.find(connection, named, settings=town.settings, hosts=hosts)
            assert found == anna
        with pytest.raises(NotFound):
            await erasing.find(
                connection, "claimed@example.org", settings=town.settings, hosts=hosts
            )
        with pytest.raises(Invalid):
            await erasing.find(connection, "nonsense", settings=town.settings, hosts=hosts)


async def test_what_somebody_answered_stays_counted_without_whose_it_is(town: Town) -> None:
    polls = [await poll(town, {"town": 0}, ask=ask) for ask in (ASK, NAMED)]
    anna = await town.resident(polls[0].groups["town"])
    for polled in polls:
        await polled.vote(await asked(polled, anna, "town"), 1, 2)
    before = [await counting.count(town.db, polled.id) for polled in polls]

    await erasing.erase(town.db, anna)

    assert [await counting.count(town.db, polled.id) for polled in polls] == before
    assert [polled.turnout.answered for polled in before] == [1, 1]
    assert await traces(town, str(anna)) == []
    for polled in polls:
        (voter,) = await town.rows(
            "SELECT id FROM voters WHERE broadcast_id = %(id)s", id=polled.id
        )
        with pytest.raises(NotFound):
            await polled.vote(voter["id"], 1, 1)
        await closing_polls.close(town.db, polled.id)
    assert {choices for polled in polls for _, choices, _ in await polled.ballots()} == {(2,)}
