"""The push service takes what browsers' push services take, and nothing else."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from pywebpush import webpush_async

from sandbox.pushservice import PushService
from tests.sandbox.push_client import KEY, encrypted, headers_for, make_key, push

DAY = 86_400


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    async with PushService() as running:
        yield running


async def test_pywebpush_reaches_a_browser_that_decrypts(service: PushService) -> None:
    browser = service.subscribe()[0]
    payload = json.dumps({"title": "Sturmböen"}, ensure_ascii=False)

    async with aiohttp.ClientSession() as session:
        answer = await webpush_async(
            browser.subscription(),
            payload,
            vapid_private_key=KEY,
            vapid_claims={"sub": "mailto:it@town.example"},
            ttl=900,
            headers={"Urgency": "high", "Topic": "Alarm7"},
            aiohttp_session=session,
            timeout=5,
        )
        assert isinstance(answer, aiohttp.ClientResponse)
        answer.close()

    taken = service.book.all()[0]
    assert answer.status == 201
    assert (taken.payload, taken.endpoint, taken.shown) == (payload, browser.endpoint, True)
    assert (taken.ttl, taken.urgency, taken.topic) == (900, "high", "Alarm7")


async def test_an_accepted_message_has_a_name_and_a_ttl(service: PushService) -> None:
    status, headers = await push(service, service.subscribe()[0], changed={"TTL": "9" * 11})

    assert status == 201
    assert headers["Location"].startswith(f"{service.url}/message/")
    assert headers["TTL"] == str(30 * DAY)


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        pytest.param({"TTL": None}, 400, id="no TTL"),
        pytest.param({"TTL": "soon"}, 400, id="TTL no number"),
        pytest.param({"Content-Encoding": "aesgcm"}, 400, id="old coding"),
        pytest.param({"Topic": "x" * 33}, 400, id="topic too long"),
        pytest.param({"Topic": "a.b"}, 400, id="topic no base64url"),
        pytest.param({"Urgency": "very-high"}, 400, id="urgency unknown"),
        pytest.param({"Authorization": None}, 401, id="no VAPID"),
        pytest.param({"Authorization": "Bearer x"}, 401, id="not VAPID"),
        pytest.param({"Authorization": "vapid t=a.b.c"}, 401, id="no key"),
        pytest.param({"Authorization": "vapid t=a.b.c, k=AAAA"}, 403, id="broken token"),
    ],
)
async def test_a_message_with_wrong_headers_is_refused(
    service: PushService, changed: dict[str, str | None], status: int
) -> None:
    answered, _ = await push(service, service.subscribe()[0], changed=changed)

    assert answered == status
    assert len(service.book) == 0


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"aud": "https://push.example"}, id="for another service"),
        pytest.param({"exp": 1}, id="expired"),
        pytest.param({"exp": 2**40}, id="valid for too long"),
        pytest.param({"sub": "mailto"}, id="no contact"),
    ],
)
async def test_a_token_that_does_not_hold_is_refused(
    service: PushService, claims: dict[str, Any]
) -> None:
    header = headers_for(service, **claims)["Authorization"]

    status, _ = await push(service, service.subscribe()[0], changed={"Authorization": header})

    assert status == 403


async def test_a_token_signed_by_another_key_is_refused(service: PushService) -> None:
    token = headers_for(service)["Authorization"].partition(" ")[2].split(",")[0]
    other = headers_for(service, make_key())["Authorization"].partition(",")[2]

    mixed = {"Authorization": f"vapid {token},{other}"}
    status, _ = await push(service, service.subscribe()[0], changed=mixed)

    assert status == 403


async def test_a_subscription_belongs_to_the_key_it_was_made_with(service: PushService) -> None:
    own = headers_for(service)["Authorization"].partition("k=")[2]
    mine = service.subscribe(application_key=own)[0]
    others = service.subscribe(application_key="BAAA")[0]

    statuses = [(await push(service, browser))[0] for browser in (mine, others)]

    assert statuses == [201, 403]


async def test_more_than_4096_bytes_are_too_many(service: PushService) -> None:
    browser = service.subscribe()[0]

    statuses = [(await push(service, browser, body=b"x" * size))[0] for size in (4_096, 4_097)]

    assert statuses == [201, 413]


async def test_subscriptions_unknown_and_gone_are_told_apart(service: PushService) -> None:
    browser, stranger = service.subscribe(2)
    service.forget([browser.endpoint])
    stranger.endpoint += "x"

    statuses = [(await push(service, each))[0] for each in (browser, stranger)]

    assert statuses == [410, 404]


async def test_a_message_for_another_browser_is_taken_and_not_shown(service: PushService) -> None:
    browser, other = service.subscribe(2)

    status, _ = await push(service, browser, body=encrypted(other))

    taken = service.book.all()[0]
    assert (status, taken.unreadable, taken.shown) == (201, True, False)


async def test_the_same_seed_makes_the_same_keys() -> None:
    async with PushService(seed=7) as one, PushService(seed=7) as two:
        first, second = one.subscribe()[0], two.subscribe()[0]

    assert first.subscription()["keys"] == second.subscription()["keys"]
    assert first.token == second.token
