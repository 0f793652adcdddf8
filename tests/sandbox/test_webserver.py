"""The web server reads HTTP as clients really send it, and survives what is none."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress

import aiohttp
import pytest

from sandbox.webserver import MAX_BODY, Drop, Reply, Request, WebServer


async def slowly(reply: Reply) -> Reply:
    await asyncio.sleep(0.02)
    return reply


def handler(request: Request) -> Reply | Awaitable[Reply]:
    if request.path == "/drop":
        raise Drop
    reply = Reply(200, request.method.encode() + b" " + request.body)
    return slowly(reply) if request.path == "/slow" else reply


@pytest.fixture
async def server() -> AsyncIterator[WebServer]:
    async with WebServer(handler) as running:
        yield running


async def talk(server: WebServer, said: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(said)
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_a_real_client_is_answered_on_one_connection(server: WebServer) -> None:
    async with aiohttp.ClientSession() as session:
        answers = []
        for path in ("/", "/slow", "/"):
            async with session.post(server.url + path, data=b"x", expect100=True) as answer:
                answers.append(await answer.read())

        assert answers == [b"POST x"] * 3
        assert len(server.connections) == 1


async def test_a_chunked_body_is_put_together(server: WebServer) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"

    async with (
        aiohttp.ClientSession() as session,
        session.post(server.url, data=chunks()) as answer,
    ):
        assert await answer.read() == b"POST ab"


async def test_pipelined_requests_are_answered_in_order(server: WebServer) -> None:
    said = (
        b"PUT /slow HTTP/1.1\r\nContent-Length: 1\r\n\r\n1"
        b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"
    )

    answer = await talk(server, said)

    assert answer.index(b"PUT 1") < answer.index(b"GET ")


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        pytest.param(b"HELLO\r\n\r\n", b"HTTP/1.1 400", id="no HTTP"),
        pytest.param(
            b"GET / HTTP/1.1\r\na: " + b"a" * (MAX_BODY + 1), b"HTTP/1.1 413", id="endless"
        ),
        pytest.param(b"GET /drop HTTP/1.1\r\n\r\n", b"", id="dropped on purpose"),
    ],
)
async def test_what_cannot_be_answered_ends_the_connection(
    server: WebServer, said: bytes, answer: bytes
) -> None:
    assert (await talk(server, said)).startswith(answer)


async def test_leaving_closes_connections_that_are_still_waiting() -> None:
    started = asyncio.Event()

    async def never(reply: Reply) -> Reply:
        started.set()
        await asyncio.Event().wait()
        return reply

    async with WebServer(lambda _: never(Reply())) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        await started.wait()

    async with asyncio.timeout(5):
        with suppress(ConnectionError):
            assert await reader.read() == b""
    writer.close()
    assert not server.connections
