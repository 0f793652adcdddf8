"""Keeps what the public reads, finished, so that a rush costs the database nothing.

What is kept holds while the stamp in PostgreSQL is the one it was read under and no moment has come
at which time alone changes it. While PostgreSQL is away it is shown nevertheless, and says so.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final, cast
from uuid import UUID

from fastapi import HTTPException, Request

from notify import clock, metrics
from notify.services import browsing, publishing
from notify.services.browsing import AnySheet, InArchive, Wanted
from notify.services.publishing import Front, Thread
from notify.settings import Settings
from notify.store.database import AWAY, Database
from notify.web.finished import Finished
from notify.web.pages.freshness import Freshness
from notify.web.pages.paper import finished
from notify.web.pages.together import Flights, Lookup

OLD: Final = timedelta(hours=1)
"""How long a page is shown that cannot be made anew. Where PostgreSQL is away for all, nothing can
have been published since; where only we do not reach it, the page tells its age."""

SPACE: Final = 16 * 1024 * 1024
"""Bytes of pages kept with what they were made of; hundreds of usual ones, in two languages."""

READERS: Final = 4  # connections that may read pages at once, of the 16 a process has
PATIENCE: Final = 10.0  # seconds to wait for a page that is read

_KEPT, _MADE, _OLD = (metrics.pages.labels(how) for how in ("kept", "made", "old"))

Key = UUID | Wanted | None
"""A broadcast, by the id in its link, or what else is wanted; None for the front page."""

Subject = Front | Thread | AnySheet


@dataclass(frozen=True, slots=True)
class Page:
    """One language of it. It holds for the same `as_of`, until time changes it."""

    finished: Finished
    as_of: datetime | None
    made_at: datetime
    until: datetime | None

    def holds(self, now: datetime, as_of: datetime | None) -> bool:
        return as_of == self.as_of and _between(self.made_at, now, self.until)


@dataclass(frozen=True, slots=True)
class Kept:
    """What was read once for all, and the pages made of it, by variant and language."""

    subject: Subject
    stamp: UUID | None
    read_at: datetime
    until: datetime | None
    pages: dict[str, Page] = field(default_factory=dict)

    def holds(self, now: datetime, stamp: UUID | None) -> bool:
        known = stamp is not None and stamp == self.stamp
        return known and _between(self.read_at, now, self.until)

    @property
    def size(self) -> int:
        """Bytes, about: what was read is mostly what the pages say."""
        return 2_000 + 2 * sum(page.finished.size for page in self.pages.values())


@dataclass(frozen=True, slots=True)
class Found:
    """What to show. `as_of` is set where it may be outdated: it was right then."""

    key: Key
    kept: Kept
    as_of: datetime | None = None


class Shelf:
    """The pages of one process, the one least asked for leaving first. Bounded by SPACE."""

    def __init__(self, db: Database, *, settings: Settings) -> None:
        self._db = db
        self._settings = settings
        self._freshness = Freshness(partial(publishing.stamp, db))
        self._lookup = Lookup(partial(publishing.readable, db))
        self._reading: Flights[tuple[Key, UUID | None], Kept | None] = Flights()
        self._few = asyncio.Semaphore(READERS)
        self._kept: OrderedDict[Key, Kept] = OrderedDict()

    async def find(self, key: Key) -> Found | None:
        """What there is to show, None where there is nothing.

        Raises psycopg's errors, or HTTPException 503 when it takes too long, where nothing is kept.
        """
        stamp = await self._freshness.current()
        now = clock.now()
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            if kept.holds(now, stamp):
                return Found(key, kept)
        old = self._old(key, kept, now)
        if stamp is None and old is not None:
            return old
        try:
            kept = await self._reading.run(
                (key, stamp), partial(self._read, key, stamp), wait=PATIENCE
            )
        except AWAY:
            if old is None:
                raise
            return old
        except TimeoutError:
            if old is None:
                raise HTTPException(
                    503, "The page cannot be read. Try again in a moment.", {"Retry-After": "2"}
                ) from None
            return old
        return Found(key, kept) if kept else None

    def at_hand(self, key: Key) -> Found | None:
        """What is kept and not too old to be shown, without asking anybody; as of when."""
        return self._old(key, self._kept.get(key), clock.now())

    def page(
        self,
        found: Found,
        language: str,
        make: Callable[[datetime], str],
        *,
        variant: str = "",
        status: int = 200,
    ) -> Finished:
        """The page in a language; made by `make`, for the moment it is given, where there is none
        that holds. `variant` tells apart what else is made of the same subject."""
        now = clock.now()
        name = f"{variant} {language}"
        page = found.kept.pages.get(name)
        if page is not None and page.holds(now, found.as_of):
            _KEPT.inc() if found.as_of is None else _OLD.inc()
            return page.finished
        _MADE.inc()
        made = finished(make(now), language=language, status=status)
        until = found.kept.subject.holds_until(now)
        found.kept.pages[name] = Page(made, found.as_of, now, until)
        self._make_room()
        return made

    async def close(self) -> None:
        await self._reading.close()
        await self._lookup.close()
        await self._freshness.close()

    def _old(self, key: Key, kept: Kept | None, now: datetime) -> Found | None:
        if kept is None:
            return None
        seen_at = self._freshness.seen_at
        as_of = seen_at if seen_at and kept.stamp == self._freshness.stamp else kept.read_at
        return Found(key, kept, as_of) if now - as_of <= OLD else None

    async def _read(self, key: Key, stamp: UUID | None) -> Kept | None:
        named = key.before if isinstance(key, InArchive) else key
        made_up = isinstance(named, UUID) and key not in self._kept
        if made_up and not await self._lookup.exists(cast("UUID", named)):
            return None
        async with self._few:
            now = clock.now()
            subject = await self._subject(key, now)
        if subject is None:
            self._kept.pop(key, None)
            return None
        kept = self._kept[key] = Kept(subject, stamp, now, subject.holds_until(now))
        return kept

    async def _subject(self, key: Key, now: datetime) -> Subject | None:
        if key is None:
            return await publishing.front(self._db, now)
        if isinstance(key, UUID):
            return await publishing.page(self._db, key, now, settings=self._settings)
        return await browsing.read(self._db, key, now, settings=self._settings)

    def _make_room(self) -> None:
        size = sum(kept.size for kept in self._kept.values())
        while size > SPACE:
            _, gone = self._kept.popitem(last=False)
            size -= gone.size


def _between(start: datetime, now: datetime, end: datetime | None) -> bool:
    return start <= now and (end is None or now < end)


def the_shelf(request: Request) -> Shelf:
    """That of the process which answers."""
    return cast("Shelf", request.app.state.shelf)
