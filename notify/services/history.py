"""Answers why somebody did, or did not, get a message.

Whoever asks says why, and that stays in the log. They see what came through the groups at which they may
operate, and nothing of others that the resident follows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from notify.domain.broadcast import Broadcast
from notify.domain.grants import Deed, OutOfReach, Reach
from notify.domain.lines import one_line
from notify.domain.missed import Missed, Subscribed, missed
from notify.errors import Invalid, NotFound
from notify.services import auditing
from notify.services.staff_sessions import Officer
from notify.store import history as store
from notify.store.database import Connection, Database, Row
from notify.store.rows import to_broadcast

MOST: Final = 200
LONGEST_REASON: Final = 300


@dataclass(frozen=True, slots=True)
class Told:
    """One broadcast, and `at` when it began to be sent, or was written; `deliveries` to the
    resident, each with its `attempts`, `skips` of channels, and where there is none of these, why."""

    broadcast: Broadcast
    at: datetime
    deliveries: Sequence[Mapping[str, Any]]
    skips: Sequence[Row]
    missed: Missed | None


async def check(db: Database, officer: Officer, resident: UUID) -> None:
    """Whether they may ask about a resident. Raises NotFound, OutOfReach."""
    async with db.transaction() as connection:
        await _groups(connection, officer, resident)


async def ask(db: Database, officer: Officer, resident: UUID, *, reason: str) -> list[Told]:
    """The history, once, for a reason that is kept in the log. Raises as `check` does, and Invalid
    where none is given."""
    reason = one_line(reason, field="reason", limit=LONGEST_REASON)
    if not reason:
        raise Invalid("Say why you look at it.", field="reason")
    async with db.transaction() as connection:
        await _groups(connection, officer, resident)
        told = await history(connection, resident, within=officer.require(Deed.OPERATE))
        await auditing.record(
            connection, officer.id, "resident.viewed", resident=resident, reason=reason
        )
    return told


async def history(connection: Connection, resident: UUID, *, within: Reach) -> list[Told]:
    """Every broadcast since the resident is known, the latest first, at most MOST."""
    groups = await store.reached(connection, resident, tops=within.tops)
    rows = await store.broadcasts(
        connection, resident, groups=groups, tops=within.tops, limit=MOST
    )  # fmt: skip
    ids = [row["id"] for row in rows]
    follows = await store.subscribed(connection, resident, groups=groups)
    deliveries = await store.deliveries(connection, resident, ids)
    attempts = await store.attempts(connection, [row["id"] for row in deliveries])
    skips = await store.skips(connection, resident, ids)
    return [
        _told(
            row,
            [
                {**one, "attempts": [t for t in attempts if t["delivery_id"] == one["id"]]}
                for one in deliveries if one["broadcast_id"] == row["id"]
            ],
            [one for one in skips if one["broadcast_id"] == row["id"]],
            [follows[group] for group in row["through"] if group in follows],
        )
        for row in rows
    ]  # fmt: skip


def _told(
    row: Row, deliveries: Sequence[Mapping[str, Any]], skips: Sequence[Row],
    follows: Sequence[Row],
) -> Told:  # fmt: skip
    why = None
    if not deliveries and not skips:
        why = missed(
            status=row["status"], relation=row["relation"], began=row["dispatching_at"],
            planned=row["planned_at"] is not None, forgotten=row["forgotten_at"] is not None,
            subscribed=[Subscribed(one["state"], one["created_at"]) for one in follows],
        )  # fmt: skip
    return Told(to_broadcast(row), row["at"], deliveries, skips, why)


async def _groups(connection: Connection, officer: Officer, resident: UUID) -> None:
    if not await store.reached(connection, resident, tops=officer.reach(Deed.LOOK).tops):
        raise NotFound("There is no such resident.")
    if not await store.reached(connection, resident, tops=officer.require(Deed.OPERATE).tops):
        raise OutOfReach
