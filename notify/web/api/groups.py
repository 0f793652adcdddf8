"""Groups over HTTP."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from notify.domain.groups import Group
from notify.services import groups
from notify.web.api.auth import GroupWriter
from notify.web.api.documents import refusals
from notify.web.api.shapes import GroupOut, answer
from notify.web.deps import TheApp

About = dict[str, dict[str, str]]

router = APIRouter(prefix="/groups", tags=["groups"])


class GroupIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    slug: str
    name: str | dict[str, str] = Field(description="A name, or names by language.")
    parent: str | None = Field(None, description="Slug of the group above.")
    closed: bool = False
    carries_parent_news: bool = False
    sms_cap: int | None = Field(
        None,
        ge=0,
        le=groups.MOST_SEGMENTS,
        description="SMS segments a month that announcements to this group and those below it "
        "may cost. Alerts count, but are never stopped.",
    )
    identity: dict[str, str] = Field(
        default_factory=dict,
        description="sender_name, mail_from, imprint, privacy, contact, accessibility, "
        "enforcement, colour, cost_centre; what is not "
        "said is inherited.",
    )
    about: About = Field(
        default_factory=dict,
        description="What it says at sign-up, by language: `sends`, `often`, `example`.",
    )


class AboutIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    about: About = Field(description="By language: `sends`, `often`, `example`.")


@router.post(
    "", status_code=201, response_model=None,
    responses=answer(201, GroupOut) | refusals(400, 409, 413),
)  # fmt: skip
async def create(wanted: GroupIn, app: TheApp, key: GroupWriter) -> Mapping[str, Any]:
    """Create a group, below `parent` where one is named."""
    names = wanted.name
    if isinstance(names, str):
        names = {app.settings.default_language: names}
    made = await groups.create(
        app.db, slug=wanted.slug, names=names, parent=wanted.parent, closed=wanted.closed,
        carries_parent_news=wanted.carries_parent_news, identity=wanted.identity,
        sms_cap=wanted.sms_cap,
        about=wanted.about, within=key.group_id, key_id=key.id,
    )  # fmt: skip
    return _shown(made)


@router.put(
    "/{slug}/about", response_model=None,
    responses=answer(200, GroupOut) | refusals(400, 404, 413),
)  # fmt: skip
async def describe(slug: str, wanted: AboutIn, app: TheApp, key: GroupWriter) -> Mapping[str, Any]:
    """Say at sign-up what a group sends, how often, with an example; what was said before goes."""
    made = await groups.describe(app.db, slug, wanted.about, within=key.group_id, key_id=key.id)
    return _shown(made)


def _shown(group: Group) -> Mapping[str, Any]:
    return {
        "id": group.id, "slug": group.slug, "name": group.names, "parent": group.parent,
        "closed": group.closed, "about": group.about,
    }  # fmt: skip
