"""One delivery over HTTP, with all that was tried and reported."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path

from notify.domain.scopes import Scope
from notify.services import auditing, watching
from notify.web.api.auth import BroadcastReader
from notify.web.api.documents import refusals
from notify.web.api.said import AddSaid
from notify.web.api.shapes import DeliveryWholeOut, answer
from notify.web.deps import TheApp

router = APIRouter(prefix="/deliveries", tags=["deliveries"])


@router.get(
    "/{delivery_id}", response_model=None,
    responses=answer(200, DeliveryWholeOut) | refusals(404),
)  # fmt: skip
async def look(
    delivery_id: Annotated[int, Path(ge=1, le=2**63 - 1)],
    app: TheApp,
    key: BroadcastReader,
    add_said: AddSaid,
) -> Mapping[str, Any]:
    """What became of one delivery: its status, every attempt, every receipt. `said` is a reason
    in plain words, in the language of Accept-Language."""
    found = add_said(await watching.delivery(app.db, delivery_id, within=key.group_id))
    for story in ("attempts", "receipts"):
        found[story] = [add_said(row, found["status"]) for row in found[story]]
    if Scope.RESIDENTS_READ not in key.scopes:
        return {**found, "address": None}
    await auditing.looked(
        app.db, None, "deliveries.viewed", broadcast=found["broadcast_id"], by_key=key.id
    )
    return found
