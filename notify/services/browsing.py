"""Answers what the public may look through: the archive, the groups, and who answers for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from typing_extensions import override

from notify.domain.broadcast import Identity
from notify.domain.groups import Group
from notify.services import groups, publishing
from notify.services.publishing import READABLE, Published, next_end
from notify.settings import Settings
from notify.store import groups as group_store
from notify.store import pages
from notify.store.database import Connection, Database

PAGE = 20  # broadcasts on one page of the archive
OWED: Final = ("imprint", "privacy", "contact", "enforcement")
_LATEST = 10  # broadcasts on the page of a group


@dataclass(frozen=True, slots=True)
class InArchive:
    """Asks for a page of the archive: of a group, of a year, and from where on, if not all."""

    slug: str | None = None
    year: int | None = None
    before: UUID | None = None

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """What its link says of it."""
        said = (("group", self.slug), ("year", self.year), ("before", self.before))
        return tuple((name, str(value)) for name, value in said if value is not None)


@dataclass(frozen=True, slots=True)
class AtGroup:
    """Asks for the page of a group."""

    slug: str


@dataclass(frozen=True, slots=True)
class AllGroups:
    """Asks for the tree."""

    slug: None = None


@dataclass(frozen=True, slots=True)
class Answerable:
    """Asks who answers for a group's messages; for the whole site where no group is named."""

    slug: str | None = None


Wanted = InArchive | AtGroup | AllGroups | Answerable


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What every public page tells: the alerts that were in force, the worst first, and when the
    next of all that is out runs out."""

    alerts: tuple[Published, ...]
    ends_at: datetime | None

    @property
    def languages(self) -> tuple[str, ...]:
        """Beyond those of the town: none."""
        return ()

    def at(self, now: datetime) -> Self:
        """The same as it stands later, nothing having happened since but time."""
        return replace(self, alerts=tuple(e for e in self.alerts if e.in_force(now)))

    def holds_until(self, now: datetime) -> datetime | None:
        """When time alone changes what is shown."""
        return next_end(now, self.ends_at, self.alerts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive(Sheet):
    """One page of it, the newest first. `more` is where the next goes on, None where it ends."""

    wanted: InArchive
    entries: tuple[Published, ...]
    more: UUID | None
    years: tuple[int, ...]
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSheet(Sheet):
    """A group, those above it from the top, those right below, what its followers got last, and the
    drills under way where it is for drills."""

    group: Group
    above: tuple[Group, ...]
    below: tuple[Group, ...]
    entries: tuple[Published, ...]
    drills: tuple[Published, ...]
    identity: Identity

    @override
    def at(self, now: datetime) -> Self:
        drills = tuple(entry for entry in self.drills if entry.in_force(now))
        return replace(super(GroupSheet, self).at(now), drills=drills)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree(Sheet):
    """All groups, parents before children."""

    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers(Sheet):
    """Who answers for `group`, or for the site; `speakers` are the groups that have an imprint or
    a privacy text of their own."""

    group: Group | None
    identity: Identity
    speakers: tuple[Group, ...]


AnySheet = Archive | GroupSheet | Tree | Answers


async def read(
    db: Database, wanted: Wanted, now: datetime, *, settings: Settings
) -> AnySheet | None:
    """What is asked for; None where there is no such group."""
    async with db.transaction() as connection:
        alerts, ends_at = await publishing.in_force(connection, now)
        tree = await group_store.tree(connection)
        group = next((one for one in tree if one.slug == wanted.slug), None)
        if wanted.slug is not None and group is None:
            return None
        around: dict[str, Any] = {"alerts": alerts, "ends_at": ends_at}
        if isinstance(wanted, InArchive):
            return await _archive(connection, wanted, group, tree, settings.zone, around)
        if isinstance(wanted, AtGroup) and group is not None:
            return await _group(connection, group, tree, settings, around, now)
        if isinstance(wanted, Answerable):
            return await _answers(connection, group, tree, settings, around)
        return Tree(**around, groups=tuple(tree))


async def unwritten(db: Database) -> list[tuple[str, str]]:
    """What every town has to say of itself and does not: the group at its top, and which text."""
    async with db.transaction() as connection:
        tree = await group_store.tree(connection)
    tops = (group for group in tree if group.parent is None)
    return [(group.slug, text) for group in tops for text in OWED if text not in group.identity]


async def _archive(
    connection: Connection, wanted: InArchive, group: Group | None, tree: Sequence[Group],
    zone: ZoneInfo, around: Mapping[str, Any],
) -> Archive:  # fmt: skip
    entries = await _entries(connection, wanted, group, zone=zone)
    return Archive(
        **around, wanted=wanted, groups=tuple(tree), entries=entries[:PAGE],
        more=entries[PAGE - 1].broadcast.id if len(entries) > PAGE else None,
        years=await _years(connection, zone=zone),
    )  # fmt: skip


async def _group(
    connection: Connection, group: Group, tree: Sequence[Group], settings: Settings,
    around: Mapping[str, Any], now: datetime,
) -> GroupSheet:  # fmt: skip
    open_drills = [] if group.closed else await group_store.drills(connection, [group.id])
    return GroupSheet(
        **around, group=group, above=_above(group, {one.slug: one for one in tree}),
        below=tuple(one for one in tree if one.parent == group.slug),
        entries=await _latest(connection, group),
        drills=tuple(
            map(
                publishing.published,
                await pages.drills(connection, open_drills, now, limit=_LATEST),
            )
        ),
        identity=await groups.identity(connection, [group.id], settings=settings),
    )  # fmt: skip


async def _answers(
    connection: Connection, group: Group | None, tree: Sequence[Group], settings: Settings,
    around: Mapping[str, Any],
) -> Answers:  # fmt: skip
    speaker = group or _speaker(tree)
    ids = [speaker.id] if speaker else []
    return Answers(
        **around, group=group,
        identity=await groups.identity(connection, ids, settings=settings),
        speakers=tuple(one for one in tree if {"imprint", "privacy"} & set(one.identity)),
    )  # fmt: skip


async def _entries(
    connection: Connection, wanted: InArchive, group: Group | None, *, zone: ZoneInfo
) -> tuple[Published, ...]:
    since = until = None
    if wanted.year is not None:
        since = datetime(wanted.year, 1, 1, tzinfo=zone)
        until = datetime(wanted.year + 1, 1, 1, tzinfo=zone)
    rows = await pages.archive(
        connection, public=[*map(str, READABLE)], since=since, until=until,
        of=await group_store.heard(connection, group.id) if group else None,
        drills=await _for_drills(connection, group), before=wanted.before, limit=PAGE + 1,
    )  # fmt: skip
    return tuple(map(publishing.published, rows))


async def _latest(connection: Connection, group: Group) -> tuple[Published, ...]:
    """What its followers got last. A closed group's is for them alone."""
    if group.closed:
        return ()
    rows = await pages.archive(
        connection, public=[*map(str, READABLE)], since=None, until=None,
        of=await group_store.heard(connection, group.id),
        drills=await _for_drills(connection, group), before=None, limit=_LATEST,
    )  # fmt: skip
    return tuple(map(publishing.published, rows))


async def _for_drills(connection: Connection, group: Group | None) -> bool:
    """Whether drills are shown with it: with a group for drills, and with nothing else."""
    return group is not None and bool(await group_store.drills(connection, [group.id]))


async def _years(connection: Connection, *, zone: ZoneInfo) -> tuple[int, ...]:
    """From the first to the last in which something was published, the newest first."""
    span = await pages.span(connection)
    if span is None:
        return ()
    first, last = (at.astimezone(zone).year for at in span)
    return tuple(range(last, first - 1, -1))


def _above(group: Group, by_slug: Mapping[str, Group]) -> tuple[Group, ...]:
    found: list[Group] = []
    parent = by_slug.get(group.parent or "")
    while parent is not None and parent not in found:
        found.insert(0, parent)
        parent = by_slug.get(parent.parent or "")
    return tuple(found)


def _speaker(tree: Sequence[Group]) -> Group | None:
    """The group that speaks for the whole site: the one at the top, or the one of several at the
    top that has an imprint."""
    top = [group for group in tree if group.parent is None]
    if len(top) > 1:
        top = [group for group in top if "imprint" in group.identity]
    return top[0] if len(top) == 1 else None
