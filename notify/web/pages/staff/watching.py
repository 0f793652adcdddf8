"""The numbers of a message as they change, and the message as a table to take along."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, cast
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sse_starlette import EventSourceResponse

from notify import clock
from notify.bootstrap import App
from notify.domain.grants import Deed
from notify.domain.results import Result
from notify.rendering.templates import templates
from notify.services import overseeing, staff_sessions
from notify.services.overseeing import Overseen
from notify.services.staff_sessions import Officer
from notify.services.viewing import EVERY, Counted, Seen, Viewing
from notify.store.progress import Curve
from notify.web.deps import TheApp
from notify.web.pages.paper import reader_language
from notify.web.pages.staff import numbers, poll_numbers
from notify.web.pages.staff.door import Doing

router = APIRouter(prefix="/staff/messages", include_in_schema=False)

_LONGEST: Final = timedelta(minutes=30)  # then the page asks anew, and signs in anew where it must
_UNCOUNTED: Final = Counted([], [], Curve(None, 1, {}))
_LASTS_EVERY: Final = 3  # turns between two looks whether a reader is still signed in


@router.get("/{broadcast_id}/live")
async def live(
    request: Request, app: TheApp, officer: Annotated[Officer, Doing(Deed.LOOK)], broadcast_id: UUID
) -> Response:
    """The numbers of the page whenever they change, as HTML, until nothing more can come. 503 where
    too many are followed: the page has its numbers all the same, and tries again."""
    language = reader_language(request, app, wish=officer.language)
    within = officer.reach(Deed.LOOK)
    await overseeing.look(app.db, broadcast_id, settings=app.settings, within=within)
    if not viewing(request).has_room(officer.session):
        return Response(status_code=503, headers={"retry-after": "60"})
    told = _told(app, viewing(request), officer, broadcast_id, language)
    return EventSourceResponse(told, ping=15)


def viewing(request: Request) -> Viewing:
    """What is watched in this process."""
    return cast("Viewing", request.app.state.viewing)


async def watched(
    request: Request, app: App, overseen: Overseen, *, language: str, counts: bool = True
) -> Mapping[str, Any]:
    """What `web/staff/watched.html` needs of a message; without `counts` nothing that takes long. Its
    figures are those of now, so that whoever just recalled it does not see it being sent."""
    words = templates(app.settings).words(language)
    seen = Seen(overseen.broadcast, overseen.row, overseen.progress)
    found = await viewing(request).counted(overseen.broadcast.id) if counts else _UNCOUNTED
    now, result = clock.now(), await viewing(request).poll(seen, opened=True)
    return {
        **numbers.counted(app, seen, now), "watching": not _is_over(seen, result, now),
        "poll": poll_numbers.shown(app, words, result),
        "troubles": numbers.troubles(words, seen, found), "uncounted": found.reasons is None,
        **numbers.pictures(words, found, default=app.settings.default_language),
    }  # fmt: skip


def _is_over(seen: Seen, result: Result | None, now: datetime) -> bool:
    """Whether nothing more is to be seen: what asks is watched until its close."""
    return seen.is_over(now) and (result is None or result.closed_at is not None)


async def _told(
    app: App, all_: Viewing, officer: Officer, broadcast_id: UUID, language: str
) -> AsyncIterator[Mapping[str, str]]:
    """Ends with the session, with the broadcast, and after a while. Begins with a pause: the page has
    the figures of now, and those shared here may be as old as one."""
    ends, before, turn = clock.now() + _LONGEST, "", 0
    made = templates(app.settings)
    with all_.followed(officer.session):
        while clock.now() < ends:
            await asyncio.sleep(EVERY)
            if turn % _LASTS_EVERY == 0 and not await staff_sessions.lasts(app.db, officer):
                yield {"event": "out", "data": ""}
                return
            seen, now = await all_.numbers(broadcast_id), clock.now()
            result = await all_.poll(seen)
            html = made.render(
                "web/staff/numbers.html", language=language, **numbers.counted(app, seen, now),
                poll=poll_numbers.shown(app, made.words(language), result),
            )  # fmt: skip
            if html != before:
                before = html
                yield {"event": "numbers", "data": html}
            if _is_over(seen, result, now):
                yield {"event": "over", "data": ""}
                return
            turn += 1
