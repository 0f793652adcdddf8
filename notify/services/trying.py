"""Sends a trial message to a resident's browser, and tells what became of it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from notify.domain.delivery import DeliveryStatus
from notify.errors import Conflict, NotFound
from notify.store import residents, trials
from notify.store.database import Database

LIFE: Final = timedelta(minutes=5)
WITHIN: Final = timedelta(hours=1)
MOST: Final = 20  # trials of one resident within that time


@dataclass(frozen=True, slots=True)
class Trial:
    """How far a trial has come: its status, the last reason given, its age in seconds."""

    status: DeliveryStatus
    reason: str | None
    age: float


async def send(db: Database, resident: UUID, *, endpoint: str, language: str) -> int:
    """Put a trial in the way of this browser; gives its delivery.

    Raises NotFound where the browser is not the resident's, Conflict after too many.
    """
    async with db.transaction() as connection:
        await residents.lock(connection, resident)
        if await trials.lately(connection, resident, within=WITHIN) >= MOST:
            raise Conflict("Enough for now. Try again in an hour.")
        delivery = await trials.send(
            connection, resident, endpoint=endpoint, language=language, life=LIFE
        )
    if delivery is None:
        raise NotFound("This browser is not known here.")
    return delivery


async def look(db: Database, resident: UUID, delivery: int) -> Trial | None:
    """None where it is no trial of this resident."""
    async with db.statement() as connection:
        row = await trials.look(connection, resident, delivery)
    return Trial(DeliveryStatus(row["status"]), row["reason"], row["age"]) if row else None
