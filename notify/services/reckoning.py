"""Reckons what a broadcast would do, before it is sent: whom it reaches, and whom not and why.

It counts by the rules of planning, in one statement that only reads, on one core, two at a time, and
is given up after PATIENCE: a look at a draft must not hold up what is being sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from psycopg.errors import QueryCanceled

from notify.domain.delivery import REACHED
from notify.domain.words import ENDINGS, Channel, Kind, Relation, Skip
from notify.errors import NotFound
from notify.services import threads
from notify.settings import Settings
from notify.store import broadcasts, groups, planning
from notify.store import reckoning as store
from notify.store.database import Connection, Database, Row

PATIENCE: Final = 4.0  # seconds


@dataclass(frozen=True, slots=True)
class Wish:
    """Who is to be reached: the groups by id, the languages there is a text in, and for a follow-up
    what it follows and how."""

    kind: Kind
    groups: Sequence[int]
    languages: Sequence[str]
    drill: bool = False
    follows: UUID | None = None
    relation: Relation | None = None


@dataclass(frozen=True, slots=True)
class Reached:
    """`messages` to so many `people`: who has two browsers gets two. `languages` is messages by
    the language they are written in."""

    messages: int
    people: int
    languages: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a broadcast reaches. `asked` people follow it and `people` of them are reached, over any
    channel; `languages` are people by the language they read it in. `skips` are people left out,
    by channel ("none" for who chose no channel) and reason; `later` messages wait for the end of
    their reader's quiet hours."""

    asked: int
    people: int
    channels: Mapping[Channel, Reached]
    languages: Mapping[str, int]
    skips: Mapping[str, Mapping[Skip, int]]
    later: int

    @property
    def messages(self) -> int:
        return sum(one.messages for one in self.channels.values())

    @property
    def missed(self) -> int:
        """People whom it reaches over no channel."""
        return self.asked - self.people


async def audience(
    db: Database, wish: Wish, *, settings: Settings, channels: Sequence[Channel],
    patience: float = PATIENCE,
) -> Audience | None:  # fmt: skip
    """Whom it would reach now; None where it takes too long to count, or others count. Whether the caller may write
    to those groups is the caller's to know. Raises NotFound where it follows nothing there is."""
    async with db.transaction() as connection:
        await store.patience(connection, round(patience * 1_000))
        if not await store.turn(connection):
            return None
        try:
            rows = await _rows(connection, wish, settings=settings, channels=channels)
        except QueryCanceled:
            rows = None
    return None if rows is None else _audience(rows, channels)


async def _rows(
    connection: Connection, wish: Wish, *, settings: Settings, channels: Sequence[Channel]
) -> list[Row]:
    alert = wish.kind is Kind.ALERT
    thread = await _thread(connection, wish)
    ids = list(wish.groups)
    if thread is not None:
        ids += await planning.thread_groups(connection, thread["thread_id"], thread["sequence"])
    values = {
        "audience": await groups.audience(
            connection,
            group_ids=ids,
            alert=alert,
            drill=wish.relation not in ENDINGS and (wish.drill or bool(thread and thread["drill"])),
        ),
        "alert": alert,
        "channels": [str(channel) for channel in channels],
        "zone": settings.timezone,
        "languages": list(wish.languages),
        "default_language": settings.default_language,
    }
    if thread is None:
        return await store.followers(connection, **values)
    adds = await threads.adds(connection, thread["thread_id"], thread["sequence"], wish.relation)
    return await store.follow_up(
        connection, thread_id=thread["thread_id"], adds=adds,
        reached=[str(status) for status in REACHED], **values,
    )  # fmt: skip


async def _thread(connection: Connection, wish: Wish) -> Row | None:
    """The thread that it follows in, the place it takes there, and whether that is a drill."""
    if wish.follows is None:
        return None
    row = await broadcasts.get(connection, wish.follows)
    if row is None:
        raise NotFound("There is no such broadcast.")
    last = await broadcasts.places(connection, row["thread_id"])
    return {"thread_id": row["thread_id"], "sequence": last + 1, "drill": row["drill"]}


def _audience(rows: Sequence[Row], channels: Sequence[Channel]) -> Audience:
    reached = {(r["channel"], r["language"]): r for r in rows if r["what"] == "reached"}
    every = reached.get((None, None), {"people": 0, "later": 0})
    skips: dict[str, dict[Skip, int]] = {}
    for row in rows:
        if row["what"] == "skipped":
            skips.setdefault(row["channel"], {})[Skip(row["reason"])] = row["people"]
    return Audience(
        asked=next(row["people"] for row in rows if row["what"] == "asked"),
        people=every["people"],
        channels={channel: _reached(reached, channel) for channel in channels},
        languages={
            language: row["people"]
            for (channel, language), row in reached.items()
            if channel is None and language is not None
        },
        skips=skips,
        later=every["later"],
    )


def _reached(rows: Mapping[tuple[str | None, str | None], Row], channel: Channel) -> Reached:
    every = rows.get((str(channel), None), {"messages": 0, "people": 0})
    return Reached(
        messages=every["messages"],
        people=every["people"],
        languages={
            language: row["messages"]
            for (over, language), row in rows.items()
            if over == channel and language is not None
        },
    )
