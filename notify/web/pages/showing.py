"""Turns what was read into the page of a language, as it stands at a moment."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from notify.bootstrap import App, open_channels
from notify.domain.groups import Group
from notify.rendering.languages import choose
from notify.rendering.phones import spoken
from notify.rendering.sheets import Sheet, sheets
from notify.rendering.templates import templates
from notify.services import texting
from notify.services.browsing import Answers, AnySheet, Archive, GroupSheet, InArchive, Tree
from notify.services.publishing import Front, Thread
from notify.web.pages.entries import entry
from notify.web.pages.paper import paper
from notify.web.pages.place import here

_PLACED: Final = {"front", "broadcast"}


def show(
    app: App,
    subject: Front | Thread | AnySheet,
    now: datetime,
    *,
    name: str,
    language: str,
    as_of: datetime | None,
    **more: Any,
) -> str:
    """The HTML of the template `name`. `as_of` is set where it may be outdated, and is told."""
    subject = subject.at(now)
    values = _values(app, subject, language)
    alerts = [entry(app, alert, language) for alert in subject.alerts]
    # These two say themselves where their alerts stand.
    placed: dict[str, Any] = (
        {"alerts": alerts, "on_top": []} if name in _PLACED else {"on_top": alerts}
    )
    return paper(app, name, language=language, as_of=as_of, now=now, **placed, **values, **more)


def _values(app: App, subject: Front | Thread | AnySheet, language: str) -> Mapping[str, Any]:
    match subject:
        case Front():
            return {"latest": [entry(app, one, language) for one in subject.latest]}
        case Thread():
            return {
                "languages": subject.languages,
                "current": entry(app, subject.current, language),
                "earlier": [entry(app, one, language) for one in subject.earlier],
                "opened": subject.opened,
                "results": subject.results,
                "answers_until": subject.answers_until,
                "sheets": _asked(app, subject, language),
                "number": spoken(texting.number(app.settings)),
                "identity": subject.identity,
                "colour": subject.identity.colour,
            }
        case Archive():
            return _archive(app, subject, language)
        case Tree():
            return {"tree": _tree(app, subject.groups, language)}
        case GroupSheet():
            return {
                "group": _group(app, subject.group, language),
                "above": [_group(app, one, language) for one in subject.above],
                "below": [_group(app, one, language) for one in subject.below],
                "entries": [entry(app, one, language) for one in subject.entries],
                "drills": [entry(app, one, language) for one in subject.drills],
                "older": _archive_link(InArchive(slug=subject.group.slug)),
                "identity": subject.identity,
                "colour": subject.identity.colour,
            }
        case Answers():
            return {
                "group": _group(app, subject.group, language) if subject.group else None,
                "identity": subject.identity,
                "speakers": [_group(app, one, language) for one in subject.speakers],
                "colour": subject.identity.colour,
                "number": spoken(texting.number(app.settings)),
                "channels": [str(channel) for channel in open_channels(app.settings)],
            }


def _asked(app: App, thread: Thread, language: str) -> list[Sheet]:
    """What the newest message of a thread asks."""
    ask = thread.current.broadcast.ask
    words, default = templates(app.settings).words(language), app.settings.default_language
    return sheets(words, ask, language=language, default=default) if ask else []


def _archive(app: App, archive: Archive, language: str) -> Mapping[str, Any]:
    wanted = archive.wanted
    first = InArchive(slug=wanted.slug, year=wanted.year)
    return {
        "entries": [entry(app, one, language) for one in archive.entries],
        "wanted": wanted,
        "years": archive.years,
        "groups": [_group(app, one, language) for one in archive.groups if not one.closed],
        "asked": here().asked,
        "newest": _archive_link(first) if wanted.before else None,
        "older": archive.more
        and _archive_link(InArchive(slug=wanted.slug, year=wanted.year, before=archive.more)),
    }


def _archive_link(wanted: InArchive) -> str:
    return here().kept(f"/archive?{urlencode(wanted.query)}" if wanted.query else "/archive")


def _group(app: App, group: Group, language: str) -> Mapping[str, Any]:
    """A group as a page names it."""
    default = app.settings.default_language
    told_in, told = (
        choose(group.about, language, default=default) if group.about else (language, {})
    )
    tag, name = choose(group.names, language, default=default)
    return {
        "slug": group.slug,
        "closed": group.closed,
        "carries": group.carries_parent_news and group.parent is not None,
        "name": name,
        "language": tag,
        "href": here().kept(f"/groups/{group.slug}"),
        "said_in": told_in,
        "sends": told.get("sends"),
        "often": told.get("often"),
        "example": told.get("example"),
        "below": [],
        "join": here().kept(f"/join/{group.slug}"),
    }


def _tree(app: App, groups: Sequence[Group], language: str) -> list[dict[str, Any]]:
    """The groups at the top, each with those below it."""
    nodes = {one.slug: dict(_group(app, one, language)) for one in groups}
    for one in groups:
        if one.parent in nodes:
            nodes[one.parent]["below"].append(nodes[one.slug])
    return [nodes[one.slug] for one in groups if one.parent not in nodes]
