"""How a poll stands, or came out: who sees it, and as a document for programs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any, Final
from uuid import UUID

from notify.domain.poll import Ask, How, Shape, Shown
from notify.domain.tally import Counted, Part
from notify.domain.words import Kind

_DIGITS: Final = 2  # behind the point


class Reader(IntEnum):
    """Who wants to see a result; each sees what those before see."""

    ANYBODY = 0
    ASKED = 1
    STAFF = 2


_SHOWN_TO: Mapping[Shown, Reader] = {
    Shown.EVERYONE: Reader.ANYBODY, Shown.ASKED: Reader.ASKED, Shown.STAFF: Reader.STAFF,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Turnout:
    """How many were asked, and took part. `group` is None for what is left of all groups."""

    group: int | None
    asked: int
    answered: int


@dataclass(frozen=True, slots=True)
class Result:
    """How a poll stands, or came out. `titles` and `names` (of groups) are by language. `turnout`
    is of all; `by_group` has the groups of which enough took part, what is left last. `how` counts
    people by the way in which they answered last. `capped` took part and are not told the result, for the
    cap on SMS is used up."""

    broadcast_id: UUID
    kind: Kind
    drill: bool
    ask: Ask
    titles: Mapping[str, str]
    opened_at: datetime
    close_at: datetime
    closed_at: datetime | None
    cancelled: bool
    turnout: Turnout
    by_group: tuple[Turnout, ...]
    how: Mapping[How, int]
    questions: tuple[Counted, ...]
    names: Mapping[int, Mapping[str, str]]
    capped: int

    @property
    def ended_at(self) -> datetime:
        """Until when answers counted: closing may take place later, where nobody was there to do it."""
        return min(self.close_at, self.closed_at or self.close_at)


def may_see(ask: Ask, reader: Reader, *, closed: bool, withdrawn: bool = False) -> bool:
    """Whether a reader is shown the result. Of a poll that is recalled or forgotten nobody is but
    staff."""
    if reader is Reader.STAFF:
        return True
    return not withdrawn and (closed or ask.live) and reader >= _SHOWN_TO[ask.shown]


def to_json(result: Result) -> dict[str, Any]:
    """The result as programs read it, with all its languages. Shares are per cent of those who
    answered the question."""
    return {
        "broadcast_id": result.broadcast_id, "kind": str(result.kind), "drill": result.drill,
        "titles": dict(result.titles), "secret": result.ask.secret,
        "shown": str(result.ask.shown), "opened_at": result.opened_at,
        "close_at": result.close_at, "closed_at": result.closed_at,
        "cancelled": result.cancelled, "asked": result.turnout.asked,
        "answered": result.turnout.answered,
        "how": {str(how): n for how, n in result.how.items()},
        "groups": [
            {"group": _named(result, one.group), "asked": one.asked, "answered": one.answered}
            for one in result.by_group
        ],
        "questions": [_question(result, counted) for counted in result.questions],
    }  # fmt: skip


def in_json(value: object) -> str:
    """How JSON holds what it has no word for: moments as of ISO 8601, ids as they are read."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _question(result: Result, counted: Counted) -> dict[str, Any]:
    question = counted.question
    return {
        "number": counted.number, "shape": str(question.shape),
        "ask": {language: said.ask for language, said in question.wordings.items()},
        "withheld": counted.withheld,
        **_part(counted, counted.whole),
        "groups": [
            {"group": _named(result, part.group), **_part(counted, part)}
            for part in counted.groups
        ],
    }  # fmt: skip


def _part(counted: Counted, part: Part) -> dict[str, Any]:
    choices = [] if counted.withheld else [
        {
            "number": choice, "options": _options(counted, choice), "n": n,
            "share": round(part.share(choice), _DIGITS),
        }
        for choice, n in part.counts.items()
    ]  # fmt: skip
    mean = None if part.mean is None else round(part.mean, _DIGITS)
    return {"answered": part.answered, "choices": choices, "mean": mean, "median": part.median}


def _options(counted: Counted, choice: int) -> dict[str, str]:
    """What an option says, by language; values of a scale say themselves."""
    if counted.question.shape is Shape.SCALE:
        return {}
    wordings = counted.question.wordings
    return {language: said.options[choice - 1] for language, said in wordings.items()}


def _named(result: Result, group: int | None) -> dict[str, str] | None:
    return None if group is None else dict(result.names[group])
