"""Hears the bell: an arq worker a lane whose one job wakes the pumps.

arq's worker ends when Redis goes away; here it is started anew, with a pause, for as long as the
process lives. Without Redis nothing is heard, and the pumps come round by themselves.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from arq.connections import ArqRedis, create_pool
from arq.worker import Worker as ArqWorker
from arq.worker import func

from notify.domain.words import Lane
from notify.log import get
from notify.queue import JOB, decode, encode, queue_name, redis_settings

log = get(__name__)

PAUSE = 2.0
GOODBYE = 2.0  # seconds; a Redis that hangs must not keep a worker from ending


async def listen(
    url: str | None, lane: Lane, wake: Callable[[Lane], None], *, pause: float = PAUSE
) -> None:
    """Call `wake` for every ring of a lane, until cancelled; `pause` seconds between failures."""
    if url is None:
        return
    while True:
        try:
            pool = await create_pool(
                redis_settings(url), job_serializer=encode, job_deserializer=decode
            )
            await _hear(pool, lane, wake)
        except Exception as problem:  # noqa: BLE001 - Redis may fail in any way, without harm
            log.warning("bell.not_heard", lane=str(lane), problem=type(problem).__name__)
        await asyncio.sleep(pause)


async def _hear(pool: ArqRedis, lane: Lane, wake: Callable[[Lane], None]) -> None:
    """Hear rings until Redis fails, then give its connections back."""

    async def ring(ctx: dict[Any, Any], *args: Any, **_: Any) -> None:  # noqa: ARG001 - arq's form
        wake(Lane(args[0]))

    worker = ArqWorker(
        functions=[func(ring, name=JOB, timeout=5)],
        queue_name=queue_name(lane),
        redis_pool=pool,
        handle_signals=False,
        keep_result=0,
        poll_delay=0.05 if lane is Lane.ALERT else 0.25,
        max_jobs=20,
        job_serializer=encode,
        job_deserializer=decode,
        log_results=False,
    )
    try:
        await worker.async_run()
    finally:
        # Not by arq's own close: a ring that is cut off there looks as if we were cancelled, and
        # connections stay open where Redis is gone.
        tasks = [task for task in (worker.main_task, *worker.tasks.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=GOODBYE)
        with contextlib.suppress(Exception):
            async with asyncio.timeout(GOODBYE):
                await pool.aclose()
