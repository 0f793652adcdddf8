"""One works for all who want the same, and none of them can spoil it for the others."""

import asyncio
from collections.abc import Collection, Sequence
from uuid import UUID, uuid4

import pytest

from notify.errors import NotFound
from notify.web.pages.freshness import Freshness
from notify.web.pages.together import MOST, Flights, Lookup


async def test_who_hangs_up_leaves_the_work_to_the_others() -> None:
    flights: Flights[str, int] = Flights()
    done, calls = asyncio.Event(), 0

    async def work() -> int:
        nonlocal calls
        calls += 1
        await done.wait()
        return 7

    waiting = [asyncio.create_task(flights.run("a", work, wait=5)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    done.set()

    assert await asyncio.gather(*waiting[1:]) == [7, 7]
    assert calls == 1
    assert await flights.run("a", work, wait=5) == 7
    assert calls == 2


async def test_who_waits_too_long_is_told_and_the_work_goes_on() -> None:
    flights: Flights[str, int] = Flights()
    done = asyncio.Event()

    async def work() -> int:
        await done.wait()
        return 7

    with pytest.raises(TimeoutError):
        await flights.run("a", work, wait=0.01)
    done.set()

    assert await flights.run("a", work, wait=5) == 7


async def test_what_fails_fails_for_all_and_is_tried_anew_by_the_next() -> None:
    flights: Flights[str, int] = Flights()
    failures = [NotFound("no")]

    async def work() -> int:
        await asyncio.sleep(0)
        if failures:
            raise failures.pop()
        return 7

    told = await asyncio.gather(
        *(flights.run("a", work, wait=5) for _ in range(3)), return_exceptions=True
    )

    assert [type(each) for each in told] == [NotFound] * 3
    assert await flights.run("a", work, wait=5) == 7


async def test_many_ids_are_looked_up_with_few_questions() -> None:
    there = {uuid4(), uuid4()}
    questions: list[int] = []

    async def ask(ids: Sequence[UUID]) -> Collection[UUID]:
        questions.append(len(ids))
        await asyncio.sleep(0)
        return there & set(ids)

    lookup = Lookup(ask)
    wanted = [*there, *(uuid4() for _ in range(2 * MOST))]

    found = await asyncio.gather(*map(lookup.exists, wanted))

    assert found == [True, True] + [False] * 2 * MOST
    assert questions == [MOST, MOST, 2]


async def test_a_question_that_fails_is_told_and_the_next_is_asked_anew() -> None:
    failures = [NotFound("no")]

    async def ask(ids: Sequence[UUID]) -> Collection[UUID]:
        await asyncio.sleep(0)
        if failures:
            raise failures.pop()
        return ids

    lookup = Lookup(ask)

    with pytest.raises(NotFound):
        await lookup.exists(uuid4())
    assert await lookup.exists(uuid4())


async def test_a_look_that_fails_in_whatever_way_is_never_taken_for_unchanged() -> None:
    stamp, broken = uuid4(), False

    async def look() -> UUID:
        if broken:
            raise ZeroDivisionError
        return stamp

    freshness = Freshness(look)
    assert await freshness.current() == stamp

    broken = True
    freshness._begun = freshness._holds_until = float("-inf")

    assert await freshness.current() is None
    assert freshness.stamp == stamp
