"""The watch in a process: a heartbeat that goes silent, a database that is away, and no task that
ends another."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from notify import clock
from notify.domain.alarms import Outage
from notify.queue import Bell
from notify.services.standing_watch import Post, Watch, tell
from notify.services.telling import Teller
from notify.settings import Settings
from notify.store.database import Database
from tests.channels.push_double import PushService, push_service, status
from tests.services.watched import DUTY, Ear, Watched
from tests.town import ALL, Town

PATIENCE = 20.0


@pytest.fixture
async def host() -> AsyncIterator[PushService]:
    async with push_service() as running:
        yield running


@pytest.fixture
async def watched(town: Town) -> Watched:
    watched = Watched(town)
    await watched.well()
    await watched.look()
    return watched


def _post(settings: Settings, *, url: str | None = None, tellers: Sequence[Teller] = ()) -> Post:
    return Post(
        settings=settings, channels=ALL, senders=[], on_duty=DUTY, tellers=tellers,
        heartbeat_url=url,
    )  # fmt: skip


def _watch(town: Town, host: PushService) -> Watch:
    url = f"{host.origin}/ping/a-secret"
    return Watch(town.db, Bell(None), _post(town.settings, url=url), outage=None)


async def _a_minute_later(town: Town) -> None:
    await town.change("UPDATE watch SET beaten_at = now() - interval '61 s'")


async def test_while_all_is_well_the_heartbeat_is_called_once_a_minute(
    watched: Watched, host: PushService
) -> None:
    watch, other = _watch(watched.town, host), _watch(watched.town, host)
    await asyncio.gather(watch.beat(), other.beat(), watch.beat())
    first = len(host.arrived)
    await _a_minute_later(watched.town)
    await other.beat()

    assert (first, len(host.arrived)) == (1, 2)
    assert {seen.path for seen in host.arrived} == {"/ping/a-secret"}


@pytest.mark.parametrize("lane", ["alert", "note", "bulk"])
async def test_it_is_silent_while_a_lane_has_no_worker(
    watched: Watched, host: PushService, lane: str
) -> None:
    await watched.town.change(
        "UPDATE workers SET seen_at = now() - interval '21 s' WHERE lane = %(lane)s", lane=lane
    )

    await _watch(watched.town, host).beat()

    assert host.arrived == []


async def test_it_is_silent_while_alerts_do_not_leave_and_speaks_when_they_do(
    watched: Watched, host: PushService
) -> None:
    watch = _watch(watched.town, host)
    await watched.town.readers(1)
    await watched.town.broadcast("town")
    await watched.town.change("UPDATE broadcasts SET approved_at = now() - interval '1 min'")
    await watched.raised()
    await watch.beat()
    silent = len(host.arrived)
    await watched.town.change("UPDATE broadcasts SET status = 'cancelled'")
    await watched.later(31)
    await watched.look()
    await watch.beat()

    assert (silent, len(host.arrived)) == (0, 1)


async def test_an_alarm_about_something_else_does_not_silence_it(
    watched: Watched, host: PushService
) -> None:
    await watched.town.change(
        "UPDATE addresses SET value = 'x@example.org' WHERE channel = 'email'"
    )
    assert await watched.raised()

    await _watch(watched.town, host).beat()

    assert len(host.arrived) == 1


async def test_it_is_silent_where_nobody_has_looked_lately(
    watched: Watched, host: PushService
) -> None:
    await watched.town.change("UPDATE watch SET looked_at = now() - interval '61 s'")

    await _watch(watched.town, host).beat()

    assert host.arrived == []


async def test_it_is_silent_without_its_database(town: Town, host: PushService) -> None:
    watch = _watch(town, host)
    await town.db.close()

    with pytest.raises(Exception, match="closed"):
        await watch.beat()

    assert host.arrived == []


async def test_a_heartbeat_that_was_refused_is_called_again_soon(
    watched: Watched, host: PushService
) -> None:
    watch = _watch(watched.town, host)
    host.answer = status(503)
    await watch.beat()
    await watch.beat()
    at_once = len(host.arrived)
    await watched.town.change("UPDATE watch SET beaten_at = beaten_at - interval '11 s'")
    await watch.beat()

    assert (at_once, len(host.arrived)) == (1, 2)


async def test_a_heartbeat_host_that_hangs_holds_up_nothing_else(
    watched: Watched, host: PushService
) -> None:
    host.answer = host.hang
    watch = _watch(watched.town, host)
    standing = asyncio.create_task(watch.stand())
    async with asyncio.timeout(PATIENCE):
        while not host.arrived:  # noqa: ASYNC110 - the host tells nobody
            await asyncio.sleep(0.02)
        await watched.town.change("UPDATE watch SET looked_at = '-infinity'")
        query = "SELECT 1 FROM watch WHERE looked_at > '-infinity'"
        while not await watched.town.rows(query):  # noqa: ASYNC110 - nor does the watch
            await asyncio.sleep(0.1)
    standing.cancel()
    await asyncio.wait([standing])

    assert len(host.arrived) == 1


@pytest.fixture
async def away() -> AsyncIterator[Database]:
    """A database at a port where nobody listens."""
    database = Database("postgresql://x@127.0.0.1:1/x", size=1, timeout=0.2)
    await database._pool.open(wait=False)
    yield database
    await database.close()


async def test_a_database_that_is_away_is_told_from_memory(
    settings: Settings, away: Database
) -> None:
    ear, deaf = Ear(), Ear(name="webhook", target="")
    deaf.deaf = True
    tellers = [Teller(away, deaf), Teller(away, ear)]
    outage = Outage("host-a", patience=0)
    watch = Watch(away, Bell(None), _post(settings, tellers=tellers), outage=outage)

    for _ in range(2):
        await watch.look()
    for teller in tellers:
        with pytest.raises(Exception, match="couldn't get a connection"):
            await tell(teller)

    assert ear.said == [("raised", "database")]
    assert deaf.tried == 1


async def test_a_database_that_can_only_be_read_counts_as_away(watched: Watched) -> None:
    ear = Ear()
    teller = Teller(watched.town.db, ear)
    outage = Outage("host-a", patience=0)
    watch = Watch(
        watched.town.db, Bell(None), _post(watched.town.settings, tellers=[teller]), outage=outage
    )
    (row,) = await watched.town.rows("SELECT current_database() AS name")
    await watched.town.change(
        f'ALTER DATABASE "{row["name"]}" SET default_transaction_read_only = on'
    )
    read_only = Database(watched.town.settings.database_url or "", size=1)
    await read_only.open()
    watch._lookout._db = read_only
    await watch.look()
    await read_only.close()
    await teller.tell_kept(now=clock.monotonic())

    assert ear.said == [("raised", "database")]
    assert ear.heard[0][0].facts["problem"] == "ReadOnlySqlTransaction"


async def test_only_a_process_charged_with_it_tells_of_the_database(
    settings: Settings, away: Database
) -> None:
    ear = Ear()
    teller = Teller(away, ear)
    watch = Watch(away, Bell(None), _post(settings, tellers=[teller]), outage=None)

    await watch.look()

    assert not await teller.tell_kept(now=clock.monotonic())
    assert ear.tried == 0


async def test_the_watch_rings_whoever_is_on_duty_and_looks_for_the_receipts(
    watched: Watched,
) -> None:
    settings = watched.town.settings.model_copy(update={"ring_at": "00:00"})
    watch = Watch(watched.town.db, Bell(None), _post(settings), outage=None)
    await watch.ring()
    await watched.town.change("UPDATE deliveries SET status = 'delivered'")
    await watched.town.change("UPDATE rings SET check_at = now()")
    await watch.ring()

    rows = await watched.town.rows("SELECT channel, result FROM rings ORDER BY channel")
    assert [(row["channel"], row["result"]) for row in rows] == [
        ("email", "ok"), ("push", "ok"), ("sms", "ok"),
    ]  # fmt: skip
