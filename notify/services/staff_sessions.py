"""Keeps staff signed in in a browser for a shift; they see where, and end it.

The browser holds a random word; we hold its hash.
"""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Final
from uuid import UUID

from notify.domain.grants import Deed, Grant, OutOfReach, Reach, Role, reach
from notify.store import staff, staff_sessions
from notify.store.database import Connection, Database, Row

LIFE: Final = timedelta(hours=2)
LONGEST: Final = timedelta(hours=14)
_WORD: Final = 32  # bytes of chance
_LONGEST_WORD: Final = 64  # characters
_LONGEST_BROWSER: Final = 80  # characters


@dataclass(frozen=True, slots=True)
class Officer:
    """Somebody of the staff who is signed in, in this session, with these grants."""

    id: UUID
    session: int
    name: str
    email: str
    language: str
    grants: tuple[Grant, ...]

    def reach(self, deed: Deed) -> Reach:
        return reach(self.grants, deed)

    def require(self, deed: Deed) -> Reach:
        """Where they may do it. Raises OutOfReach where that is nowhere."""
        found = self.reach(deed)
        if not found:
            raise OutOfReach
        return found


async def open_(connection: Connection, staff_id: UUID, *, browser: str) -> str:
    """Sign somebody in, in the caller's transaction; gives the word for the browser."""
    word = token_urlsafe(_WORD)
    await staff_sessions.open_(
        connection, _hash(word), staff=staff_id, browser=browser[:_LONGEST_BROWSER], life=LIFE
    )
    return word


async def renew(connection: Connection, officer: Officer) -> str:
    """Another word for the browser of somebody who proved once more who they are: the one before is
    over."""
    word = token_urlsafe(_WORD)
    await staff_sessions.rename(connection, officer.session, _hash(word))
    return word


async def find(db: Database, word: str | None) -> Officer | None:
    """Who is signed in; None for a word that is unknown or over."""
    if not word or len(word) > _LONGEST_WORD:
        return None
    async with db.transaction() as connection:
        row = await staff_sessions.find(connection, _hash(word), life=LIFE, longest=LONGEST)
        held = await staff.grants(connection, row["staff_id"]) if row else []
    if row is None:
        return None
    return Officer(
        id=row["staff_id"], session=row["id"], name=row["name"], email=row["email"],
        language=row["language"],
        grants=tuple(Grant(Role(one["role"]), one["group_id"]) for one in held),
    )  # fmt: skip


async def lasts(db: Database, officer: Officer) -> bool:
    """Whether they are still signed in as they were, with no grant taken from them."""
    async with db.statement() as connection:
        row = await staff_sessions.holds(connection, officer.session)
    return row is not None and {
        Grant(Role(one["role"]), one["group_id"]) for one in row["grants"]
    } >= {*officer.grants}


async def every(db: Database, officer: Officer) -> list[Row]:
    """Where they are signed in, the latest first."""
    async with db.statement() as connection:
        return await staff_sessions.every(connection, officer.id)


async def close(db: Database, officer: Officer) -> None:
    """Sign out this browser."""
    async with db.statement() as connection:
        await staff_sessions.close(connection, officer.id, officer.session)


def _hash(word: str) -> bytes:
    return sha256(word.encode()).digest()
