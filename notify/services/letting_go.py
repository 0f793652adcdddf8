"""Lets go what waits for approval, unless it is not any more what whoever decides takes it for."""

from datetime import datetime

from notify import clock
from notify.domain.broadcast import BroadcastStatus
from notify.domain.poll import SHORTEST_OPEN
from notify.domain.words import Kind
from notify.errors import Conflict
from notify.services import threads
from notify.store import broadcasts, ordering, planning
from notify.store.database import Connection, Row


class Grown(Conflict):
    """The thread that it follows went to more groups since it was submitted."""

    def __init__(self) -> None:
        super().__init__(
            "What it follows went to more groups since it was submitted, and so would this. Return "
            "it; submitted again, it names them all."
        )


class Overtaken(Conflict):
    """Something in its thread was let go since it was submitted, or the thread was ended."""

    def __init__(self) -> None:
        super().__init__(
            "Something later was sent in its thread, or the all-clear was given, since it was "
            "submitted. Return it. Submitted again, it comes after that; after an all-clear, write "
            "a new warning instead of an update."
        )


class Held(Conflict):
    """It was brought back by a restore, and is held: the planner would leave it alone."""

    def __init__(self) -> None:
        super().__init__(
            "It is held since a backup was restored, for it may have been sent before. Whoever runs "
            "the service looks and says `notify release ID`; then approve it."
        )


class Late(Conflict):
    """The time that it was to be sent at is over, and nobody said that it may leave at once."""

    def __init__(self) -> None:
        super().__init__(
            "The time that it was to be sent at is over. Say that it may leave at once (`--now`), or return it."
        )


class Brief(Conflict):
    """A poll that waited so long that nobody would have the time to answer it."""

    def __init__(self) -> None:
        super().__init__(
            "The poll would close within a minute of being sent. Return it; submitted again, it "
            "names a later end."
        )


async def obstacle(connection: Connection, row: Row) -> Conflict | None:
    """What keeps a broadcast that waits from being let go by anybody, whenever they ask."""
    if row["held_at"] is not None:
        return Held()
    if set(await planning.thread_groups(connection, row["thread_id"])) - {*row["group_ids"]}:
        return Grown()
    if await overtaken(connection, row):
        return Overtaken()
    return None


async def let_go(connection: Connection, row: Row, *, at_once: bool) -> None:
    """A broadcast that was read in this transaction, which holds its thread. Past the time it
    was to be sent at it goes only where somebody says `at_once`. Raises Held, Grown, Overtaken,
    Late, Brief, and Conflict when it waits for nothing."""
    if row["status"] == BroadcastStatus.SUBMITTED:
        if (why := await obstacle(connection, row)) is not None:
            raise why
        if row["send_at"] and row["send_at"] <= clock.now() and not at_once:
            raise Late
        if row["kind"] == Kind.POLL and _opens(row) > row["valid_until"] - SHORTEST_OPEN:
            raise Brief
    done = await broadcasts.approve(connection, row["id"], allowed=[str(BroadcastStatus.SUBMITTED)])
    if not done:
        raise Conflict(f"It is {row['status']}, not waiting for approval, or its time passed.")


def _opens(row: Row) -> datetime:
    """When a poll that is let go now begins."""
    now = clock.now()
    return max(row["send_at"] or now, now)


async def overtaken(connection: Connection, row: Row) -> bool:
    """Whether something was let go since this was submitted, or its thread was ended."""
    return await ordering.overtaken(connection, row["id"]) or await threads.ended(
        connection, row["thread_id"], row["relation"], row["send_at"]
    )
