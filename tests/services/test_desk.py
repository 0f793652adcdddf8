"""Signing up at the town hall: paper says what somebody wants, a code proves that they are reached."""

from uuid import UUID, uuid4

import pytest

from notify.bootstrap import push_hosts
from notify.domain.residents import NewResident
from notify.domain.words import Channel, Source
from notify.errors import Conflict, Forbidden, Invalid, NotFound
from notify.services import confirming, desk, proving, residents
from tests.town import Town

PHONE = "+4915112345678"


async def signed_up(town: Town, *groups: str, consent: str | None = "form 17", **more: str) -> UUID:
    given = [("email", more.get("email")), ("sms", more.get("phone"))]
    return await residents.create(
        town.db, town.keyring, settings=town.settings, hosts=push_hosts(town.settings),
        source=Source.DESK,
        request=NewResident(
            addresses=[(channel, value) for channel, value in given if value], consent=consent,
            subscriptions=[(slug, ["email", "sms"], ["email"]) for slug in groups],
        ),
    )  # fmt: skip


async def digits(town: Town, channel: str) -> str:
    (row,) = await town.rows(
        "SELECT c.id FROM codes c JOIN addresses a ON a.id = c.address_id"
        " WHERE a.channel = %(c)s AND c.valid_until > now()",
        c=channel,
    )
    return proving.digits(town.keyring, row["id"])


async def test_the_paper_is_on_record_and_the_code_proves(town: Town) -> None:
    closed = await town.group("kita")
    await town.change("UPDATE groups SET closed = true WHERE id = %(g)s", g=closed)
    anna = await signed_up(town, "kita", email="anna@example.org", phone=PHONE)

    states = {row["state"] for row in await town.rows("SELECT state FROM addresses")}
    assert states == {"unverified"}
    (paper,) = await town.rows("SELECT source, reference FROM consents")
    assert (paper["source"], paper["reference"]) == ("desk", "form 17")
    assert [row["state"] for row in await town.rows("SELECT state FROM subscriptions")] == [
        "active"
    ]
    broadcast = await town.broadcast("kita")
    await town.plan()
    skips = await town.rows("SELECT reason FROM skips WHERE broadcast_id = %(b)s", b=broadcast)
    assert {row["reason"] for row in skips} == {"unverified"}

    assert await desk.confirm(town.db, town.keyring, anna, await digits(town, "sms")) is Channel.SMS
    assert (
        await desk.confirm(town.db, town.keyring, anna, await digits(town, "email"))
        is Channel.EMAIL
    )

    states = {row["state"] for row in await town.rows("SELECT state FROM addresses")}
    assert states == {"proven"}
    rows = await town.rows("SELECT source, channel FROM consents ORDER BY id")
    assert [(row["source"], row["channel"]) for row in rows] == [
        ("desk", None), ("desk", "sms"), ("desk", "email"),
    ]  # fmt: skip


async def test_without_a_paper_there_is_no_desk(town: Town) -> None:
    await town.group("town")
    for consent in (None, "  "):
        with pytest.raises(Invalid, match="paper form"):
            await signed_up(town, "town", consent=consent, email="anna@example.org")
    assert not await town.rows("SELECT FROM residents")


async def test_a_wrong_code_proves_nothing_and_another_one_can_be_sent(town: Town) -> None:
    await town.group("town")
    anna = await signed_up(town, "town", phone=PHONE)
    right = await digits(town, "sms")
    wrong = f"{(int(right) + 1) % 10**6:06}"
    for _ in range(6):
        with pytest.raises(Conflict):
            await desk.confirm(town.db, town.keyring, anna, wrong)
    with pytest.raises(Conflict):
        await desk.confirm(town.db, town.keyring, anna, right)

    assert await desk.send_codes(town.db, anna) == 1

    fresh = await digits(town, "sms")
    assert await desk.confirm(town.db, town.keyring, anna, fresh) is Channel.SMS
    assert await desk.send_codes(town.db, anna) == 0
    with pytest.raises(Conflict):
        await desk.confirm(town.db, town.keyring, anna, fresh)


async def test_who_goes_home_without_typing_it_is_asked_once_more(town: Town) -> None:
    """By the request to confirm, whose link holds for two weeks; not before the code is over."""
    await town.group("town")
    await signed_up(town, "town", email="anna@example.org")
    assert await confirming.ask(town.db, channels=["email"]) == 0

    await town.change("UPDATE codes SET valid_until = now()")

    assert await confirming.ask(town.db, channels=["email"]) == 1
    rows = await town.rows("SELECT kind FROM notes ORDER BY id")
    assert [row["kind"] for row in rows] == ["code", "confirm"]


async def test_a_grant_reaches_who_follows_its_groups_only(town: Town) -> None:
    north, _ = await town.group("north"), await town.group("south")
    anna = await signed_up(town, "south", phone=PHONE)
    ben = await signed_up(town, "north", phone="+4915112345679")

    for work in (
        desk.send_codes(town.db, anna, within=north),
        desk.confirm(town.db, town.keyring, anna, "123456", within=north),
    ):
        with pytest.raises(Forbidden):
            await work
    assert await desk.send_codes(town.db, ben, within=north) == 1
    with pytest.raises(NotFound):
        await desk.send_codes(town.db, uuid4())
