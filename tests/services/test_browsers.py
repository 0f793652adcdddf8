"""Browsers as addresses: proven by their keys, one each, moved, renewed, removed."""

from typing import Any, LiteralString
from uuid import UUID, uuid4

import pytest

from notify.domain.addresses import PushAddress
from notify.domain.keyring import Keyring
from notify.domain.words import Lane
from notify.errors import Conflict, Invalid, NotFound
from notify.services import browsers, trying, visiting
from notify.services.browsers import MOST, Wanted
from notify.services.planning import Planner
from notify.services.visiting import Session
from notify.store import browsers as browsers_store
from tests.town import Town

WANTED = Wanted(
    alerts=True, news=True, wording="Warnungen kommen hier.", version="1", language="de"
)


def browser(name: str = "a", *, auth: str = "secret") -> PushAddress:
    return PushAddress(f"https://push.example/{name}", p256dh=f"point-{name}", auth=auth)


def here(resident: UUID) -> Session:
    return Session(resident, b"hash")


async def turn_on(town: Town, resident: UUID, push: PushAddress, wanted: Wanted = WANTED) -> None:
    await browsers.register(town.db, town.keyring, here(resident), push, wanted)


async def addresses(town: Town) -> list[tuple[UUID, str, str]]:
    rows = await town.rows(
        "SELECT resident_id, value, state FROM addresses WHERE channel = 'push' ORDER BY id"
    )
    return [(row["resident_id"], row["value"].rpartition("/")[2], row["state"]) for row in rows]


async def follows(town: Town, resident: UUID) -> dict[str, Any]:
    (row,) = await town.rows(
        "SELECT alerts, news, state FROM subscriptions WHERE resident_id = %(id)s", id=resident
    )
    return row


async def test_one_browser_many_times_is_one_address_and_one_consent(town: Town) -> None:
    group = await town.group()
    erika = await town.resident(group, email="e@example.org", alerts=["email"], news=["email"])

    for _ in range(3):
        await turn_on(town, erika, browser())

    assert await addresses(town) == [(erika, "a", "proven")]
    assert await follows(town, erika) == {
        "alerts": ["email", "push"], "news": ["email", "push"], "state": "active",
    }  # fmt: skip
    (consent,) = await town.rows("SELECT source, channel, wording, version, language FROM consents")
    assert consent == {
        "source": "page", "channel": "push", "wording": "Warnungen kommen hier.", "version": "1",
        "language": "de",
    }  # fmt: skip


async def test_only_what_was_chosen_is_added(town: Town) -> None:
    group = await town.group()
    erika = await town.resident(group, email="e@example.org", alerts=["email"], news=["email"])

    alerts = Wanted(alerts=True, news=False, wording="w", version="1", language="de")
    await turn_on(town, erika, browser(), alerts)

    assert (await follows(town, erika))["news"] == ["email"]
    nothing = Wanted(alerts=False, news=False, wording="w", version="1", language="de")
    with pytest.raises(Invalid):
        await turn_on(town, erika, browser("b"), nothing)


async def test_a_browser_that_changes_hands_brings_its_keys_as_proof(town: Town) -> None:
    group = await town.group()
    erika, karl = [await town.resident(group, email=f"{n}@example.org") for n in "ek"]
    await turn_on(town, erika, browser())

    with pytest.raises(Conflict):
        await turn_on(town, karl, browser(auth="guessed"))
    assert await addresses(town) == [(erika, "a", "proven")]

    await turn_on(town, karl, browser())
    assert await addresses(town) == [(erika, "a", "gone"), (karl, "a", "proven")]


async def test_what_is_queued_for_whoever_had_it_before_does_not_go_there(town: Town) -> None:
    group = await town.group()
    erika, karl = [
        await town.resident(group, email=f"{n}@example.org", alerts=["push"]) for n in "ek"
    ]
    await turn_on(town, erika, browser())
    alert = await town.broadcast("town")
    await town.plan()
    await turn_on(town, karl, browser())

    (row,) = await town.rows(
        "SELECT a.state, a.version <> d.address_version AS changed FROM deliveries d"
        " JOIN addresses a ON a.id = d.address_id WHERE d.broadcast_id = %(id)s"
        " AND d.resident_id = %(erika)s",
        id=alert, erika=erika,
    )  # fmt: skip
    assert row == {"state": "gone", "changed": True}


async def test_there_is_an_end_to_browsers(town: Town) -> None:
    erika = await town.resident(email="e@example.org")
    for number in range(MOST):
        await turn_on(town, erika, browser(str(number)))

    with pytest.raises(Invalid):
        await turn_on(town, erika, browser("one more"))
    await turn_on(town, erika, browser("3"))

    assert len(await addresses(town)) == MOST


async def test_it_is_a_newcomer_s_first_proof_and_closes_every_other_page_of_theirs(
    town: Town, keyring: Keyring
) -> None:
    open_group, closed = await town.group(), await town.group("choir")
    newcomer = await town.resident(open_group, closed, email="n@example.org", state="asked")
    await town.change("UPDATE groups SET closed = slug = 'choir'")
    await town.change("UPDATE subscriptions SET state = 'asked', alerts = '{email}'")
    await town.change("UPDATE residents SET newcomer_until = now() + interval '1 day'")
    async with town.db.transaction() as connection:
        word, other = [await visiting.open_(connection, newcomer) for _ in range(2)]
    session = await visiting.find(town.db, word)
    assert session is not None

    await browsers.register(town.db, keyring, session, browser(), WANTED)

    (row,) = await town.rows("SELECT newcomer_until FROM residents")
    assert row["newcomer_until"] is None
    states = await town.rows(
        "SELECT g.slug, s.state, s.alerts FROM subscriptions s JOIN groups g ON g.id = s.group_id"
        " ORDER BY g.slug"
    )
    assert states == [
        {"slug": "choir", "state": "requested", "alerts": ["email", "push"]},
        {"slug": "town", "state": "active", "alerts": ["email", "push"]},
    ]
    (mail,) = await town.rows("SELECT state FROM addresses WHERE channel = 'email'")
    assert mail["state"] == "asked"
    assert await visiting.find(town.db, word) is not None
    assert await visiting.find(town.db, other) is None


async def test_who_was_erased_gets_nothing(town: Town) -> None:
    with pytest.raises(NotFound):
        await turn_on(town, uuid4(), browser())


async def test_the_last_browser_takes_push_along_an_earlier_one_does_not(town: Town) -> None:
    group = await town.group()
    erika = await town.resident(group, email="e@example.org", alerts=["email"])
    for name in "ab":
        await turn_on(town, erika, browser(name))

    assert await browsers.remove(town.db, erika, browser("a").endpoint)
    assert (await follows(town, erika))["alerts"] == ["email", "push"]
    assert await browsers.remove(town.db, erika, browser("b").endpoint)
    assert (await follows(town, erika))["alerts"] == ["email"]
    assert not await browsers.remove(town.db, erika, browser("b").endpoint)


async def test_nobody_looks_at_or_removes_another_s_browser(town: Town) -> None:
    erika, karl = [await town.resident(email=f"{n}@example.org") for n in "ek"]
    await turn_on(town, erika, browser())

    assert await browsers.known(town.db, erika, browser().endpoint)
    assert not await browsers.known(town.db, karl, browser().endpoint)
    assert not await browsers.remove(town.db, karl, browser().endpoint)
    with pytest.raises(NotFound):
        await trying.send(town.db, karl, endpoint=browser().endpoint, language="de")
    assert await addresses(town) == [(erika, "a", "proven")]


async def renew(town: Town, old: str, new: PushAddress, *, auth: str = "secret") -> bool:
    return await browsers.renew(
        town.db, town.keyring, endpoint=browser(old).endpoint, auth=auth, push=new
    )


async def test_a_renewed_browser_keeps_its_address_and_what_is_planned_for_it(
    town: Town, keyring: Keyring
) -> None:
    group = await town.group()
    erika = await town.resident(group, email="e@example.org", alerts=["push"])
    await turn_on(town, erika, browser())
    await town.broadcast("town")
    await town.plan()

    assert await renew(town, "a", browser("b", auth="fresh"))

    (row,) = await town.rows(
        "SELECT a.value, a.keys, a.hash, a.version = d.address_version AS same FROM addresses a"
        " JOIN deliveries d ON d.address_id = a.id"
    )
    assert row == {
        "value": browser("b").endpoint,
        "keys": {"p256dh": "point-b", "auth": "fresh"},
        "hash": keyring.address_hash("push", browser("b").endpoint),
        "same": True,
    }


@pytest.mark.parametrize("auth", ["", "wrong", "secret="], ids=["none", "wrong", "padded"])
async def test_only_who_knows_the_old_secret_renews(town: Town, auth: str) -> None:
    erika = await town.resident(email="e@example.org")
    await turn_on(town, erika, browser())

    assert await renew(town, "a", browser("b"), auth=auth) is (auth == "secret=")
    assert not await renew(town, "nobody's", browser("c"))


async def subscription_ended(town: Town) -> None:
    """Its push service says so of what is planned."""
    await town.change(
        "INSERT INTO attempts (delivery_id, number, sender, worker, lease_until, outcome)"
        " SELECT id, 1, 'push', gen_random_uuid(), now(), 'address_gone' FROM deliveries"
    )
    await town.change("UPDATE deliveries SET status = 'failed', reason = 'address_gone'")
    await town.change("UPDATE addresses SET state = 'gone' WHERE channel = 'push'")


async def test_a_browser_whose_subscription_ended_comes_back_to_the_alert_it_missed(
    town: Town,
) -> None:
    group = await town.group()
    erika = await town.resident(group, email="e@example.org", alerts=["push"])
    await turn_on(town, erika, browser())
    alert = await town.broadcast("town")
    await town.plan()
    await subscription_ended(town)

    assert await renew(town, "a", browser("b"))
    assert await addresses(town) == [(erika, "a", "gone"), (erika, "b", "proven")]
    assert await late(town) == 1
    assert await town.statuses(alert) == ["failed", "pending"]


async def test_what_ended_brings_its_browser_back_once_only(town: Town) -> None:
    group = await town.group()
    erika = await town.resident(group, email="e@example.org", alerts=["push"])
    await turn_on(town, erika, browser())
    await town.broadcast("town")
    await town.plan()
    await subscription_ended(town)
    await renew(town, "a", browser("b"))
    await browsers.remove(town.db, erika, browser("b").endpoint)

    assert not await renew(town, "a", browser("c"))


async def test_whoever_wants_alerts_in_a_browser_gets_those_in_force(town: Town) -> None:
    group = await town.group()
    erika = await town.resident(group, email="e@example.org", alerts=["email"])
    news = Wanted(alerts=False, news=True, wording="w", version="1", language="de")
    await turn_on(town, erika, browser(), news)
    await town.change("UPDATE addresses SET proven_at = now() - interval '1 day'")
    await town.change("UPDATE subscriptions SET created_at = now() - interval '1 day'")
    alert = await town.broadcast("town")
    await town.plan()

    await turn_on(town, erika, browser())

    assert await late(town) == 1
    assert await town.statuses(alert) == ["pending", "pending"]


async def late(town: Town) -> int:
    planner = Planner(town.db, lane=Lane.ALERT, settings=town.settings, channels=town.channels)
    return await planner.plan_latecomers()


async def test_one_that_its_reader_turned_off_does_not(town: Town) -> None:
    erika = await town.resident(email="e@example.org")
    await turn_on(town, erika, browser())
    await browsers.remove(town.db, erika, browser().endpoint)

    assert not await renew(town, "a", browser("b"))
    assert await addresses(town) == [(erika, "a", "gone")]


async def test_page_and_worker_may_tell_of_a_new_subscription_both(town: Town) -> None:
    erika, karl = [await town.resident(email=f"{n}@example.org") for n in "ek"]
    await turn_on(town, erika, browser())
    await turn_on(town, erika, browser("b"))
    await turn_on(town, karl, browser("c", auth="karl's"))

    assert await renew(town, "a", browser("b"))
    assert not await renew(town, "b", browser("c"))

    assert await addresses(town) == [
        (erika, "a", "gone"), (erika, "b", "proven"), (karl, "c", "proven"),
    ]  # fmt: skip


async def test_trials_are_bounded_and_each_is_its_resident_s_own(town: Town) -> None:
    erika, karl = [await town.resident(email=f"{n}@example.org") for n in "ek"]
    await turn_on(town, erika, browser())
    endpoint = browser().endpoint

    first = await trying.send(town.db, erika, endpoint=endpoint, language="en")
    for _ in range(trying.MOST - 1):
        await trying.send(town.db, erika, endpoint=endpoint, language="en")

    with pytest.raises(Conflict):
        await trying.send(town.db, erika, endpoint=endpoint, language="en")
    found = await trying.look(town.db, erika, first)
    assert found is not None
    assert (found.status, found.reason) == ("pending", None)
    assert await trying.look(town.db, karl, first) is None
    (row,) = await town.rows(
        "SELECT DISTINCT n.kind, d.lane, d.language FROM deliveries d JOIN notes n ON n.id = d.note_id"
    )
    assert row == {"kind": "trial", "lane": "note", "language": "en"}


MANY: LiteralString = """
INSERT INTO addresses (resident_id, channel, value, keys, hash, state)
SELECT %(resident)s, 'push', 'https://push.example/' || n, '{}', sha256(n::text::bytea),
  CASE WHEN n %% 2 = 0 THEN 'proven' ELSE 'gone' END
FROM generate_series(1, 20000) AS n
"""


async def test_whoever_asks_for_a_browser_has_nobody_look_through_all_of_them(town: Town) -> None:
    erika = await town.resident(email="e@example.org")
    await town.change(MANY, resident=erika)
    await town.change("ANALYZE addresses")

    live = await town.rows("EXPLAIN " + browsers_store.OWNER, endpoint="https://push.example/7")
    ended = await town.rows("EXPLAIN " + browsers_store.ENDED, hash=b"x" * 32)

    assert "addresses_live_value" in str(live)
    assert "addresses_ended" in str(ended)
    assert "Seq Scan on addresses" not in str(live) + str(ended)
