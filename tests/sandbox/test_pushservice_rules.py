"""The push service throttles, redirects, forgets and never ends as its rules say."""

import json
from typing import Any

import aiohttp
import pytest

from sandbox.pushservice import PushService
from tests.sandbox.hook import listening
from tests.sandbox.push_client import encrypted, headers_for, push, service_that


async def test_a_browser_that_is_offline_gets_the_newest_of_a_topic_later() -> None:
    async with service_that(do="offline") as service:
        browser = service.subscribe()[0]
        for payload, topic in (("1", "a"), ("2", "a"), ("3", "b")):
            await push(service, browser, payload, changed={"Topic": topic})
        await push(service, browser, "4", changed={"TTL": "0"})
        before = [each.shown for each in service.book.all()]

        delivered = service.screens.come_online()

        shown = [each.payload for each in service.book.all() if each.shown]
        assert not any(before)
        assert (delivered, shown) == (2, ["2", "3"])
        assert service.book.all()[0].replaced


@pytest.mark.parametrize(
    ("rule", "status", "booked", "shown"),
    [
        pytest.param({"do": "refuse"}, 410, 0, 0, id="gone"),
        pytest.param({"do": "refuse", "status": 404}, 404, 0, 0, id="unknown"),
        pytest.param({"do": "refuse", "status": 503}, 503, 0, 0, id="out of order"),
        pytest.param({"do": "throttle", "status": 406}, 406, 0, 0, id="throttled by Microsoft"),
        pytest.param({"do": "redirect"}, 307, 0, 0, id="redirect"),
        pytest.param({"do": "hang", "seconds": 0.05}, 0, 0, 0, id="hangs"),
        pytest.param({"do": "drop"}, 0, 1, 1, id="takes, drops"),
        pytest.param({"do": "slow", "seconds": 0.05}, 201, 1, 1, id="slow"),
        pytest.param({"do": "hide"}, 201, 1, 0, id="never shown"),
        pytest.param({"do": "stream", "status": 201}, 201, 1, 1, id="answers for ever"),
        pytest.param({"do": "stream"}, 500, 0, 0, id="fails for ever"),
        pytest.param({"do": "lose"}, 201, 0, 0, id="planted loss"),
        pytest.param({"do": "double"}, 201, 2, 1, id="planted double"),
    ],
)
async def test_a_push_goes_as_the_rule_says(
    rule: dict[str, Any], status: int, booked: int, shown: int
) -> None:
    async with service_that(**rule) as service:
        answered, _ = await push(service, service.subscribe()[0])

        assert (answered, len(service.book), service.counts["shown"]) == (status, booked, shown)


async def test_a_throttle_may_say_for_how_long() -> None:
    async with service_that(do="throttle", retry_after=7) as service:
        status, headers = await push(service, service.subscribe()[0])

        assert (status, headers["Retry-After"]) == (429, "7")


async def test_an_endless_answer_does_not_end_by_itself() -> None:
    async with service_that(do="stream") as service:
        browser = service.subscribe()[0]
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                browser.endpoint, data=encrypted(browser), headers=headers_for(service)
            ) as answer,
        ):
            read = 0
            while read < 200_000:
                read += len(await answer.content.read(50_000))

        assert read >= 200_000


@pytest.mark.parametrize(
    ("rule", "count"),
    [
        pytest.param({"do": "beacon", "how": "twice"}, 2, id="twice"),
        pytest.param({"do": "beacon", "how": "late", "seconds": 0.05}, 1, id="late"),
        pytest.param({"do": "lose", "address": "nobody"}, 1, id="usual"),
    ],
)
async def test_a_shown_message_is_told_to_its_beacon(rule: dict[str, Any], count: int) -> None:
    async with listening() as hook, service_that(**rule) as service:
        url = f"{hook.url}/beacon/7"

        await push(service, service.subscribe()[0], json.dumps({"beacon": url}))

        heard = await hook.wait(count)
        assert [each.url for each in heard] == [url] * count


async def test_a_beacon_may_be_missing() -> None:
    async with listening() as hook, service_that(do="beacon", how="none") as service:
        browser = service.subscribe()[0]
        payload = json.dumps({"beacon": f"{hook.url}/beacon/7"})
        await push(service, browser, payload)
        service.rules.replace([])
        await push(service, browser, payload)

        heard = await hook.wait(1)
        assert len(heard) == 1
        assert service.counts["shown"] == 2


async def test_sampling_decrypts_only_some() -> None:
    async with PushService(decrypt_every=2) as service:
        browser = service.subscribe()[0]
        for _ in range(4):
            await push(service, browser, "{}")

        assert [each.payload for each in service.book.all()] == [None, "{}", None, "{}"]
