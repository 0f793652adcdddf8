"""Turns what was read into the page of a language, as it stands at a moment."""

from collections.abc import Mapping
from datetime import datetime

from notify.bootstrap import App
from notify.rendering import links
from notify.rendering.languages import choose
from notify.rendering.lines import cut
from notify.rendering.markup import to_line
from notify.services.publishing import Front, Published, Thread
from notify.web.pages.paper import paper

_LEAD = 240  # characters of the body shown in a list


def show(
    app: App, subject: Front | Thread, now: datetime, *, language: str, as_of: datetime | None
) -> str:
    """The HTML. `as_of` is set where it may be outdated, and is told."""
    if isinstance(subject, Front):
        return _front(app, subject.at(now), now, language=language, as_of=as_of)
    return _thread(app, subject.at(now), now, language=language, as_of=as_of)


def _front(app: App, front: Front, now: datetime, *, language: str, as_of: datetime | None) -> str:
    return paper(
        app,
        "front",
        language=language,
        languages=app.settings.languages,
        alerts=[_shown(app, entry, language) for entry in front.alerts],
        latest=[_shown(app, entry, language) for entry in front.latest],
        now=now,
        as_of=as_of,
    )


def _thread(
    app: App, thread: Thread, now: datetime, *, language: str, as_of: datetime | None
) -> str:
    return paper(
        app,
        "broadcast",
        language=language,
        languages=thread.languages,
        current=_shown(app, thread.current, language),
        earlier=[_shown(app, entry, language) for entry in thread.earlier],
        alerts=[_shown(app, entry, language) for entry in thread.alerts],
        opened=thread.opened,
        identity=thread.identity,
        now=now,
        as_of=as_of,
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
