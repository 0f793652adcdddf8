"""Lets staff decide who joins a closed group, and tells whoever asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from notify.domain.grants import Reach
from notify.errors import NotFound
from notify.services import auditing
from notify.services.groups import check_reach, check_reaches
from notify.store import groups
from notify.store import requests as store
from notify.store.database import Database, Row

MOST: Final = 500
"""Requests listed at once, the oldest; the others come when these are decided."""


@dataclass(frozen=True, slots=True)
class Decided:
    """`told` is whether the resident has an address that the answer goes to."""

    approved: bool
    told: bool


async def waiting(
    db: Database, *, group: str | None = None, within: int | None = None
) -> Sequence[Row]:
    """Requests that nobody has decided, of a group and those below it where one is named.

    `within` is the group of the caller's grant. Raises NotFound, Forbidden.
    """
    async with db.transaction() as connection:
        at = within
        if group is not None:
            found = await groups.by_slug(connection, group)
            if found is None:
                raise NotFound(f"There is no group {group!r}.")
            if within is not None:
                await check_reach(connection, [found.id], within=within)
            at = found.id
        ids = None if at is None else await groups.below(connection, [at])
        return await store.waiting(connection, within=ids, most=MOST)


async def seen_by(db: Database, within: Reach) -> Sequence[Row]:
    """The same for staff, as far as their grants reach."""
    async with db.transaction() as connection:
        ids = None if within.everywhere else await groups.below(connection, sorted(within.groups))
        return await store.waiting(connection, within=ids, most=MOST)


async def decide(
    db: Database, resident: UUID, group: str, *, approve: bool, within: int | Reach | None = None,
    by: UUID | None = None, key_id: int | None = None,
) -> Decided:  # fmt: skip
    """Approve or refuse one request; the resident is told over a proven address. `within` is the
    group of a key's grant or what staff reach, `by` who of them decides, `key_id` which program.

    Raises NotFound where no such request waits (any more), Forbidden.
    """
    async with db.transaction() as connection:
        found = await groups.by_slug(connection, group)
        if found is None:
            raise NotFound(f"There is no group {group!r}.")
        if isinstance(within, Reach):
            await check_reaches(connection, [found.id], within=within)
        elif within is not None:
            await check_reach(connection, [found.id], within=within)
        change = store.approve if approve else store.refuse
        if not await change(connection, resident, group=found.id):
            raise NotFound("No request of this resident to this group waits for a decision.")
        told = await store.tell(
            connection, resident, {"names": dict(found.names), "approved": approve}
        )
        await auditing.record(
            connection, by, "request.approved" if approve else "request.refused",
            resident=resident, group=group, by_key=key_id,
        )  # fmt: skip
    return Decided(approve, told)
