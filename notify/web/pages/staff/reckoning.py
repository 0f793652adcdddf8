"""Beside the form of a draft: whom it reaches, what arrives, what it costs. It saves nothing."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response

from notify import clock
from notify.bootstrap import App, open_channels
from notify.domain.broadcast import Broadcast
from notify.domain.costing import Duration
from notify.domain.draft import Content
from notify.domain.grants import Deed, OutOfReach
from notify.domain.words import Channel, Kind, Lane, Relation
from notify.errors import Invalid
from notify.rendering import hints
from notify.rendering.languages import Words, choose
from notify.rendering.looks import Look
from notify.rendering.markup import to_html
from notify.rendering.spans import span
from notify.rendering.templates import templates
from notify.services import drafting, previewing, testing_drafts
from notify.services.costing import Bill
from notify.services.overseeing import Overseen
from notify.services.previewing import Missing, Preview
from notify.services.reckoning import Audience
from notify.services.staff_sessions import Officer
from notify.services.testing_drafts import Tested
from notify.web.deps import TheApp
from notify.web.pages.forms import LARGEST, Fields, large_form
from notify.web.pages.paper import reader_language
from notify.web.pages.staff.door import Doing, inside
from notify.web.pages.staff.draft_form import content

router = APIRouter(prefix="/staff/drafts/{draft_id}", include_in_schema=False)

Author = Annotated[Officer, Doing(Deed.WRITE)]

_NOTABLE: Final = 10.0  # seconds that others take and it is worth to say so


@router.post("/reckon")
async def reckon(request: Request, app: TheApp, officer: Author, draft_id: UUID) -> Response:
    """The form of the draft, reckoned: a page, of which a script takes `#audience` and `#previews`."""
    form = await large_form(request, limit=LARGEST)
    return await _page(request, app, officer, draft_id, form)


@router.post("/test")
async def send_test(request: Request, app: TheApp, officer: Author, draft_id: UUID) -> Response:
    """Send it, as it stands in the form, to whoever writes it."""
    form = await large_form(request, limit=LARGEST)
    draft = await drafting.find(app.db, officer, draft_id)
    try:
        tested = await testing_drafts.send(
            app.db, officer, draft_id, content(form, app.settings, before=draft.content),
            settings=app.settings, channels=open_channels(app.settings), now=clock.now(),
        )  # fmt: skip
    except testing_drafts.Enough:
        return await _page(request, app, officer, draft_id, form, done="enough", status=409)
    except Invalid:
        return await _page(request, app, officer, draft_id, form, done="nothing", status=422)
    app.bell.ring(Lane.NOTE)
    return await _page(request, app, officer, draft_id, form, done="sent", tested=tested)


async def _page(
    request: Request, app: App, officer: Officer, draft_id: UUID, form: Fields, *,
    status: int = 200, done: str = "", tested: Tested | None = None,
) -> Response:  # fmt: skip
    """`fields` carry on what was typed, so that nothing of it is lost without scripts. Raises
    NotFound, OutOfReach."""
    draft = await drafting.find(app.db, officer, draft_id)
    typed = content(form, app.settings, before=draft.content)
    language = reader_language(request, app, wish=officer.language)
    values = await reckoning_values(app, officer, draft_id, typed, language)
    return inside(
        request, app, officer, "reckoned", status=status, draft=draft, done=done, tested=tested,
        typed=typed, reckoned={**values, "saved": typed == draft.content},
        fields=[(name, value) for name, values in form.values.items() for value in values],
    )  # fmt: skip


async def reckoned(
    app: App, officer: Officer, draft_id: UUID, typed: Content, language: str
) -> Mapping[str, Any] | None:
    """For pages of which this is a part; None where their grants do not reach all that it names."""
    try:
        return await reckoning_values(app, officer, draft_id, typed, language)
    except OutOfReach:
        return None


async def reckoning_values(
    app: App, officer: Officer, draft_id: UUID, typed: Content, language: str
) -> Mapping[str, Any]:
    """What `audience.html` and `previews.html` take as `reckoned`, of what is `saved`. Raises OutOfReach."""
    found = await previewing.preview(
        app.db, officer, draft_id, typed, settings=app.settings,
        channels=open_channels(app.settings), now=clock.now(),
    )  # fmt: skip
    words = templates(app.settings).words(language)
    return {
        "missing": [_missing(words, one) for one in found.missing],
        "slow": found.slow,
        "saved": True,
        "drill": found.broadcast is not None and found.broadcast.drill,
        "broadcast": found.broadcast,
        "first": app.settings.default_language,
        "looks": _looks(words, found),
        **_counted(words, found.audience, found.bill, default=app.settings.default_language),
    }


async def waiting(
    app: App, found: Overseen, made: Sequence[Look], language: str
) -> Mapping[str, Any]:
    """What `audience.html` takes, of a broadcast that waits for approval."""
    counted = await previewing.waiting(
        app.db, found.broadcast, made=made, settings=app.settings, channels=open_channels(app.settings), now=clock.now(),
    )  # fmt: skip
    audience, bill = counted or (None, None)
    words = templates(app.settings).words(language)
    default = app.settings.default_language
    return {
        "missing": [],
        "slow": counted is None,
        **_counted(words, audience, bill, default=default),
    }


def _counted(
    words: Words, audience: Audience | None, bill: Bill | None, *, default: str
) -> dict[str, Any]:
    if audience is None or bill is None:
        return {"audience": None, "bill": None}
    times = {one.channel: one for one in bill.durations}
    stuck = [channel for channel, time in times.items() if time.seconds is None]
    languages = sorted({tag for one in audience.channels.values() for tag in one.languages})
    channels = [
        {
            "channel": channel,
            "people": one.people,
            "messages": one.messages,
            "languages": [one.languages.get(tag, 0) for tag in languages],
            "ends": _at(words, times[channel].ends(bill.begins), bill) if channel in times else "",
            "guessed": channel in times and times[channel].guessed,
        }
        for channel, one in audience.channels.items()
    ]
    return {
        "audience": audience,
        "bill": bill,
        "channels": channels,
        "languages": languages,
        "guessed": any(one["guessed"] for one in channels),
        "stuck": stuck,
        "unheard": bill.hears and Channel.SMS in stuck,
        "caps": [
            {"group": choose(cap.group, words.language, default=default)[1], "cap": cap}
            for cap in bill.caps
        ],
        "takes": _takes(words, bill.last),
        "price": bill.price and words.money(bill.price.amount, bill.price.currency),
        "most": bill.most and words.money(bill.most.amount, bill.most.currency),
        "skips": [
            {"channel": channel, "reason": reason, "n": n}
            for channel, reasons in sorted(audience.skips.items())
            for reason, n in sorted(reasons.items())
        ],
    }


def _takes(words: Words, last: Duration | None) -> Mapping[str, str] | None:
    """How long it takes in all, and how much of that others do; None where they take next to none."""
    if last is None or last.seconds is None or last.behind < _NOTABLE:
        return None
    return {"all": span(words, last.seconds), "behind": span(words, last.behind)}


def _at(words: Words, end: datetime | None, bill: Bill) -> str:
    """The time alone on the day that it begins, else with its day; empty where it never ends."""
    if end is None:
        return ""
    days = {at.astimezone(words.zone).date() for at in (bill.begins, end)}
    return words.clock_time(end) if len(days) == 1 else words.short_moment(end)


def _looks(words: Words, found: Preview) -> Sequence[Mapping[str, Any]]:
    at = {"title": words.gettext("Title"), "body": words.gettext("Text"), "sms": "SMS"}
    return [
        {
            "look": look,
            "language": look.language,
            "state": state(found.broadcast),
            "complete": look.language in found.complete,
            "body": to_html(look.text.body),
            "hints": [
                {"at": at[hint.field], "said": hints.said(words, hint)}
                for hint in found.hints.get(look.language, ())
            ],
        }
        for look in found.looks
    ]


def state(broadcast: Broadcast | None) -> str:
    """What `pieces.tone` asks for, once it is sent."""
    if broadcast is None or broadcast.kind is not Kind.ALERT:
        return "news"
    return "all_clear" if broadcast.relation is Relation.ALL_CLEAR else "in_force"


def _missing(words: Words, missing: Missing) -> str:
    return {
        Missing.KIND: words.gettext("Choose first what it is: a warning, news or a poll."),
        Missing.GROUPS: words.gettext("Choose who gets it."),
        Missing.TEXT: words.gettext(
            "Title and text in the town’s first language are missing. Who has no text in a language"
            " of their own reads these."
        ),
        Missing.DRILL_GROUPS: words.gettext(
            "A drill goes only to groups for drills. Take out the others, and those with others below them."
        ),
        Missing.FOLLOWED: words.gettext("What this follows is not there any more."),
    }[missing]
