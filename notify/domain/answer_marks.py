"""What a word of an answer says, and where in the text it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from notify.domain.answer_names import Chosen, Names, within
from notify.domain.answer_tokens import Token
from notify.domain.poll import Question, Shape


class Says(Enum):
    """What a word says about its numbers."""

    CHOSEN = auto()
    LIKELY = auto()  # a part of a name, a typo
    EITHER = auto()  # of two readings that are both good
    FIRMLY = auto()  # yes, if anything
    OUTSIDE = auto()  # a number that is no answer
    DENIED = auto()
    DENIED_FLATLY = auto()
    TURN = auto()  # another answer may follow
    COMPARED = auto()  # so it may, and one that was named before is not meant
    OR = auto()
    AND = auto()
    REASON = auto()
    NOTHING = auto()
    STRANGE = auto()


@dataclass(frozen=True, slots=True)
class Mark:
    """`length` words, beginning with the word number `begin`; `digits` where a number was written."""

    says: Says
    numbers: Chosen = frozenset()
    length: int = 1
    digits: bool = False
    begin: int = 0


@dataclass(frozen=True, slots=True)
class Around:
    """A text, the question that it may answer, and how its options are known."""

    tokens: Sequence[Token]
    question: Question
    names: Names

    @property
    def scale(self) -> bool:
        return self.question.shape is Shape.SCALE

    def known(self, number: int) -> Chosen:
        """The number, where it is an answer."""
        return frozenset({number} & set(self.question.choices))

    def next(self, at: int) -> Token | None:
        return self.tokens[at + 1] if at + 1 < len(self.tokens) else None

    def before(self, at: int, among: frozenset[str] | Mapping[str, Chosen]) -> bool:
        """Whether one of these words stands directly before."""
        return at > 0 and within(self.tokens[at - 1], among)

    def after(self, at: int, among: frozenset[str] | Mapping[str, Chosen]) -> bool:
        """Whether one of these words follows directly, without a comma or the like between."""
        follows = self.next(at)
        return follows is not None and not follows.breaks and within(follows, among)
