"""What anybody may read: the front page and a page for each broadcast."""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from notify import clock
from notify.bootstrap import App
from notify.rendering import links
from notify.rendering.languages import choose
from notify.rendering.lines import cut
from notify.rendering.markup import to_line
from notify.services import publishing
from notify.services.publishing import Published
from notify.web.deps import TheApp
from notify.web.pages.paper import not_found, page, reader_language

router = APIRouter(include_in_schema=False)

READ = ["GET", "HEAD"]
_LEAD = 240  # characters of the body shown in a list


@router.api_route("/", methods=READ)
async def front(request: Request, app: TheApp) -> HTMLResponse:
    now = clock.now()
    language = reader_language(request, app)
    alerts = await publishing.in_force(app.db, now)
    latest = await publishing.latest(app.db, now)
    return page(
        app,
        "front",
        language=language,
        languages=app.settings.languages,
        alerts=[_shown(app, entry, language) for entry in alerts],
        latest=[_shown(app, entry, language) for entry in latest],
        now=now,
    )


@router.api_route("/b/{reference}", methods=READ)
async def broadcast(request: Request, app: TheApp, reference: str) -> HTMLResponse:
    broadcast_id = links.read(reference)
    thread = (
        await publishing.page(app.db, broadcast_id, settings=app.settings) if broadcast_id else None
    )
    if thread is None:
        return not_found(request, app)
    now = clock.now()
    alerts = await publishing.in_force(app.db, now)
    told = (thread.current, *thread.earlier)
    languages = list(dict.fromkeys(tag for entry in told for tag in entry.broadcast.texts))
    language = reader_language(request, app, offered=languages)
    return page(
        app,
        "broadcast",
        language=language,
        languages=languages,
        current=_shown(app, thread.current, language),
        earlier=[_shown(app, entry, language) for entry in thread.earlier],
        alerts=[
            _shown(app, entry, language)
            for entry in alerts
            if entry.broadcast.thread_id != thread.current.broadcast.thread_id
        ],
        opened=thread.opened,
        identity=thread.identity,
        now=now,
    )


def _shown(app: App, published: Published, language: str) -> Mapping[str, object]:
    """A broadcast with the text and the group names that this reader gets."""
    default = app.settings.default_language
    tag, text = choose(published.broadcast.texts, language, default=default)
    names = [choose(name, language, default=default) for name in published.group_names if name]
    return {
        "broadcast": published.broadcast,
        "published": published,
        "text": text,
        "text_language": tag,
        "lead": cut(to_line(text.body), size=_LEAD),
        "groups": [name for _, name in names],
        "href": f"/b/{links.shorten(published.broadcast.id)}",
    }
