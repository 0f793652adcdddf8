"""Leaving by a link: what each choice takes away, what it leaves, and what it tells plans."""

from collections.abc import Sequence
from typing import Any, Literal
from uuid import uuid4

import pytest
from itsdangerous import URLSafeSerializer
from psycopg.types.json import Jsonb

from notify.domain.keyring import Keyring
from notify.domain.words import Channel, Kind
from notify.errors import Invalid
from notify.services import leaving
from notify.services.leaving import Choice
from notify.store.database import Database, Row
from tests.conftest import SECRET

ADD_RESIDENT = "INSERT INTO residents (language) VALUES ('en') RETURNING id"
ADD_ADDRESS = """
INSERT INTO addresses (resident_id, channel, value, keys, hash, state)
VALUES (%(resident)s, %(channel)s, %(value)s, %(keys)s, '\\x00', 'proven') RETURNING id
"""
ADD_GROUP = "INSERT INTO groups (slug, names) VALUES (%(slug)s, %(names)s) RETURNING id"
ADD_BROADCAST = """
INSERT INTO broadcasts (kind, status, texts, group_ids, audience, thread_id, valid_until)
VALUES (%(kind)s, 'dispatched', '{}', %(groups)s, %(audience)s, gen_random_uuid(), now())
RETURNING id
"""
ADD_SUBSCRIPTION = """
INSERT INTO subscriptions (resident_id, group_id, alerts, news)
VALUES (%(resident)s, %(group)s, '{email,sms,push}', '{email,sms,push}') RETURNING group_id AS id
"""
ALL = ["email", "sms", "push"]


class Town:
    """A resident who follows town, kita and chess by every channel with two browsers."""

    def __init__(self, db: Database, keyring: Keyring) -> None:
        self.db, self.keyring = db, keyring
        self.groups: dict[str, int] = {}
        self.addresses: dict[str, int] = {}
        self.resident = uuid4()

    async def one(self, query: Any, **values: Any) -> Any:
        async with self.db.transaction() as connection:
            row = await connection.row(query, **values)
        assert row is not None
        return row["id"]

    async def build(self) -> "Town":
        self.resident = await self.one(ADD_RESIDENT)
        for slug in ("town", "kita", "chess"):
            self.groups[slug] = await self.one(ADD_GROUP, slug=slug, names=Jsonb({"de": slug}))
            await self.one(ADD_SUBSCRIPTION, resident=self.resident, group=self.groups[slug])
        for name in ("email", "sms", "push", "push2"):
            channel = name.removesuffix("2")
            self.addresses[name] = await self.one(
                ADD_ADDRESS,
                resident=self.resident,
                channel=channel,
                value=name,
                keys=Jsonb({}) if channel == "push" else None,
            )
        return self

    async def link(
        self,
        address: str,
        kind: str = "announcement",
        audience: Sequence[str] | None = ("town", "kita"),
    ) -> str:
        broadcast = await self.one(
            ADD_BROADCAST,
            kind=kind,
            groups=[self.groups["town"]],
            audience=None if audience is None else [self.groups[slug] for slug in audience],
        )
        return leaving.seal(
            self.keyring,
            resident=self.resident,
            address_id=self.addresses[address],
            broadcast=broadcast,
        )

    async def leave(self, token: str, choice: Choice) -> bool:
        return await leaving.leave(self.db, self.keyring, token, choice) is not None

    async def rows(self, query: Any) -> list[Row]:
        async with self.db.transaction() as connection:
            return await connection.rows(query)

    async def follows(self, what: Literal["alerts", "news"]) -> dict[str, list[str]]:
        rows = await self.rows(
            "SELECT slug, alerts, news FROM subscriptions JOIN groups ON id = group_id"
        )
        return {row["slug"]: row[what] for row in rows}

    async def versions(self) -> set[int]:
        return {row["version"] for row in await self.rows("SELECT version FROM addresses")}


@pytest.fixture
async def town(db: Database, keyring: Keyring) -> Town:
    return await Town(db, keyring).build()


@pytest.mark.parametrize(
    ("kind", "left", "kept"),
    [
        pytest.param("alert", "alerts", "news", id="alert"),
        pytest.param("announcement", "news", "alerts", id="announcement"),
        pytest.param("poll", "news", "alerts", id="poll"),
    ],
)
async def test_leaving_this_ends_this_kind_from_these_groups_by_this_channel(
    town: Town,
    kind: str,
    left: Literal["alerts", "news"],
    kept: Literal["alerts", "news"],
) -> None:
    token = await town.link("sms", kind)

    assert await town.leave(token, "this")

    without = ["email", "push"]
    assert await town.follows(left) == {"town": without, "kita": without, "chess": ALL}
    assert await town.follows(kept) == {"town": ALL, "kita": ALL, "chess": ALL}
    assert await town.versions() == {2}


async def test_before_planning_the_groups_addressed_are_the_ones_left(town: Town) -> None:
    token = await town.link("sms", audience=None)

    await town.leave(token, "this")

    assert await town.follows("news") == {"town": ["email", "push"], "kita": ALL, "chess": ALL}


async def test_leaving_the_channel_ends_it_for_every_kind_and_group(town: Town) -> None:
    token = await town.link("email")

    await town.leave(token, "channel")

    rest = ["sms", "push"]
    for what in ("alerts", "news"):
        assert await town.follows(what) == {"town": rest, "kita": rest, "chess": rest}
    assert await town.versions() == {2}


async def test_leaving_the_channel_on_one_of_several_browsers_ends_that_browser_only(
    town: Town,
) -> None:
    token = await town.link("push")

    await town.leave(token, "channel")
    await town.leave(token, "channel")

    states = await town.rows(
        "SELECT value, state FROM addresses WHERE channel = 'push' ORDER BY id"
    )
    assert [row["state"] for row in states] == ["gone", "proven"]
    assert (await town.follows("alerts"))["town"] == ALL


async def test_leaving_the_channel_on_the_last_browser_ends_push(town: Town) -> None:
    await town.leave(await town.link("push2"), "channel")

    await town.leave(await town.link("push"), "channel")

    assert (await town.follows("alerts"))["town"] == ["email", "sms"]


async def test_leaving_all_ends_every_subscription(town: Town) -> None:
    await town.leave(await town.link("email"), "all")

    assert await town.follows("alerts") == {}
    assert await town.versions() == {2}


@pytest.mark.parametrize("choice", ["this", "channel", "all"])
async def test_leaving_twice_is_the_same_as_once(town: Town, choice: Choice) -> None:
    token = await town.link("email")

    assert await town.leave(token, choice)
    before = await town.follows("news")

    assert await town.leave(token, choice)
    assert await town.follows("news") == before
    assert await town.versions() == {2}


@pytest.mark.parametrize("choice", ["this", "channel", "all"])
async def test_a_resident_erased_since_has_nothing_left_to_leave(
    town: Town, choice: Choice
) -> None:
    token = await town.link("email")
    await town.rows("DELETE FROM residents RETURNING id")

    assert await town.leave(token, choice)
    assert await leaving.look(town.db, town.keyring, token) is None


async def test_when_the_broadcast_is_no_longer_known_the_channel_is_left(town: Town) -> None:
    token = await town.link("email")
    await town.rows("DELETE FROM broadcasts RETURNING id")

    assert await leaving.look(town.db, town.keyring, token) is not None
    assert await town.leave(token, "this")
    assert (await town.follows("alerts"))["chess"] == ["sms", "push"]


async def test_a_link_from_a_mail_of_the_first_version_still_leaves(town: Town) -> None:
    old = {"r": town.resident.hex, "a": town.addresses["email"], "b": uuid4().hex}
    token = URLSafeSerializer([SECRET], salt="notify.leave").dumps(old)

    assert await leaving.look(town.db, town.keyring, str(token)) is not None
    assert await town.leave(str(token), "all")
    assert not any((await town.follows("alerts")).values())


@pytest.mark.parametrize("payload", [b"", bytes(39), bytes(41)])
async def test_a_token_of_another_shape_is_none_of_ours(town: Town, payload: bytes) -> None:
    token = town.keyring.seal("leave", payload)

    assert not await town.leave(token, "all")
    assert await leaving.look(town.db, town.keyring, token) is None


async def test_a_forged_token_changes_nothing(town: Town) -> None:
    good = await town.link("email")
    forged = [good[:-1], good + "x", "", town.keyring.seal("confirm", bytes(40))]
    forged.append(Keyring(["another"]).seal("leave", bytes(40)))

    assert not any([await town.leave(token, "all") for token in forged])
    assert len(await town.follows("alerts")) == 3


async def test_the_address_of_another_resident_leaves_nothing(town: Town) -> None:
    other = await town.one(ADD_RESIDENT)
    token = leaving.seal(
        town.keyring, resident=other, address_id=town.addresses["email"], broadcast=uuid4()
    )

    assert await town.leave(token, "channel")
    assert (await town.follows("alerts"))["town"] == ALL


async def test_an_unknown_choice_is_refused(town: Town) -> None:
    with pytest.raises(Invalid):
        await town.leave(await town.link("email"), "everything")  # type: ignore[arg-type]


async def test_the_page_shows_what_would_be_left_and_changes_nothing(town: Town) -> None:
    token = await town.link("sms", "alert")

    page = await leaving.look(town.db, town.keyring, token)

    assert page is not None
    assert (page.channel, page.kind, page.language) == (Channel.SMS, Kind.ALERT, "en")
    assert [group.slug for group in page.groups] == ["kita", "town"]
    assert page.following
    assert await town.versions() == {1}
    assert (await town.follows("alerts"))["town"] == ALL


async def test_who_has_left_already_is_still_shown_the_groups_it_was_for(town: Town) -> None:
    token = await town.link("sms")
    await town.leave(token, "all")

    page = await leaving.look(town.db, town.keyring, token)

    assert page is not None
    assert [group.slug for group in page.groups] == ["town"]
    assert not page.following


async def test_the_groups_shown_are_those_that_the_message_came_through(town: Town) -> None:
    token = await town.link("sms")
    await town.rows(
        "UPDATE subscriptions SET news = '{email}'"
        f" WHERE group_id = {town.groups['town']} RETURNING group_id"
    )

    shown = []
    for _ in range(2):
        page = await leaving.look(town.db, town.keyring, token)
        assert page is not None
        shown.append([group.slug for group in page.groups])
        await town.leave(token, "this")

    # Who no longer gets this kind this way may still want to leave the groups.
    assert shown == [["kita"], ["kita", "town"]]


async def test_one_group_is_left_over_every_way_and_for_every_kind(town: Town) -> None:
    token = await town.link("sms")

    left = [await leaving.leave_one(town.db, town.keyring, token, "kita") for _ in range(2)]

    for one in left:
        assert one is not None
        assert one.group is not None
        assert (one.group.slug, one.nothing) == ("kita", False)
    assert [one.undo is not None for one in left if one] == [True, False]
    assert await town.follows("alerts") == {"town": ALL, "chess": ALL}
    assert await town.follows("news") == {"town": ALL, "chess": ALL}
    assert await town.versions() == {2}


async def test_one_group_that_was_left_comes_back_as_it_was(town: Town) -> None:
    token = await town.link("email")
    await town.rows(
        "UPDATE subscriptions SET alerts = '{sms}'"
        f" WHERE group_id = {town.groups['kita']} RETURNING group_id"
    )

    left = await leaving.leave_one(town.db, town.keyring, token, "kita")

    assert left is not None
    assert left.undo is not None
    assert await leaving.back(town.db, town.keyring, token, left.undo)
    assert (await town.follows("alerts"))["kita"] == ["sms"]
    assert sorted((await town.follows("news"))["kita"]) == sorted(ALL)


async def test_who_leaves_the_last_group_is_known_to_follow_nothing(town: Town) -> None:
    token = await town.link("email")
    await town.rows(
        f"DELETE FROM subscriptions WHERE group_id <> {town.groups['kita']} RETURNING group_id"
    )

    for _ in range(2):
        left = await leaving.leave_one(town.db, town.keyring, token, "kita")
        assert left is not None
        assert left.nothing


@pytest.mark.parametrize("slug", ["chess", "nowhere", "", "1", "\x00"])
async def test_a_group_that_the_message_did_not_come_through_is_refused(
    town: Town, slug: str
) -> None:
    token = await town.link("email")

    with pytest.raises(Invalid):
        await leaving.leave_one(town.db, town.keyring, token, slug)

    assert len(await town.follows("alerts")) == 3
    assert await town.versions() == {1}


async def test_no_single_group_is_left_by_a_link_whose_broadcast_is_forgotten(town: Town) -> None:
    token = await town.link("email")
    await town.rows("DELETE FROM broadcasts RETURNING id")

    page = await leaving.look(town.db, town.keyring, token)
    assert page is not None
    assert page.groups == []
    with pytest.raises(Invalid):
        await leaving.leave_one(town.db, town.keyring, token, "town")
    assert await leaving.leave_one(town.db, town.keyring, token[:-1], "town") is None
    assert len(await town.follows("alerts")) == 3
