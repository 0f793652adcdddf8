"""What the editor shows of a draft: the fields as they were typed, and what is wrong with them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from fastapi import Request
from fastapi.responses import HTMLResponse

from notify import clock
from notify.bootstrap import App
from notify.domain.draft import Content
from notify.domain.draft import Words as Typed
from notify.domain.draft_check import KINDS, Problem, comes_twice
from notify.domain.draft_fields import differences, fields, marks, untouched
from notify.domain.grants import Deed
from notify.domain.languages import to_choose
from notify.domain.words import Kind, Severity
from notify.errors import NotFound
from notify.rendering import draft_problems, labels
from notify.rendering.languages import Words, choose, own_name
from notify.rendering.templates import templates
from notify.services import drafting, groups, overseeing
from notify.services.drafting import Draft
from notify.services.staff_sessions import Officer
from notify.web.pages import group_tree
from notify.web.pages.group_tree import Place
from notify.web.pages.paper import reader_language
from notify.web.pages.staff import draft_asking
from notify.web.pages.staff.door import inside
from notify.web.pages.staff.draft_asking import asking_values
from notify.web.pages.staff.reckoning import reckoned
from notify.web.static import static_url

HOURS: Final = (3, 6, 12, 24)
"""For how long from now a message may be said to be valid with one choice."""


async def editor(
    request: Request, app: App, officer: Officer, draft: Draft, *, typed: Content | None = None,
    problems: Sequence[Problem] = (), status: int = 200, asks: bool = False,
) -> HTMLResponse:  # fmt: skip
    """The form; `typed` is what was typed where that is not kept, `asks` whether to throw it away."""
    language = reader_language(request, app, wish=officer.language)
    words, content = templates(app.settings).words(language), typed or draft.content
    first = app.settings.default_language
    said = told(words, problems)
    wrong = {problem["field"].partition("-")[2] for problem in said}
    return inside(
        request, app, officer, "draft", status=status, draft=draft, typed=content, problems=said,
        kinds=KINDS, severities=list(Severity), hours=HOURS, zone=app.settings.timezone,
        places=await _places(app, officer, words, content),
        texts=[
            {
                "language": tag, "typed": content.texts.get(tag, Typed()), "first": tag == first,
                "open": tag in content.texts or tag in wrong,
            }
            for tag in to_choose(app.settings.languages)
        ],
        twice=[
            field for field in ("valid_until", "send_at")
            if comes_twice(getattr(content, field), app.settings.zone)
        ],
        **asking_values(app, content, {problem["field"] for problem in said}),
        base=marks(draft.content), saved=saved_line(words, draft), asks=asks,
        reckoned=await reckoned(app, officer, draft.id, content, language),
        follows=await followed(app, officer, content, language),
        done=request.query_params.get("done", ""), script=static_url("drafting.js"),
    )  # fmt: skip


async def versions(
    request: Request, app: App, officer: Officer, saved: Draft, mine: Content, base: str
) -> HTMLResponse:
    """Two versions beside each other. `base` marks what was there before either."""
    language = reader_language(request, app, wish=officer.language)
    words = templates(app.settings).words(language)
    known = await groups.reached(app.db, within=officer.reach(Deed.WRITE))
    names = {
        group.slug: choose(group.names, language, default=app.settings.default_language)[1]
        for group in known
    }
    mine_left = untouched(mine, base) if base else set()
    return inside(
        request, app, officer, "draft_versions", status=409, draft=saved, mine=mine,
        mine_fields=fields(mine), base=marks(saved.content),
        differing=[
            {
                "field": name, "part": (part := name.partition("-")[0]),
                "called": draft_asking.called(words, part),
                "language": own_name(tag) if (tag := name.partition("-")[2]) else "",
                "mine": _shown(words, name, mine, names),
                "theirs": _shown(words, name, saved.content, names),
                "left": name in mine_left,
            }
            for name in differences(mine, saved.content)
        ],
    )  # fmt: skip


async def followed(
    app: App, officer: Officer, content: Content, language: str
) -> Mapping[str, Any] | None:
    """The broadcast that a draft follows: its `id` and `title`."""
    if not content.follows:
        return None
    try:
        found = await overseeing.look(
            app.db, UUID(content.follows), settings=app.settings, within=officer.reach(Deed.LOOK)
        )
    except NotFound:
        return None
    default = app.settings.default_language
    tag, text = choose(found.broadcast.texts, language, default=default)
    return {"id": content.follows, "title": text.title, "language": tag}


def told(words: Words, problems: Sequence[Problem]) -> list[Mapping[str, str]]:
    return [{"field": one.field, "said": draft_problems.said(words, one)} for one in problems]


def saved_line(words: Words, draft: Draft) -> str:
    """When it was kept last, and whose change it was."""
    today = clock.now().astimezone(words.zone).date()
    lately = draft.changed_at.astimezone(words.zone).date() == today
    at = words.clock_time(draft.changed_at) if lately else words.short_moment(draft.changed_at)
    return words.gettext("Saved %(at)s, %(name)s") % {"at": at, "name": draft.changed_by}


async def _places(app: App, officer: Officer, words: Words, content: Content) -> Sequence[Place]:
    """The groups to choose from, and those it goes to in any case; what they say at sign-up is for
    residents."""
    bound = set(await drafting.bound(app.db, content))
    known = await groups.reached(app.db, within=officer.reach(Deed.WRITE))
    default = app.settings.default_language
    places = group_tree.places(
        known, words.language, default=default, ticked={*content.groups, *bound}
    )
    drills = {group.slug for group in known if group.drill}
    _mark(places, drills, words.gettext("for drills"), bound)
    return places


def _mark(places: Sequence[Place], drills: set[str], mark: str, bound: set[str]) -> None:
    for place in places:
        place["bound"] = place["slug"] in bound
        place |= {"sends": None, "often": None, "example": None, "closed": False}
        if place["slug"] in drills:
            place["name"] = f"{place['name']} · {mark}"
        _mark(place["below"], drills, mark, bound)


def _shown(words: Words, field: str, content: Content, names: Mapping[str, str]) -> str:
    value = fields(content).get(field, "")
    asked = draft_asking.shown(words, field, value)
    if asked is not None:
        return asked
    match field:
        case "groups":
            return ", ".join(names.get(slug, slug) for slug in content.groups)
        case "kind" if value in set(KINDS):
            return labels.kind(words, Kind(value))
        case "severity" if value in set(Severity):
            return labels.severity(words, Severity(value))
        case "drill":
            return words.gettext("yes") if value else words.gettext("no")
    return value
