"""Lets whoever warned alone end or correct that warning alone: the same night, with nobody to ask.

It is as loud as the warning: all who might have approved it are told, and it waits for a review. It
holds only for a day, as long as nobody else has said anything in between nor reviewed it, and for the
groups that were warned.
"""

import hmac
from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid4

from notify.domain.broadcast import fingerprint
from notify.domain.grants import Deed
from notify.domain.lines import many_lines
from notify.errors import Conflict, Invalid
from notify.services import auditing, breaking_glass, overseeing
from notify.services.breaking_glass import LONGEST_REASON
from notify.services.groups import check_reaches
from notify.services.letting_go import let_go
from notify.services.staff_sessions import Officer
from notify.store import broadcasts, decisions, glass
from notify.store.database import Connection, Database, Row
from notify.store.rows import to_broadcast

FOR: Final = timedelta(hours=24)
"""From the first warning on: by then somebody else is up."""


class Why(StrEnum):
    """Why somebody does not send it alone."""

    OTHER = "other"  # it ends or corrects nothing that they sent alone, or not in their words
    DONE = "done"  # it waits for nobody any more
    SPOKEN = "spoken"  # somebody else said something in between
    FURTHER = "further"  # it goes to more groups than they warned
    REVIEWED = "reviewed"  # somebody else has looked at it by now
    LATE = "late"  # the first warning is longer ago than FOR
    OFTEN = "often"  # too much within the hour


class NotAlone(Conflict):
    """Somebody else has to approve it."""

    def __init__(self, why: Why) -> None:
        super().__init__(f"Somebody else has to approve this ({why}).")
        self.why = why


async def barred(db: Database, officer: Officer, broadcast_id: UUID) -> Why | None:
    """What keeps them from sending it alone; None where nothing does."""
    if not officer.reach(Deed.WRITE):
        return Why.OTHER
    async with db.statement() as connection:
        return _why(*await _found(connection, officer, broadcast_id))


async def send(
    db: Database, officer: Officer, broadcast_id: UUID, *, seen: str, reason: str, alone: bool
) -> None:
    """Let it go as it was `seen`. `alone`: they say that they could reach nobody.

    Raises NotFound, OutOfReach, Invalid where they do not say why, NotAlone where somebody else has
    to approve it, and Conflict where it is not what was seen, or as `letting_go` does.
    """
    reason = many_lines(reason, field="reason", limit=LONGEST_REASON)
    async with db.transaction() as connection:
        await broadcasts.lock_thread_of(connection, broadcast_id)
        row = await overseeing.visible(
            connection, broadcast_id, within=officer.reach(Deed.LOOK), hold=True
        )
        await check_reaches(connection, row["group_ids"], within=officer.require(Deed.WRITE))
        await glass.turn(connection, staff=officer.id)
        followed, sent = await _found(connection, officer, broadcast_id)
        why = _why(followed, sent)
        if followed is None or why is not None:
            raise NotAlone(why or Why.OTHER)
        now = fingerprint(to_broadcast(row))
        if not hmac.compare_digest(now.encode(), seen.encode()):
            raise Conflict("It is not what you saw. Read it again, then decide.")
        if not reason:
            raise Invalid("Say why nobody could approve it.", field="reason")
        if not alone:
            raise Invalid("Say that you could reach nobody who may approve it.", field="alone")
        await let_go(connection, row, at_once=True)
        await glass.add(
            connection, broadcast_id, staff=officer.id, token=uuid4(),
            template=followed["template_id"], version=followed["version"],
        )  # fmt: skip
        await decisions.add(
            connection, broadcast_id, staff=officer.id, decision="broke_glass",
            seen=bytes.fromhex(seen), reason=reason,
        )  # fmt: skip
        await auditing.record(
            connection, officer.id, "broadcast.broke_glass", broadcast=broadcast_id,
            follows=row["in_reply_to"], seen=seen,
        )  # fmt: skip


async def _found(
    connection: Connection, officer: Officer, broadcast_id: UUID
) -> tuple[Row | None, int]:
    """What they end or correct by this, and how much they sent alone within the hour."""
    row = await glass.followed(connection, broadcast_id, staff=officer.id, bound=FOR)
    if row is None:
        return None, 0
    return row, await glass.lately(connection, staff=officer.id, drill=row["drill"])


def _why(followed: Row | None, sent: int) -> Why | None:
    if followed is None:
        return Why.OTHER
    whys = {
        Why.DONE: not followed["waits"], Why.SPOKEN: followed["others"],
        Why.FURTHER: followed["further"], Why.REVIEWED: followed["reviewed"],
        Why.LATE: followed["late"], Why.OFTEN: sent >= breaking_glass.MOST_AN_HOUR,
    }  # fmt: skip
    return next((why for why, so in whys.items() if so), None)
