"""The result of a poll, as the OpenAPI document tells it."""

from datetime import datetime
from uuid import UUID

from notify.domain.poll import How, Shape, Shown
from notify.domain.words import Kind
from notify.web.api import shapes


class TurnoutOut(shapes.Shape):
    """`group` is a name by language; null for all other groups together."""

    group: dict[str, str] | None
    asked: int
    answered: int


class ChoiceOut(shapes.Shape):
    """`options` is what it says, by language, empty for a value of a scale; `share` is per cent of
    those who answered the question."""

    number: int
    options: dict[str, str]
    n: int
    share: float


class PartOut(shapes.Shape):
    """The answers of some. `mean` and `median` are those of a scale."""

    answered: int
    choices: list[ChoiceOut]
    mean: float | None
    median: float | None


class GroupOut(PartOut):
    """`group` as in the turnout."""

    group: dict[str, str] | None


class QuestionOut(PartOut):
    """`ask` is by language. `withheld`: what it was answered is not told yet. `groups`: those
    through which at least ten answered it, and the rest together."""

    number: int
    shape: Shape
    ask: dict[str, str]
    withheld: bool
    groups: list[GroupOut]


class ResultOut(shapes.Shape):
    """`asked` and `answered` are people; `how` is by which way it was proven who they are, `groups`
    the turnout by group."""

    broadcast_id: UUID
    kind: Kind
    drill: bool
    titles: dict[str, str]
    secret: bool
    shown: Shown
    opened_at: datetime
    close_at: datetime
    closed_at: datetime | None
    cancelled: bool
    asked: int
    answered: int
    how: dict[How, int]
    groups: list[TurnoutOut]
    questions: list[QuestionOut]
