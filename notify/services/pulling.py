"""Asks the provider for what residents texted while nobody listened.

A list is read from its newest message back to where the last reading began, with an overlap, page
by page; each page is kept in one transaction with the mark. Any number of workers may try: a
number belongs to one of them at a time.
"""

from datetime import datetime
from typing import Protocol
from uuid import UUID, uuid4

from channels.base import Failure
from channels.inbound import InboundPage
from notify import clock
from notify.log import get
from notify.services.inbound import PULL, take
from notify.services.texts import Means
from notify.store import inbound
from notify.store.database import Database, Row

log = get(__name__)

PULL_EVERY = 180.0  # seconds
OVERLAP = 900.0  # seconds; a message may appear in the list later than a newer one
FIRST_LOOK = 259_200.0  # seconds that a new number is read back: three days
PAGES = 40  # a turn; then others have theirs
HOLD = 60.0  # seconds one page may take before somebody else may read
AGAIN = 30.0  # seconds after a failure
LONGEST_WAIT = 600.0
NUMBERS_EVERY = 600.0  # seconds between two looks at which numbers are ours
_BATCH = 1_000


class Inbox(Protocol):
    """What is asked of a provider."""

    async def numbers(self) -> list[str]: ...

    async def page(self, number: str, *, since: datetime, at: str | None) -> InboundPage: ...


class Puller:
    """One worker's hands for all numbers."""

    def __init__(self, db: Database, means: Means, *, inbox: Inbox | None) -> None:
        self._db = db
        self._desk = means
        self._inbox = inbox
        self._days = means.settings.inbound_days
        self._id: UUID = uuid4()
        self._numbers: list[str] = []
        self._ask_at = 0.0

    async def round(self) -> int:
        """Forget what is old and read what is due; returns how many messages were new."""
        await self.forget()
        if self._inbox is None:
            return 0
        await self._learn_numbers(self._inbox)
        new = 0
        while (row := await self._claim()) is not None:
            new += await self._read(self._inbox, row)
        if new:
            log.info("inbound.pulled", new=new)
        return new

    async def forget(self) -> int:
        """Delete messages that were kept long enough; returns how many."""
        gone = 0
        while True:
            async with self._db.transaction() as connection:
                n = await inbound.forget(connection, days=self._days, size=_BATCH)
            gone += n
            if n < _BATCH:
                return gone

    async def _learn_numbers(self, inbox: Inbox) -> None:
        now = clock.monotonic()
        if now < self._ask_at:
            return
        try:
            found = await inbox.numbers()
        except Failure as failure:
            log.warning("inbound.numbers_unknown", why=failure.reason)
            self._ask_at = now + AGAIN
            return
        async with self._db.transaction() as connection:
            new = [number for number in found if number not in self._numbers]
            await inbound.enrol(connection, new, back=FIRST_LOOK)
        self._numbers = found
        self._ask_at = now + NUMBERS_EVERY

    async def _claim(self) -> Row | None:
        async with self._db.transaction() as connection:
            return await inbound.claim(
                connection, numbers=self._numbers, holder=self._id, hold=HOLD, overlap=OVERLAP,
                days=self._days,
            )  # fmt: skip

    async def _read(self, inbox: Inbox, row: Row) -> int:
        """One turn at one number."""
        number, since, at, new = row["number"], row["since"], row["resume"], 0
        for _ in range(PAGES):
            try:
                page = await inbox.page(number, since=since, at=at)
            except Failure as failure:
                log.warning("inbound.not_pulled", why=failure.reason, code=failure.code)
                wished = getattr(failure, "after", None) or AGAIN
                await self._put_off(number, wait=min(max(wished, AGAIN), LONGEST_WAIT), keep=False)
                return new
            kept = await self._keep(number, page, since=since)
            if kept is None:
                log.warning("inbound.pull_lost")
                return new
            new, at = new + kept, page.following
            if at is None or (page.oldest is not None and page.oldest < since):
                async with self._db.transaction() as connection:
                    await inbound.finish(connection, number, holder=self._id, wait=PULL_EVERY)
                return new
        await self._put_off(number, wait=1.0, keep=True)
        return new

    async def _keep(self, number: str, page: InboundPage, *, since: datetime) -> int | None:
        """Keep a page and where to go on; None when the number is somebody else's by now."""
        if page.unreadable:
            log.error("inbound.unreadable", messages=page.unreadable)
        # What was kept long enough is not taken in again; the oldest first, as they were written.
        fresh = [m for m in reversed(page.messages) if m.at is not None and m.at >= since]
        async with self._db.transaction() as connection:
            mine = await inbound.advance(
                connection, number, holder=self._id, hold=HOLD, resume=page.following,
                newest=max((m.at for m in fresh if m.at is not None), default=None),
            )  # fmt: skip
            return (await take(connection, self._desk, fresh, how=PULL)).new if mine else None

    async def _put_off(self, number: str, *, wait: float, keep: bool) -> None:
        async with self._db.transaction() as connection:
            await inbound.put_off(connection, number, holder=self._id, wait=wait, keep=keep)
