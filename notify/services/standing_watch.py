"""Stands watch in a process: looks, rings those on duty, tells of alarms, calls the heartbeat.

Every process that serves may do so at the same time: each task is taken by one of them only. What
goes wrong in one of the tasks never ends another, nor the process.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from channels.base import Failure
from channels.calls import call
from notify import clock
from notify.domain.alarms import ALERTS_CANNOT_LEAVE, Outage
from notify.domain.words import Lane
from notify.log import get
from notify.queue import Bell
from notify.services import ringing
from notify.services.noticing import Lookout
from notify.services.ringing import Duty
from notify.services.telling import Teller
from notify.services.watching import LATELY
from notify.settings import Settings
from notify.store import alarms
from notify.store.database import Database

log = get(__name__)

EVERY = 2.0  # seconds between two turns of a task
LOOK_LIMIT = 8.0  # seconds a look may take; a database that is slower does not work
BEAT_EVERY = 60.0
BEAT_AGAIN = 10.0  # seconds after a call that failed
RING_EVERY = 5.0


@dataclass(frozen=True, slots=True)
class Post:
    """What a watch looks at and whom it tells. `channels` are those that are open."""

    settings: Settings
    channels: Sequence[str]
    senders: Sequence[str]
    on_duty: Duty
    tellers: Sequence[Teller]
    heartbeat_url: str | None


class Watch:
    """`outage`: given to a process that says so when the database is away; that cannot be taken
    turns at."""

    def __init__(self, db: Database, bell: Bell, post: Post, *, outage: Outage | None) -> None:
        self._db = db
        self._bell = bell
        self._post = post
        self._outage = outage
        self._lookout = Lookout(
            db, channels=post.channels, senders=post.senders, on_duty=post.on_duty,
            targets=[(teller.way.name, teller.way.target) for teller in post.tellers],
        )  # fmt: skip

    async def stand(self) -> None:
        """Watch until cancelled."""
        await asyncio.gather(
            self._repeat(self.look, EVERY),
            self._repeat(self.ring, RING_EVERY),
            self._repeat(self.beat, EVERY),
            *(self._repeat(lambda teller=teller: tell(teller), EVERY)  # type: ignore[misc]
              for teller in self._post.tellers),
        )  # fmt: skip

    async def look(self) -> None:
        """Have a look, unless another process just had one; notice when the database is away."""
        redis = self._post.settings.redis_url is None or await self._bell.alive()
        problem = None
        try:
            async with asyncio.timeout(LOOK_LIMIT):
                await self._lookout.look(redis=redis)
        except Exception as failed:  # noqa: BLE001 - whatever it is: nothing can be written down
            problem = type(failed).__name__
            log.warning("watch.look_failed", problem=problem)
        if self._outage is None:
            return
        news = self._outage.saw(problem, at=clock.monotonic(), now=clock.now())
        for teller in self._post.tellers if news else ():
            assert news is not None  # noqa: S101 - narrows the type
            teller.keep(news, now=clock.monotonic())

    async def ring(self) -> None:
        """Ring what is due today, check what is out."""
        post = self._post
        rung = await ringing.ring_of_the_day(
            self._db, post.on_duty, channels=post.channels, settings=post.settings, now=clock.now()
        )
        if rung:
            self._bell.ring(Lane.NOTE)
        await ringing.check(self._db)

    async def beat(self) -> None:
        """Call the heartbeat when a minute is over and alerts can leave. Silence tells."""
        if self._post.heartbeat_url is None:
            return
        async with self._db.transaction() as connection:
            ours = await alarms.take_beat(
                connection, every=BEAT_EVERY, silenced_by=ALERTS_CANNOT_LEAVE,
                lanes=[str(lane) for lane in Lane], lately=LATELY,
            )  # fmt: skip
        if not ours:
            return
        try:
            await call(self._post.heartbeat_url)
        except Failure as failure:
            log.warning("heartbeat.failed", reason=failure.reason, code=failure.code)
            async with self._db.transaction() as connection:
                await alarms.missed_beat(connection, every=BEAT_EVERY, again=BEAT_AGAIN)

    async def _repeat(self, task: Callable[[], Awaitable[object]], every: float) -> None:
        while True:
            try:
                await task()
            except Exception as problem:  # noqa: BLE001 - tried again in a moment
                log.warning("watch.task_failed", problem=type(problem).__name__)
            await asyncio.sleep(every)


async def tell(teller: Teller) -> None:
    """Everything that is due by one way: first what is kept in memory."""
    while await teller.tell_kept(now=clock.monotonic()):
        pass
    while await teller.tell():
        pass
