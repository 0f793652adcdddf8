"""Keeps the templates that staff prepare: each change is a new version, and the old ones stay.

A template has a place: it is for the group and all below it. Who writes there changes it; whoever
writes below it uses it.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Final
from uuid import UUID

from notify import clock
from notify.domain.draft import Content, Words
from notify.domain.grants import Deed, OutOfReach, Reach
from notify.domain.templating import Prepared, check, fill, fingerprint, from_json, to_json
from notify.errors import Conflict, Invalid, NotFound
from notify.services import auditing, drafting
from notify.services.drafting import Draft
from notify.services.groups import check_reaches
from notify.services.prepared import Read, Template, Version, template_of
from notify.services.staff_sessions import Officer
from notify.settings import Settings
from notify.store import groups, templates
from notify.store.database import Connection, Database

MONTHS_12: Final = timedelta(days=365)
"""How long an approval in advance holds: what may be sent alone is read anew every year."""


async def every(db: Database, officer: Officer, *, deed: Deed = Deed.LOOK) -> list[Template]:
    """What an officer may use, by name: prepared where they may do `deed`, or above. Raises
    OutOfReach."""
    within = officer.require(deed)
    async with db.statement() as connection:
        return [template_of(row) for row in await templates.every(connection, tops=within.tops)]


async def read(db: Database, officer: Officer, template_id: UUID) -> Read:
    """Raises NotFound, also where the grants do not reach."""
    async with db.transaction() as connection:
        template = await found(connection, officer, template_id, deed=Deed.LOOK)
        rows = await templates.versions(connection, template_id)
        may_write = await _at_place(connection, template, officer.reach(Deed.WRITE))
        may_approve = await _at_place(connection, template, officer.reach(Deed.APPROVE))
        own = await templates.wrote(connection, template_id, staff=officer.id)
    return Read(
        template,
        [
            Version(row["version"], from_json(row["content"]), row["written_by_name"], row["written_at"])
            for row in rows
        ],
        may_write=may_write,
        may_approve=may_approve and not own,
        own=own,
    )  # fmt: skip


async def usable(db: Database, officer: Officer, template_id: UUID) -> Template:
    """A template to write from. Raises NotFound, OutOfReach, and Conflict where it is retired."""
    async with db.transaction() as connection:
        template = await found(connection, officer, template_id, deed=Deed.WRITE)
    if template.retired_at is not None:
        raise Conflict("This template is retired.")
    return template


async def add(
    db: Database, officer: Officer, prepared: Prepared, *, place: str | None, settings: Settings
) -> UUID:
    """Prepare a template for a group and those below (None: for all). Raises Invalid, OutOfReach."""
    check(prepared, first_language=settings.default_language)
    async with db.transaction() as connection:
        group_id = None
        if place is not None:
            group = await groups.by_slug(connection, place)
            if group is None:
                raise Invalid("There is no such group.", field="place")
            group_id = group.id
        await _require(connection, group_id, officer.require(Deed.WRITE))
        await _check_groups(connection, prepared, place=group_id)
        template_id = await templates.add(connection, group=group_id)
        await _write(connection, officer, template_id, prepared, version=1)
    return template_id


async def change(
    db: Database, officer: Officer, template_id: UUID, prepared: Prepared, *,
    version: int, settings: Settings,
) -> int:  # fmt: skip
    """Write the version after `version`, and give its number; an approval in advance no longer
    holds. Raises NotFound, OutOfReach, Invalid, and Conflict where it changed since or is retired."""
    check(prepared, first_language=settings.default_language)
    async with db.transaction() as connection:
        template = await _writable(connection, officer, template_id)
        if template.version != version:
            raise Conflict("Somebody else wrote a new version since. Look at it first.")
        await _check_groups(connection, prepared, place=template.place)
        await _write(connection, officer, template_id, prepared, version=version + 1)
    return version + 1


async def retire(db: Database, officer: Officer, template_id: UUID) -> None:
    """Nobody uses it any more; its versions stay. Raises NotFound, OutOfReach, Conflict."""
    async with db.transaction() as connection:
        await _writable(connection, officer, template_id)
        await templates.retire(connection, template_id)
        await auditing.record(connection, officer.id, "template.retired", template=template_id)


async def approve(db: Database, officer: Officer, template_id: UUID, *, seen: str) -> None:
    """Let one officer alone send this version, for a year. Raises NotFound, OutOfReach, and Conflict
    where it is not what was seen, it is no alert, or they wrote any of it since somebody else approved
    it."""
    async with db.transaction() as connection:
        await templates.lock(connection, template_id)
        template = await found(connection, officer, template_id, deed=Deed.LOOK)
        await _require(connection, template.place, officer.require(Deed.APPROVE))
        if template.seen != seen or template.retired_at:
            raise Conflict("It is not what you saw. Read it again, then decide.")
        if await templates.wrote(connection, template_id, staff=officer.id):
            raise Conflict("You wrote this, or part of it. Somebody else has to approve it.")
        if template.prepared.kind != "alert":
            raise Conflict("Only a warning may be sent by one person alone.")
        await templates.approve(
            connection, template_id, version=template.version, hash_=bytes.fromhex(seen),
            staff=officer.id, life=MONTHS_12,
        )  # fmt: skip
        await auditing.record(
            connection, officer.id, "template.approved", template=template_id,
            version=template.version, seen=seen,
        )  # fmt: skip


async def withdraw(db: Database, officer: Officer, template_id: UUID) -> None:
    """Take that back. Saying it twice is fine. Raises NotFound, OutOfReach."""
    async with db.transaction() as connection:
        await templates.lock(connection, template_id)
        template = await found(connection, officer, template_id, deed=Deed.LOOK)
        await _require(connection, template.place, officer.require(Deed.APPROVE))
        if await templates.withdraw(connection, template_id):
            await auditing.record(
                connection, officer.id, "template.withdrawn", template=template_id,
                version=template.version,
            )  # fmt: skip


async def begin(
    db: Database, officer: Officer, template_id: UUID, values: Mapping[str, str], *,
    version: int, settings: Settings, drill: bool = False,
) -> Draft:  # fmt: skip
    """Begin a draft from it, with its gaps filled and those of its groups that the officer writes
    to; a drill names none yet. Raises NotFound, Flawed, OutOfReach, and Conflict where it is
    retired, or changed since `version`."""
    within = officer.require(Deed.WRITE)
    template = await usable(db, officer, template_id)
    if template.version != version:
        raise Conflict("This template changed since you opened it.")
    named = () if drill else template.prepared.groups
    async with db.statement() as connection:
        mine = await reached_groups(connection, named, within=within)
    prepared = template.prepared
    ends = clock.now().astimezone(settings.zone) + timedelta(hours=prepared.hours)
    texts = {
        language: Words(text.title, text.body, text.sms or "")
        for language, text in fill(prepared.texts, values).items()
    }
    content = Content(
        kind=prepared.kind, severity=prepared.severity or "", drill=drill, groups=tuple(mine), texts=texts,
        valid_until=f"{ends:%Y-%m-%dT%H:%M}", template=f"{template_id}/{template.version}",
        asking=prepared.asking or Content().asking,
    )  # fmt: skip
    return await drafting.begin(db, officer, content)


async def found(
    connection: Connection, officer: Officer, template_id: UUID, *, deed: Deed
) -> Template:
    """A template that may be used where the officer may do `deed`. Raises NotFound, OutOfReach."""
    rows = await templates.every(
        connection, tops=officer.require(deed).tops, template_id=template_id
    )
    if not rows:
        raise NotFound("There is no such template.")
    return template_of(rows[0])


async def reached_groups(
    connection: Connection, slugs: tuple[str, ...], *, within: Reach
) -> list[str]:
    """Those of these groups that are reached, in their order."""
    known = await groups.by_slugs(connection, slugs)
    reached = None if within.everywhere else set(await groups.below(connection, [*within.groups]))
    return [
        slug for slug in slugs if slug in known and (reached is None or known[slug].id in reached)
    ]


async def _write(
    connection: Connection, officer: Officer, template_id: UUID, prepared: Prepared, *, version: int
) -> None:
    await templates.write(
        connection, template_id, version=version, content=to_json(prepared),
        hash_=fingerprint(prepared), staff=officer.id,
    )  # fmt: skip
    await auditing.record(
        connection, officer.id, "template.written", template=template_id, version=version
    )


async def _writable(connection: Connection, officer: Officer, template_id: UUID) -> Template:
    await templates.lock(connection, template_id)
    template = await found(connection, officer, template_id, deed=Deed.LOOK)
    await _require(connection, template.place, officer.require(Deed.WRITE))
    if template.retired_at is not None:
        raise Conflict("This template is retired.")
    return template


async def _check_groups(connection: Connection, prepared: Prepared, *, place: int | None) -> None:
    """Raise Invalid unless the groups it is always for are at its place or below."""
    known = await groups.by_slugs(connection, prepared.groups)
    reached = None if place is None else set(await groups.below(connection, [place]))
    for slug in prepared.groups:
        if slug not in known or (reached is not None and known[slug].id not in reached):
            raise Invalid("This group is not at the template's place or below.", field="groups")


async def _require(connection: Connection, place: int | None, within: Reach) -> None:
    if place is None and not within.everywhere:
        raise OutOfReach
    if place is not None:
        await check_reaches(connection, [place], within=within)


async def _at_place(connection: Connection, template: Template, within: Reach) -> bool:
    if not within:
        return False
    with suppress(OutOfReach):
        await _require(connection, template.place, within)
        return True
    return False
