"""Hears the bell: an arq worker a lane whose one job wakes the pumps.

arq's worker ends when Redis goes away; here it is started anew, with a pause, for as long as the
process lives. Without Redis nothing is heard, and the pumps come round by themselves.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from arq.worker import Worker as ArqWorker
from arq.worker import func

from notify.domain.words import Lane
from notify.log import get
from notify.queue import JOB, decode, encode, queue_name, redis_settings

log = get(__name__)

PAUSE = 2.0


async def listen(url: str | None, lane: Lane, wake: Callable[[Lane], None]) -> None:
    """Call `wake` for every ring of a lane, until cancelled."""
    if url is None:
        return

    async def ring(ctx: dict[Any, Any], *args: Any, **_: Any) -> None:  # noqa: ARG001 - arq's form
        wake(Lane(args[0]))

    while True:
        worker = ArqWorker(
            functions=[func(ring, name=JOB, timeout=5)],
            queue_name=queue_name(lane),
            redis_settings=redis_settings(url),
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
        except asyncio.CancelledError:
            await worker.close()
            raise
        except Exception as problem:  # noqa: BLE001 - Redis may fail in any way, without harm
            log.warning("bell.not_heard", lane=str(lane), problem=type(problem).__name__)
        await asyncio.sleep(PAUSE)
