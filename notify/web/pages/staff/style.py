"""Every piece that pages are made of, shown together: to compare them, and to see what a change does."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from notify import clock
from notify.domain.broadcast import Broadcast, BroadcastStatus, Text
from notify.domain.pace import Pace
from notify.domain.words import Channel, Kind, Relation, Severity
from notify.rendering import charts
from notify.rendering.languages import Words
from notify.rendering.templates import templates
from notify.services.publishing import Published
from notify.services.staff_sessions import Officer
from notify.web.deps import TheApp
from notify.web.pages.entries import entry
from notify.web.pages.paper import reader_language
from notify.web.pages.staff.door import Doing, inside
from notify.web.pages.staff.numbers import shares

router = APIRouter(prefix="/staff/style", include_in_schema=False)

_NOBODY: Final = UUID(int=0)
_FIGURES: Final = {
    "planned": 4_812, "reached": 3_950, "delivered": 3_120, "open": 700, "failed": 121,
    "unknown": 41, "stopped": 0, "skipped": 88,
}  # fmt: skip


@router.api_route("", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp, officer: Annotated[Officer, Doing()]) -> HTMLResponse:
    language = reader_language(request, app, wish=officer.language)
    words = templates(app.settings).words(language)
    now = clock.now()

    def entry_of(broadcast: Broadcast, ago: timedelta) -> Mapping[str, object]:
        groups = ({app.settings.default_language: words.gettext("Old town")},)
        return entry(app, Published(broadcast, now - ago, None, groups), language)

    alert = _alert(words, language)
    thread = [
        replace(alert, relation=Relation.ALL_CLEAR), replace(alert, relation=Relation.UPDATE), alert,
    ]  # fmt: skip
    news = replace(alert, kind=Kind.ANNOUNCEMENT, severity=None, valid_until=None)
    return inside(
        request, app, officer, "style", now=now,
        alerts=[entry_of(replace(alert, severity=one), timedelta(minutes=5)) for one in Severity],
        drill=entry_of(replace(alert, drill=True), timedelta(minutes=5)),
        thread=[entry_of(one, timedelta(hours=n)) for n, one in enumerate(thread)],
        cards=[entry_of(one, timedelta(days=1)) for one in (news, alert)],
        places=_places(words), **_pictures(words),
        strip={
            "channel": Channel.SMS, **_FIGURES, "shares": shares(_FIGURES),
            "pace": Pace(41.0, 700, now + timedelta(seconds=17)),
        },
        problems=[{"field": "wrong", "said": words.gettext("Write one e-mail address like erika@example.org.")}],
    )  # fmt: skip


def _alert(words: Words, language: str) -> Broadcast:
    now = clock.now()
    text = Text(
        words.gettext("Storm: stay inside from 6 pm"),
        words.gettext("Gusts of up to 130 km/h are expected. Close windows and doors."),
    )
    return Broadcast(
        id=_NOBODY, kind=Kind.ALERT, status=BroadcastStatus.DISPATCHED, texts={language: text},
        severity=Severity.SEVERE, group_ids=(), valid_until=now + timedelta(hours=6), send_at=None,
        thread_id=_NOBODY, sequence=0, in_reply_to=None, relation=None, created_at=now,
    )  # fmt: skip


def _places(words: Words) -> Sequence[Mapping[str, Any]]:
    """A tree as `forms.group_tree` takes it."""
    place = {"sends": None, "often": None, "example": None, "closed": False, "lang": words.language,
             "below": ()}  # fmt: skip
    kita = {
        **place,
        "slug": "c",
        "name": words.gettext("Kindergarten"),
        "on": False,
        "closed": True,
    }
    town = {**place, "slug": "b", "name": words.gettext("Old town"), "on": True, "below": [kita],
            "often": words.gettext("about once a month")}  # fmt: skip
    return [
        {
            **place,
            "slug": "a",
            "name": words.gettext("The whole town"),
            "on": False,
            "below": [town],
        }
    ]


def _pictures(words: Words) -> Mapping[str, Any]:
    mail, sms = words.gettext("E-mail"), words.gettext("SMS")
    bars = [charts.Bar(f"{words.gettext('Old town')}, {mail}", 2_900, 3_100),
            charts.Bar(f"{words.gettext('Old town')}, {sms}", 1_050, 1_712)]  # fmt: skip
    return {
        "curve": charts.rising(
            "style-curve", [charts.Series(mail, [90, 250, 300, 60]), charts.Series(sms, [40] * 4)],
            title=words.gettext("Handed over, added up over time"),
            said=f"{mail}: 700, {sms}: 160", ends=("14:00", "14:04"), number=words.number,
        ),
        "reach": charts.bars(
            "style-reach", bars, title=words.gettext("Reached, by group and channel"),
            said="; ".join(f"{bar.label}: {bar.part} / {bar.whole}" for bar in bars),
            number=words.number,
        ),
    }  # fmt: skip
