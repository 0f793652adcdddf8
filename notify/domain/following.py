"""How a broadcast can be followed, and why not."""

from datetime import datetime
from enum import StrEnum

from notify.domain.broadcast import Broadcast
from notify.domain.words import Kind, Relation


class Bar(StrEnum):
    """Why nothing follows a broadcast, or nothing by this relation."""

    UNSENT = "unsent"  # it has reached nobody
    FORGOTTEN = "forgotten"  # it is deleted by now whom it reached
    ENDED = "ended"  # the all-clear was given: no update
    NOT_FOR_DRILLS = "not_for_drills"  # an update of a drill, whose groups are for drills no more
    BEYOND = "beyond"  # its thread went to groups beyond the grants of whoever writes


def sensible(broadcast: Broadcast, *, now: datetime) -> list[Relation]:
    """How it makes sense to follow it, whatever bars that."""
    if broadcast.kind is Kind.POLL:  # what was asked stays as it was asked
        return []
    if broadcast.relation is Relation.ALL_CLEAR:
        return [Relation.CORRECTION]
    if broadcast.kind is not Kind.ALERT:
        return [Relation.UPDATE, Relation.CORRECTION]
    if broadcast.valid_until and broadcast.valid_until <= now:
        return [Relation.CORRECTION]
    return [Relation.UPDATE, Relation.ALL_CLEAR, Relation.CORRECTION]
