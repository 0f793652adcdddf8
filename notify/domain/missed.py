"""Why a broadcast to somebody's groups left no trace with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from notify.domain.broadcast import BroadcastStatus
from notify.domain.words import Following, Relation


class Missed(StrEnum):
    """The reason, in the order in which it is looked for."""

    NOT_SENT = "not_sent"  # it was not sent to anybody
    NOT_YET = "not_yet"  # the recipients are still being gathered
    DELETED = "deleted"  # who got it was deleted, as long ago as it is
    STOPPED = "stopped"  # it was recalled, or its time was over, before it was their turn
    NOT_LET_IN = "not_let_in"  # the group is closed, and nobody approved them
    FOLLOW_UP = "follow_up"  # it went to those whom the one before it had reached
    LATER = "later"  # they followed the group only afterwards
    NO_TRACE = "no_trace"


_UNPLANNED: Final[Mapping[str, Missed]] = {
    BroadcastStatus.DISPATCHING: Missed.NOT_YET,
    BroadcastStatus.CANCELLED: Missed.STOPPED,
    BroadcastStatus.EXPIRED: Missed.STOPPED,
}
"""Where not all recipients are found, by how it stands."""


@dataclass(frozen=True, slots=True)
class Subscribed:
    """How somebody follows a group, and since when in this way."""

    state: str
    since: datetime


def missed(
    *, status: str, relation: str | None, began: datetime | None, planned: bool, forgotten: bool,
    subscribed: Sequence[Subscribed],
) -> Missed:  # fmt: skip
    """Judge a broadcast that concerns somebody by these subscriptions. `began` is when it began to be
    sent, `planned` whether all recipients are found."""
    if began is None:
        return Missed.NOT_SENT
    if forgotten:
        return Missed.DELETED
    if not planned and status in _UNPLANNED:
        return _UNPLANNED[status]
    active = [one for one in subscribed if one.state == Following.ACTIVE]
    if not active:
        return Missed.NOT_LET_IN
    if relation in {Relation.ALL_CLEAR, Relation.CORRECTION}:
        return Missed.FOLLOW_UP
    return Missed.LATER if all(one.since > began for one in active) else Missed.NO_TRACE
