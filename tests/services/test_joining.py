"""An address is proven: newcomers become residents, or turn out to be one; nobody is given away."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from notify.domain.codes import Purpose
from notify.domain.keyring import Keyring
from notify.domain.words import Lane
from notify.services import joining, proving, visiting
from notify.services.joining import Evidence, Joined, NotHere
from notify.settings import Settings
from notify.store.database import Database
from tests.conftest import SECRET
from tests.databases import Databases
from tests.town import Town

PHONE = "+4915112345678"


async def newcomer(town: Town, *groups: int, **address: Any) -> UUID:
    """Somebody who signed up just now, and has proven nothing."""
    resident = await town.resident(*groups, state="asked", **address)
    await town.change(
        "UPDATE residents SET newcomer_until = now() + interval '2 days' WHERE id = %(id)s",
        id=resident,
    )
    await town.change(
        "UPDATE subscriptions SET state = 'asked' WHERE resident_id = %(id)s", id=resident
    )
    return resident


async def address(town: Town, resident: UUID, channel: str = "email") -> int:
    rows = await town.rows(
        "SELECT id FROM addresses WHERE resident_id = %(id)s AND channel = %(channel)s"
        " ORDER BY id DESC",
        id=resident, channel=channel,
    )  # fmt: skip
    return int(rows[0]["id"])


async def prove(
    town: Town, address_id: int, *, here: UUID | None = None, evidence: Evidence | None = None
) -> Joined | None:
    """A code is sent, and comes back."""
    async with town.db.transaction() as connection:
        code = await proving.send(connection, address_id, purpose=Purpose.PROVE)
    assert code is not None
    async with town.db.transaction() as connection:
        proven = await proving.use(connection, code)
        assert proven is not None
        return await joining.prove(
            connection, town.keyring, proven, settings=town.settings, here=here, evidence=evidence
        )


async def wishes(town: Town, resident: UUID) -> dict[str, tuple[list[str], list[str], str]]:
    rows = await town.rows(
        "SELECT g.slug, s.alerts, s.news, s.state FROM subscriptions s"
        " JOIN groups g ON g.id = s.group_id WHERE s.resident_id = %(id)s",
        id=resident,
    )
    return {row["slug"]: (sorted(row["alerts"]), sorted(row["news"]), row["state"]) for row in rows}


async def test_the_first_proof_makes_a_newcomer_a_resident(town: Town) -> None:
    await town.group("open")
    closed = await town.group("closed")
    await town.change("UPDATE groups SET closed = true WHERE id = %(id)s", id=closed)
    rows = await town.rows("SELECT id FROM groups ORDER BY id")
    anna = await newcomer(town, *(row["id"] for row in rows), email="anna@example.org")

    joined = await prove(town, await address(town, anna))

    assert joined == Joined(anna, merged=False)
    assert {slug: wish[2] for slug, wish in (await wishes(town, anna)).items()} == {
        "open": "active",
        "closed": "requested",
    }
    (row,) = await town.rows("SELECT newcomer_until FROM residents")
    assert row["newcomer_until"] is None


async def test_a_newcomer_who_is_known_is_merged_and_nothing_they_had_is_lost(town: Town) -> None:
    old, new = await town.group("old"), await town.group("new")
    anna = await town.resident(
        old, email="anna@example.org", alerts=["email"], news=[], language="en"
    )
    again = await newcomer(
        town, old, new, email="anna@example.org", phone=PHONE, alerts=["sms"], news=["email"]
    )

    joined = await prove(town, await address(town, again), here=again)

    assert joined == Joined(anna, merged=True)
    assert await wishes(town, anna) == {
        "old": (["email", "sms"], ["email"], "active"),
        "new": (["sms"], ["email"], "active"),
    }
    rows = await town.rows("SELECT resident_id, channel, state FROM addresses ORDER BY channel")
    assert [(r["resident_id"], r["channel"], r["state"]) for r in rows] == [
        (anna, "email", "proven"),
        (anna, "sms", "asked"),
    ]
    assert len(await town.rows("SELECT FROM residents")) == 1
    # The phone is proven on the page that is open now, and nowhere else.
    phone = await address(town, anna, "sms")
    with pytest.raises(NotHere):
        await prove(town, phone)
    assert await prove(town, phone, here=anna) == Joined(anna, merged=False)


async def test_what_nobody_had_proven_goes_to_who_proves_it_with_its_history(town: Town) -> None:
    group = await town.group()
    listed = await town.resident(
        group, email="anna@example.org", phone=PHONE, state="unverified", alerts=["email"]
    )
    mail = await address(town, listed)
    broadcast = await town.broadcast("town")
    await town.change(
        "INSERT INTO deliveries (broadcast_id, resident_id, address_id, address_version, channel,"
        " lane, language) VALUES (%(b)s, %(r)s, %(a)s, 1, 'email', 'alert', 'de')",
        b=broadcast, r=listed, a=mail,
    )  # fmt: skip
    anna = await newcomer(town, group, email="anna@example.org", alerts=["email"], news=[])

    assert await prove(town, await address(town, anna)) == Joined(anna, merged=False)

    rows = await town.rows("SELECT id, resident_id, channel, state FROM addresses ORDER BY channel")
    assert [(r["id"], r["resident_id"], r["state"]) for r in rows if r["channel"] == "email"] == [
        (mail, anna, "proven")
    ]
    assert [(r["resident_id"], r["state"]) for r in rows if r["channel"] == "sms"] == [
        (listed, "unverified")
    ]
    (delivery,) = await town.rows("SELECT resident_id FROM deliveries WHERE note_id IS NULL")
    assert delivery["resident_id"] == anna


async def test_whoever_has_nothing_left_was_the_same_person(town: Town) -> None:
    kita = await town.group("kita")
    listed = await town.resident(kita, email="anna@example.org", state="unverified")
    await town.change(
        "INSERT INTO consents (resident_id, source, reference) VALUES (%(id)s, 'import', 'paper')",
        id=listed,
    )
    anna = await newcomer(town, email="anna@example.org")

    assert await prove(town, await address(town, anna)) == Joined(anna, merged=True)

    assert set(await wishes(town, anna)) == {"kita"}
    consents = await town.rows("SELECT resident_id, source FROM consents ORDER BY id")
    assert [row["source"] for row in consents] == ["import", "page"]
    assert {row["resident_id"] for row in consents} == {anna}


async def test_a_merge_holds_what_was_sent_in_the_order_in_which_it_is_settled(town: Town) -> None:
    listed = await town.resident(email="anna@example.org", state="unverified")
    mail = await address(town, listed)
    for place in (-1, mail):  # what went to an address that is gone by now is the older one
        await town.change(
            "INSERT INTO deliveries (broadcast_id, resident_id, address_id, address_version,"
            " channel, lane, language) VALUES (%(b)s, %(r)s, %(a)s, 1, 'email', 'alert', 'de')",
            b=uuid4(), r=listed, a=place,
        )  # fmt: skip
    first, second = await town.rows("SELECT id FROM deliveries ORDER BY id")
    anna = await newcomer(town, email="anna@example.org")

    async with town.db.transaction() as settling:
        await settling.run("SELECT FROM deliveries WHERE id = %(id)s FOR UPDATE", id=first["id"])
        merge = asyncio.create_task(prove(town, await address(town, anna)))
        await town.somebody_waits()
        await settling.run(
            "SELECT FROM deliveries WHERE id = %(id)s FOR UPDATE NOWAIT", id=second["id"]
        )

    assert await merge == Joined(anna, merged=True)
    rows = await town.rows("SELECT resident_id FROM deliveries WHERE note_id IS NULL")
    assert [row["resident_id"] for row in rows] == [anna, anna]


async def test_a_changed_address_takes_the_place_of_the_old_one_only_once_it_is_proven(
    town: Town,
) -> None:
    anna = await town.resident(email="old@example.org")
    async with town.db.transaction() as c:
        await c.run(
            "INSERT INTO addresses (resident_id, channel, value, hash, state) VALUES"
            " (%(id)s, 'email', 'new@example.org', 'x', 'asked')",
            id=anna,
        )
    (before,) = await town.rows("SELECT value FROM addresses WHERE live")
    assert before["value"] == "old@example.org"

    await prove(town, await address(town, anna), here=anna)

    rows = await town.rows("SELECT value, state FROM addresses ORDER BY id")
    assert [(r["value"], r["state"]) for r in rows] == [
        ("old@example.org", "gone"),
        ("new@example.org", "proven"),
    ]


async def test_nobody_gets_a_page_by_typing_in_a_strangers_address(town: Town) -> None:
    """Mallory signs up with Anna's mail and his own phone; Anna presses the button in her mail."""
    anna = await town.resident(email="anna@example.org")
    mallory = await newcomer(town, email="anna@example.org", phone=PHONE)
    async with town.db.transaction() as connection:
        word = await visiting.open_(connection, mallory)

    assert await prove(town, await address(town, mallory)) == Joined(anna, merged=True)

    assert await visiting.find(town.db, word) is None
    assert await town.rows("SELECT FROM addresses WHERE channel = 'sms'") == []


async def test_nor_by_proving_the_other_address_first(town: Town) -> None:
    anna = await town.resident(email="anna@example.org")
    mallory = await newcomer(town, email="anna@example.org", phone=PHONE)
    assert await prove(town, await address(town, mallory, "sms")) == Joined(mallory, merged=False)

    with pytest.raises(NotHere):
        await prove(town, await address(town, mallory))

    (row,) = await town.rows("SELECT resident_id FROM addresses WHERE live AND channel = 'email'")
    assert row["resident_id"] == anna


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("reason", ["bounced", "complained", "opted_out", "gone"])
async def test_fresh_proof_lifts_what_stood_against_the_address(
    town: Town, reason: str, *, known: bool
) -> None:
    if known:
        await town.resident(phone=PHONE)
    anna = await newcomer(town, phone=PHONE)
    other = town.keyring.address_hash("sms", "+4915199999999")
    for hash_ in (town.keyring.address_hash("sms", PHONE), other):
        await town.change(
            "INSERT INTO suppressions (channel, hash, reason) VALUES ('sms', %(h)s, %(r)s)",
            h=hash_, r=reason,
        )  # fmt: skip

    await prove(town, await address(town, anna, "sms"))

    assert [row["hash"] for row in await town.rows("SELECT hash FROM suppressions")] == [other]


async def test_how_somebody_agreed_is_kept_in_the_words_they_were_shown(town: Town) -> None:
    anna = await newcomer(town, email="anna@example.org", phone=PHONE)
    await town.change(
        "INSERT INTO consents (resident_id, source, reference, language, wording, version) VALUES"
        " (%(id)s, 'sms', 'SM1', 'de', 'Ich will das.', '3')",
        id=anna,
    )

    await prove(town, await address(town, anna))
    evidence = Evidence("/my/addresses", source="page", language="en", wording="Yes.", version="4")
    await prove(town, await address(town, anna, "sms"), here=anna, evidence=evidence)

    rows = await town.rows(
        "SELECT source, reference, channel, language, wording, version, given_at FROM consents"
        " ORDER BY id"
    )
    assert [tuple(row.values())[:6] for row in rows] == [
        ("sms", "SM1", None, "de", "Ich will das.", "3"),
        ("sms", "code", "email", "de", "Ich will das.", "3"),
        ("page", "/my/addresses", "sms", "en", "Yes.", "4"),
    ]
    assert rows[-1]["given_at"] <= datetime.now(UTC)


async def test_who_proves_an_address_while_an_alert_is_in_force_gets_it_once(town: Town) -> None:
    group = await town.group()
    await town.resident(group, email="anna@example.org", alerts=["email"])
    broadcast = await town.broadcast("town")
    await town.plan()
    assert len(await town.statuses(broadcast)) == 1
    again = await newcomer(town, group, email="anna@example.org", alerts=["email"])
    bert = await newcomer(town, group, email="bert@example.org", alerts=["email"])

    for who in (again, bert):
        await prove(town, await address(town, who))
    from notify.services.planning import Planner

    planner = Planner(town.db, lane=Lane.ALERT, settings=town.settings, channels=("email",))
    assert await planner.plan_latecomers() == 1

    assert len(await town.statuses(broadcast)) == 2


async def test_all_who_claim_an_address_at_once_end_as_one(town: Town) -> None:
    group = await town.group()
    many = [
        await newcomer(town, group, email="anna@example.org", phone=f"+49151123456{n}")
        for n in range(10, 16)
    ]
    addresses = [await address(town, one) for one in many]

    done = await asyncio.gather(*(prove(town, one) for one in addresses))

    assert len({joined.resident for joined in done if joined}) == 1
    assert len(await town.rows("SELECT FROM residents")) == 1
    assert len(await town.rows("SELECT FROM addresses WHERE channel = 'email'")) == 1


async def test_an_address_that_is_gone_is_proven_by_nothing(town: Town) -> None:
    anna = await newcomer(town, email="anna@example.org")
    mail = await address(town, anna)
    async with town.db.transaction() as connection:
        code = await proving.send(connection, mail, purpose=Purpose.PROVE)
        assert code is not None
        await connection.run("UPDATE addresses SET state = 'gone'")
        proven = await proving.use(connection, code)
        assert proven is not None
        assert await joining.prove(connection, town.keyring, proven, settings=town.settings) is None


EMPTY = "TRUNCATE deliveries, notes, codes, subscriptions, addresses, consents, residents, groups"
VALUES = [("email", "a@x.org"), ("email", "b@x.org"), ("sms", PHONE), ("sms", "+4915112345679")]

signs_up = st.tuples(
    st.just("sign up"), st.sets(st.sampled_from(range(4)), min_size=1, max_size=3),
    st.sampled_from(["asked", "unverified"]),
)  # fmt: skip
proves = st.tuples(st.just("prove"), st.integers(0, 30), st.booleans())


@pytest.fixture(scope="module")
def shared(databases: Databases) -> Iterator[Town]:
    with databases.lent() as url:
        made = Settings(database_url=url, secret_keys=(SecretStr(SECRET),))
        yield Town(Database(url, size=2), Keyring([SECRET]), made)


@given(steps=st.lists(st.one_of(signs_up, proves), max_size=14))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_whoever_proves_what_in_whatever_order_no_address_is_had_twice_and_none_is_lost(
    shared: Town, steps: Sequence[tuple[Any, ...]]
) -> None:
    with asyncio.Runner() as runner:
        runner.run(_play(shared, steps))


async def _play(town: Town, steps: Sequence[tuple[Any, ...]]) -> None:
    town.db = Database(town.settings.database_url or "", size=2)
    await town.db.open()
    try:
        await town.change(EMPTY + " CASCADE")
        group = await town.group()
        for step in steps:
            if step[0] == "sign up":
                await _sign_up(town, group, step[1], step[2])
            else:
                await _prove_one(town, step[1], at_home=step[2])
    finally:
        await town.db.close()


async def _sign_up(town: Town, group: int, chosen: set[int], state: str) -> None:
    given = dict(VALUES[place] for place in sorted(chosen))
    if state == "unverified":  # as an import does: only what nobody has
        taken = {(r["channel"], r["value"]) for r in await _live(town)}
        given = {c: v for c, v in given.items() if (c, v) not in taken}
        await town.resident(
            group, email=given.get("email"), phone=given.get("sms"), state="unverified"
        )
        return
    await newcomer(town, group, email=given.get("email"), phone=given.get("sms"))


async def _live(town: Town) -> list[Any]:
    return await town.rows(
        "SELECT id, resident_id, channel, value, state FROM addresses WHERE live"
    )


async def _prove_one(town: Town, place: int, *, at_home: bool) -> None:
    rows = await town.rows(
        "SELECT id, resident_id, channel, value FROM addresses WHERE state <> 'gone' ORDER BY id"
    )
    if not rows:
        return
    one = rows[place % len(rows)]
    before = {(r["channel"], r["value"]): r for r in await _live(town)}
    held = {(r["channel"], r["value"]): r["resident_id"] for r in before.values()}
    try:
        joined = await prove(town, one["id"], here=one["resident_id"] if at_home else None)
    except NotHere:
        assert not at_home
        assert {(r["channel"], r["value"]): r["resident_id"] for r in await _live(town)} == held
        return
    assert joined is not None
    live = await _live(town)
    after = {(r["channel"], r["value"]): r for r in live}
    assert len(after) == len(live)
    mine = after[one["channel"], one["value"]]
    assert (mine["resident_id"], mine["state"]) == (joined.resident, "proven")
    for value, row in before.items():
        replaced = value[0] == one["channel"] and row["resident_id"] == one["resident_id"]
        if row["state"] == "proven" and not replaced:
            assert after[value]["state"] == "proven"
    states = await town.rows(
        "SELECT DISTINCT s.state FROM subscriptions s WHERE s.resident_id = %(id)s",
        id=joined.resident,
    )
    assert [row["state"] for row in states] == ["active"]
