"""What a push service receives, and what its answers mean."""

import asyncio
import json
import time
from collections.abc import AsyncIterator

import pytest

from channels.base import (
    AddressGone,
    Channel,
    Failure,
    Rejected,
    SenderDown,
    TryAgain,
)
from channels.messages import Push
from channels.push import MAX_PAYLOAD, PushChannel, make_vapid_key, public_key, retry_after
from channels.push_hosts import PushHosts
from tests.channels.push_double import Browser, PushService, push_service, status

KEY = make_vapid_key()
SUBJECT = "mailto:it@example.org"


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    async with push_service() as running:
        yield running


@pytest.fixture
async def channel(service: PushService) -> AsyncIterator[PushChannel]:
    made = PushChannel(vapid_private_key=KEY, subject=SUBJECT, hosts=PushHosts([service.origin]))
    yield made
    await made.close()


async def failure_of(channel: PushChannel, message: Push) -> Failure:
    with pytest.raises(Failure) as caught:
        await channel.send(message)
    return caught.value


async def test_the_browser_reads_what_was_sent(service: PushService, channel: PushChannel) -> None:
    browser = Browser()
    payload = json.dumps({"title": "Sturmböen über Überlingen"}, ensure_ascii=False).encode()
    endpoint = f"{service.origin}/send/a%2fb:c?token=%3d"
    contract: Channel[Push] = channel

    sent = await contract.send(
        browser.push(endpoint, payload=payload, ttl=900, urgency="high", topic="Alarm7")
    )

    arrived = service.arrived[0]
    assert browser.decrypt(arrived.body) == payload
    assert arrived.path == "/send/a%2fb:c?token=%3d"
    assert (sent.provider_id, sent.code) == ("/m/1", "201")
    wanted = {"TTL": "900", "Urgency": "high", "Topic": "Alarm7", "Content-Encoding": "aes128gcm"}
    assert wanted.items() <= arrived.headers.items()


async def test_the_signature_names_the_service_the_sender_and_an_end(
    service: PushService, channel: PushChannel
) -> None:
    await channel.send(Browser().push(f"{service.origin}/1"))

    claims = service.arrived[0].claims()
    assert (claims["aud"], claims["sub"]) == (service.origin, SUBJECT)
    assert 0 < claims["exp"] - time.time() <= 12 * 3_600
    assert service.arrived[0].headers["Authorization"].endswith(f",k={public_key(KEY)}")


async def test_each_push_service_gets_a_signature_of_its_own(service: PushService) -> None:
    async with push_service() as other:
        hosts = PushHosts([service.origin, other.origin])
        channel = PushChannel(vapid_private_key=KEY, subject=SUBJECT, hosts=hosts)

        for place in (service, other, service):
            await channel.send(Browser().push(f"{place.origin}/1"))

        assert [arrived.claims()["aud"] for arrived in service.arrived] == [service.origin] * 2
        assert other.arrived[0].claims()["aud"] == other.origin
        await channel.close()


async def test_one_signature_serves_an_hour(service: PushService) -> None:
    now = [time.time()]
    channel = PushChannel(
        vapid_private_key=KEY,
        subject=SUBJECT,
        hosts=PushHosts([service.origin]),
        clock=lambda: now[0],
    )

    for wait in (0, 3_599, 1):
        now[0] += wait
        await channel.send(Browser().push(f"{service.origin}/1"))

    first, second, third = (arrived.headers["Authorization"] for arrived in service.arrived)
    assert first == second
    assert third != second
    await channel.close()


@pytest.mark.parametrize("code", [200, 201, 202, 204])
async def test_an_accepted_message_is_sent(
    service: PushService, channel: PushChannel, code: int
) -> None:
    service.answer = status(code)

    sent = await channel.send(Browser().push(f"{service.origin}/1"))

    assert (sent.provider_id, sent.code, sent.parts) == (None, str(code), 1)


@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [
        pytest.param(301, Rejected, "redirected", id="moved"),
        pytest.param(307, Rejected, "redirected", id="moved with the post"),
        pytest.param(400, Rejected, "refused", id="bad request"),
        pytest.param(401, TryAgain, "vapid_refused", id="one signature refused"),
        pytest.param(403, TryAgain, "vapid_refused", id="one key refused"),
        pytest.param(404, AddressGone, "subscription_gone", id="gone"),
        pytest.param(406, TryAgain, "throttled", id="throttled by Microsoft"),
        pytest.param(408, TryAgain, "provider_error", id="request came too slowly"),
        pytest.param(410, AddressGone, "subscription_gone", id="gone for good"),
        pytest.param(413, Rejected, "too_big", id="too big"),
        pytest.param(418, Rejected, "refused", id="unheard of"),
        pytest.param(429, TryAgain, "throttled", id="throttled"),
        pytest.param(500, TryAgain, "provider_error", id="broken"),
        pytest.param(503, TryAgain, "provider_error", id="overloaded"),
    ],
)
async def test_a_refusal_is_named(
    service: PushService, channel: PushChannel, code: int, kind: type[Failure], reason: str
) -> None:
    service.answer = status(code)

    failure = await failure_of(channel, Browser().push(f"{service.origin}/1"))

    assert (type(failure), failure.reason, failure.code) == (kind, reason, str(code))


async def test_a_key_that_every_browser_is_refused_with_lets_the_sender_rest(
    service: PushService, channel: PushChannel
) -> None:
    service.answer = status(403)

    failures = [
        await failure_of(channel, Browser().push(f"{service.origin}/{number}"))
        for number in range(5)
    ]

    assert [type(failure) for failure in failures] == [TryAgain] * 4 + [SenderDown]


async def test_a_subscription_made_with_a_foreign_key_does_not_stop_the_sender(
    service: PushService, channel: PushChannel
) -> None:
    await channel.send(Browser().push(f"{service.origin}/good"))
    service.answer = status(403)

    failures = [
        await failure_of(channel, Browser().push(f"{service.origin}/foreign")) for _ in range(9)
    ]

    assert {(type(failure), failure.reason) for failure in failures} == {
        (Rejected, "vapid_refused")
    }


@pytest.mark.parametrize("code", [406, 429, 500, 503])
async def test_the_wish_to_wait_is_passed_on(
    service: PushService, channel: PushChannel, code: int
) -> None:
    service.answer = status(code, Retry_After="120")

    failure = await failure_of(channel, Browser().push(f"{service.origin}/1"))

    assert isinstance(failure, TryAgain)
    assert failure.after == 120


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        pytest.param(None, None, id="none"),
        pytest.param("30", 30, id="seconds"),
        pytest.param("999999", 86_400, id="more than a day"),
        pytest.param("9" * 5_000, 86_400, id="endless digits"),
        pytest.param("Thu, 01 Jan 1970 00:02:00 GMT", 20, id="date"),
        pytest.param("Thu, 01 Jan 1970 00:02:00 -0000", 20, id="date without a zone"),
        pytest.param("Thu, 01 Jan 1970 00:00:00 GMT", 0, id="date in the past"),
        pytest.param("Fri, 01 Jan 2100 00:00:00 GMT", 86_400, id="far date"),
        pytest.param("-5", None, id="negative"),
        pytest.param("²", None, id="no digit of ours"),
        pytest.param("soon", None, id="word"),
        pytest.param("Thu, 01 Jan 99999999999999999999 00:00:00 GMT", None, id="absurd year"),
    ],
)
def test_retry_after_is_read_as_seconds(value: str | None, wanted: float | None) -> None:
    assert retry_after(value, now=100.0) == wanted


async def test_the_largest_payload_goes_and_one_byte_more_does_not(
    service: PushService, channel: PushChannel
) -> None:
    browser = Browser()

    await channel.send(browser.push(f"{service.origin}/1", payload=b"x" * MAX_PAYLOAD))
    failure = await failure_of(
        channel, browser.push(f"{service.origin}/1", payload=b"x" * (MAX_PAYLOAD + 1))
    )

    assert (type(failure), failure.reason) == (Rejected, "too_big")
    assert len(service.arrived) == 1
    assert len(service.arrived[0].body) <= 4_096


async def test_an_empty_payload_is_rejected(service: PushService, channel: PushChannel) -> None:
    failure = await failure_of(channel, Browser().push(f"{service.origin}/1", payload=b""))

    assert (type(failure), failure.reason) == (Rejected, "empty")


@pytest.mark.parametrize(
    ("ttl", "wanted"),
    [
        pytest.param(0, "0", id="only now"),
        pytest.param(-3, "0", id="already over"),
        pytest.param(90 * 86_400, str(28 * 86_400), id="longer than any service keeps"),
    ],
)
async def test_the_time_to_live_stays_where_services_take_it(
    service: PushService, channel: PushChannel, ttl: int, wanted: str
) -> None:
    await channel.send(Browser().push(f"{service.origin}/1", ttl=ttl))

    headers = service.arrived[0].headers
    assert headers["TTL"] == wanted
    assert "Topic" not in headers


async def test_fifty_messages_at_once_all_arrive(
    service: PushService, channel: PushChannel
) -> None:
    browsers = [Browser() for _ in range(50)]

    await asyncio.gather(
        *(
            channel.send(browser.push(f"{service.origin}/{number}", payload=b"%d" % number))
            for number, browser in enumerate(browsers)
        )
    )

    read = {
        arrived.path: browsers[int(arrived.path[1:])].decrypt(arrived.body)
        for arrived in service.arrived
    }
    assert read == {f"/{number}": b"%d" % number for number in range(50)}


@pytest.mark.parametrize("location", ["", "http://[", "/" + "m" * 600, "/m/ü"])
async def test_a_name_unfit_to_be_kept_is_dropped(
    service: PushService, channel: PushChannel, location: str
) -> None:
    service.answer = status(201, Location=location)

    sent = await channel.send(Browser().push(f"{service.origin}/1"))

    assert sent.provider_id is None


async def test_a_name_in_broken_bytes_is_dropped(
    service: PushService, channel: PushChannel
) -> None:
    service.answer = service.name_in_bytes

    sent = await channel.send(Browser().push(f"{service.origin}/1"))

    assert (sent.provider_id, sent.code) == (None, "201")
