"""Many who watch cost as much as one, and sending goes before looking."""

import asyncio
from contextlib import ExitStack
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from channels.base import Rejected
from channels.memory import MemoryChannel
from channels.messages import Email
from notify import clock
from notify.errors import NotFound
from notify.services import viewing
from notify.services.sharing import Shared
from notify.services.viewing import Viewing
from notify.store.database import Connection
from tests.town import Town

WATCHERS = 50


async def test_many_who_ask_at_once_have_it_read_once() -> None:
    asked: list[UUID] = []

    async def read(id_: UUID) -> int:
        asked.append(id_)
        await asyncio.sleep(0.01)
        return len(asked)

    shared, one, other = Shared(read, every=lambda _: 60.0), uuid4(), uuid4()

    assert await asyncio.gather(*(shared.get(one) for _ in range(WATCHERS))) == [1] * WATCHERS
    assert await shared.get(other) == 2
    assert asked == [one, other]


async def test_who_goes_away_while_reading_leaves_it_to_the_next() -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def read(id_: UUID) -> str:
        begun.set()
        await go.wait()
        return "read"

    shared, one = Shared(read, every=lambda _: 60.0), uuid4()
    first, second = (asyncio.create_task(shared.get(one)) for _ in range(2))
    await begun.wait()
    first.cancel()
    go.set()

    assert await second == "read"


async def test_what_fails_fails_for_its_caller_alone() -> None:
    answers: list[Exception | str] = [ValueError(), "fine"]

    async def read(id_: UUID) -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    shared, one = Shared(read, every=lambda _: 60.0), uuid4()
    with pytest.raises(ValueError):  # noqa: PT011 - ours
        await shared.get(one)
    assert await shared.get(one) == "fine"


async def test_only_so_much_is_kept() -> None:
    async def read(id_: UUID) -> UUID:
        return id_

    shared = Shared(read, every=lambda _: 60.0)
    for _ in range(300):
        await shared.get(uuid4())

    assert len(shared._kept) == 100


async def _sent(town: Town, count: int = 3) -> UUID:
    await town.readers(count)
    alert = await town.broadcast("town")
    await town.plan()
    carrier = MemoryChannel[Email](script=lambda _: Rejected("no_such_address", code="550"))
    await (await town.pump(carrier)).round()
    return alert


async def test_fifty_who_watch_for_three_seconds_read_the_counters_three_times(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    alert, all_ = await _sent(town), Viewing(town.db)
    statements = []
    run = Connection.rows

    async def counted(self: Connection, query: str, **values: object) -> object:
        statements.append(query)
        return await run(self, query, **values)

    monkeypatch.setattr(Connection, "rows", counted)

    async def watch() -> int:
        turns, ends = 0, clock.monotonic() + 3
        while clock.monotonic() < ends:
            await all_.numbers(alert)
            turns += 1
            await asyncio.sleep(0.2)
        return turns

    turns = await asyncio.gather(*(watch() for _ in range(WATCHERS)))

    assert sum(turns) > 5 * WATCHERS
    assert 2 <= sum("FROM progress" in query for query in statements) <= 4
    assert not [query for query in statements if "FROM deliveries" in query]


async def test_reasons_and_groups_are_counted_where_there_is_time(town: Town) -> None:
    alert = await _sent(town)

    found = await Viewing(town.db).counted(alert)

    assert [(row["reason"], row["n"]) for row in found.reasons or ()] == [("no_such_address", 3)]
    assert [(row["slug"], row["planned"], row["reached"]) for row in found.groups or ()] == [
        ("town", 3, 0)
    ]


async def test_where_counting_takes_too_long_it_is_left(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    alert = await _sent(town)
    monkeypatch.setattr(viewing, "LONGEST", 0.5)
    async with town.db.transaction() as other:
        await other.run("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE")
        found = await Viewing(town.db).counted(alert)

    assert (found.reasons, found.groups, found.slow) == (None, None, True)


async def test_what_took_too_long_is_not_tried_again_at_once(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    alert, all_ = await _sent(town), Viewing(town.db)
    monkeypatch.setattr(viewing, "LONGEST", 0.5)
    monkeypatch.setattr(viewing, "COUNT_EVERY", 0.0)
    async with town.db.transaction() as other:
        await other.run("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE")
        await all_.counted(alert)

    assert (await all_.counted(alert)).slow
    monkeypatch.setattr(viewing, "SPARE", 0.0)
    assert not (await Viewing(town.db).counted(alert)).slow


async def test_a_curve_has_few_steps_however_long_it_took(town: Town) -> None:
    alert = await _sent(town)
    await town.change(
        "INSERT INTO handovers (broadcast_id, channel, second, slot, n, first_at, last_at)"
        " SELECT %(id)s, 'sms', at, 1, 2, at, at FROM generate_series("
        "   date_trunc('second', now()), now() + interval '9 h', interval '1 s') AS at",
        id=alert,
    )

    curve = (await Viewing(town.db).counted(alert)).curve

    assert len(curve.steps["sms"]) <= viewing.STEPS
    assert sum(curve.steps["sms"]) == 2 * 32_401
    assert curve.width == 541


async def test_a_broadcast_is_watched_until_confirmations_have_come(town: Town) -> None:
    alert = await _sent(town)
    seen = await Viewing(town.db).numbers(alert)
    assert not seen.is_over(clock.now())  # dispatched, as far as anybody noted, it is not yet

    await town.change("UPDATE broadcasts SET status = 'dispatched', dispatched_at = now()")
    await town.change(
        "INSERT INTO handovers (broadcast_id, channel, second, slot, n, first_at, last_at)"
        " VALUES (%(id)s, 'email', now(), 1, 1, now(), now())",
        id=alert,
    )
    seen = await Viewing(town.db).numbers(alert)
    assert not seen.is_over(clock.now() + timedelta(minutes=9))
    assert seen.is_over(clock.now() + timedelta(minutes=11))


async def test_what_is_not_there_is_not_found(town: Town) -> None:
    with pytest.raises(NotFound):
        await Viewing(town.db).numbers(uuid4())


async def test_so_many_follow_in_a_session_and_in_all(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewing, "MOST_WATCHERS", 7)
    watched = Viewing(town.db)

    with ExitStack() as stack:
        for _ in range(viewing.MOST_OF_ONE):
            assert watched.has_room(1)
            stack.enter_context(watched.followed(1))
        assert not watched.has_room(1)
        for _ in range(2):
            assert watched.has_room(2)
            stack.enter_context(watched.followed(2))
        assert not watched.has_room(3)

    assert watched.has_room(1)
