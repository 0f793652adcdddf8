"""A broadcast as a value, its statuses, and the moves between them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from notify.domain.poll import Ask
from notify.domain.poll import to_json as ask_to_json
from notify.domain.words import Kind, Lane, Relation, Severity, lane_of


class BroadcastStatus(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    DISPATCHING = "dispatching"
    DISPATCHED = "dispatched"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class HeldWhy(StrEnum):
    """Where a broadcast stood in a backup, that is held because it may have gone on since."""

    WAITING = "waiting"  # it had not begun
    UNDER_WAY = "under_way"  # it was being sent
    OPEN = "open"  # it was sent but for some deliveries
    IN_FORCE = "in_force"  # it was sent, and goes on to whoever joins


_S = BroadcastStatus

BROADCAST_MOVES: Mapping[BroadcastStatus, frozenset[BroadcastStatus]] = {
    _S.DRAFT: frozenset({_S.SUBMITTED, _S.CANCELLED}),
    _S.SUBMITTED: frozenset({_S.APPROVED, _S.RETURNED, _S.CANCELLED, _S.EXPIRED}),
    _S.RETURNED: frozenset({_S.SUBMITTED, _S.CANCELLED}),
    _S.APPROVED: frozenset({_S.SCHEDULED, _S.DISPATCHING, _S.CANCELLED, _S.EXPIRED}),
    _S.SCHEDULED: frozenset({_S.DISPATCHING, _S.CANCELLED, _S.EXPIRED}),
    _S.DISPATCHING: frozenset({_S.DISPATCHED, _S.CANCELLED, _S.EXPIRED}),
    _S.DISPATCHED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.EXPIRED: frozenset(),
}

PUBLIC = (_S.DISPATCHING, _S.DISPATCHED, _S.CANCELLED)
"""Statuses in which a broadcast has a public page."""


def broadcast_from(target: BroadcastStatus) -> list[str]:
    """Statuses from which `target` may be reached, for `WHERE status = ANY(…)`."""
    return [str(status) for status, targets in BROADCAST_MOVES.items() if target in targets]


def recalled_from(kind: Kind) -> list[str]:
    """Statuses from which a broadcast is recalled. A poll goes on when all of it is sent: it takes
    answers, and its result is shown."""
    sent = [str(_S.DISPATCHED)] if kind is Kind.POLL else []
    return [*broadcast_from(_S.CANCELLED), *sent]


@dataclass(frozen=True, slots=True)
class Text:
    """What staff wrote in one language: data, never a template. `body` is Markdown,
    `sms` an optional shorter text for SMS."""

    title: str
    body: str
    sms: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who speaks, gathered from a group and those above it; the nearest one wins.

    `contact` says how to reach them, `accessibility` what is not accessible yet, and
    `enforcement` who helps where they do not: texts in Markdown, as `imprint` and `privacy` are.
    """

    sender_name: str
    mail_from: str
    imprint: str | None = None
    privacy: str | None = None
    colour: str | None = None
    contact: str | None = None
    accessibility: str | None = None
    enforcement: str | None = None


@dataclass(frozen=True, slots=True)
class Broadcast:
    """One thing published to many. `thread_id` is the id of the first broadcast of the thread,
    `sequence` its place in it, counted from 0. A `drill` is marked as one wherever it is seen.
    `code` is by which an SMS names what it asks, from when that is open."""

    id: UUID
    kind: Kind
    status: BroadcastStatus
    texts: Mapping[str, Text]
    severity: Severity | None
    group_ids: tuple[int, ...]
    valid_until: datetime | None
    send_at: datetime | None
    thread_id: UUID
    sequence: int
    in_reply_to: UUID | None
    relation: Relation | None
    created_at: datetime
    drill: bool = False
    ask: Ask | None = None
    code: str | None = None

    @property
    def lane(self) -> Lane:
        return lane_of(self.kind)

    def text(self, language: str, *, default: str) -> tuple[str, Text]:
        """The text for a reader of `language`, with the language it is really in."""
        chosen = language if language in self.texts else default
        return chosen, self.texts[chosen]


def fingerprint(broadcast: Broadcast) -> str:
    """A hash (SHA-256, as hexadecimal digits) of all that somebody approves in a broadcast: its
    words and questions, for whom, how bad, when and until when, and whether it is a drill."""
    said = {
        "kind": broadcast.kind,
        "severity": broadcast.severity,
        "drill": broadcast.drill,
        "texts": {language: asdict(text) for language, text in broadcast.texts.items()},
        "groups": list(broadcast.group_ids),  # the first says who speaks, and who pays
        "asks": ask_to_json(broadcast.ask) if broadcast.ask else None,
        "times": [at and at.timestamp() for at in (broadcast.valid_until, broadcast.send_at)],
        "follows": [str(broadcast.in_reply_to), broadcast.relation],
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
