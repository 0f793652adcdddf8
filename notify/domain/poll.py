"""What a broadcast asks: its questions and who learns the result. Polls do, and an alert may.

Options are numbered from 1, in every language alike; of a scale the number is the value itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

MOST_QUESTIONS: Final = 5
MOST_OPTIONS: Final = 9
"""One digit answers."""
HIGHEST: Final = 10
"""Of a scale."""
NONE: Final = -1
"""A choice that no question offers; a scale may begin at 0."""
SHORTEST_OPEN: Final = timedelta(minutes=1)
"""From when a poll is sent until it closes: in less nobody has read it."""
LONGEST_OPEN: Final = timedelta(days=366)
"""A longer one is a slip of the hand; a secret one keeps its key until it closes."""
LONGEST_ASK: Final = 300  # characters
LONGEST_OPTION: Final = 80


class Shape(StrEnum):
    """How a question is answered."""

    SINGLE = "single"
    SEVERAL = "several"
    SCALE = "scale"


class Shown(StrEnum):
    """Who sees the result of a poll; staff always do."""

    STAFF = "staff"
    ASKED = "asked"
    EVERYONE = "everyone"


class How(StrEnum):
    """How it was proven whose answer it is."""

    SMS = "sms"
    MAIL = "mail"  # by the personal link in a mail
    PUSH = "push"
    PAGE = "page"  # by somebody whose own page is open
    DESK = "desk"  # on paper, entered by staff


@dataclass(frozen=True, slots=True)
class Wording:
    """A question in one language. A scale has two options at most, that say what its lowest and its
    highest value mean."""

    ask: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `low` and `high` are those of a scale, `most` is how many options of several may
    be chosen (None: all)."""

    shape: Shape
    wordings: Mapping[str, Wording]
    low: int = 1
    high: int = 5
    most: int | None = None

    def wording(self, language: str, *, default: str) -> Wording:
        """What is asked for a reader of `language`."""
        return self.wordings.get(language) or self.wordings[default]

    @property
    def choices(self) -> range:
        """The numbers that answer it."""
        if self.shape is Shape.SCALE:
            return range(self.low, self.high + 1)
        return range(1, len(next(iter(self.wordings.values())).options) + 1)

    def accepts(self, chosen: frozenset[int]) -> bool:
        """Whether this is an answer."""
        if not chosen or not chosen <= set(self.choices):
            return False
        if self.shape is Shape.SEVERAL:
            return self.most is None or len(chosen) <= self.most
        return len(chosen) == 1


@dataclass(frozen=True, slots=True)
class Ask:
    """What a broadcast asks. `secret`: nobody is told who answered what. `live`: those who see the
    result see it before the close, too. `tell`: who took part is told the result. `urgent` is the
    option by which somebody asks for help; whoever chose it comes first in the list that staff work
    through."""

    questions: tuple[Question, ...]
    secret: bool = True
    shown: Shown = Shown.EVERYONE
    live: bool = False
    tell: bool = False
    urgent: int | None = None


def to_json(ask: Ask) -> dict[str, Any]:
    """As it is kept with the broadcast."""
    return {
        "questions": [
            {
                "shape": str(one.shape),
                "wordings": {
                    language: {"ask": said.ask, "options": list(said.options)}
                    for language, said in one.wordings.items()
                },
            }
            | ({"low": one.low, "high": one.high} if one.shape is Shape.SCALE else {})
            | ({"most": one.most} if one.most is not None else {})
            for one in ask.questions
        ],
        "secret": ask.secret, "shown": str(ask.shown), "live": ask.live, "tell": ask.tell,
        "urgent": ask.urgent,
    }  # fmt: skip


def from_json(kept: Mapping[str, Any]) -> Ask:
    """The same, read again."""
    return Ask(
        tuple(
            Question(
                Shape(one["shape"]),
                {
                    language: Wording(said["ask"], tuple(said["options"]))
                    for language, said in one["wordings"].items()
                },
                one.get("low", 1), one.get("high", 5), one.get("most"),
            )
            for one in kept["questions"]
        ),
        kept["secret"], Shown(kept["shown"]), kept["live"], kept["tell"],
        kept["urgent"],
    )  # fmt: skip
