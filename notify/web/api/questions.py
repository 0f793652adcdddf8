"""What a broadcast asks, as a program or a file says it: the form of `ask`."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from notify.domain.poll import (
    HIGHEST,
    LONGEST_ASK,
    LONGEST_OPTION,
    MOST_OPTIONS,
    MOST_QUESTIONS,
    Ask,
    Question,
    Shape,
    Shown,
    Wording,
)

_MOST_LANGUAGES: Final = 50

Option = Annotated[str, Field(max_length=LONGEST_OPTION)]
Value = Annotated[int, Field(strict=True, ge=0, le=HIGHEST)]
Number = Annotated[int, Field(strict=True, ge=1, le=MOST_OPTIONS)]
Switch = Annotated[bool, Field(strict=True)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WordingIn(Strict):
    """A question in one language."""

    ask: str = Field(max_length=LONGEST_ASK)
    options: list[Option] = Field(
        default_factory=list,
        max_length=MOST_OPTIONS,
        description="Numbered from 1, in every language alike. Of a scale none, or two: what its "
        "lowest and its highest value mean.",
    )


class QuestionIn(Strict):
    """`low` and `high` are the ends of a scale, `most` how many options of `several` may be chosen
    (null: all)."""

    shape: Shape = Shape.SINGLE
    wordings: dict[str, WordingIn] = Field(
        max_length=_MOST_LANGUAGES,
        description="By language: those of `texts`, and the first of the town; more if wished.",
    )
    low: Value = Field(1, description="Of a scale only.")
    high: Value = Field(5, description="Of a scale only.")
    most: Number | None = Field(None, description="Of several choices only.")

    @field_validator("low", "high")
    @classmethod
    def _of_a_scale(cls, value: int, info: ValidationInfo) -> int:
        """Only what is said is looked at, not what is usual."""
        if info.data.get("shape", Shape.SCALE) is not Shape.SCALE:
            raise PydanticCustomError(
                "no_scale",
                "Only a scale has a lowest and a highest value. Leave it out, or choose shape 'scale'.",
            )
        return value


class AskIn(Strict):
    """What a poll asks, or (one question, answered by name) an alert."""

    questions: list[QuestionIn] = Field(min_length=1, max_length=MOST_QUESTIONS)
    secret: Switch | None = Field(
        None, description="Nobody is told who answered what. Left out: a poll is, an alert is not."
    )
    shown: Shown | None = Field(
        None,
        description="Who sees the result; staff always do. Left out: everyone, of an alert staff.",
    )
    live: Switch = Field(False, description="Who sees the result sees it before the close, too.")
    tell: Switch = Field(False, description="Who took part is told the result.")
    urgent: Number | None = Field(
        None, description="The option by which somebody asks for help: they come first in the list."
    )


def to_ask(wanted: AskIn, *, alert: bool) -> Ask:
    """The same for the services, with what is usual for an alert or a poll where nothing is said."""
    usual = Shown.STAFF if alert else Shown.EVERYONE
    return Ask(
        questions=tuple(_question(one) for one in wanted.questions),
        secret=not alert if wanted.secret is None else wanted.secret,
        shown=wanted.shown or usual, live=wanted.live, tell=wanted.tell, urgent=wanted.urgent,
    )  # fmt: skip


def _question(one: QuestionIn) -> Question:
    return Question(
        shape=one.shape,
        wordings={
            language: Wording(said.ask, tuple(said.options))
            for language, said in one.wordings.items()
        },
        low=one.low, high=one.high, most=one.most,
    )  # fmt: skip
