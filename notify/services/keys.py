"""Keys of programs: made once, shown once, kept only as a hash."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from notify.domain.scopes import Scope
from notify.errors import Forbidden, NotFound
from notify.store import groups, keys
from notify.store.database import Database, Row

PREFIX = "notify_"


@dataclass(frozen=True, slots=True)
class Key:
    """Who calls: what it may do, and at which group and below (None: everywhere)."""

    id: int
    name: str
    scopes: frozenset[str]
    group_id: int | None

    def require(self, scope: Scope) -> None:
        """Raises Forbidden unless this key has the scope."""
        if scope not in self.scopes:
            raise Forbidden(f"This key lacks the scope {scope}. Make one that has it.")


async def create(db: Database, *, name: str, scopes: Sequence[Scope], group: str | None) -> str:
    """A new key, to be shown once. Raises NotFound for an unknown group."""
    token = PREFIX + secrets.token_urlsafe(32)
    async with db.transaction() as connection:
        found = await groups.by_slug(connection, group) if group else None
        if group and found is None:
            raise NotFound(f"There is no group {group!r}.")
        await keys.insert(
            connection,
            name=name,
            digest=_digest(token),
            scopes=[str(scope) for scope in scopes],
            group_id=found.id if found else None,
        )
    return token


async def recognise(db: Database, token: str) -> Key | None:
    """The key behind a bearer token, or None."""
    async with db.transaction() as connection:
        row = await keys.by_digest(connection, _digest(token))
    if row is None:
        return None
    return Key(row["id"], row["name"], frozenset(row["scopes"]), row["group_id"])


async def every(db: Database) -> list[Row]:
    async with db.transaction() as connection:
        return await keys.every(connection)


async def revoke(db: Database, key_id: int) -> None:
    """Raises NotFound when there is no such key in use."""
    async with db.transaction() as connection:
        if not await keys.revoke(connection, key_id):
            raise NotFound("There is no such key in use. `notify key list` shows them.")


def _digest(token: str) -> bytes:
    # 256 random bits need no slow hash.
    return hashlib.sha256(token.encode()).digest()
