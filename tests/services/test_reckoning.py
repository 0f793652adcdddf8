"""What is reckoned before sending is what planning then does: people, messages, languages, reasons."""

import asyncio
import random
from collections import Counter
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from notify import clock
from notify.domain.broadcast import Text
from notify.domain.words import Channel, Kind, Lane, Relation
from notify.errors import NotFound
from notify.services import reckoning
from notify.services.reckoning import Audience, Wish
from notify.store import reckoning as store
from tests.town import ALL, TEXTS, Town

PHRASES = {tag: Text("Sturm", "Bleiben Sie im Haus.") for tag in ("de", "en", "uk")}


async def _reckon(town: Town, *slugs: str, kind: Kind = Kind.ALERT, **more: Any) -> Audience:
    ids = await town.rows("SELECT id FROM groups WHERE slug = ANY(%(s)s)", s=list(slugs))
    wish = Wish(kind, [row["id"] for row in ids], **{"languages": list(TEXTS)} | more)
    found = await reckoning.audience(
        town.db, wish, settings=town.settings, channels=[Channel(one) for one in town.channels]
    )
    assert found is not None
    return found


async def _planned(town: Town, broadcast: UUID) -> dict[str, Any]:
    """What planning did, in the figures of an audience, from its rows alone."""
    sent = await town.rows(
        "SELECT resident_id, channel, language, reason FROM deliveries"
        " WHERE broadcast_id = %(id)s", id=broadcast,
    )  # fmt: skip
    left = await town.rows(
        "SELECT channel, reason FROM skips WHERE broadcast_id = %(id)s", id=broadcast
    )
    return {
        "people": len({row["resident_id"] for row in sent}),
        "messages": Counter(row["channel"] for row in sent),
        "by_channel": Counter({(r["resident_id"], r["channel"]): 1 for r in sent}.keys()),
        "languages": Counter((row["channel"], row["language"]) for row in sent),
        "readers": Counter({r["resident_id"]: r["language"] for r in sent}.values()),
        "skips": Counter((row["channel"], row["reason"]) for row in left),
        "later": sum(row["reason"] == "quiet" for row in sent),
    }


def _agree(reckoned: Audience, planned: dict[str, Any]) -> None:
    channels = reckoned.channels
    assert reckoned.people == planned["people"]
    assert {c: one.messages for c, one in channels.items() if one.messages} == planned["messages"]
    people = Counter(channel for _, channel in planned["by_channel"])
    assert {c: one.people for c, one in channels.items() if one.people} == people
    languages = {(c, tag): n for c, one in channels.items() for tag, n in one.languages.items()}
    assert languages == planned["languages"]
    assert reckoned.languages == planned["readers"]
    skips = {(c, str(why)): n for c, whys in reckoned.skips.items() for why, n in whys.items()}
    assert skips == planned["skips"]
    assert reckoned.later == planned["later"]


async def _populate(town: Town, chance: random.Random) -> None:
    """A district with two villages, and residents with every kind of trouble."""
    district = await town.group("district")
    carrying = await town.group("carrying", parent=district, carries=True)
    silent = await town.group("silent", parent=district)
    places = [district, carrying, silent, await town.group("elsewhere")]
    for number in range(60):
        wishes = [[c for c in ALL if chance.random() < 0.6] for _ in range(2)]
        email = f"r{number}@example.org" if chance.random() < 0.7 else None
        resident = await town.resident(
            *chance.sample(places, chance.randint(1, 3)), email=email,
            phone=f"+49151{number:08}" if chance.random() < 0.6 else None,
            push=[f"https://push.example/{number}/{n}" for n in range(chance.randint(0, 2))],
            language=chance.choice(["de", "en", "fr", "uk", "de-x-simple", "en-GB"]),
            alerts=wishes[0], news=wishes[1],
            state=chance.choice(["proven", "proven", "proven", "unverified"]),
        )  # fmt: skip
        if email and chance.random() < 0.2:
            await town.change(
                "INSERT INTO suppressions (channel, hash, reason) VALUES ('email', %(h)s, 'bounced')",
                h=town.keyring.address_hash("email", email),
            )
        if chance.random() < 0.2:
            await town.change(
                "UPDATE subscriptions SET state = 'requested' WHERE resident_id = %(r)s", r=resident
            )
        if chance.random() < 0.3:
            await town.change(
                "UPDATE residents SET quiet_from = '00:00', quiet_until = '23:59:59'"
                " WHERE id = %(r)s", r=resident,
            )  # fmt: skip


CASES = [
    (Kind.ALERT, ("district",), ALL, ("de", "en")),
    (Kind.ALERT, ("silent", "elsewhere"), ALL, ("de",)),
    (Kind.ANNOUNCEMENT, ("district",), ALL, ("de", "en", "uk")),
    (Kind.ANNOUNCEMENT, ("carrying", "district"), ("email", "push"), ("de", "uk")),
    (Kind.ALERT, ("carrying",), ("sms",), ("de", "en")),
]


@pytest.mark.parametrize("seed", range(3))
async def test_it_agrees_with_what_planning_does(town: Town, seed: int) -> None:
    await _populate(town, random.Random(seed))
    for kind, slugs, channels, languages in CASES:
        town.channels = channels
        reckoned = await _reckon(town, *slugs, kind=kind, languages=languages)
        broadcast = await town.broadcast(
            *slugs, kind=kind, texts={tag: PHRASES[tag] for tag in languages}
        )
        await town.plan(Lane.ALERT if kind is Kind.ALERT else Lane.BULK)

        planned = await _planned(town, broadcast)
        assert planned["people"] > 1
        assert len(planned["skips"]) > 2
        _agree(reckoned, planned)
        assert reckoned.asked >= reckoned.people


@pytest.mark.parametrize("relation", Relation)
@pytest.mark.parametrize("seed", range(2))
async def test_a_follow_up_is_reckoned_as_it_is_planned(
    town: Town, relation: Relation, seed: int
) -> None:
    chance = random.Random(100 + seed)
    await _populate(town, chance)
    alert = await town.broadcast("silent", valid_until=clock.now() + timedelta(hours=6))
    await town.plan()
    for row in await town.rows("SELECT id, resident_id FROM deliveries ORDER BY id"):
        status = chance.choice(["sent", "delivered", "unknown", "failed", "pending"])
        await town.change(
            "UPDATE deliveries SET status = %(s)s WHERE id = %(id)s", s=status, id=row["id"]
        )
        if chance.random() < 0.15:
            await town.change(
                "DELETE FROM subscriptions WHERE resident_id = %(r)s", r=row["resident_id"]
            )
    await town.change(
        "INSERT INTO suppressions (channel, hash, reason) SELECT channel, hash, 'gone'"
        " FROM addresses WHERE id %% 7 = 0 ON CONFLICT DO NOTHING"
    )
    town.channels = ("email", "sms")

    more: dict[str, Any] = {"follows": alert, "relation": relation}
    reckoned = await _reckon(town, "carrying", **more)
    broadcast = await town.broadcast("carrying", **more)
    await town.plan()

    planned = await _planned(town, broadcast)
    assert planned["people"] > 1
    _agree(reckoned, planned)


async def test_nobody_follows_and_nobody_is_counted(town: Town) -> None:
    await town.group("empty")

    found = await _reckon(town, "empty")

    assert (found.asked, found.people, found.messages, found.missed) == (0, 0, 0, 0)
    assert set(found.channels) == {*Channel}


async def test_what_takes_too_long_is_given_up_and_says_so(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = await town.group()
    monkeypatch.setattr(store, "FOLLOWERS", "SELECT pg_sleep(10), %(alert)s AS alert")

    async with asyncio.timeout(5):
        found = await reckoning.audience(
            town.db, Wish(Kind.ALERT, [group], ["de"]), settings=town.settings, channels=[*Channel],
            patience=0.1,
        )  # fmt: skip

    assert found is None


async def test_two_count_at_once_and_no_third(town: Town) -> None:
    group = await town.group()
    wish = Wish(Kind.ALERT, [group], ["de"])
    counted = []
    async with AsyncExitStack() as held:
        for _ in range(2):
            counted.append(
                await reckoning.audience(town.db, wish, settings=town.settings, channels=[])
            )
            connection = await held.enter_async_context(town.db.transaction())
            assert await store.turn(connection)
        counted.append(await reckoning.audience(town.db, wish, settings=town.settings, channels=[]))
    counted.append(await reckoning.audience(town.db, wish, settings=town.settings, channels=[]))

    assert [found is None for found in counted] == [False, False, True, False]


async def test_it_waits_for_nobody_who_writes(town: Town) -> None:
    """An alert is being planned, a sender holds its rows: counting goes on beside them."""
    await town.readers(3)
    async with town.db.transaction() as held:
        await held.run("SELECT FROM residents FOR UPDATE")
        await held.run("SELECT FROM subscriptions FOR UPDATE")
        await held.run("SELECT FROM addresses FOR UPDATE")
        async with asyncio.timeout(2):
            found = await _reckon(town, "town")

    assert found.people == 3


async def test_what_follows_nothing_is_refused(town: Town) -> None:
    await town.group()

    with pytest.raises(NotFound):
        await _reckon(town, "town", follows=uuid4(), relation=Relation.UPDATE)
