"""Who signed up and proved nothing is forgotten, with all that was sent to them; nobody else is."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from notify.domain.codes import Purpose
from notify.services import joining, proving, visiting
from notify.services.forgetting import Forgetter, Kept
from notify.store import newcomers
from tests.services.test_joining import address, newcomer
from tests.town import Town

PHONE = "+4915112345678"


@pytest.fixture(autouse=True)
async def _clock_is_steady(town: Town) -> None:
    await town.change("UPDATE clock_mark SET steady_since = now() - interval '25 h'")


async def forget(town: Town) -> int:
    kept = Kept(deliveries=365, notes=365, feedback=365, drafts=365, newcomers=48)
    return await Forgetter(town.db, kept, rest=0.0).round()


async def coded(town: Town, address_id: int) -> int:
    async with town.db.transaction() as connection:
        code = await proving.send(connection, address_id, purpose=Purpose.PROVE)
    assert code is not None
    return code


async def late(town: Town, resident: UUID, hours: float = 0.1) -> None:
    await town.change(
        "UPDATE residents SET newcomer_until = now() - %(h)s * interval '1 hour' WHERE id = %(r)s",
        r=resident, h=hours,
    )  # fmt: skip


EVERYTHING = (
    "residents", "addresses", "subscriptions", "consents", "codes", "sessions", "notes",
    "deliveries", "attempts", "receipts",
)  # fmt: skip


async def rows(town: Town) -> dict[str, int]:
    found: dict[str, int] = {}
    for table in EVERYTHING:
        query: Any = f"SELECT count(*) AS n FROM {table}"
        found[table] = (await town.rows(query))[0]["n"]
    return found


async def sent(town: Town) -> None:
    """What was put in the way has been handed over, and reported on."""
    await town.change("UPDATE deliveries SET status = 'sent', handed_over_at = now()")
    await town.change(
        "INSERT INTO attempts (delivery_id, number, sender, worker, lease_until)"
        " SELECT id, 1, 's', gen_random_uuid(), now() FROM deliveries"
    )
    await town.change(
        "INSERT INTO receipts (provider, key, delivery_id, report)"
        " SELECT 'p', id::text, id, 'delivered' FROM deliveries"
    )


async def test_a_newcomer_is_deleted_in_time_with_every_trace(town: Town) -> None:
    anna = await newcomer(town, await town.group(), email="anna@example.org", phone=PHONE)
    for channel in ("email", "sms"):
        await coded(town, await address(town, anna, channel))
    async with town.db.transaction() as connection:
        await visiting.open_(connection, anna)
        await connection.run(
            "INSERT INTO consents (resident_id, source, reference) VALUES (%(r)s, 'page', '/join')",
            r=anna,
        )
    await sent(town)
    assert min((await rows(town)).values()) >= 1
    assert await forget(town) == 0  # their time is not over

    await late(town, anna)

    assert await forget(town) > 0
    assert set((await rows(town)).values()) == {0}


async def test_residents_stay_whatever_they_asked_for_besides(town: Town) -> None:
    group = await town.group()
    anna = await town.resident(group, email="anna@example.org")
    fresh = await newcomer(town, group, email="fresh@example.org")
    await late(town, await newcomer(town, group, email="anna@example.org"))
    before = await rows(town)

    await forget(town)

    after = await rows(town)
    assert {k: before[k] - after[k] for k in ("residents", "addresses", "subscriptions")} == {
        "residents": 1, "addresses": 1, "subscriptions": 1,
    }  # fmt: skip
    left = {row["id"] for row in await town.rows("SELECT id FROM residents")}
    assert left == {anna, fresh}


async def test_what_is_in_flight_is_waited_for(town: Town) -> None:
    anna = await newcomer(town, email="anna@example.org")
    await coded(town, await address(town, anna))
    await late(town, anna)
    for status in ("pending", "sending"):
        await town.change("UPDATE deliveries SET status = %(s)s", s=status)
        assert await forget(town) == 0

    await town.change("UPDATE deliveries SET status = 'expired'")

    assert await forget(town) == 1


async def test_who_proves_an_address_at_the_last_moment_stays(town: Town) -> None:
    anna = await newcomer(town, await town.group(), email="anna@example.org")
    code = await coded(town, await address(town, anna))
    await town.change("UPDATE deliveries SET status = 'sent', handed_over_at = now()")
    await late(town, anna)
    async with town.db.transaction() as connection:
        proven = await proving.use(connection, code)
        assert proven is not None
        joined = await joining.prove(connection, town.keyring, proven, settings=town.settings)
        assert joined is not None
        assert await asyncio.wait_for(forget(town), 5) == 0  # passed by, not waited for

    await forget(town)

    assert [row["id"] for row in await town.rows("SELECT id FROM residents")] == [anna]


async def test_who_was_forgotten_just_then_is_told_that_the_code_is_over(town: Town) -> None:
    anna = await newcomer(town, email="anna@example.org")
    code = await coded(town, await address(town, anna))
    await town.change("UPDATE deliveries SET status = 'sent', handed_over_at = now()")
    await late(town, anna)

    async def prove() -> object:
        async with town.db.transaction() as connection:
            proven = await proving.use(connection, code)
            return proven and await joining.prove(
                connection, town.keyring, proven, settings=town.settings
            )

    async with town.db.transaction() as connection:
        assert await newcomers.forget(connection, size=10) == 1
        proof = asyncio.create_task(prove())
        await asyncio.sleep(0.2)
    assert await proof is None


async def test_an_address_that_a_resident_never_proved_goes_alone(town: Town) -> None:
    anna = await town.resident(await town.group(), email="anna@example.org")
    for value, age in (("old@example.org", 49), ("new@example.org", 47)):
        await town.change(
            "INSERT INTO addresses (resident_id, channel, value, hash, state, created_at) VALUES"
            " (%(r)s, 'email', %(v)s, 'x', 'asked', now() - %(h)s * interval '1 hour')",
            r=anna, v=value, h=age,
        )  # fmt: skip

    await forget(town)

    left = {row["value"] for row in await town.rows("SELECT value FROM addresses")}
    assert left == {"anna@example.org", "new@example.org"}


async def test_old_codes_and_sessions_go(town: Town) -> None:
    anna = await town.resident(email="anna@example.org")
    await coded(town, await address(town, anna))
    async with town.db.transaction() as connection:
        await visiting.open_(connection, anna)
        await visiting.open_(connection, anna)
    await town.change("UPDATE codes SET valid_until = now() - interval '25 hours'")
    await town.change(
        "UPDATE sessions SET valid_until = now() WHERE hash = (SELECT min(hash) FROM sessions)"
    )

    await forget(town)

    counted = await rows(town)
    assert (counted["codes"], counted["sessions"], counted["residents"]) == (0, 1, 1)
