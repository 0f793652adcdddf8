"""Keeps what staff are writing. A change is made upon a version: whoever comes second is shown both,
and nothing of either is lost.

Whoever may write to all the groups of a draft sees it and writes on; one without groups is its
editors'.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from notify.domain.draft import Content, from_json, to_json
from notify.domain.grants import Deed, OutOfReach
from notify.errors import Conflict, Invalid, NotFound
from notify.services import auditing, threads
from notify.services.groups import check_reaches
from notify.services.staff_sessions import Officer
from notify.store import drafts, groups
from notify.store.database import Connection, Database, Row

_LISTED = 100


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as it is kept. `id` becomes the broadcast's; `returned` where that came back."""

    id: UUID
    version: int
    content: Content
    editors: tuple[UUID, ...]
    changed_by: str
    changed_by_id: UUID
    changed_at: datetime
    submitted_at: datetime | None
    returned: bool


class Stale(Conflict):
    """Somebody else changed the draft since; `saved` is what it holds now."""

    def __init__(self, saved: Draft) -> None:
        super().__init__("Somebody else changed this draft since. Compare, then save yours.")
        self.saved = saved


async def begin(db: Database, officer: Officer, content: Content) -> Draft:
    """Start a draft. Raises OutOfReach, and Invalid for a group that there is not."""
    async with db.transaction() as connection:
        content = await _with_thread(connection, content)
        await _check_groups(connection, officer, content)
        draft_id = await drafts.add(connection, to_json(content), staff=officer.id)
        begun = await read(connection, officer, draft_id)
        await auditing.record(
            connection, officer.id, "draft.begun", draft=draft_id, follows=content.follows or None
        )
        return begun


async def every(db: Database, officer: Officer) -> Sequence[Draft]:
    """Those that are not submitted, as far as they reach, the latest change first."""
    within = officer.require(Deed.WRITE)
    async with db.statement() as connection:
        rows = await drafts.every(connection, tops=within.tops, staff=officer.id, limit=_LISTED)
    return [to_draft(row) for row in rows]


async def find(db: Database, officer: Officer, draft_id: UUID) -> Draft:
    """Raises NotFound, also where the grants do not reach."""
    async with db.transaction() as connection:
        return await read(connection, officer, draft_id)


async def save(
    db: Database, officer: Officer, draft_id: UUID, content: Content, *, version: int
) -> Draft:
    """Keep a change made upon `version`; what the draft follows stays, and so do the groups of that.
    Raises Stale, NotFound, OutOfReach, and Conflict where it was submitted."""
    async with db.transaction() as connection:
        before = await read(connection, officer, draft_id)
        if before.submitted_at is not None:
            raise Conflict("It was submitted already, and holds still.")
        content = replace(content, follows=before.content.follows, relation=before.content.relation)
        content = await _with_thread(connection, content)
        if content == before.content:
            return before  # a form that was sent twice, or again with nothing new
        await _check_groups(connection, officer, content)
        done = await drafts.save(
            connection, draft_id, to_json(content), version=version, staff=officer.id
        )
        if not done:
            raise Stale(await read(connection, officer, draft_id))
        saved = await read(connection, officer, draft_id)
        # It saves itself every few seconds: what the log tells is whose hands it went through.
        if before.changed_by_id != officer.id:
            await auditing.record(connection, officer.id, "draft.changed", draft=draft_id)
        return saved


async def drop(db: Database, officer: Officer, draft_id: UUID, *, version: int) -> None:
    """Throw it away as it was at `version`. Raises Stale, NotFound, and Conflict where it was
    submitted."""
    async with db.transaction() as connection:
        before = await read(connection, officer, draft_id)
        if before.submitted_at is not None:
            raise Conflict("It was submitted already, and holds still.")
        if not await drafts.drop(connection, draft_id, version=version):
            raise Stale(before)
        await auditing.record(connection, officer.id, "draft.dropped", draft=draft_id)


async def read(connection: Connection, officer: Officer, draft_id: UUID) -> Draft:
    """A draft that they may write on, in the caller's transaction. Raises NotFound."""
    row = await drafts.get(connection, draft_id)
    if row is None:
        raise NotFound("There is no such draft.")
    draft = to_draft(row)
    if not draft.content.groups:
        if officer.id not in draft.editors:
            raise NotFound("There is no such draft.")
        return draft
    try:
        await _check_groups(connection, officer, draft.content)
    except OutOfReach:
        raise NotFound("There is no such draft.") from None
    return draft


async def bound(db: Database, content: Content) -> Sequence[str]:
    """The groups, by slug, that a draft goes to whatever is chosen: those of the thread it follows."""
    async with db.transaction() as connection:
        return await _bound(connection, content)


async def slugs(db: Database, group_ids: Sequence[int]) -> Sequence[str]:
    """Groups as a draft names them."""
    async with db.transaction() as connection:
        return await groups.slugs(connection, group_ids)


async def _with_thread(connection: Connection, content: Content) -> Content:
    kept = await _bound(connection, content)
    return replace(content, groups=tuple(dict.fromkeys([*kept, *content.groups])))


async def _bound(connection: Connection, content: Content) -> list[str]:
    if not content.follows:
        return []
    return await groups.slugs(
        connection, await threads.groups_behind(connection, UUID(content.follows))
    )


def to_draft(row: Row) -> Draft:
    return Draft(
        id=row["id"], version=row["version"], content=from_json(row["content"]),
        editors=tuple(row["editors"]), changed_by=row["changed_by_name"],
        changed_by_id=row["changed_by"], changed_at=row["changed_at"],
        submitted_at=row["submitted_at"], returned=row["returned"],
    )  # fmt: skip


async def _check_groups(connection: Connection, officer: Officer, content: Content) -> None:
    """Raise OutOfReach unless they may write to all of its groups, Invalid for one there is not."""
    within = officer.require(Deed.WRITE)
    known = await groups.by_slugs(connection, list(content.groups))
    for slug in content.groups:
        if slug not in known:
            raise Invalid(f"There is no group {slug!r}.", field="groups")
    await check_reaches(connection, [group.id for group in known.values()], within=within)
