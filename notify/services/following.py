"""Begins an update, an all-clear or a correction: a draft with all that is known already."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from notify.domain.broadcast import Broadcast
from notify.domain.draft import Content
from notify.domain.following import Bar, sensible
from notify.domain.grants import Deed, OutOfReach
from notify.domain.words import Relation
from notify.errors import Conflict
from notify.rendering import follow_ups
from notify.rendering.templates import templates
from notify.services import drafting, drills, overseeing, telling_staff, threads
from notify.services.drafting import Draft
from notify.services.staff_sessions import Officer
from notify.settings import Settings
from notify.store import ordering
from notify.store.database import Connection, Database, Row

AT_LEAST: Final = timedelta(hours=3)
"""How long a follow-up holds where what it follows ends earlier."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How an officer can follow a broadcast now; what `bars` them from the rest of what makes sense;
    and, where their own grants do, who else is `able` to, by name."""

    relations: Sequence[Relation] = ()
    bars: Sequence[Bar] = ()
    able: Sequence[str] = ()


async def ways(
    db: Database, officer: Officer, row: Row, broadcast: Broadcast, *, now: datetime, replaced: bool
) -> Ways:
    """Of a broadcast that went out; what was `replaced` by something later in its thread is followed
    there. Whatever is barred here is refused when it is submitted."""
    made: dict[Relation, Bar | None] = {}
    async with db.statement() as connection:
        for relation in sensible(broadcast, now=now):
            made[relation] = await _bar(connection, officer, row, broadcast, relation)
        able: Sequence[Row] = ()
        if Bar.BEYOND in made.values():
            groups = await threads.groups_behind(connection, broadcast.id)
            able = await telling_staff.authors(connection, groups)
    bars = list(dict.fromkeys(bar for bar in made.values() if bar is not None))
    if replaced:
        return Ways(bars=[bar for bar in bars if bar is Bar.BEYOND], able=_names(able))
    return Ways([way for way, bar in made.items() if bar is None], bars, _names(able))


async def endable(db: Database, officer: Officer, ids: Sequence[UUID]) -> set[UUID]:
    """Of these warnings in force those whose all-clear the officer may write."""
    within = officer.reach(Deed.WRITE)
    if not ids or not within:
        return set()
    async with db.statement() as connection:
        return await ordering.within(connection, ids, tops=within.tops)


def _names(rows: Sequence[Row]) -> list[str]:
    return [row["name"] for row in rows]


async def _bar(
    connection: Connection, officer: Officer, row: Row, broadcast: Broadcast, relation: Relation
) -> Bar | None:
    bar = await threads.bar(connection, row, relation)
    if bar is not None:
        return bar
    within = officer.reach(Deed.WRITE)
    if not within or not await ordering.within(connection, [broadcast.id], tops=within.tops):
        return Bar.BEYOND
    groups = await threads.groups_behind(connection, broadcast.id)
    drill, kind = broadcast.drill, broadcast.kind
    if drill and await drills.refused(connection, kind, groups, relation=relation):
        return Bar.NOT_FOR_DRILLS
    return None


async def begin(
    db: Database,
    officer: Officer,
    broadcast_id: UUID,
    relation: Relation,
    *,
    settings: Settings,
    now: datetime,
) -> Draft:
    """A draft that follows a broadcast, to all groups of its thread. Raises NotFound, OutOfReach, and
    Conflict where nothing can follow it like this."""
    found = await overseeing.look(
        db, broadcast_id, settings=settings, within=officer.reach(Deed.LOOK)
    )
    before = found.broadcast
    thread = await threads.said(db, found.row["thread_id"], within=officer.reach(Deed.LOOK))
    replaced = threads.successor(thread, broadcast_id) is not None
    able = await ways(db, officer, found.row, before, now=now, replaced=replaced)
    if Bar.BEYOND in able.bars and not replaced:
        raise OutOfReach
    if relation not in able.relations:
        raise Conflict(
            "Nothing can follow this broadcast like this. Follow the last one of its thread, or write "
            "a new one."
        )
    content = Content(
        kind=str(before.kind), severity=str(before.severity or ""), drill=before.drill,
        texts=follow_ups.texts(before, relation, words=templates(settings).words),
        valid_until=valid_until(before, settings=settings, now=now),
        follows=str(broadcast_id), relation=str(relation),
    )  # fmt: skip
    return await drafting.begin(db, officer, content)


def valid_until(before: Broadcast, *, settings: Settings, now: datetime) -> str:
    """Until when what comes after it holds, as drafts write it: as long, and for some hours at least."""
    if before.valid_until is None:
        return ""
    until = max(before.valid_until, now + AT_LEAST)
    return until.astimezone(settings.zone).replace(tzinfo=None).isoformat(timespec="minutes")
