"""Lets administrators make groups and change them, one part at a time.

A change names what stood there when its form was opened: had somebody else changed that part since,
it is refused, and both are shown.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from notify.domain.grants import Deed, OutOfReach
from notify.domain.groups import check_about, check_identity, check_names, check_slug
from notify.errors import Conflict, Invalid, NotFound
from notify.services import auditing
from notify.services.groups import MOST_SEGMENTS, check_reaches
from notify.services.staff_sessions import Officer
from notify.store import group_editing as store
from notify.store import groups
from notify.store.database import Connection, Database, Row

COLUMNS: Final[Mapping[str, Sequence[str]]] = {
    "names": ("names",),
    "joining": ("closed", "carries_parent_news"),
    "about": ("about",),
    "identity": ("identity",),
    "cap": ("sms_cap",),
    "sending": ("news_need_approval", "drill"),
}
"""The parts, and what of a group belongs to each."""


class Stale(Conflict):
    """Somebody else changed this part since."""

    def __init__(self) -> None:
        super().__init__("Somebody else changed this meanwhile. Look at both, and save again.")


@dataclass(frozen=True, slots=True)
class Inherited:
    """What a group above says, and the names of that group."""

    value: str
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Edited:
    """A group as its form shows it. `row` is what it says itself, `inherited` by key of identity
    what it would say otherwise, `marks` what a change of each part has to name. `moves` whether
    they may move it."""

    row: Row
    inherited: Mapping[str, Inherited]
    marks: Mapping[str, str]
    moves: bool


async def look(db: Database, officer: Officer, slug: str) -> Edited:
    """Raises NotFound, and OutOfReach where they may see it and not change it."""
    async with db.transaction() as connection:
        row = await mine(connection, officer, slug)
        inherited: dict[str, Inherited] = {}
        for group in await store.above(connection, row["id"]):
            for key, value in group["identity"].items():
                inherited.setdefault(key, Inherited(value, group["names"]))
        moves = await _reaches(connection, officer, row["parent"])
    return Edited(row, inherited, {part: mark_of(row, part) for part in COLUMNS}, moves)


async def create(
    db: Database, officer: Officer, *, slug: str, names: Mapping[str, str], language: str,
    parent: str | None, closed: bool, carries: bool,
) -> None:  # fmt: skip
    """Make a group below one within reach, or at the top where they reach everything.

    Raises Invalid, OutOfReach, and Conflict for a slug that is taken.
    """
    slug, names = check_slug(slug), _names(names, language=language)
    async with db.transaction() as connection:
        within = officer.require(Deed.ADMINISTER)
        above = await groups.by_slug(connection, parent) if parent else None
        if parent and above is None:
            raise Invalid("There is no such group.", field="parent")
        if above is not None:
            await check_reaches(connection, [above.id], within=within)
        elif not within.everywhere:
            raise OutOfReach
        made = await groups.add(
            connection, slug=slug, parent=parent, names=names, closed=closed,
            carries_parent_news=carries, identity={}, sms_cap=None, about={},
        )  # fmt: skip
        if made is None:
            raise Conflict("There is a group with this slug already.", ids={"group": slug})
        await auditing.record(connection, officer.id, "group.made", group=slug, parent=parent)


async def change(
    db: Database, officer: Officer, slug: str, part: str, typed: Mapping[str, Any], *, seen: str,
    language: str,
) -> None:  # fmt: skip
    """Save one part (a key of COLUMNS), as it was typed upon what `seen` marks. `language` is the
    one in which every group has a name.

    Raises NotFound, OutOfReach, Invalid with its field, and Stale.
    """
    if part not in COLUMNS:
        raise NotFound("A group has no such part.")
    async with db.transaction() as connection:
        row = await mine(connection, officer, slug, hold=True)
        values = _CHECKS[part](typed, language)
        if not hmac.compare_digest(mark_of(row, part), seen.encode("ascii", "replace").decode()):
            raise Stale
        if all(row[name] == value for name, value in values.items()):
            return
        await store.change(connection, row["id"], part, values)
        await auditing.record(connection, officer.id, "group.changed", group=slug, part=part)


async def mine(connection: Connection, officer: Officer, slug: str, *, hold: bool = False) -> Row:
    """A group that they administer, held against changes if wished. Raises NotFound, OutOfReach."""
    row = await store.get(connection, slug, hold=hold)
    if row is None:
        raise NotFound("There is no such group.")
    try:
        await check_reaches(connection, [row["id"]], within=officer.reach(Deed.LOOK))
    except OutOfReach:
        raise NotFound("There is no such group.") from None
    await check_reaches(connection, [row["id"]], within=officer.require(Deed.ADMINISTER))
    return row


async def _reaches(connection: Connection, officer: Officer, slug: str | None) -> bool:
    """Whether they administer that group; of the top, everything."""
    within = officer.reach(Deed.ADMINISTER)
    place = await groups.by_slug(connection, slug) if slug else None
    if place is None:
        return within.everywhere
    try:
        await check_reaches(connection, [place.id], within=within)
    except OutOfReach:
        return False
    return True


def mark_of(row: Row, part: str) -> str:
    """What a change of this part has to name."""
    said = json.dumps([row[name] for name in COLUMNS[part]], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


def _names(names: Mapping[str, str], *, language: str) -> dict[str, str]:
    given = {tag: name for tag, name in names.items() if name}
    if language not in given:
        raise Invalid("Give the group a name.", field=f"name.{language}")
    return check_names(given)


def _cap(typed: Mapping[str, Any], _: str) -> dict[str, Any]:
    text = typed["sms_cap"].replace(".", "").replace(" ", "")
    if not text:
        return {"sms_cap": None}
    fits = text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= MOST_SEGMENTS
    if not fits:
        raise Invalid(f"Write a number from 0 to {MOST_SEGMENTS:,}.", field="sms_cap")
    return {"sms_cap": int(text)}


_CHECKS: Mapping[str, Callable[[Mapping[str, Any], str], dict[str, Any]]] = {
    "names": lambda typed, language: {"names": _names(typed["names"], language=language)},
    "joining": lambda typed, _: {name: bool(typed[name]) for name in COLUMNS["joining"]},
    "sending": lambda typed, _: {name: bool(typed[name]) for name in COLUMNS["sending"]},
    "about": lambda typed, _: {"about": check_about(typed["about"])},
    "identity": lambda typed, _: {
        "identity": check_identity({key: said for key, said in typed["identity"].items() if said})
    },
    "cap": _cap,
}
