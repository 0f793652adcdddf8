"""Closed groups: somebody asks, staff decide, and whoever asked is told."""

from uuid import UUID, uuid4

import pytest

from channels.messages import Email, Sms
from notify.domain.words import Channel
from notify.errors import Forbidden, NotFound
from notify.services import requesting
from notify.services.requesting import Decided
from tests.services.test_proving import composed
from tests.town import Town

PHONE = "+4915112345678"


async def asks(town: Town, group: int, **address: str) -> UUID:
    resident = await town.resident(group, **address)
    await town.change(
        "UPDATE subscriptions SET state = 'requested' WHERE resident_id = %(r)s", r=resident
    )
    return resident


async def states(town: Town) -> list[str]:
    return [row["state"] for row in await town.rows("SELECT state FROM subscriptions")]


async def test_who_is_let_in_gets_the_group_and_a_mail(town: Town) -> None:
    kita = await town.group("kita")
    anna = await asks(town, kita, email="anna@example.org", phone=PHONE)
    (row,) = await requesting.waiting(town.db)
    assert (row["resident_id"], row["slug"]) == (anna, "kita")

    done = await requesting.decide(town.db, anna, "kita", approve=True)

    assert done == Decided(approved=True, told=True)
    assert await states(town) == ["active"]
    assert await requesting.waiting(town.db) == []
    letter = await composed(town, Channel.EMAIL)
    assert isinstance(letter, Email)
    assert letter.form.subject == "Sie sind jetzt in der Gruppe kita"
    assert "http://127.0.0.1:8000/my" in letter.form.text
    assert len(await town.rows("SELECT FROM deliveries")) == 1


async def test_who_is_refused_is_told_and_has_nothing(town: Town) -> None:
    kita = await town.group("kita")
    anna = await asks(town, kita, phone=PHONE)

    assert (await requesting.decide(town.db, anna, "kita", approve=False)).told

    assert await states(town) == []
    text = await composed(town, Channel.SMS)
    assert isinstance(text, Sms)
    assert text.body.startswith("Citizen Notify") or text.body.startswith("Musterstadt")
    assert "kita" in text.body


async def test_nothing_is_told_over_an_address_that_may_not_be_used(town: Town) -> None:
    kita = await town.group("kita")
    unproven = await asks(town, kita, email="a@example.org", state="unverified")
    stopped = await asks(town, kita, email="b@example.org")
    await town.change(
        "INSERT INTO suppressions (channel, hash, reason)"
        " SELECT channel, hash, 'opted_out' FROM addresses WHERE value = 'b@example.org'"
    )

    for resident in (unproven, stopped):
        done = await requesting.decide(town.db, resident, "kita", approve=True)
        assert done == Decided(approved=True, told=False)
    assert not await town.rows("SELECT FROM deliveries")
    assert not await town.rows("SELECT FROM notes")


async def test_a_request_is_decided_once(town: Town) -> None:
    kita = await town.group("kita")
    anna = await asks(town, kita, email="anna@example.org")
    await requesting.decide(town.db, anna, "kita", approve=True)

    for approve in (True, False):
        with pytest.raises(NotFound):
            await requesting.decide(town.db, anna, "kita", approve=approve)
    assert await states(town) == ["active"]


async def test_a_newcomer_s_wish_is_no_request_yet(town: Town) -> None:
    kita = await town.group("kita")
    anna = await town.resident(kita, email="anna@example.org", state="asked")
    await town.change("UPDATE subscriptions SET state = 'asked'")

    assert await requesting.waiting(town.db) == []
    with pytest.raises(NotFound):
        await requesting.decide(town.db, anna, "kita", approve=True)


async def test_a_grant_reaches_its_group_and_those_below(town: Town) -> None:
    north = await town.group("north")
    kita = await town.group("kita", parent=north)
    south = await town.group("south")
    anna, ben = await asks(town, kita, email="a@x.org"), await asks(town, south, email="b@x.org")

    assert [row["slug"] for row in await requesting.waiting(town.db, within=north)] == ["kita"]
    assert [row["slug"] for row in await requesting.waiting(town.db, group="north")] == ["kita"]
    with pytest.raises(Forbidden):
        await requesting.waiting(town.db, group="south", within=north)
    with pytest.raises(Forbidden):
        await requesting.decide(town.db, ben, "south", approve=True, within=north)
    assert (await requesting.decide(town.db, anna, "kita", approve=True, within=north)).approved
    for name in ("nix", "\0"):
        with pytest.raises(NotFound):
            await requesting.decide(town.db, uuid4(), name, approve=True)
