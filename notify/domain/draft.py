"""What staff are writing, as they typed it: right or wrong, whole or half done."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from notify.domain import draft_questions
from notify.domain.draft_questions import Asking

_MEANWHILE: Final = timedelta(minutes=1)
"""At most so long lies between reading a form and keeping it."""


@dataclass(frozen=True, slots=True)
class Words:
    """What was typed in one language."""

    title: str = ""
    body: str = ""
    sms: str = ""

    @property
    def empty(self) -> bool:
        return not (self.title.strip() or self.body.strip() or self.sms.strip())


@dataclass(frozen=True, slots=True)
class Content:
    """All that a draft holds. `groups` are slugs; `valid_until` and `send_at` wall times in the town
    as a browser writes them (`2026-11-26T18:00`), empty where there are none; `follows` is the id of
    the broadcast that it follows, by `relation`; `template` the id and version of what it was made
    from (`…/3`); `asking` is what it asks, where it is a poll, or an alert that does."""

    kind: str = ""
    severity: str = ""
    drill: bool = False
    groups: tuple[str, ...] = ()
    texts: Mapping[str, Words] = field(default_factory=dict[str, Words])
    valid_until: str = ""
    send_at: str = ""
    follows: str = ""
    relation: str = ""
    template: str = ""
    asking: Asking = field(default_factory=Asking)


def to_json(content: Content) -> dict[str, Any]:
    return asdict(content)


def from_json(kept: Mapping[str, Any]) -> Content:
    return Content(
        kind=kept["kind"], severity=kept["severity"], drill=kept["drill"],
        groups=tuple(kept["groups"]),
        texts={language: Words(**words) for language, words in kept["texts"].items()},
        valid_until=kept["valid_until"], send_at=kept["send_at"], follows=kept["follows"],
        relation=kept["relation"], template=kept.get("template", ""),
        asking=draft_questions.from_json(kept.get("asking")),
    )  # fmt: skip


def ends_in(hours: int, *, now: datetime, zone: ZoneInfo) -> str:
    """Wall time in the town so many hours from now, as a browser writes it."""
    later = (now + timedelta(hours=hours)).astimezone(zone).replace(tzinfo=None)
    return later.isoformat(timespec="minutes")


def still_ends(kept: str, hours: int, *, saved_at: datetime, zone: ZoneInfo) -> bool:
    """Whether so many hours came to what is `kept`, when that was saved."""
    begun = (saved_at, saved_at - _MEANWHILE)
    return kept in {ends_in(hours, now=moment, zone=zone) for moment in begun}
