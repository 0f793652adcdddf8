"""Tells somebody outside what is wrong: by mail, by webhook. One way never waits for another.

What is to be told stands in the database. While that is away it is kept in memory, by each process
that is charged with saying so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Protocol

from channels.base import Channel as Carrier
from channels.base import Failure
from channels.calls import call
from channels.messages import Email
from notify.domain.alarms import WORTH_TELLING, News, State, retry_after
from notify.domain.broadcast import Identity
from notify.log import get
from notify.rendering import alarms as wording
from notify.rendering.messages import Renderer
from notify.settings import Settings
from notify.store import tellings
from notify.store.database import Database, Row

log = get(__name__)

HOLD = 60.0  # seconds telling may take before somebody else may try
_LONGEST_WHAT = 500
_HOUR = 3_600.0


class Way(Protocol):
    """One way to tell somebody. `together` is how many news one message may hold, `an_hour` how
    many messages there may be."""

    name: str
    target: str
    together: int
    an_hour: int

    async def tell(self, news: Sequence[News]) -> None:
        """Raises a Failure of channels.base, which never holds an address."""


class ByMail:
    """Mails to one address."""

    name = "mail"
    together = 50
    an_hour = 12

    def __init__(self, settings: Settings, carrier: Carrier[Email], target: str) -> None:
        self.target = target
        self._settings = settings
        self._carrier = carrier
        self._renderer = Renderer(settings)

    async def tell(self, news: Sequence[News]) -> None:
        settings = self._settings
        words = self._renderer.words(settings.default_language)
        who = Identity(sender_name=settings.town, mail_from=settings.mail_from)
        letter = wording.letter(self._renderer, words, news, identity=who, url=settings.public_url)
        await self._carrier.send(
            Email(
                form=letter.form(who, urgent=any(one.state is not State.OVER for one in news)),
                to=self.target,
                envelope_from=who.mail_from,
                message_id=_message_id(news, domain=settings.mail_from.rpartition("@")[2]),
            )
        )


class ByWebhook:
    """A POST of JSON for each thing. The URL is a secret and stays in the settings."""

    name = "webhook"
    target = ""
    together = 1
    an_hour = 60

    def __init__(self, settings: Settings, url: str) -> None:
        self._settings = settings
        self._url = url
        self._renderer = Renderer(settings)

    async def tell(self, news: Sequence[News]) -> None:
        words = self._renderer.words(self._settings.default_language)
        for one in news:
            said = wording.say(words, one.what, one.facts, over=one.state is State.OVER)
            await call(
                self._url,
                value={
                    "key": one.key,
                    "state": "over" if one.state is State.OVER else "raised",
                    "reminder": one.state is State.REMINDER,
                    "since": one.since.isoformat(),
                    "until": one.over_at.isoformat() if one.over_at else None,
                    "what": said.all_of_it[:_LONGEST_WHAT],
                    "todo": None if one.over_at else said.todo[:_LONGEST_WHAT],
                    "town": self._settings.town,
                },
            )


@dataclass(frozen=True, slots=True)
class _Kept:
    """News in memory, and when to try next, on the monotonic clock."""

    news: News
    created: float
    due: float
    tries: int = 0


class Teller:
    """Tells by one way what is due."""

    def __init__(self, db: Database, way: Way) -> None:
        self.way = way
        self._db = db
        self._kept: list[_Kept] = []
        self._told: list[float] = []

    def keep(self, news: News, *, now: float) -> None:
        """Tell this although the database is away. `now` is on the monotonic clock."""
        if news.state is State.OVER:  # who did not hear of it before needs to hear only this
            self._kept = [kept for kept in self._kept if kept.news.key != news.key]
        self._kept.append(_Kept(news, created=now, due=now))

    async def tell_kept(self, *, now: float) -> bool:
        """Whether something was due from memory."""
        self._kept = [
            kept for kept in self._kept if now - kept.created < WORTH_TELLING.total_seconds()
        ]
        due = [kept for kept in self._kept if kept.due <= now][: self.way.together]
        self._told = [at for at in self._told if now - at < _HOUR]
        if not due or len(self._told) >= self.way.an_hour:
            return False
        told = await self._say([kept.news for kept in due])
        self._told += [now] if told else []
        rest = [kept for kept in self._kept if kept not in due]
        if not told:
            rest += [
                replace(kept, tries=kept.tries + 1, due=now + retry_after(kept.tries + 1))
                for kept in due
            ]
        self._kept = rest
        return True

    async def tell(self) -> bool:
        """One message about what the database holds; False when nothing is due, or this hour
        has had its share: then it waits, and is told together."""
        way = self.way
        async with self._db.transaction() as connection:
            if await tellings.lately(connection, way.name, way.target) >= way.an_hour:
                return False
            rows = await tellings.take(
                connection, way.name, way.target, size=way.together, hold=HOLD
            )
        if not rows:
            return False
        told = await self._say([_news(row) for row in rows])
        ids = [row["id"] for row in rows]
        async with self._db.transaction() as connection:
            if told:
                await tellings.told(connection, ids)
            else:
                tries = min(row["tries"] for row in rows)
                await tellings.later(connection, ids, delay=retry_after(tries))
        return told

    async def _say(self, news: Sequence[News]) -> bool:
        keys = [one.key for one in news]
        try:
            await self.way.tell(news)
        except Failure as failure:
            log.warning("alarm.not_told", way=self.way.name, alarms=keys, reason=failure.reason,
                        code=failure.code)  # fmt: skip
            return False
        log.info("alarm.told", way=self.way.name, alarms=keys)
        return True


def _news(row: Row) -> News:
    over_at: datetime | None = row["over_at"] if row["state"] == State.OVER else None
    return News(
        row["key"], State(row["state"]), row["facts"], row["since"], over_at, str(row["id"])
    )


def _message_id(news: Sequence[News], *, domain: str) -> str:
    """The same for the same news: a mail that went out and was not marked as told, because its
    process ended in between, collapses with the one that follows."""
    told = "\n".join(f"{one.key} {one.state} {one.since.isoformat()} {one.ref}" for one in news)
    return f"alarm.{sha256(told.encode()).hexdigest()[:32]}@{domain}"
