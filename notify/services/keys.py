"""Keys of programs: made once, shown once, kept only as a hash.

Staff see, make and end those at their groups and below; a key for everywhere needs a grant everywhere.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from notify.domain.grants import OutOfReach, Reach
from notify.domain.lines import one_line
from notify.domain.scopes import Scope
from notify.errors import Forbidden, Invalid, NotFound
from notify.services import auditing
from notify.services.groups import check_reaches
from notify.store import groups, keys
from notify.store.database import Database, Row

PREFIX = "notify_"
EVERYWHERE: Final = Reach(everywhere=True)


@dataclass(frozen=True, slots=True)
class Key:
    """Who calls: what it may do, and at which group and below (None: everywhere). `made_by` made it
    in the page, so what it submits is theirs: they do not approve it."""

    id: int
    name: str
    scopes: frozenset[str]
    group_id: int | None
    made_by: UUID | None = None

    def require(self, scope: Scope) -> None:
        """Raises Forbidden unless this key has the scope."""
        if scope not in self.scopes:
            raise Forbidden(f"This key lacks the scope {scope}. Make one that has it.")


async def create(
    db: Database, *, name: str, scopes: Sequence[Scope], group: str | None,
    within: Reach = EVERYWHERE, by: UUID | None = None,
) -> str:  # fmt: skip
    """A new key, to be shown once. Raises NotFound for an unknown group, OutOfReach, and Invalid
    for a name that is none."""
    token = PREFIX + secrets.token_urlsafe(32)
    name = one_line(name, field="name")
    if not name:
        raise Invalid("Say which program will use it.", field="name")
    async with db.transaction() as connection:
        found = await groups.by_slug(connection, group) if group else None
        if group and found is None:
            raise NotFound(f"There is no group {group!r}.")
        if found is not None:
            await check_reaches(connection, [found.id], within=within)
        elif not within.everywhere:
            raise OutOfReach
        key_id = await keys.insert(
            connection,
            name=name,
            digest=_digest(token),
            scopes=[str(scope) for scope in scopes],
            group_id=found.id if found else None,
            made_by=by,
        )
        await auditing.record(
            connection, by, "key.made", key=key_id, group=group, scopes=" ".join(scopes)
        )
    return token


async def recognise(db: Database, token: str) -> Key | None:
    """The key behind a bearer token, or None."""
    async with db.transaction() as connection:
        row = await keys.by_digest(connection, _digest(token))
    if row is None:
        return None
    return Key(
        row["id"], row["name"], frozenset(row["scopes"]), row["group_id"], row["made_by"]
    )  # fmt: skip


async def every(db: Database, *, within: Reach = EVERYWHERE) -> list[Row]:
    """Those within reach, in use or ended, the oldest first."""
    async with db.transaction() as connection:
        return await keys.every(connection, tops=within.tops)


async def revoke(
    db: Database, key_id: int, *, within: Reach = EVERYWHERE, by: UUID | None = None
) -> None:
    """Takes effect with its next request. Raises NotFound when there is no such key in use, also
    beyond reach."""
    async with db.transaction() as connection:
        if not await keys.revoke(connection, key_id, tops=within.tops):
            raise NotFound("There is no such key in use. `notify key list` shows them.")
        await auditing.record(connection, by, "key.ended", key=key_id)


def _digest(token: str) -> bytes:
    # 256 random bits need no slow hash.
    return hashlib.sha256(token.encode()).digest()
