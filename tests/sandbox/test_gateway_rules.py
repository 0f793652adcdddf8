"""The gateway throttles, fails, lies and reports oddly as its rules say."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from sandbox.gateway import Gateway
from sandbox.rules import Rules, read_rules
from tests.sandbox.hook import Hook, listening


@asynccontextmanager
async def gateway_that(**rule: Any) -> AsyncIterator[Gateway]:
    rules = Rules(read_rules(json.dumps([{"channel": "sms", **rule}])))
    async with Gateway(rules, pace=0.01) as gateway:
        yield gateway


async def create(gateway: Gateway, callback: str | None = None) -> tuple[int, Any, str | None]:
    """Post one message; gives status, JSON and Retry-After, status 0 for a dropped connection."""
    form = {"To": "+4915112345678", "From": "+4915100000000", "Body": "hi"}
    if callback is not None:
        form["StatusCallback"] = callback
    pair = f"{gateway.account_sid}:{gateway.auth_token}".encode()
    headers = {"Authorization": "Basic " + base64.b64encode(pair).decode()}
    url = f"{gateway.url}/2010-04-01/Accounts/{gateway.account_sid}/Messages.json"
    try:
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.post(url, data=form) as answer,
        ):
            return answer.status, await answer.json(), answer.headers.get("Retry-After")
    except aiohttp.ServerDisconnectedError:
        return 0, None, None


@pytest.mark.parametrize(
    ("rule", "status", "code", "booked"),
    [
        pytest.param({"do": "throttle"}, 429, 20429, 0, id="throttled"),
        pytest.param({"do": "fail_before"}, 500, 20500, 0, id="fails before taking"),
        pytest.param({"do": "fail_after"}, 500, 20500, 1, id="fails after taking"),
        pytest.param({"do": "fail_after", "status": 503}, 503, 20500, 1, id="503 after taking"),
        pytest.param({"do": "refuse", "code": 21610}, 400, 21610, 0, id="opted out"),
        pytest.param({"do": "refuse", "code": 20003, "status": 401}, 401, 20003, 0, id="no entry"),
        pytest.param({"do": "silent", "seconds": 0.05}, 0, None, 1, id="takes, never answers"),
        pytest.param({"do": "hang", "seconds": 0.05}, 0, None, 0, id="hangs"),
        pytest.param({"do": "slow", "seconds": 0.05}, 201, None, 1, id="slow"),
        pytest.param({"do": "lose"}, 201, None, 0, id="planted loss"),
        pytest.param({"do": "double"}, 201, None, 2, id="planted double"),
    ],
)
async def test_a_create_call_goes_as_the_rule_says(
    rule: dict[str, Any], status: int, code: int | None, booked: int
) -> None:
    async with gateway_that(**rule) as gateway:
        answered, value, _ = await create(gateway)

        assert (answered, value.get("code") if value else None) == (status, code)
        assert len(gateway.book) == booked


@pytest.mark.parametrize("wish", [None, "7", "Wed, 21 Oct 2099 07:28:00 GMT"])
async def test_a_throttle_may_say_for_how_long(wish: str | None) -> None:
    async with gateway_that(do="throttle", retry_after=wish) as gateway:
        _, _, retry_after = await create(gateway)

        assert retry_after == wish


async def test_a_rate_is_kept() -> None:
    async with gateway_that(per_second=2) as gateway:
        answers = [(await create(gateway))[0] for _ in range(4)]

        assert answers[:2] == [201, 201]
        assert 429 in answers


async def heard(hook: Hook, count: int, **rule: Any) -> list[tuple[str, str | None]]:
    async with gateway_that(**rule) as gateway:
        await create(gateway, f"{hook.url}/status")
        return [
            (each.form["MessageStatus"], each.form.get("ErrorCode"))
            for each in await hook.wait(count)
        ]


SENT, DELIVERED = ("sent", None), ("delivered", None)


@pytest.mark.parametrize(
    ("rule", "reports"),
    [
        pytest.param(
            {"do": "undelivered", "code": 30003}, [SENT, ("undelivered", "30003")], id="undelivered"
        ),
        pytest.param({"do": "failed"}, [("failed", "30008")], id="failed"),
        pytest.param(
            {"do": "callbacks", "how": "late", "seconds": 0.05}, [SENT, DELIVERED], id="late"
        ),
        pytest.param(
            {"do": "callbacks", "how": "twice"}, [SENT, SENT, DELIVERED, DELIVERED], id="twice"
        ),
        pytest.param({"do": "callbacks", "how": "out_of_order"}, [DELIVERED, SENT], id="reversed"),
        pytest.param(
            {"do": "undelivered", "how": "out_of_order"},
            [("undelivered", "30005"), SENT],
            id="undelivered, reversed",
        ),
        pytest.param({"do": "silent", "seconds": 0.05}, [SENT, DELIVERED], id="silent, reported"),
    ],
)
async def test_callbacks_come_as_the_rule_says(
    rule: dict[str, Any], reports: list[tuple[str, str | None]]
) -> None:
    async with listening() as hook:
        assert await heard(hook, len(reports), **rule) == reports


async def test_callbacks_may_come_before_the_answer() -> None:
    async with (
        listening() as hook,
        gateway_that(do="callbacks", how="early") as gateway,
    ):
        status, value, _ = await create(gateway, f"{hook.url}/status")

        assert (status, value["status"]) == (201, "queued")
        assert len(hook.heard) == 2


async def test_callbacks_may_be_missing() -> None:
    async with listening() as hook, gateway_that(do="callbacks", how="none") as gateway:
        await create(gateway, f"{hook.url}/status")
        async with asyncio.timeout(10):
            while gateway.book.all()[0].status != "delivered":  # noqa: ASYNC110
                await asyncio.sleep(0.01)

        assert hook.heard == []
