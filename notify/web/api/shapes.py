"""What the API answers, as the OpenAPI document tells it.

Only told, not enforced at each answer: `make api-fuzz` holds the answers against it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from notify.domain import poll
from notify.domain.broadcast import BroadcastStatus, HeldWhy
from notify.domain.delivery import DeliveryStatus
from notify.domain.words import Channel, Kind, Lane, Relation, Severity


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SmsOut(Shape):
    """`replaced`: which characters the SMS carries instead of the author's."""

    segments: int
    replaced: list[tuple[str, str]]


class SubmittedOut(Shape):
    """`sms` is by language."""

    id: UUID
    status: BroadcastStatus
    sms: dict[str, SmsOut]


class CancelledOut(Shape):
    id: UUID
    status: BroadcastStatus
    cancelled_at: datetime


class TextOut(Shape):
    title: str
    body: str
    sms: str | None = None


class InReplyToOut(Shape):
    id: UUID
    relation: Relation


class PointOut(Shape):
    second: datetime
    n: int


class WordingOut(Shape):
    ask: str
    options: list[str]


class QuestionOut(Shape):
    """`wordings` are by language; `low` and `high` are there of a scale alone, `most` where not every
    option may be chosen."""

    shape: poll.Shape
    wordings: dict[str, WordingOut]
    low: int = 1
    high: int = 5
    most: int | None = None


class AskOut(Shape):
    questions: list[QuestionOut]
    secret: bool
    shown: poll.Shown
    live: bool
    tell: bool
    urgent: int | None


class BroadcastOut(Shape):
    """`texts` are by language, `progress` is by channel and status, `skips` by channel and reason,
    `curve` tells the hand-overs of each second by channel, in the quarter of an hour before the
    last one. All of it stays when, from `forgotten_at` on, the single deliveries and skips are deleted."""

    id: UUID
    kind: Kind
    drill: bool
    status: BroadcastStatus
    severity: Severity | None
    groups: list[str]
    texts: dict[str, TextOut]
    valid_until: datetime | None
    send_at: datetime | None
    ask: AskOut | None
    thread_id: UUID
    in_reply_to: InReplyToOut | None
    created_at: datetime
    approved_at: datetime | None
    dispatching_at: datetime | None
    late_seconds: int | None
    held_at: datetime | None
    held_why: HeldWhy | None
    planned_at: datetime | None
    dispatched_at: datetime | None
    cancelled_at: datetime | None
    superseded_at: datetime | None
    forgotten_at: datetime | None
    progress: dict[Channel, dict[DeliveryStatus, int]]
    skips: dict[str, dict[str, int]]
    first_handover_at: datetime | None
    last_handover_at: datetime | None
    curve: dict[Channel, list[PointOut]]


class DeliveryOut(Shape):
    """`address` is null without the scope residents:read, and where it was erased."""

    id: int
    broadcast_id: UUID | None
    resident_id: UUID
    address_id: int
    channel: Channel
    language: str
    status: DeliveryStatus
    reason: str | None
    said: str | None
    tries: int
    repeats: int
    created_at: datetime
    handed_over_at: datetime | None
    ended_at: datetime | None
    closed_at: datetime | None
    address: str | None


class DeliveriesOut(Shape):
    deliveries: list[DeliveryOut]
    next_cursor: int | None
    forgotten_at: datetime | None


class AttemptOut(Shape):
    id: int
    number: int
    sender: str
    repeat: bool
    claimed_at: datetime
    started_at: datetime | None
    settled_at: datetime | None
    outcome: str | None
    reason: str | None
    said: str | None
    code: str | None
    provider_id: str | None
    parts: int | None


class ReceiptOut(Shape):
    id: int
    provider: str
    attempt_id: int | None
    report: str
    reason: str | None
    said: str | None
    code: str | None
    provider_id: str | None
    reported_at: datetime | None
    received_at: datetime


class DeliveryWholeOut(DeliveryOut):
    note_id: int | None
    lane: Lane
    due_at: datetime
    attempts: list[AttemptOut]
    receipts: list[ReceiptOut]


class SkipOut(Shape):
    resident_id: UUID
    channel: str
    reason: str
    said: str | None


class SkipsOut(Shape):
    skips: list[SkipOut]
    next_cursor: UUID | None
    forgotten_at: datetime | None


class GroupOut(Shape):
    """`name` and `about` are by language."""

    id: int
    slug: str
    name: dict[str, str]
    parent: str | None
    closed: bool
    about: dict[str, dict[str, str]]


class ResidentOut(Shape):
    id: UUID


class CodesOut(Shape):
    sent: int


class ConfirmedOut(Shape):
    channel: Channel


class RequestOut(Shape):
    resident_id: UUID
    resident_name: str | None
    language: str
    group: str
    alerts: list[Channel]
    news: list[Channel]
    requested_at: datetime


class RequestsOut(Shape):
    requests: list[RequestOut]


class DecidedOut(Shape):
    decision: Literal["approve", "refuse"]
    told: bool


_TEXT: Final = {"schema": {"type": "string"}}
_ID: Final = {"broadcast_id": "$response.body#/id"}

LOCATION: Final[Mapping[str, Any]] = {
    "Location": {"description": "Where the broadcast is.", **_TEXT},
    "Idempotency-Replayed": {"description": "`true` where this was answered before.", **_TEXT},
}

LINKS: Final[Mapping[str, Any]] = {
    name: {"operationRef": f"#/paths/~1api~1v1~1broadcasts~1{{broadcast_id}}{path}", "parameters": _ID}
    for name, path in {
        "look": "/get", "cancel": "~1cancel/post", "deliveries": "~1deliveries/get",
        "skips": "~1skips/get",
    }.items()
}  # fmt: skip
"""What can be asked of a broadcast that was just taken."""


def answer(status: int, shape: type[Shape], **more: Any) -> dict[int | str, dict[str, Any]]:
    """For `responses=` of a route: what it answers when all is well."""
    return {status: {"model": shape, "description": "Done.", **more}}
