"""Residents over HTTP."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, model_validator

from notify.domain.residents import NewResident
from notify.domain.words import Channel, Lane, Source
from notify.services import erasing, residents
from notify.web.api.auth import ResidentWriter
from notify.web.api.documents import refusals
from notify.web.api.shapes import ResidentOut, answer
from notify.web.deps import TheApp

router = APIRouter(prefix="/residents", tags=["residents"])


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PushKeys(Strict):
    p256dh: str = Field(max_length=200)
    auth: str = Field(max_length=100)


class PushSubscription(BaseModel):
    """What a browser's `PushSubscription.toJSON()` gives; other members are ignored."""

    endpoint: str = Field(max_length=2048)
    keys: PushKeys


class AddressIn(Strict):
    channel: Channel
    value: str | PushSubscription

    @model_validator(mode="after")
    def _fits(self) -> "AddressIn":
        if isinstance(self.value, str) is (self.channel is Channel.PUSH):
            raise ValueError(
                "email and sms take a text as value; push takes the browser's subscription "
                'with "endpoint" and "keys"'
            )
        return self


class SubscriptionIn(Strict):
    group: str
    alerts: list[Channel] = Field(default_factory=list, description="Channels for alerts.")
    news: list[Channel] = Field(default_factory=list, description="Channels for news.")


class ResidentIn(Strict):
    name: str | None = Field(None, max_length=200)
    language: str | None = Field(None, max_length=35)
    addresses: list[AddressIn] = Field(default_factory=list, max_length=20)
    subscriptions: list[SubscriptionIn] = Field(default_factory=list, max_length=200)
    consent: str | None = Field(
        None, max_length=500, description="Where the consent is kept; makes the addresses proven."
    )


@router.post(
    "", status_code=201, response_model=None,
    responses=answer(201, ResidentOut) | refusals(400, 409, 413),
)  # fmt: skip
async def create(wanted: ResidentIn, app: TheApp, key: ResidentWriter) -> Mapping[str, Any]:
    """Create a resident. An address known already: 409 with the id of its resident. Without
    `consent` the addresses are unverified, and only asked to confirm."""
    made = await residents.create(
        app.db,
        app.keyring,
        settings=app.settings,
        hosts=app.push_hosts,
        request=_request(wanted),
        source=Source.API,
        within=key.group_id,
    )
    app.bell.ring(Lane.NOTE)
    return {"id": made}


@router.delete("/{resident_id}", status_code=204, responses=refusals(404))
async def erase(resident_id: UUID, app: TheApp, key: ResidentWriter) -> None:
    """Erase a resident: all that is kept about them, for good. Figures without a person stay, and a
    keyed hash of an address that opted out or bounced. A key of a group reaches whoever follows
    nothing beyond it."""
    await erasing.erase(app.db, resident_id, within=key.group_id)


def _request(wanted: ResidentIn) -> NewResident:
    return NewResident(
        name=wanted.name,
        language=wanted.language,
        addresses=[
            (str(a.channel), a.value if isinstance(a.value, str) else a.value.model_dump())
            for a in wanted.addresses
        ],
        subscriptions=[
            (s.group, [str(c) for c in s.alerts], [str(c) for c in s.news])
            for s in wanted.subscriptions
        ],
        consent=wanted.consent,
    )
