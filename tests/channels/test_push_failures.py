"""Push services that are gone, hang, stream, redirect or are not to be contacted at all."""

import asyncio
import socket
import traceback
from collections.abc import AsyncIterator, Sequence

import pytest

from channels.base import AddressGone, Failure, OutcomeUnknown, Rejected, TryAgain
from channels.push import PushChannel, make_vapid_key
from channels.push_hosts import PushHosts
from tests.channels.push_double import Browser, PushService, push_service, status


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    async with push_service() as running:
        yield running


def channel_to(hosts: PushHosts, *, seconds: float = 15.0) -> PushChannel:
    return PushChannel(
        vapid_private_key=make_vapid_key(),
        subject="mailto:it@example.org",
        hosts=hosts,
        timeout=seconds,
    )


async def failure_to(endpoint: str, *, hosts: PushHosts, seconds: float = 15.0) -> Failure:
    channel = channel_to(hosts, seconds=seconds)
    with pytest.raises(Failure) as caught:
        await channel.send(Browser().push(endpoint))
    await channel.close()
    return caught.value


async def test_a_service_that_never_answers_leaves_the_outcome_unknown(
    service: PushService,
) -> None:
    service.answer = service.hang

    failure = await failure_to(
        f"{service.origin}/1", hosts=PushHosts([service.origin]), seconds=0.5
    )

    assert (type(failure), failure.reason) == (OutcomeUnknown, "no_answer")


@pytest.mark.parametrize("answer", ["drop", "garble"])
async def test_a_request_without_a_proper_answer_leaves_the_outcome_unknown(
    service: PushService, answer: str
) -> None:
    service.answer = getattr(service, answer)

    failure = await failure_to(f"{service.origin}/1", hosts=PushHosts([service.origin]))

    assert (type(failure), failure.reason) == (OutcomeUnknown, "no_answer")


@pytest.mark.parametrize("body", ["stream", "trickle"])
async def test_an_answer_without_an_end_does_not_hold_us(service: PushService, body: str) -> None:
    service.answer = getattr(service, body)
    channel = channel_to(PushHosts([service.origin]))

    async with asyncio.timeout(10):
        sent = await channel.send(Browser().push(f"{service.origin}/1"))

    assert sent.code == "201"
    assert service.streamed < 64 * 1_024 * 1_024
    await channel.close()


async def test_a_redirect_is_not_followed(service: PushService) -> None:
    async with push_service() as elsewhere:
        service.answer = status(307, Location=f"{elsewhere.origin}/1")

        failure = await failure_to(
            f"{service.origin}/1", hosts=PushHosts([service.origin, elsewhere.origin])
        )

        assert (type(failure), failure.reason) == (Rejected, "redirected")
        assert elsewhere.arrived == []


async def test_a_cookie_is_not_kept(service: PushService) -> None:
    service.answer = status(201, Set_Cookie="seen=1")
    channel = channel_to(PushHosts([service.origin]))

    for _ in range(2):
        await channel.send(Browser().push(f"{service.origin}/1"))

    assert all("Cookie" not in arrived.headers for arrived in service.arrived)
    await channel.close()


async def test_a_service_that_is_not_there_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        origin = f"http://127.0.0.1:{closed.getsockname()[1]}"

    failure = await failure_to(f"{origin}/1", hosts=PushHosts([origin]))

    assert (type(failure), failure.reason) == (TryAgain, "unreachable")


async def test_a_service_that_speaks_no_tls_is_unreachable(service: PushService) -> None:
    origin = service.origin.replace("http:", "https:")

    failure = await failure_to(f"{origin}/1", hosts=PushHosts([origin]))

    assert (type(failure), failure.reason) == (TryAgain, "unreachable")
    assert service.arrived == []


async def test_a_service_that_takes_no_connection_in_time_is_unreachable() -> None:
    async def silent(_: str, __: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    failure = await failure_to(
        "https://push.example.org/1",
        hosts=PushHosts(["push.example.org"], resolve=silent),
        seconds=0.2,
    )

    assert (type(failure), failure.code) == (TryAgain, "timeout")


async def test_a_name_that_leads_nowhere_is_unreachable() -> None:
    async def nowhere(_: str, __: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "not known")

    failure = await failure_to(
        "https://push.example.org/1", hosts=PushHosts(["push.example.org"], resolve=nowhere)
    )

    assert (type(failure), failure.reason, failure.code) == (TryAgain, "unreachable", None)


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every address the process tries to connect to; none of the attempts succeeds."""
    seen: list[str] = []

    def refuse(_: socket.socket, address: tuple[str, int]) -> None:
        seen.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", refuse)
    return seen


@pytest.mark.parametrize(
    ("led_to", "wanted", "code"),
    [
        pytest.param(["127.0.0.1"], [], "private_address", id="loopback"),
        pytest.param(["10.0.0.7", "::1"], [], "private_address", id="both private"),
        pytest.param(["::ffff:127.0.0.1"], [], "private_address", id="mapped"),
        pytest.param(["127.0.0.1", "198.41.0.4"], ["198.41.0.4"], None, id="one is public"),
    ],
)
async def test_a_name_that_turns_private_is_not_connected_to(
    dialled: list[str], led_to: list[str], wanted: list[str], code: str | None
) -> None:
    async def rebound(_: str, __: int) -> Sequence[str]:
        return led_to

    hosts = PushHosts(["push.example.org"], resolve=rebound)
    hosts.check("https://push.example.org/1")

    failure = await failure_to("https://push.example.org/1", hosts=hosts)

    assert (type(failure), failure.reason, failure.code) == (TryAgain, "unreachable", code)
    assert dialled == wanted


@pytest.mark.parametrize(
    "endpoint",
    [
        pytest.param("https://localhost/1", id="localhost"),
        pytest.param("https://127.0.0.1/1", id="address"),
        pytest.param("https://[::ffff:127.0.0.1]/1", id="mapped address"),
        pytest.param("https://evil.example.org/1", id="other host"),
        pytest.param("http://push.example.org/1", id="plain"),
        pytest.param("https://push.example.org:8443/1", id="other port"),
    ],
)
async def test_a_host_off_the_list_is_not_contacted(dialled: list[str], endpoint: str) -> None:
    failure = await failure_to(endpoint, hosts=PushHosts(["push.example.org"]))

    assert (type(failure), failure.reason) == (Rejected, "host_not_allowed")
    assert dialled == []


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param({"p256dh": "BAAA"}, id="short point"),
        pytest.param({"p256dh": "BA" + "A" * 84 + "E"}, id="point off the curve"),
        pytest.param({"auth": "AAAA"}, id="short secret"),
        pytest.param({"auth": "Ä!"}, id="no base64"),
    ],
)
async def test_keys_that_cannot_be_encrypted_to_end_the_address(
    service: PushService, keys: dict[str, str]
) -> None:
    channel = channel_to(PushHosts([service.origin]))

    with pytest.raises(AddressGone) as caught:
        await channel.send(Browser().push(f"{service.origin}/1", **keys))

    assert caught.value.reason == "bad_keys"
    assert service.arrived == []
    await channel.close()


@pytest.mark.parametrize("answer", ["drop", "garble", "hang"])
async def test_no_failure_quotes_the_endpoint(service: PushService, answer: str) -> None:
    service.answer = getattr(service, answer)

    failure = await failure_to(
        f"{service.origin}/secret-token", hosts=PushHosts([service.origin]), seconds=0.5
    )

    assert "secret-token" not in "".join(traceback.format_exception(failure))


async def test_closing_twice_or_before_the_first_message_is_harmless() -> None:
    channel = channel_to(PushHosts([]))

    await channel.close()
    await channel.close()

    assert (channel.sender, channel.concurrency) == ("push", 50)
