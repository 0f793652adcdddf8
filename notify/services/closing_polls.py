"""Closes polls: when their time is over, when they are recalled, or when staff say so before.

At the close of a secret poll everything goes that could tell who answered what: in one transaction
that no vote can slip into. Whoever is ended in the middle has changed nothing.
"""

from typing import Final
from uuid import UUID

from notify import clock
from notify.domain.grants import Deed
from notify.domain.tally import told_apart
from notify.errors import Conflict, NotFound
from notify.log import get
from notify.services import auditing, overseeing
from notify.services.groups import check_reaches
from notify.services.staff_sessions import Officer
from notify.store import poll_closing
from notify.store.database import AWAY, TOO_LONG, Connection, Database, Row

log = get(__name__)

WAIT: Final = 600.0
"""Seconds that the close waits for texts which were sent in time and did not reach us."""
_LONGEST: Final = 600.0
"""Seconds that one step may take; a hundred thousand ballots take a few."""


class AlreadyClosed(Conflict):
    """It was closed before."""

    def __init__(self) -> None:
        super().__init__("This poll is closed already.")


class Closer:
    """Any number may run: one works at a time."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def round(self) -> int:
        """Close what is due, each poll by itself; how many. One that fails keeps none of the others
        open, and is tried again in the next round."""
        tried: list[UUID] = []
        closed = 0
        while (done := await self._next(tried)) is not None:
            closed += done
        await self._tidy()
        return closed

    async def _next(self, tried: list[UUID]) -> int | None:
        """1 where a poll was closed, 0 where one could not be, None where none is left for us."""
        now = clock.now()
        try:
            async with self._db.transaction() as connection:
                if not await poll_closing.turn(connection):
                    return None
                await poll_closing.read_now(connection, now=now, wait=WAIT)
                due = await poll_closing.due(connection, now=now, wait=WAIT, but=tried)
                if due is None:
                    return None
                tried.append(due)
                row = await poll_closing.hold(connection, due)
                if row is None or row["closed_at"] is not None:
                    return 0
                await _close(connection, row)
        except (*AWAY, TOO_LONG) as problem:
            log.error("poll.not_closed", problem=type(problem).__name__)
            return 0 if tried else None
        return 1

    async def _tidy(self) -> None:
        """The mark moves last: whoever is ended before leaves it to the next round."""
        async with self._db.transaction() as connection:
            polls = await poll_closing.untidy(connection)
        if not polls:
            return
        async with self._db.lasting(_LONGEST) as connection:
            await poll_closing.clear_away(connection)
        async with self._db.transaction() as connection:
            await poll_closing.tidied(connection, polls)


async def close(db: Database, broadcast_id: UUID, *, officer: Officer | None = None) -> None:
    """Close a poll now, for somebody of the staff who might recall it; without `officer`, for whoever
    runs the service. Raises NotFound, OutOfReach, and AlreadyClosed."""
    async with db.transaction() as connection:
        if officer is not None:
            found = await overseeing.visible(
                connection, broadcast_id, within=officer.reach(Deed.LOOK)
            )
            await check_reaches(
                connection, found["group_ids"], within=overseeing.recalls(officer, found)
            )
        row = await poll_closing.hold(connection, broadcast_id)
        if row is None:
            raise NotFound("There is no such poll, or it has not begun yet.")
        if row["closed_at"] is not None:
            raise AlreadyClosed
        await _close(connection, row)
        await auditing.record(
            connection, officer.id if officer else None, "poll.closed", broadcast=broadcast_id
        )


async def _close(connection: Connection, row: Row) -> None:
    """Of a poll that is held."""
    await connection.bound(_LONGEST)
    broadcast_id, secret = row["broadcast_id"], row["secret"]
    ballots = None
    if secret:
        ballots = await poll_closing.rewrite(
            connection, broadcast_id, kept=await _kept(connection, broadcast_id),
            questions=row["questions"],
        )  # fmt: skip
    await poll_closing.close(connection, broadcast_id, secret=secret, now=clock.now())
    log.info("poll.closed", broadcast=str(broadcast_id), secret=secret, ballots=ballots)


async def _kept(connection: Connection, broadcast_id: UUID) -> set[tuple[int, int]]:
    """The groups that stay on ballots, by question."""
    answered: dict[int, dict[int | None, int]] = {}
    for row in await poll_closing.answered_by_group(connection, broadcast_id):
        answered.setdefault(row["question"], {})[row["group_id"]] = row["n"]
    return {
        (question, group) for question, groups in answered.items() for group in told_apart(groups)
    }
