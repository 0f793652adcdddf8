"""Who may ask for how many codes: by address, network, country; with Redis, without, and gone."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Coroutine, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from notify.domain.broadcast import Identity
from notify.domain.keyring import Keyring
from notify.domain.residents import JudgedAddress
from notify.domain.words import Channel
from notify.errors import Invalid
from notify.rates import Rate, Rates
from notify.rendering import codes
from notify.rendering.messages import Renderer
from notify.services import asking, opening, reaching, signing_up
from notify.services.asking import ABROAD, BY_ADDRESS, BY_NETWORK, By, Elsewhere, TooMany, ask
from notify.services.joining import Evidence
from notify.settings import Settings
from notify.store import sms_asked
from notify.store.database import Database
from tests.journeys.redis_server import RedisServer
from tests.services.test_joining import address, newcomer
from tests.town import Town

MOBILE = "+4915112345678"


@pytest.fixture
def rates() -> Rates:
    return Rates(None)


async def _asked(
    rates: Rates, settings: Settings, keyring: Keyring, *values: str, network: str = "192.0.2.0/24"
) -> int:
    """How many of these were let through until the first was not."""
    for n, value in enumerate(values):
        channel = Channel.EMAIL if "@" in value else Channel.SMS
        try:
            await ask(rates, settings=settings, keyring=keyring, channel=channel, value=value,
                      network=network)  # fmt: skip
        except TooMany:
            return n
    return len(values)


async def test_an_address_is_not_flooded_from_any_number_of_networks(
    rates: Rates, settings: Settings, keyring: Keyring
) -> None:
    let = [
        await _asked(rates, settings, keyring, "a@example.org", network=f"198.51.{n}.0/24")
        for n in range(10)
    ]

    assert sum(let) == BY_ADDRESS[0].most
    assert await _asked(rates, settings, keyring, "b@example.org") == 1


async def test_a_network_asks_for_so_many_addresses_and_others_go_on(
    rates: Rates, settings: Settings, keyring: Keyring
) -> None:
    many = [f"r{n}@example.org" for n in range(BY_NETWORK[0].most + 10)]

    assert await _asked(rates, settings, keyring, *many) == BY_NETWORK[0].most
    assert await _asked(rates, settings, keyring, "x@example.org", network="203.0.113.0/24") == 1


async def test_numbers_abroad_are_few_whatever_network_asks(
    rates: Rates, settings: Settings, keyring: Keyring
) -> None:
    swiss = [f"+4179{1234000 + n}" for n in range(ABROAD.most + 5)]

    let = [await _asked(rates, settings, keyring, number, network=str(n))
           for n, number in enumerate(swiss)]  # fmt: skip

    assert sum(let) == ABROAD.most
    assert await _asked(rates, settings, keyring, MOBILE) == 1


@pytest.mark.parametrize("number", ["+998901234567", "+12025550123", "+882161234567"])
async def test_numbers_of_other_countries_get_no_sms(
    rates: Rates, settings: Settings, keyring: Keyring, number: str
) -> None:
    with pytest.raises(Elsewhere) as refusal:
        await _asked(rates, settings, keyring, number)

    assert refusal.value.countries == ("DE", "AT", "CH")
    assert isinstance(refusal.value, Invalid)


async def test_the_town_s_own_country_is_always_on_the_list(
    rates: Rates, settings: Settings, keyring: Keyring
) -> None:
    abroad = settings.model_copy(update={"default_region": "FR", "sms_countries": ()})

    assert await _asked(rates, abroad, keyring, "+33612345678") == 1
    with pytest.raises(Elsewhere):
        await _asked(rates, abroad, keyring, MOBILE)


async def test_who_asked_too_often_is_told_when_to_come_back(
    rates: Rates, settings: Settings, keyring: Keyring
) -> None:
    await _asked(rates, settings, keyring, *["a@example.org"] * BY_ADDRESS[0].most)

    with pytest.raises(TooMany) as refusal:
        await ask(rates, settings=settings, keyring=keyring, channel=Channel.EMAIL,
                  value="a@example.org", network="n")  # fmt: skip

    assert 0 < refusal.value.retry_after <= BY_ADDRESS[0].seconds


async def test_a_bound_ends_with_its_time() -> None:
    rates, rate = Rates(None), Rate(2, 1)

    said = [await rates.hit("x", "y", rate) for _ in range(3)]
    await asyncio.sleep(1.1)

    assert said[:2] == [None, None]
    assert said[2] == 1
    assert await rates.hit("x", "y", rate) is None


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path) as server:
        yield server


async def test_all_processes_count_together(redis: RedisServer) -> None:
    one, other, rate = Rates(redis.url), Rates(redis.url), Rate(3, 60)

    said = [await rates.hit("x", "y", rate) for rates in (one, other, one, other, one)]
    await one.close()
    await other.close()

    assert [wait is None for wait in said] == [True, True, True, False, False]


async def test_redis_killed_there_are_bounds_still(redis: RedisServer) -> None:
    rates, rate = Rates(redis.url), Rate(3, 60)
    assert await rates.hit("x", "y", rate) is None
    redis.kill()

    said = [await rates.hit("x", "y", rate) for _ in range(5)]
    await rates.close()

    assert [wait is None for wait in said] == [True, True, True, False, False]


async def test_redis_that_hangs_holds_nobody_up_for_long(redis: RedisServer) -> None:
    rates, rate = Rates(redis.url), Rate(3, 60)
    assert await rates.hit("x", "y", rate) is None
    os.kill(redis.pid, signal.SIGSTOP)
    began = asyncio.get_running_loop().time()

    said = [await rates.hit("x", "y", rate) for _ in range(5)]

    took = asyncio.get_running_loop().time() - began
    os.kill(redis.pid, signal.SIGCONT)
    await rates.close()
    assert [wait is None for wait in said] == [True, True, True, False, False]
    assert took < 3


async def test_redis_back_it_counts_there_again(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notify.rates._REST", 0.0)
    rates, rate = Rates(redis.url), Rate(1, 60)
    redis.kill()
    assert await rates.hit("x", "y", rate) is None
    redis.start()
    assert await rates.hit("x", "y", rate) is None

    other = Rates(redis.url)
    assert await other.hit("x", "y", rate) is not None
    await rates.close()
    await other.close()


async def test_no_address_is_written_into_redis(
    redis: RedisServer, settings: Settings, keyring: Keyring
) -> None:
    rates = Rates(redis.url)
    await _asked(rates, settings, keyring, "anna@example.org", MOBILE)
    from redis.asyncio import Redis

    client = Redis.from_url(redis.url)
    keys = b"".join(await client.keys("*"))
    await client.aclose()
    await rates.close()

    assert keys
    for telling in (b"anna", MOBILE[3:].encode(), b"192.0.2"):
        assert telling not in keys


async def test_the_budget_of_a_day_is_shared_and_never_passed(
    db: Database, settings: Settings
) -> None:
    few = settings.model_copy(update={"sms_daily_budget": 7})

    async def take() -> bool:
        async with db.transaction() as connection:
            return await asking.afford(connection, settings=few, segments=1)

    taken = await asyncio.gather(*(take() for _ in range(20)))

    assert taken.count(True) == 7
    assert not await take()


async def test_half_of_the_budget_is_kept_from_numbers_that_are_only_claimed(
    db: Database, settings: Settings
) -> None:
    few = settings.model_copy(update={"sms_daily_budget": 7})

    async def take(*, claim: bool = False, sends: bool = True) -> bool:
        async with db.transaction() as connection:
            return await asking.afford(
                connection, settings=few, segments=1, claim=claim, sends=sends
            )

    assert [await take(sends=False) for _ in range(20)] == [True] * 20
    assert [await take(claim=True) for _ in range(5)] == [True] * 4 + [False]
    assert [await take() for _ in range(4)] == [True] * 3 + [False]
    assert not await take(sends=False)


async def test_the_budget_is_a_day_s_and_given_back_with_what_it_was_for(db: Database) -> None:
    async with db.transaction() as connection:
        assert await sms_asked.take(connection, date(2026, 11, 1), 3, 3)
        assert not await sms_asked.take(connection, date(2026, 11, 1), 1, 3)
        assert await sms_asked.take(connection, date(2026, 11, 2), 1, 3)
        assert not await sms_asked.take(connection, date(2026, 11, 3), 4, 3)
    with contextlib.suppress(RuntimeError):
        async with db.transaction() as connection:
            assert await sms_asked.take(connection, date(2026, 11, 2), 2, 3)
            raise RuntimeError
    async with db.transaction() as connection:
        assert await sms_asked.take(connection, date(2026, 11, 2), 2, 3)


@pytest.mark.parametrize("what", ["open", "prove", "sign up"])
async def test_nobody_holds_the_budget_while_they_wait_for_a_resident(
    town: Town, what: str
) -> None:
    """Who holds the resident may want the budget next, to answer a text."""
    come = newcomer(town, phone=MOBILE) if what == "sign up" else town.resident(phone=MOBILE)
    anna = await come
    phone = await address(town, anna, "sms")
    asked: dict[str, Coroutine[Any, Any, object]] = {
        "open": opening.ask(
            town.db,
            town.keyring,
            settings=town.settings,
            address=JudgedAddress(Channel.SMS, MOBILE),
        ),
        "prove": reaching.send_again(
            town.db,
            settings=town.settings,
            resident=anna,
            address_id=phone,
            evidence=Evidence(reference="/my/addresses"),
        ),
        "sign up": signing_up.again(
            town.db, settings=town.settings, resident=anna, address_id=phone
        ),
    }
    for other in asked.keys() - {what}:
        asked[other].close()

    async with town.db.transaction() as holding:
        await holding.run("SELECT FROM residents WHERE id = %(id)s FOR UPDATE", id=anna)
        asks = asyncio.create_task(asked[what])
        await town.somebody_waits()
        await holding.run("SET LOCAL lock_timeout = '2s'")
        assert await asking.afford(holding, settings=town.settings, segments=1)
    await asks

    assert [row["n"] for row in await town.rows("SELECT n FROM sms_asked")] == [2]


async def test_no_budget_means_no_sms(db: Database, settings: Settings) -> None:
    none = settings.model_copy(update={"sms_daily_budget": 0})
    async with db.transaction() as connection:
        assert not await asking.afford(connection, settings=none, segments=1)


async def test_a_code_costs_what_its_sms_costs(db: Database, settings: Settings) -> None:
    """A sign that is not GSM makes an SMS of 70 characters."""
    cheap = settings.model_copy(update={"town": "Stadt Musterstadt"})
    dear = settings.model_copy(update={"town": "Gemeinde Ústí", "sms_daily_budget": 9})
    assert asking.code_segments(cheap) == 1
    assert asking.code_segments(dear) == 2

    taken = [await asking.spare(db, settings=dear, channel="sms") for _ in range(6)]

    assert taken == [True] * 4 + [False] * 2
    async with db.transaction() as connection:
        (row,) = await connection.rows("SELECT n FROM sms_asked")
    assert row["n"] == 8


@pytest.mark.parametrize("tag", ["de", "en"])
@pytest.mark.parametrize("opens", [True, False])
def test_what_a_code_costs_is_what_is_sent(settings: Settings, tag: str, opens: bool) -> None:
    long = settings.model_copy(update={"town": "Verbandsgemeinde Musterstadt-Süd am Berg"})
    who = Identity(sender_name=long.town, mail_from="a@example.org")

    sms = codes.sms(Renderer(long), language=tag, identity=who, digits="123456", opens=opens)

    assert sms.segments <= asking.code_segments(long) == 1


async def test_who_is_known_and_the_desk_have_bounds_of_their_own(
    rates: Rates, settings: Settings, keyring: Keyring
) -> None:
    async def asked(by: By) -> int:
        for n in range(20):
            try:
                await ask(rates, settings=settings, keyring=keyring, channel=Channel.EMAIL,
                          value="a@example.org", network=f"{by}-{n}", by=by)  # fmt: skip
            except TooMany:
                return n
        return 20

    assert [await asked(by) for by in By] == [BY_ADDRESS[0].most] * len(By)
