"""Push services kept apart: each with a share of the slots, and a rest of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from channels.base import Failure, NotAsked, OutcomeUnknown, Sent, TryAgain
from channels.push import PushChannel, make_vapid_key
from channels.push_hosts import PushHosts
from channels.push_services import (
    ENOUGH,
    LONGEST_REST,
    PATIENCE,
    SHARE,
    SHORTEST_REST,
    Service,
    Services,
)
from tests.channels.push_double import Answer, Browser, PushService, created, push_service, status


class Clock:
    """Time that moves when told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(clock: Clock) -> Service:
    return Service(slots=3, clock=clock)


async def _refused(service: Service) -> NotAsked:
    with pytest.raises(NotAsked) as caught:
        async with service.turn():
            pass
    return caught.value


async def _taken(service: Service) -> None:
    async with service.turn():
        service.worked()


async def test_a_service_that_fails_now_and_then_is_used_on(service: Service) -> None:
    for _ in range(3):
        for _ in range(ENOUGH - 1):
            service.failed()
        service.worked()

    await _taken(service)


async def test_a_service_that_fails_several_times_in_a_row_rests(
    service: Service, clock: Clock
) -> None:
    for _ in range(ENOUGH):
        service.failed()

    refused = await _refused(service)

    assert (refused.reason, refused.after) == ("service_resting", SHORTEST_REST)
    clock.now += SHORTEST_REST
    await _taken(service)


async def test_after_a_rest_one_call_alone_finds_out_whether_it_is_back(
    service: Service, clock: Clock
) -> None:
    service.rest(10)
    clock.now += 10

    async with service.turn():
        refused = await _refused(service)
        service.worked()

    assert (refused.reason, refused.after) == ("service_resting", 10)
    async with service.turn(), service.turn(), service.turn():
        pass


async def test_each_rest_is_longer_than_the_one_before_up_to_a_minute(
    service: Service, clock: Clock
) -> None:
    lengths = []
    for _ in range(10):
        for _ in range(ENOUGH):  # once it has rested, one is enough
            service.failed()
        length = (await _refused(service)).after or 0.0
        lengths.append(length)
        clock.now += length

    assert lengths[:4] == [1, 2, 4, 8]
    assert lengths == sorted(lengths)
    assert lengths[-1] == LONGEST_REST


async def test_a_service_that_is_back_starts_anew(service: Service, clock: Clock) -> None:
    for _ in range(5):
        service.rest(None)
        clock.now += LONGEST_REST
    await _taken(service)

    service.rest(None)

    assert (await _refused(service)).after == SHORTEST_REST


@pytest.mark.parametrize(
    ("wish", "length"),
    [
        pytest.param(30.0, 30.0, id="as it wishes"),
        pytest.param(0.0, SHORTEST_REST, id="not at all"),
        pytest.param(86_400.0, LONGEST_REST, id="a day"),
    ],
)
async def test_a_wish_is_followed_within_bounds(
    service: Service, wish: float, length: float
) -> None:
    service.rest(wish)

    assert (await _refused(service)).after == length


async def test_what_was_out_when_it_began_to_rest_neither_ends_nor_lengthens_it(
    service: Service, clock: Clock
) -> None:
    async with service.turn(), service.turn():
        service.rest(30)
        clock.now += 1
        service.worked()
        service.rest(60)
        service.failed()

    assert (await _refused(service)).after == 29


async def test_a_call_that_waited_for_a_slot_sees_that_the_service_rests_by_now(
    service: Service,
) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(service.turn())
        waiting = asyncio.create_task(_refused(service))
        await asyncio.sleep(0)
        service.rest(30)

    assert (await waiting).reason == "service_resting"


async def test_nobody_waits_long_behind_calls_that_are_stuck(
    service: Service, clock: Clock
) -> None:
    async with service.turn(), service.turn(), service.turn():
        clock.now += PATIENCE

        async with asyncio.timeout(PATIENCE / 2):
            refused = await _refused(service)

    assert refused.reason == "service_slow"
    await _taken(service)


async def test_one_that_is_cancelled_while_it_waits_leaves_its_place(service: Service) -> None:
    async with service.turn(), service.turn(), service.turn():
        waiting = asyncio.create_task(_taken(service))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

    async with service.turn(), service.turn(), service.turn():
        pass


@pytest.mark.parametrize(("slots", "share"), [(1, 1), (2, 1), (50, 37)])
async def test_no_service_has_more_than_its_share(slots: int, share: int, clock: Clock) -> None:
    service = Services(slots=slots, clock=clock).at("https://push.example.org")

    async with AsyncExitStack() as stack:
        for _ in range(share):
            await stack.enter_async_context(service.turn())
        clock.now += PATIENCE
        assert (await _refused(service)).reason == "service_slow"

    assert share <= max(1, slots * SHARE)


def test_what_is_remembered_about_services_is_bounded_and_keeps_who_rests(clock: Clock) -> None:
    services = Services(slots=4, clock=clock)
    resting = services.at("https://resting.example.org")
    resting.rest(60)

    for number in range(1_000):
        services.at(f"https://{number}.example.org")

    assert services.at("https://resting.example.org") is resting
    assert len(services._met) <= 256


# with a channel around it


@asynccontextmanager
async def channel_to(*services: PushService, seconds: float = 5.0) -> AsyncIterator[PushChannel]:
    channel = PushChannel(
        vapid_private_key=make_vapid_key(),
        subject="mailto:it@example.org",
        hosts=PushHosts([service.origin for service in services]),
        timeout=seconds,
    )
    try:
        yield channel
    finally:
        await channel.close()


async def _send(channel: PushChannel, service: PushService, number: int = 0) -> Sent | Failure:
    try:
        return await channel.send(Browser().push(f"{service.origin}/{number}"))
    except Failure as failure:
        return failure


@pytest.mark.parametrize(
    ("answer", "after"),
    [
        pytest.param(status(429, Retry_After="20"), 20, id="429 with a wish"),
        pytest.param(status(429), 1, id="429"),
        pytest.param(status(406), 1, id="406, as Microsoft throttles"),
        pytest.param(status(503, Retry_After="600"), 60, id="503 with a wish"),
    ],
)
async def test_a_service_that_throttles_rests_and_the_others_go_on(
    answer: Answer, after: float
) -> None:
    async with push_service() as busy, push_service() as good, channel_to(busy, good) as channel:
        busy.answer = answer

        first = await _send(channel, busy)
        second = await _send(channel, busy)
        other = await _send(channel, good)

    assert (type(first), type(second), type(other)) == (TryAgain, NotAsked, Sent)
    assert isinstance(second, NotAsked)
    assert second.after == pytest.approx(after, abs=0.5)
    assert len(busy.arrived) == 1


@pytest.mark.parametrize("code", [201, 401, 404, 410, 413])
async def test_what_is_about_one_message_lets_no_service_rest(code: int) -> None:
    async with push_service() as service, channel_to(service) as channel:
        service.answer = status(code)
        for number in range(2 * ENOUGH):
            await _send(channel, service, number)

    assert len(service.arrived) == 2 * ENOUGH


@pytest.mark.parametrize("how", ["drop", "garble", "500"])
async def test_a_service_that_answers_brokenly_rests_after_a_few(how: str) -> None:
    async with push_service() as service, channel_to(service) as channel:
        service.answer = status(500) if how == "500" else getattr(service, how)

        answers = [await _send(channel, service) for _ in range(ENOUGH + 3)]

        assert [isinstance(one, NotAsked) for one in answers] == [False] * ENOUGH + [True] * 3
        assert len(service.arrived) == ENOUGH
        await asyncio.sleep(SHORTEST_REST)
        service.answer = created
        assert isinstance(await _send(channel, service), Sent)


async def test_two_hundred_messages_leave_while_the_service_beside_hangs() -> None:
    slots = asyncio.Semaphore(50)  # what a pump shares among all push services

    async def one(channel: PushChannel, service: PushService, number: int) -> Sent | Failure:
        async with slots:
            return await _send(channel, service, number)

    async with (
        push_service() as hung,
        push_service() as good,
        channel_to(hung, good, seconds=4.0) as channel,
    ):
        hung.answer = hung.hang
        stuck, free = (
            [asyncio.create_task(one(channel, service, number)) for number in range(200)]
            for service in (hung, good)
        )

        async with asyncio.timeout(3.5):
            answers = await asyncio.gather(*free)

        assert {type(answer) for answer in answers} == {Sent}
        assert len(good.arrived) == 200
        assert not all(call.done() for call in stuck)
        lost = await asyncio.gather(*stuck)
        assert len(hung.arrived) <= 50 * SHARE
        assert {type(answer) for answer in lost} == {OutcomeUnknown, NotAsked}
        assert sum(isinstance(answer, OutcomeUnknown) for answer in lost) == len(hung.arrived)
