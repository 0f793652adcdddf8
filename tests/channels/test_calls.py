"""A URL that is called may hang, refuse, redirect or stream without an end: the call ends."""

import asyncio
import socket
import traceback
from collections.abc import AsyncIterator

import pytest

from channels.base import TryAgain
from channels.calls import call
from tests.channels.push_double import PushService, push_service, status

SECRET = "/hooks/a-secret-in-the-path"
NEWS = {"key": "late:alert", "town": "Überlingen"}


@pytest.fixture
async def host() -> AsyncIterator[PushService]:
    async with push_service() as running:
        yield running


async def failure_of(url: str, *, seconds: float = 10.0) -> TryAgain:
    async with asyncio.timeout(9):
        with pytest.raises(TryAgain) as caught:
            await call(url, value=NEWS, seconds=seconds)
    said = "".join(traceback.format_exception(caught.value))
    assert SECRET not in said.replace(__file__, "")
    return caught.value


async def test_a_value_is_posted_as_json_and_any_success_is_fine(host: PushService) -> None:
    for code in (200, 201, 202, 204):
        host.answer = status(code)
        await call(host.origin + SECRET, value=NEWS)

    first = host.arrived[0]
    assert first.path == SECRET
    assert first.headers["Content-Type"] == "application/json"
    assert first.body.decode() == '{"key": "late:alert", "town": "Überlingen"}'
    assert len(host.arrived) == 4


async def test_without_a_value_it_is_a_bare_get(host: PushService) -> None:
    await call(host.origin + SECRET)

    assert [(seen.path, seen.body) for seen in host.arrived] == [(SECRET, b"")]


@pytest.mark.parametrize("code", [400, 403, 404, 410, 429, 500, 503])
async def test_whatever_is_no_success_is_tried_again_later(host: PushService, code: int) -> None:
    host.answer = status(code)

    failure = await failure_of(host.origin + SECRET)

    assert (failure.reason, failure.code) == ("refused", str(code))


@pytest.mark.parametrize("code", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(host: PushService, code: int) -> None:
    async with push_service() as elsewhere:
        host.answer = status(code, Location=f"{elsewhere.origin}/")

        failure = await failure_of(host.origin + SECRET)

        assert (failure.reason, failure.code) == ("redirected", str(code))
        assert elsewhere.arrived == []


async def test_a_host_that_hangs_is_left_after_the_time_out(host: PushService) -> None:
    host.answer = host.hang

    assert (await failure_of(host.origin + SECRET, seconds=0.3)).reason == "timed_out"


@pytest.mark.parametrize("body", ["stream", "trickle"])
async def test_an_answer_without_an_end_does_not_hold_us(host: PushService, body: str) -> None:
    host.answer = getattr(host, body)

    async with asyncio.timeout(5):
        await call(host.origin + SECRET, value=NEWS)

    assert host.streamed < 64 * 1_024 * 1_024


@pytest.mark.parametrize("answer", ["drop", "garble"])
async def test_no_proper_answer_is_tried_again_later(host: PushService, answer: str) -> None:
    host.answer = getattr(host, answer)

    assert (await failure_of(host.origin + SECRET, seconds=2)).reason == "unreachable"


async def test_a_host_that_is_not_there_is_tried_again_later() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets the port
        port = taken.getsockname()[1]

        assert (await failure_of(f"http://127.0.0.1:{port}{SECRET}")).reason == "unreachable"
