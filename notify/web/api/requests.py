"""Requests to join closed groups, over HTTP."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from notify.domain.scopes import Scope
from notify.domain.words import Lane
from notify.services import auditing, requesting
from notify.web.api.auth import ResidentWriter
from notify.web.api.documents import refusals
from notify.web.api.shapes import DecidedOut, RequestsOut, answer
from notify.web.deps import TheApp

router = APIRouter(prefix="/requests", tags=["residents"])


class DecisionIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    decision: Literal["approve", "refuse"] = Field(description="`approve` lets them in.")


@router.get("", response_model=None, responses=answer(200, RequestsOut) | refusals(404))
async def waiting(
    app: TheApp,
    key: ResidentWriter,
    group: Annotated[str | None, Query(max_length=63, description="Of it and all below.")] = None,
) -> Mapping[str, Any]:
    """Who asks to join a closed group, the oldest first, at most 500. `resident_name` is null
    without the scope residents:read; with it, the look at them is in the audit log."""
    shows = Scope.RESIDENTS_READ in key.scopes
    rows = await requesting.waiting(app.db, group=group, within=key.group_id)
    if shows and rows:
        await auditing.looked(app.db, None, "requests.viewed", group=group, by_key=key.id)
    return {
        "requests": [
            {
                "resident_id": row["resident_id"],
                "resident_name": row["resident_name"] if shows else None,
                "language": row["language"],
                "group": row["slug"],
                "alerts": row["alerts"],
                "news": row["news"],
                "requested_at": row["created_at"],
            }
            for row in rows
        ]
    }


@router.post(
    "/{resident_id}/{group}", response_model=None,
    responses=answer(200, DecidedOut) | refusals(400, 404, 413),
)  # fmt: skip
async def decide(
    resident_id: UUID, group: str, wanted: DecisionIn, app: TheApp, key: ResidentWriter
) -> Mapping[str, Any]:
    """Approve or refuse a request. The resident is told by mail or SMS; `told` is false where no
    proven address is left for it."""
    done = await requesting.decide(
        app.db, resident_id, group, approve=wanted.decision == "approve", within=key.group_id,
        key_id=key.id,
    )  # fmt: skip
    app.bell.ring(Lane.NOTE)
    return {"decision": wanted.decision, "told": done.told}
