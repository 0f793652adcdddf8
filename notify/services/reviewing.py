"""Reviews of what one officer sent alone: somebody else reads it and says what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from notify.domain.broadcast import fingerprint
from notify.domain.grants import Deed
from notify.domain.lines import many_lines
from notify.errors import Conflict, Invalid
from notify.services import auditing, overseeing
from notify.services.groups import check_reaches
from notify.services.staff_sessions import Officer
from notify.store import decisions, glass
from notify.store.database import Connection, Database, Row
from notify.store.rows import to_broadcast

LONGEST: Final = 4_000  # characters of a review


@dataclass(frozen=True, slots=True)
class ToReview:
    """What waits for a review: sent `by` somebody alone. `titles` are by language; `mine`: this
    officer may review it."""

    id: UUID
    titles: Mapping[str, str]
    by: str
    at: datetime
    mine: bool


async def waiting(db: Database, officer: Officer) -> list[ToReview]:
    """What within reach waits for a review, the oldest first."""
    if not officer.reach(Deed.LOOK):
        return []
    async with db.statement() as connection:
        return [_shown(row) for row in await _waiting(connection, officer)]


async def of(db: Database, officer: Officer, broadcast_id: UUID) -> ToReview | None:
    """The same of one broadcast; None where it waits for none, or is out of reach."""
    async with db.statement() as connection:
        rows = await _waiting(connection, officer, broadcast_id)
    return _shown(rows[0]) if rows else None


async def review(db: Database, officer: Officer, broadcast_id: UUID, *, text: str) -> None:
    """Say what came of it. Raises NotFound, OutOfReach, Invalid where nothing is said, and Conflict
    for who sent it, or where it waits for no review."""
    text = many_lines(text, field="text", limit=LONGEST)
    async with db.transaction() as connection:
        row = await overseeing.visible(connection, broadcast_id, within=officer.reach(Deed.LOOK))
        await check_reaches(connection, row["group_ids"], within=officer.require(Deed.APPROVE))
        waits = await _waiting(connection, officer, broadcast_id)
        if not waits:
            raise Conflict("This waits for no review.")
        if waits[0]["staff_id"] == officer.id:
            raise Conflict("You sent this. Somebody else has to review it.")
        if not text:
            raise Invalid("Say what you found.", field="text")
        seen = fingerprint(to_broadcast(row))
        await decisions.add(
            connection, broadcast_id, staff=officer.id, decision="reviewed",
            seen=bytes.fromhex(seen), reason=text,
        )  # fmt: skip
        await auditing.record(
            connection, officer.id, "broadcast.reviewed", broadcast=broadcast_id, seen=seen
        )


async def _waiting(
    connection: Connection, officer: Officer, broadcast_id: UUID | None = None
) -> list[Row]:
    return await glass.to_review(
        connection, tops=officer.reach(Deed.LOOK).tops, may=officer.reach(Deed.APPROVE).tops,
        staff=officer.id, broadcast_id=broadcast_id,
    )  # fmt: skip


def _shown(row: Row) -> ToReview:
    titles = {language: text["title"] for language, text in row["texts"].items()}
    return ToReview(row["id"], titles, row["name"], row["broken_at"], row["mine"])
