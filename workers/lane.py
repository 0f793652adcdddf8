"""One worker process for one or more lanes: planner, pumps, sweeper, heartbeat, bell."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from uuid import uuid4

from notify import bootstrap, clock, on_watch
from notify.bootstrap import App
from notify.domain.words import Channel, Lane
from notify.log import get
from notify.services import confirming, telling_staff
from notify.services import senders as sender_service
from notify.services.composing import Composer
from notify.services.erasing_texts import erase_texts
from notify.services.forgetting import Forgetter, Kept
from notify.services.planning import Planner
from notify.services.pulling import Puller
from notify.services.senders import Sender
from notify.services.sending import Pump
from notify.services.standing_watch import Watch
from notify.services.sweeping import Sweeper
from notify.services.texts import Means
from notify.store import claiming
from notify.store import senders as sender_store
from notify.store import workers as register
from workers import polls
from workers.bell import listen

log = get(__name__)

MOST_LATE = 10  # slow answers that a pump waits for beside its next group
PUMPS = 3  # a channel and lane: while one sends, others wait for the database
SWEEP_EVERY = 2.0
SWEEP_SELDOM = 10.0  # where an old snapshot keeps what is dead in its way
HEARTBEAT_EVERY = 5.0
KNOCK_EVERY = 10.0
PLAN_EVERY = 1.0
LATECOMERS_EVERY = 5.0
PULL_LOOK_EVERY = 5.0
ERASE_EVERY = 5.0
FORGET_EVERY = 60.0
SIDE_SHARE = 4.0  # seconds of rest at least for each of side work
STEP_BACK = 1.0  # seconds between slices of bulk while an alert is on its way
DRAIN = 25.0  # seconds to finish what is in hand after SIGTERM


class Worker:
    """Everything one process does for its lanes."""

    def __init__(self, app: App, lanes: Sequence[Lane]) -> None:
        self._app = app
        on_watch.check(app.settings)
        self._lanes = lanes
        self._id = uuid4()
        self._seats = {lane: uuid4() for lane in lanes}  # a row a lane in the register
        # Connections of its own for each lane: an alert never queues behind bulk here.
        self._senders = {lane: bootstrap.senders(app.settings) for lane in lanes}
        self._every = [
            sender
            for of_lane in self._senders.values()
            for of_channel in of_lane.values()
            for sender in of_channel
        ]
        self._composer = Composer(settings=app.settings, keyring=app.keyring)
        self._stop = asyncio.Event()
        self._broken = False
        self._wake = {lane: asyncio.Event() for lane in lanes}
        self._pumps: dict[Lane, list[Pump]] = {lane: [] for lane in lanes}

    def stop(self) -> None:
        """Finish what is in hand, hand back the rest, end. May be called at any time."""
        self._stop.set()

    def wake(self, lane: Lane) -> None:
        """Look now: a bell was rung for this lane."""
        if lane in self._wake:
            self._wake[lane].set()
            self._wake_pumps(lane)

    def _wake_pumps(self, lane: Lane) -> None:
        for pump in self._pumps[lane]:
            pump.wake()

    async def run(self) -> None:
        """Work until told to stop."""
        await sender_service.enrol(self._app.db, self._every)
        self._composer.warm()
        await self._enter()
        for lane in self._lanes:
            for channel, of_channel in self._senders[lane].items():
                if of_channel:
                    self._add_pumps(lane, channel, of_channel)
        async with on_watch.watch(self._app, tells_of_database=Lane.ALERT in self._lanes) as watch:
            await self._serve(watch)

    async def _serve(self, watch: Watch) -> None:
        tasks = [asyncio.create_task(pump.run()) for ps in self._pumps.values() for pump in ps]
        for task in tasks:
            task.add_done_callback(self._ended)
        sweeper = Sweeper(self._app.db, senders=self._every, composer=self._composer)
        side = [
            asyncio.create_task(self._repeat(sweeper.sweep, SWEEP_EVERY, longest=SWEEP_SELDOM)),
            asyncio.create_task(self._repeat(sweeper.resolve, SWEEP_EVERY)),
            asyncio.create_task(self._repeat(self._beat, HEARTBEAT_EVERY)),
            asyncio.create_task(self._repeat(self._knock, KNOCK_EVERY)),
            asyncio.create_task(watch.stand()),
            *(asyncio.create_task(self._plan(lane)) for lane in self._lanes),
            asyncio.create_task(self._repeat(self._find_latecomers, LATECOMERS_EVERY)),
            asyncio.create_task(self._pull()),
            asyncio.create_task(self._forget()),
            *(
                asyncio.create_task(self._repeat(*one))
                for one in polls.rounds(self._app, self._lanes)
            ),
            *(
                asyncio.create_task(listen(self._app.settings.redis_url, lane, self.wake))
                for lane in self._lanes
            ),
        ]
        log.info("worker.started", worker=str(self._id), lanes=[str(lane) for lane in self._lanes])
        await self._stop.wait()
        await self._drain(tasks, side)
        for sender in self._every:
            await sender.carrier.close()
        log.info("worker.stopped", worker=str(self._id))
        if self._broken:
            raise RuntimeError("a pump ended by itself; whoever looks after the worker restarts it")

    def _ended(self, pump: asyncio.Task[None]) -> None:
        """A pump runs until told to stop. One that ended otherwise would be missed by nobody."""
        if not self._stop.is_set():
            log.error("pump.ended", cancelled=pump.cancelled())
            self._broken = True
            self.stop()

    async def _enter(self) -> None:
        """Be seen at once, and forget who left without a word long ago."""
        await self._beat()
        async with self._app.db.transaction() as connection:
            await register.forget(connection)

    def _add_pumps(self, lane: Lane, channel: Channel, every: Sequence[Sender]) -> None:
        most = every[0].carrier.concurrency
        # Push services that answer and one that hangs share groups: go on without the one.
        late = most if channel is Channel.PUSH else MOST_LATE
        for _ in range(PUMPS):
            pump = Pump(
                db=self._app.db, lane=lane, channel=channel, every=every,
                composer=self._composer, worker=self._id,
                lease=self._app.settings.lease_seconds, most_late=late,
                zone=self._app.settings.zone,
            )  # fmt: skip
            self._pumps[lane].append(pump)

    async def _drain(
        self, working: Sequence[asyncio.Task[None]], side: Sequence[asyncio.Task[None]]
    ) -> None:
        for pump in (pump for of_lane in self._pumps.values() for pump in of_lane):
            pump.stop()
        await _cancel(side)
        if working:
            _, late = await asyncio.wait(working, timeout=DRAIN)
            await _cancel(late)
        with contextlib.suppress(Exception):
            async with self._app.db.transaction() as connection:
                for seat in self._seats.values():
                    await register.left(connection, seat)

    async def _plan(self, lane: Lane) -> None:
        """Plan whatever waits for this lane, once a second and whenever the bell rings."""
        planner = self._planner(lane)
        while not self._stop.is_set():
            self._wake[lane].clear()
            try:
                if lane is Lane.NOTE:
                    await self._tell_staff()
                    await self._ask()
                else:
                    await self._plan_broadcasts(planner, lane)
            except Exception as problem:  # noqa: BLE001 - a planner outlives whatever happens
                log.error("planner.failed", lane=str(lane), problem=type(problem).__name__)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PLAN_EVERY):
                    await self._wake[lane].wait()

    async def _plan_broadcasts(self, planner: Planner, lane: Lane) -> None:
        while await planner.plan_slice():
            self._wake_pumps(lane)
            self._app.bell.ring(lane)
            if lane is Lane.BULK and await self._alert_under_way():
                await asyncio.sleep(STEP_BACK)

    async def _alert_under_way(self) -> bool:
        async with self._app.db.transaction() as connection:
            return any([await claiming.alert_waiting(connection, channel) for channel in Channel])

    async def _find_latecomers(self) -> None:
        if Lane.ALERT in self._lanes and await self._planner(Lane.ALERT).plan_latecomers():
            self._wake_pumps(Lane.ALERT)

    async def _pull(self) -> None:
        """Read what residents text to us, in the lane that answers them."""
        if Lane.NOTE not in self._lanes:
            return
        settings = self._app.settings
        inbox = bootstrap.inbox(settings)
        puller = Puller(self._app.db, Means(settings, self._app.keyring), inbox=inbox)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._repeat(lambda: self._pull_with(puller), PULL_LOOK_EVERY))
                if inbox is not None:
                    erase = partial(erase_texts, self._app.db, inbox)
                    group.create_task(self._repeat(erase, ERASE_EVERY))
        finally:
            if inbox is not None:
                await inbox.close()

    async def _pull_with(self, puller: Puller) -> None:
        if await puller.round():
            self._wake_pumps(Lane.NOTE)

    async def _forget(self) -> None:
        """Delete what was kept long enough, in the lane that nobody waits for."""
        if Lane.BULK in self._lanes:
            forgetter = Forgetter(self._app.db, Kept.by(self._app.settings))
            await self._repeat(forgetter.round, FORGET_EVERY)

    def _planner(self, lane: Lane) -> Planner:
        channels = tuple(str(channel) for channel in bootstrap.open_channels(self._app.settings))
        return Planner(self._app.db, lane=lane, settings=self._app.settings, channels=channels)

    async def _ask(self) -> None:
        channels = [str(channel) for channel in bootstrap.open_channels(self._app.settings)]
        while await confirming.ask(self._app.db, channels=channels):
            self._wake_pumps(Lane.NOTE)

    async def _tell_staff(self) -> None:
        """What cannot be told must not keep codes from residents."""
        channels = [str(channel) for channel in bootstrap.open_channels(self._app.settings)]
        try:
            if await telling_staff.tell(
                self._app.db, settings=self._app.settings, channels=channels
            ):
                self._wake_pumps(Lane.NOTE)
        except Exception as problem:  # noqa: BLE001 - the next round tries again
            log.error("staff.not_told", problem=type(problem).__name__)

    async def _knock(self) -> None:
        await sender_service.knock(self._app.db, self._every)

    async def _beat(self) -> None:
        async with self._app.db.transaction() as connection:
            for lane, seat in self._seats.items():
                await register.seen(connection, seat, lane=str(lane), host=socket.gethostname())
            await sender_store.seen(connection, [sender.name for sender in self._every])

    async def _repeat(
        self, work: Callable[[], Awaitable[object]], every: float, *, longest: float | None = None
    ) -> None:
        """Again and again; what takes long less often, up to `longest` seconds apart, so that it
        takes but a part of the time."""
        while True:
            began = clock.monotonic()
            try:
                await work()
            except Exception as problem:  # noqa: BLE001 - tried again in a moment
                log.error("worker.side_work_failed", problem=type(problem).__name__)
            rest = SIDE_SHARE * (clock.monotonic() - began)
            await asyncio.sleep(min(max(every, rest), longest or every))


async def _cancel(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancel until they end: a library may swallow a cancellation that comes at a bad moment."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=1)


async def work(app: App, lanes: Sequence[Lane]) -> None:
    """Run a worker until SIGTERM or SIGINT."""
    worker = Worker(app, lanes)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stop)
    await worker.run()
