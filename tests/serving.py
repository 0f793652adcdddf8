"""The site in this process, which comes and goes at once.

uvicorn's own `serve` looks only every tenth of a second whether it is to end, and waits another
before it does: longer than most tests take.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

LOOK = 0.001  # seconds between two looks whether everybody has left


@asynccontextmanager
async def served(api: FastAPI, listener: socket.socket) -> AsyncIterator[None]:
    """Answer on a bound port for the length of a block; then finish what was begun, and close."""
    config = uvicorn.Config(api, log_level="error", access_log=False)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    ticking = asyncio.create_task(_tick(server))
    try:
        yield
    finally:
        for one in server.servers:
            one.close()
        listener.close()
        for connection in list(server.server_state.connections):
            connection.shutdown()
        while server.server_state.connections or server.server_state.tasks:  # noqa: ASYNC110
            await asyncio.sleep(LOOK)
        ticking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await ticking
        await server.lifespan.shutdown()


async def _tick(server: uvicorn.Server) -> None:
    """Keep the date that answers carry."""
    while True:
        await server.on_tick(0)
        await asyncio.sleep(1)
