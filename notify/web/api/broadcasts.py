"""Broadcasts over HTTP: send, look, recall."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from notify import clock
from notify.domain.broadcast import BroadcastStatus, Text
from notify.domain.delivery import DeliveryStatus
from notify.domain.results import to_json
from notify.domain.scopes import Scope
from notify.domain.submission import Submission
from notify.domain.words import Channel, Kind, Lane, Relation, Severity, lane_of
from notify.services import auditing, counting, submitting, watching
from notify.services.once import Answer, once
from notify.services.watching import Watched
from notify.store.database import Connection, Row
from notify.web.api import result_shapes, shapes
from notify.web.api.auth import BroadcastReader, BroadcastWriter
from notify.web.api.documents import refusals
from notify.web.api.questions import AskIn, to_ask
from notify.web.api.said import AddSaid
from notify.web.api.shapes import answer
from notify.web.deps import TheApp

router = APIRouter(prefix="/broadcasts", tags=["broadcasts"])


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)


class TextIn(Strict):
    title: str
    body: str = Field(description="Markdown.")
    sms: str | None = Field(None, description="A shorter text for SMS.")


class InReplyTo(Strict):
    id: UUID
    relation: Relation


class BroadcastIn(Strict):
    """`send_at` and `valid_until` without an offset are wall time in the town's zone."""

    kind: Kind
    groups: list[str] = Field(default_factory=list, max_length=200)
    texts: dict[str, TextIn] = Field(max_length=50)
    severity: Severity | None = Field(None, description="Of an alert; of a poll refused.")
    drill: bool = Field(
        False, description="An exercise: says so everywhere, and goes only to groups for drills."
    )
    valid_until: datetime | None = Field(
        None,
        description="An alert and a poll need it. Of a poll it is when it closes: from one minute to "
        "a year (366 days) after it is sent.",
    )
    send_at: datetime | None = None
    in_reply_to: InReplyTo | None = None
    ask: AskIn | None = Field(
        None, description="What a poll asks; an alert that follows none may ask one question."
    )


@router.post(
    "", status_code=202, response_model=None,
    responses=answer(202, shapes.SubmittedOut, headers=shapes.LOCATION, links=shapes.LINKS)
    | refusals(400, 404, 409, 413),
)  # fmt: skip
async def send(
    wanted: BroadcastIn,
    app: TheApp,
    key: BroadcastWriter,
    idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
) -> Response:
    """Send a broadcast. Repeat it with the same Idempotency-Key after a time-out: it is sent
    once. Without the scope alerts:send an alert waits at `submitted`."""

    async def work(connection: Connection) -> Answer:
        done = await submitting.submit(
            connection, _submission(wanted), settings=app.settings, now=clock.now(),
            may_alert=Scope.ALERTS_SEND in key.scopes, within=key.group_id, key_id=key.id,
            editors=[key.made_by] if key.made_by else [],
        )  # fmt: skip
        sms = {
            language: {"segments": segments, "replaced": done.replaced.get(language, [])}
            for language, segments in done.segments.items()
        }
        await auditing.record(
            connection, None, "broadcast.submitted", broadcast=done.id, by_key=key.id
        )
        return Answer(202, {"id": str(done.id), "status": str(done.status), "sms": sms})

    done = await once(
        app.db, key_id=key.id, idempotency_key=idempotency_key,
        request=["broadcasts", wanted.model_dump(mode="json")], work=work,
    )  # fmt: skip
    app.bell.ring(lane_of(wanted.kind))
    if done.body["status"] == BroadcastStatus.SUBMITTED:
        app.bell.ring(Lane.NOTE)  # approvers are told
    headers = {"Location": f"/api/v1/broadcasts/{done.body['id']}"}
    if done.replayed:
        headers["Idempotency-Replayed"] = "true"
    return JSONResponse(dict(done.body), status_code=done.status, headers=headers)


def _submission(wanted: BroadcastIn) -> Submission:
    return Submission(
        kind=wanted.kind,
        groups=wanted.groups,
        texts={
            language: Text(text.title, text.body, text.sms)
            for language, text in wanted.texts.items()
        },
        severity=wanted.severity,
        drill=wanted.drill,
        valid_until=wanted.valid_until,
        send_at=wanted.send_at,
        in_reply_to=wanted.in_reply_to.id if wanted.in_reply_to else None,
        relation=wanted.in_reply_to.relation if wanted.in_reply_to else None,
        ask=to_ask(wanted.ask, alert=wanted.kind is Kind.ALERT) if wanted.ask else None,
    )


@router.get(
    "/{broadcast_id}", response_model=None,
    responses=answer(200, shapes.BroadcastOut) | refusals(404),
)  # fmt: skip
async def look(broadcast_id: UUID, app: TheApp, key: BroadcastReader) -> Mapping[str, Any]:
    """Where a broadcast stands, from its counters."""
    return as_json(await watching.broadcast(app.db, broadcast_id, within=key.group_id))


@router.post(
    "/{broadcast_id}/cancel", status_code=202, response_model=None,
    responses=answer(202, shapes.CancelledOut) | refusals(404, 409),
)  # fmt: skip
async def cancel(broadcast_id: UUID, app: TheApp, key: BroadcastWriter) -> Mapping[str, Any]:
    """Recall a broadcast within a second; what was handed over stays told."""
    row = await submitting.cancel(app.db, broadcast_id, within=key.group_id)
    app.bell.ring(lane_of(row["kind"]))
    await auditing.record_after(app.db, "broadcast.recalled", broadcast=broadcast_id, by_key=key.id)
    return {"id": str(row["id"]), "status": row["status"], "cancelled_at": row["cancelled_at"]}


@router.get(
    "/{broadcast_id}/deliveries", response_model=None,
    responses=answer(200, shapes.DeliveriesOut) | refusals(404),
)  # fmt: skip
async def deliveries(
    broadcast_id: UUID,
    app: TheApp,
    key: BroadcastReader,
    add_said: AddSaid,
    channel: Channel | None = None,
    status: DeliveryStatus | None = None,
    cursor: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Mapping[str, Any]:
    """Deliveries one by one, oldest first. `next_cursor` is null at the end. `said` is the
    reason in plain words, in the language of Accept-Language. `forgotten_at`: since when they are
    deleted, because they were kept long enough."""
    page = await watching.delivery_page(
        app.db, broadcast_id, within=key.group_id, channel=channel, status=status, after=cursor,
        limit=limit,
    )  # fmt: skip
    rows, more = page.rows, len(page.rows) == limit
    if Scope.RESIDENTS_READ not in key.scopes:
        rows = [{**row, "address": None} for row in rows]
    elif rows:
        await auditing.looked(
            app.db, None, "deliveries.viewed", broadcast=broadcast_id, by_key=key.id
        )
    return {
        "deliveries": [add_said(row) for row in rows],
        "next_cursor": rows[-1]["id"] if more else None,
        "forgotten_at": page.forgotten_at,
    }


@router.get(
    "/{broadcast_id}/skips", response_model=None,
    responses=answer(200, shapes.SkipsOut) | refusals(404),
)  # fmt: skip
async def skips(
    broadcast_id: UUID,
    app: TheApp,
    key: BroadcastReader,
    add_said: AddSaid,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Mapping[str, Any]:
    """Who was left out, on which channel and why. `next_cursor` is null at the end.
    `forgotten_at`: since when this is deleted, because it was kept long enough."""
    page = await watching.skip_page(
        app.db, broadcast_id, within=key.group_id, after=cursor or UUID(int=0), limit=limit
    )
    rows = page.rows
    more = len({row["resident_id"] for row in rows}) == limit
    return {
        "skips": [add_said(row) for row in rows],
        "next_cursor": rows[-1]["resident_id"] if more else None,
        "forgotten_at": page.forgotten_at,
    }


@router.get(
    "/{broadcast_id}/results", response_model=None,
    responses=answer(200, result_shapes.ResultOut) | refusals(404, 409),
)  # fmt: skip
async def results(broadcast_id: UUID, app: TheApp, key: BroadcastReader) -> Mapping[str, Any]:
    """How what it asks was answered, counted from the stored ballots: people, not messages. Also
    before the close; of a secret poll that is open no question that fewer than ten have answered.
    409 where it asks nothing, or has not begun."""
    return to_json(await counting.for_key(app.db, broadcast_id, within=key.group_id))


def as_json(watched: Watched) -> dict[str, Any]:
    row: Row = watched.row
    progress = watched.progress
    reply = row["in_reply_to"]
    return {
        "id": row["id"],
        "kind": row["kind"],
        "drill": row["drill"],
        "status": row["status"],
        "severity": row["severity"],
        "groups": watched.groups,
        "texts": row["texts"],
        "valid_until": row["valid_until"],
        "send_at": row["send_at"],
        "ask": row["asks"],
        "thread_id": row["thread_id"],
        "in_reply_to": {"id": reply, "relation": row["relation"]} if reply else None,
        "created_at": row["created_at"],
        "approved_at": row["approved_at"],
        "dispatching_at": row["dispatching_at"],
        "late_seconds": watched.late,
        "planned_at": row["planned_at"],
        "dispatched_at": row["dispatched_at"],
        "cancelled_at": row["cancelled_at"],
        "superseded_at": row["superseded_at"],
        "held_at": row["held_at"],
        "held_why": row["held_why"],
        "forgotten_at": row["forgotten_at"],
        "progress": progress.counts,
        "skips": progress.skips,
        "first_handover_at": progress.first_handover_at,
        "last_handover_at": progress.last_handover_at,
        "curve": {
            channel: [{"second": second, "n": n} for second, n in points]
            for channel, points in progress.curve.items()
        },
    }
