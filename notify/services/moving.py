"""Moves a group in the tree. That changes whom warnings reach and who may do what, so it is shown first,
and done only as it was shown.

Whoever moves it administers where it stands and where it goes: both lose or gain something.
"""

import hashlib
import hmac
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from notify.domain.grants import Deed, OutOfReach, Reach
from notify.errors import Invalid
from notify.services import auditing
from notify.services.group_editing import Stale, mine
from notify.services.groups import check_reaches, identity
from notify.services.staff_sessions import Officer
from notify.settings import Settings
from notify.store import groups, reckoning
from notify.store import moving as store
from notify.store.database import TOO_LONG, Connection, Database, Row

PATIENCE: Final = 4.0  # seconds to count in


@dataclass(frozen=True, slots=True)
class Reached:
    """How many residents a warning to this group reaches now, and once the other is moved."""

    names: Mapping[str, str]
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Holders:
    """Grants and keys at groups within reach (`name`, `role`, `names` of the group), and how many
    `others` there are beyond it."""

    rows: Sequence[Row]
    others: int


@dataclass(frozen=True, slots=True)
class Move:
    """What a move would change. `followers` are residents whom warnings to the group itself reach;
    `reached` tells of groups within reach, None where it took too long to count, and `beyond` how many
    more there are. `speaks` is who speaks to its followers, and
    `approval` whether its news waits for a second person, each before and after. `seen` marks what
    stood here."""

    group: Row
    to: Mapping[str, str] | None
    followers: int | None
    reached: Sequence[Reached] | None
    beyond: int
    comes: Holders
    goes: Holders
    speaks: tuple[str, str]
    approval: tuple[bool, bool]
    seen: str


@dataclass(frozen=True, slots=True)
class _Plan:
    group: Row
    to: Row | None
    moved: list[int]  # with all below it
    old: list[Row]  # what lies above it now, the nearest first
    new: list[Row]

    @property
    def left(self) -> list[Row]:
        """What lies above it no more."""
        stay = {row["id"] for row in self.new}
        return [row for row in self.old if row["id"] not in stay]

    @property
    def joined(self) -> list[Row]:
        """What lies above it from then on."""
        stay = {row["id"] for row in self.old}
        return [row for row in self.new if row["id"] not in stay]


@dataclass(frozen=True, slots=True)
class _Changes:
    """What it changes besides whom warnings reach, as `Move` has it, also beyond reach."""

    comes: Sequence[Row]
    goes: Sequence[Row]
    speaks: tuple[str, str]
    approval: tuple[bool, bool]


async def ask(db: Database, officer: Officer, slug: str) -> tuple[Row, Sequence[int]]:
    """The group, and the ids of those that it cannot go below: itself and all that is below it. Raises
    NotFound, OutOfReach."""
    async with db.transaction() as connection:
        group = await _movable(connection, officer, slug)
        return group, await groups.below(connection, [group["id"]])


async def look(db: Database, officer: Officer, slug: str, to: str, *, settings: Settings) -> Move:
    """What would change were it moved below `to`, to the top where that is empty. Raises NotFound,
    OutOfReach, and Invalid where it cannot go there."""
    async with db.transaction() as connection:
        plan = await _plan(connection, officer, slug, to)
        changes = await _changes(connection, plan, settings=settings)
        tops = officer.require(Deed.ADMINISTER).tops
        known = None if tops is None else {*await groups.below(connection, tops)}
        shown = [_within(rows, known) for rows in (changes.comes, changes.goes)]
    followers, reached = await _counted(db, plan, known)
    return Move(
        group=plan.group, to=plan.to and plan.to["names"], followers=followers, reached=reached,
        beyond=sum(known is not None and one["id"] not in known for one in plan.left + plan.joined),
        comes=shown[0], goes=shown[1], speaks=changes.speaks, seen=_mark(plan, changes),
        approval=changes.approval,
    )  # fmt: skip


async def move(
    db: Database, officer: Officer, slug: str, to: str, *, seen: str, settings: Settings
) -> None:
    """Do it, where what it changes is still what was shown. Raises as `look` does, and Stale."""
    async with db.transaction() as connection:
        await store.lock(connection)
        plan = await _plan(connection, officer, slug, to)
        changes = await _changes(connection, plan, settings=settings)
        if not hmac.compare_digest(_mark(plan, changes).encode(), seen.encode()):
            raise Stale
        await store.move(connection, plan.group["id"], plan.to["id"] if plan.to else None)
        await auditing.record(
            connection, officer.id, "group.moved", group=slug, was=plan.group["parent"] or "top",
            parent=to or "top",
        )  # fmt: skip


async def _movable(connection: Connection, officer: Officer, slug: str) -> Row:
    """The group, where they administer what it stands below."""
    group = await mine(connection, officer, slug)
    await _check_place(connection, officer.require(Deed.ADMINISTER), group["parent"])
    return group


async def _check_place(connection: Connection, within: Reach, slug: str | None) -> Row | None:
    """The group at which something is put or taken; None for the top. Raises OutOfReach."""
    if not slug:
        if not within.everywhere:
            raise OutOfReach
        return None
    place = await groups.by_slug(connection, slug)
    if place is None:
        raise Invalid("There is no such group.", field="to")
    await check_reaches(connection, [place.id], within=within)
    return {"id": place.id, "slug": place.slug, "names": place.names}


async def _plan(connection: Connection, officer: Officer, slug: str, to: str) -> _Plan:
    group = await _movable(connection, officer, slug)
    place = await _check_place(connection, officer.require(Deed.ADMINISTER), to)
    moved = await groups.below(connection, [group["id"]])
    if place is not None and place["id"] in moved:
        raise Invalid("It cannot go below itself.", field="to")
    if (group["parent"] or "") == to:
        raise Invalid("It is there already.", field="to")
    old = (await store.line(connection, group["id"]))[1:]
    new = await store.line(connection, place["id"]) if place else []
    return _Plan(group, place, moved, old, new)


def _within(rows: Sequence[Row], known: Collection[int] | None) -> Holders:
    """Who works where they do not reach is not theirs to know."""
    shown = [row for row in rows if known is None or row["group_id"] in known]
    return Holders(shown, len(rows) - len(shown))


async def _changes(connection: Connection, plan: _Plan, *, settings: Settings) -> _Changes:
    needs = [
        await groups.news_need_approval(connection, ids)
        for ids in ([plan.group["id"]], _ids(plan.new))
    ]
    return _Changes(
        await store.held(connection, _ids(plan.joined)),
        await store.held(connection, _ids(plan.left)),
        await _speaks(connection, plan, settings=settings),
        (needs[0], plan.group["news_need_approval"] or needs[1]),
    )


async def _speaks(connection: Connection, plan: _Plan, *, settings: Settings) -> tuple[str, str]:
    before = await identity(connection, [plan.group["id"]], settings=settings)
    above = await identity(connection, _ids(plan.new)[:1], settings=settings)
    after = plan.group["identity"].get("sender_name") or above.sender_name
    return before.sender_name, after


async def _counted(
    db: Database, plan: _Plan, known: Collection[int] | None
) -> tuple[int | None, Sequence[Reached] | None]:
    """Residents behind the group, and behind those above it within reach, before and after."""
    moved, found = {*plan.moved}, []
    try:
        async with db.transaction() as connection:
            await reckoning.patience(connection, round(PATIENCE * 1_000))
            for above, gains in [(one, False) for one in plan.left] + [
                (one, True) for one in plan.joined
            ]:
                if known is not None and above["id"] not in known:
                    continue
                below = {*await groups.below(connection, [above["id"]])}
                without = await store.warned(connection, [*(below - moved)])
                whole = await store.warned(connection, [*(below | moved)])
                before, after = (without, whole) if gains else (whole, without)
                found.append(Reached(above["names"], before, after))
            return await store.warned(connection, plan.moved), found
    except TOO_LONG:
        return None, None


def _mark(plan: _Plan, changes: _Changes) -> str:
    """What a move has to name: where it stands and goes, whose grants come and go, who speaks, and
    whether news wait."""
    said = [
        _ids(plan.old),
        _ids(plan.new),
        plan.moved,
        *([row["id"] for row in rows] for rows in (changes.comes, changes.goes)),
        changes.speaks,
        changes.approval,
    ]
    return hashlib.sha256(repr(said).encode()).hexdigest()


def _ids(rows: Sequence[Row]) -> list[int]:
    return [row["id"] for row in rows]
