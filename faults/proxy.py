"""A wire that can be cut: a TCP proxy between one process and what it talks to."""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Self

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Wire:
    """Listens on a free port of 127.0.0.1 and forwards to `to` (a port there, or a socket file).

    `cut` lets nothing through any more, in silence, as a network does that is gone. `mend` lets
    on what was held meanwhile, or loses it together with the connections it was on.
    """

    def __init__(self, to: int | Path) -> None:
        self._to = to
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._open = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._within(self._begin)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._within(self._end)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        async def close() -> None:
            self._open.clear()

        self._within(close)

    def mend(self, *, losing: bool = False) -> None:
        async def open_again() -> None:
            if losing:
                await self._drop()
            self._open.set()

        self._within(open_again)

    def _within(self, work: Callable[[], Awaitable[None]]) -> None:
        async def run() -> None:
            await work()

        asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)

    async def _begin(self) -> None:
        self._open.set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        self._server.close()
        await self._drop()

    async def _drop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, *near: *Ends) -> None:
        task = asyncio.ensure_future(self._both_ways(near))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _both_ways(self, near: Ends) -> None:
        await self._open.wait()
        with contextlib.suppress(OSError):
            far = await self._connect()
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._forward(near[0], far[1]))
                    both.create_task(self._forward(far[0], near[1]))
            except* OSError:  # one end is gone, and so is the other
                pass
            finally:
                far[1].close()
                near[1].close()

    async def _connect(self) -> Ends:
        if isinstance(self._to, Path):
            return await asyncio.open_unix_connection(self._to)
        return await asyncio.open_connection("127.0.0.1", self._to)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            await self._open.wait()
            writer.write(data)
            await writer.drain()
        with contextlib.suppress(OSError):
            writer.close()
