"""The poster brings callbacks to their end, whatever the other side does in between."""

import asyncio
import socket
from contextlib import suppress

import pytest

from sandbox.books import Counts
from sandbox.poster import Poster
from tests.sandbox.hook import listening


@pytest.mark.parametrize(
    ("answers", "status", "counts"),
    [
        pytest.param([], 204, {"callbacks": 1}, id="taken"),
        pytest.param([500, 503], 204, {"callbacks": 1, "callbacks_retried": 2}, id="later"),
        pytest.param([403], 403, {"callbacks_failed": 1}, id="refused, not repeated"),
        pytest.param(
            [500, 500, 500], 500, {"callbacks_failed": 1, "callbacks_retried": 2}, id="given up"
        ),
    ],
)
async def test_a_server_error_is_tried_again_and_a_refusal_is_not(
    answers: list[int], status: int, counts: dict[str, int]
) -> None:
    counted = Counts()
    async with listening() as hook, Poster(counted, name="callbacks", tries=3, delay=0) as poster:
        hook.answers = list(answers)

        answer = await poster.post(f"{hook.url}/a?b=c", b"d=e", {})

        assert (answer.status, counted) == (status, counts)
        assert hook.heard[-1].url == f"{hook.url}/a?b=c"


async def test_many_posts_go_at_once_and_bounded() -> None:
    counted = Counts()
    async with listening() as hook, Poster(counted, name="callbacks", concurrency=4) as poster:
        answers = await asyncio.gather(*(poster.post(hook.url, b"", {}) for _ in range(40)))

        assert {answer.status for answer in answers} == {204}
        assert len(hook.heard) == 40


async def test_nobody_listening_is_given_up_after_some_tries() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        counted = Counts()
        async with Poster(counted, name="callbacks", tries=2, delay=0) as poster:
            answer = await poster.post(url, b"", {})

    assert answer.status == 0
    assert counted == {"callbacks_failed": 1, "callbacks_retried": 1}


async def test_a_silent_server_costs_no_more_than_the_timeout() -> None:
    left = asyncio.Event()

    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.read()
        writer.close()
        left.set()

    counted = Counts()
    server = await asyncio.start_server(silence, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server, Poster(counted, name="beacons", tries=1, timeout=0.05) as poster:
        answer = await poster.post(url, b"", {})
        await left.wait()

    assert (answer.status, counted) == (0, {"beacons_failed": 1})


async def test_a_connection_the_server_closed_is_not_used_again() -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
        writer.close()

    server = await asyncio.start_server(once, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server, Poster(Counts(), name="callbacks", tries=1) as poster:
        answers = [await poster.post(url, b"", {}) for _ in range(3)]

    assert [(answer.status, answer.body) for answer in answers] == [(200, b"ok")] * 3
