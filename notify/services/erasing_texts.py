"""Has the provider delete its copies of what residents answered by SMS.

A secret answer is kept by nobody; where the provider cannot be asked just now it is asked again, later
each time.
"""

import asyncio
from typing import Final, Protocol

from channels.base import Failure
from notify.log import get
from notify.store import inbound
from notify.store.database import Database

log = get(__name__)

TOGETHER: Final = 20
"""Texts that are deleted at once."""
_WORRYING: Final = 6  # tries: more than a day


class Eraser(Protocol):
    """What is asked of a provider."""

    async def erase(self, provider_id: str) -> None: ...


async def erase_texts(db: Database, provider: Eraser) -> int:
    """Delete what is due; returns how many are gone."""
    gone = 0
    while True:
        async with db.transaction() as connection:
            due = await inbound.to_erase(connection, size=TOGETHER)
        done = await asyncio.gather(*(_gone(provider, row["provider_id"]) for row in due))
        erased = [row["id"] for row, is_gone in zip(due, done, strict=True) if is_gone]
        async with db.transaction() as connection:
            await inbound.erased(connection, erased)
        gone += len(erased)
        kept = [row for row in due if row["id"] not in erased]
        if any(row["erase_tries"] >= _WORRYING for row in kept):
            log.warning("answers.not_erased", texts=len(kept))
        if len(due) < TOGETHER or kept:
            return gone


async def _gone(provider: Eraser, provider_id: str) -> bool:
    try:
        await provider.erase(provider_id)
    except Failure:
        return False
    return True
