"""Residents over HTTP."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, model_validator

from notify.domain.residents import NewResident
from notify.domain.words import Channel, Lane, Source
from notify.errors import Conflict
from notify.services import auditing, desk, erasing, residents
from notify.services.desk import Counter
from notify.web.api.auth import ResidentWriter
from notify.web.api.documents import refusals
from notify.web.api.shapes import CodesOut, ConfirmedOut, ResidentOut, answer
from notify.web.deps import TheApp
from notify.web.network import network

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
    desk: bool = Field(
        False,
        description="Signed up at the town hall, with the paper form's reference in `consent`. The "
        "addresses are proven by a code that is sent at once, not by the paper.",
    )
    wording: str | None = Field(
        None, max_length=4000,
        description="What was agreed to, as it stands on the paper; kept as evidence. With `desk` "
        "left out it is the sentence that `notify residents form` prints.",
    )  # fmt: skip
    version: str | None = Field(
        None, max_length=100,
        description="Which version of it. With `desk` left out it follows from the wording.",
    )  # fmt: skip


class CodeIn(Strict):
    code: str = Field(max_length=40, description="As the resident reads it out.")


@router.post(
    "", status_code=201, response_model=None,
    responses=answer(201, ResidentOut) | refusals(400, 409, 413, 429),
)  # fmt: skip
async def create(
    request: Request, wanted: ResidentIn, app: TheApp, key: ResidentWriter
) -> Mapping[str, Any]:
    """Create a resident. An address known already: 409, with the id of its resident where the
    key reaches them, which is kept in the audit log. Without
    `consent` the addresses are unverified, and only asked to confirm. With `desk` 429 where no code
    may go there just now: nothing was done, and `detail` says what else there is."""
    try:
        made = await residents.create(
            app.db,
            app.keyring,
            settings=app.settings,
            hosts=app.push_hosts,
            request=_request(wanted),
            counter=Counter(app.rates, network(request, app.settings)),
            source=Source.DESK if wanted.desk else Source.API,
            within=key.group_id,
        )
    except Conflict as known:
        if "resident" in known.ids:  # whose address it is: a look at somebody
            await auditing.looked(
                app.db, None, "resident.found", resident=known.ids["resident"], by_key=key.id
            )
        raise
    app.bell.ring(Lane.NOTE)
    return {"id": made}


@router.post(
    "/{resident_id}/codes", status_code=202, response_model=None,
    responses=answer(202, CodesOut) | refusals(404, 429),
)  # fmt: skip
async def send_codes(
    request: Request, resident_id: UUID, app: TheApp, key: ResidentWriter
) -> Mapping[str, Any]:
    """Send another code to each address of the resident that is not proven yet. 429 where one of
    them may not go just now: then none is sent."""
    sent = await desk.send_codes(
        app.db, app.keyring, resident_id, settings=app.settings, within=key.group_id,
        counter=Counter(app.rates, network(request, app.settings)),
    )  # fmt: skip
    app.bell.ring(Lane.NOTE)
    return {"sent": sent}


@router.post(
    "/{resident_id}/confirm", response_model=None,
    responses=answer(200, ConfirmedOut) | refusals(400, 404, 409, 413),
)  # fmt: skip
async def confirm(
    resident_id: UUID, wanted: CodeIn, app: TheApp, key: ResidentWriter
) -> Mapping[str, Any]:
    """Take the code that the resident reads out: the address it was sent to is proven. 409 where
    it is not the code, or holds no more."""
    channel = await desk.confirm(
        app.db, app.keyring, resident_id, wanted.code, settings=app.settings, within=key.group_id
    )
    return {"channel": channel}


@router.delete("/{resident_id}", status_code=204, responses=refusals(404))
async def erase(resident_id: UUID, app: TheApp, key: ResidentWriter) -> None:
    """Erase a resident: all that is kept about them, for good. Figures without a person stay, and a
    keyed hash of an address that opted out or bounced. A key of a group reaches whoever follows
    nothing beyond it."""
    await erasing.erase(app.db, resident_id, within=key.group_id, key_id=key.id)


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
        wording=wanted.wording,
        version=wanted.version,
    )
