"""Keeps a resident's page open in one browser, for a while, and closes it.

The browser holds a random word; we hold its hash.
"""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Final
from uuid import UUID

from notify.store import sessions
from notify.store.database import Connection, Database

LIFE: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=12)
_WORD: Final = 32  # bytes of chance
_LONGEST_WORD: Final = 64  # characters


@dataclass(frozen=True, slots=True)
class Session:
    """Who is here, and by what their browser is known."""

    resident: UUID
    hash: bytes


async def open_(connection: Connection, resident: UUID) -> str:
    """Open a session in the caller's transaction; gives the word for the browser."""
    word = token_urlsafe(_WORD)
    await open_as(connection, resident, word)
    return word


async def open_as(connection: Connection, resident: UUID, word: str) -> None:
    """The same with a word that the browser was given before; nobody else can know it."""
    await sessions.open_(connection, _hash(word), resident=resident, life=LIFE)


async def find(db: Database, word: str | None) -> Session | None:
    """Who is here; None for a word that is unknown or over."""
    if not word or len(word) > _LONGEST_WORD:
        return None
    hash_ = _hash(word)
    async with db.statement() as connection:
        resident = await sessions.find(connection, hash_, life=LIFE, longest=LONGEST)
    return Session(resident, hash_) if resident else None


async def close(db: Database, session: Session) -> None:
    async with db.statement() as connection:
        await sessions.close(connection, session.hash)


async def close_others(db: Database, session: Session) -> int:
    """Close the resident's other pages; returns how many there were."""
    async with db.statement() as connection:
        return await sessions.close_others(connection, session.resident, but=session.hash)


def _hash(word: str) -> bytes:
    return sha256(word.encode()).digest()
