"""The first page behind the door: what waits, what runs, what is wrong, at a glance."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from notify import clock
from notify.bootstrap import App
from notify.domain.grants import Deed
from notify.domain.words import Relation
from notify.rendering.languages import choose
from notify.rendering.templates import templates
from notify.services import following, noticing, overseeing, overtaking, reviewing
from notify.services.overseeing import Listed
from notify.services.staff_sessions import Officer
from notify.web.deps import TheApp
from notify.web.pages.paper import reader_language
from notify.web.pages.staff.door import Doing, inside
from notify.web.pages.staff.sending import alarms

router = APIRouter(prefix="/staff", include_in_schema=False)

_PARTS: Final = ("in_force", "waiting", "running", "scheduled")


@router.api_route("", methods=["GET", "HEAD"])
async def home(request: Request, app: TheApp, officer: Annotated[Officer, Doing()]) -> HTMLResponse:
    language = reader_language(request, app, wish=officer.language)
    listed: Sequence[Listed] = []
    if officer.reach(Deed.LOOK):
        listed = await overseeing.glance(app.db, within=officer.reach(Deed.LOOK))
    parts = {part: [one for one in listed if one.part == part] for part in _PARTS}
    shown: dict[str, Any] = {
        part: [_line(app, one, language) for one in of] for part, of in parts.items()
    }
    wrong = await noticing.in_force(app.db) if officer.reach(Deed.OPERATE) else []
    return inside(
        request, app, officer, "home", now=clock.now(),
        endable=await following.endable(
            app.db, officer, [one.broadcast.id for one in parts["in_force"]]
        ),
        overtaken=[_overtaken(app, one, language) for one in await overtaking.lately(app.db, officer)],
        **shown, more={part: of[0].total - len(of) for part, of in parts.items() if of},
        oversees=officer.reach(Deed.ADMINISTER).everywhere,
        reviews=await _reviews(app, officer, language),
        alarms=alarms(templates(app.settings).words(language), wrong),
    )  # fmt: skip


async def _reviews(app: App, officer: Officer, language: str) -> Sequence[Mapping[str, Any]]:
    """What one person sent alone and nobody has reviewed."""
    made = []
    for one in await reviewing.waiting(app.db, officer):
        tag, title = choose(one.titles, language, default=app.settings.default_language)
        shown = {"id": one.id, "by": one.by, "at": one.at, "mine": one.mine}
        made.append({**shown, "lang": tag, "title": title})
    return made


def _line(app: App, one: Listed, language: str) -> Mapping[str, Any]:
    default = app.settings.default_language
    tag, text = choose(one.broadcast.texts, language, default=default)
    groups = [choose(names, language, default=default)[1] for names in one.group_names if names]
    return {
        "broadcast": one.broadcast, "title": text.title, "language": tag, "groups": groups,
        "part": one.part, "held": one.held,
    }  # fmt: skip


def _overtaken(app: App, one: Listed, language: str) -> Mapping[str, Any]:
    """A line with what went out instead, as far as it is known: it is of the same thread."""
    row, over = one.row, None
    if row["over_id"]:
        over = replace(one.broadcast, id=row["over_id"], relation=Relation(row["over"]))
    at, within = row["superseded_at"], row["over_within"]
    return {**_line(app, one, language), "over": over, "over_at": at, "over_within": within}
