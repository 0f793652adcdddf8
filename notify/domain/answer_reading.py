"""Goes through an answer word by word and marks what each says. What is unknown is strange."""

import itertools
from dataclasses import replace
from typing import Final

from notify.domain import answer_words as words
from notify.domain.answer_marks import Around, Mark, Says
from notify.domain.answer_names import joined, looked_up, names_of, within
from notify.domain.answer_numbers import letter_mark, number_mark, ordinal_mark
from notify.domain.answer_tokens import Token, tokens_of
from notify.domain.poll import Question, Shape

_MOST_TYPOS: Final = 6  # strange words that are compared with the names
_NAME_OF_SIGNER: Final = 6  # words
_NAME_OF_GREETED: Final = 2  # words
_STEM: Final = 4  # letters
_SPLIT: Final = 2  # more words than an option has, where one is written as several
_CHANGED_BY_REASON: Final = {
    Says.CHOSEN: Says.LIKELY, Says.EITHER: Says.LIKELY, Says.DENIED: Says.STRANGE,
    Says.DENIED_FLATLY: Says.STRANGE, Says.OUTSIDE: Says.STRANGE,
}  # fmt: skip
"""Who gives a reason may speak of the other options."""


def marks_of(text: str, question: Question) -> tuple[list[Token], list[Mark]]:
    """The words of a text in its plain form, and what they say."""
    tokens = tokens_of(text)
    return tokens, _Reader(Around(tokens, question, names_of(question))).marks()


class _Reader:
    """Keeps what was said so far."""

    def __init__(self, around: Around) -> None:
        self._around = around
        self._names = around.names
        self._said = False
        self._reasoning = False
        self._signer = 0
        self._greeted = 0
        self._typos = _MOST_TYPOS
        self._steps = (
            self._phrase, self._set_phrase, self._name, self._number, self._letter, self._yes_or_no,
            self._all, self._small_word, self._part, self._filler, self._unknown_word,
        )  # fmt: skip

    def marks(self) -> list[Mark]:
        found: list[Mark] = []
        at = 0
        while at < len(self._around.tokens):
            if self._token(at).breaks:
                self._greeted = 0
            mark = next(mark for step in self._steps if (mark := step(at)) is not None)
            if self._reasoning:
                mark = replace(mark, says=_CHANGED_BY_REASON.get(mark.says, mark.says))
            self._said |= mark.says in {Says.CHOSEN, Says.EITHER}
            self._reasoning |= mark.says is Says.REASON
            found.append(replace(mark, begin=at))
            at += mark.length
        return found

    def _token(self, at: int) -> Token:
        return self._around.tokens[at]

    def _whole(self, at: int, length: int) -> Mark | None:
        numbers = looked_up(joined(self._around.tokens[at : at + length]), self._names.whole)
        if not numbers:
            return None
        sure = len(numbers) == 1 and not self._around.scale
        return Mark(Says.CHOSEN if sure else Says.LIKELY, numbers, length)

    def _phrase(self, at: int) -> Mark | None:
        """An option of several words, or one that is written as several."""
        longest = min(self._names.longest + _SPLIT, len(self._around.tokens) - at)
        marks = (self._whole(at, length) for length in range(longest, 1, -1))
        return next(filter(None, marks), None)

    def _set_phrase(self, at: int) -> Mark | None:
        """What is always said together: guten Tag, alles gut, auf keinen Fall."""
        around, token = self._around, self._token(at)
        for phrase in words.NO_PHRASES + words.YES_PHRASES:
            said = around.tokens[at : at + len(phrase)]
            if tuple(one.forms[0] for one in said) == phrase:
                mark = self._no() if phrase in words.NO_PHRASES else self._perhaps_yes()
                return replace(mark, length=len(phrase))
        polite = ((words.WISHING, words.WISHED), (words.SIR, words.OR))
        if any(within(token, one) and around.after(at, other) for one, other in polite):
            return Mark(Says.NOTHING, length=2)
        if within(token, words.FOLLOWED_BY_GOOD) and around.after(at, words.GOOD):
            return replace(self._perhaps_yes(), length=2)
        somewhere = within(token, words.BEING) and around.after(at, words.SOMEWHERE)
        # Who is in safety says so with the words of the question.
        if somewhere and not around.after(at + 1, self._names.asked):
            return Mark(Says.STRANGE, length=2)
        return None

    def _name(self, at: int) -> Mark | None:
        token = self._token(at)
        if token.number is not None or len(token.forms[0]) == 1:
            return None
        first = looked_up(token.forms, self._names.first)
        mark = self._whole(at, 1) or (Mark(Says.CHOSEN, first) if len(first) == 1 else None)
        if mark and within(token, words.KNOWING) and self._beside(at, words.MYSELF):
            return replace(mark, says=Says.LIKELY)
        return mark

    def _beside(self, at: int, among: frozenset[str]) -> bool:
        """Whether one of these words stands before it or after it, perhaps with an and between."""
        around = self._around
        linked = around.before(at, words.AND) and around.before(at - 1, among)
        return linked or around.before(at, among) or around.after(at, among)

    def _number(self, at: int) -> Mark | None:
        return number_mark(self._around, at) or ordinal_mark(self._around, at)

    def _letter(self, at: int) -> Mark | None:
        return letter_mark(self._around, at)

    def _yes_or_no(self, at: int) -> Mark | None:
        token = self._token(at)
        forms = {*token.forms, _squeezed(token.forms[0])}
        if forms & words.YES:
            return self._side(self._names.yes, self._names.no) or Mark(Says.NOTHING)
        if forms & words.PERHAPS_YES:
            return self._perhaps_yes()
        if not forms & words.NO:
            return None
        mark = self._no()
        follows = self._around.next(at)
        numbered = follows is not None and follows.number is not None
        if "no" in forms and numbered and not self._names.no | self._names.yes:
            return Mark(Says.NOTHING)
        return mark

    def _perhaps_yes(self) -> Mark:
        yes = self._names.yes
        return Mark(Says.FIRMLY, yes) if yes else Mark(Says.NOTHING)

    def _no(self) -> Mark:
        return self._side(self._names.no, self._names.yes) or Mark(Says.DENIED)

    def _side(self, meant: frozenset[int], other: frozenset[int]) -> Mark | None:
        """The option that says so; else, of two, the one that does not say the opposite."""
        if meant:
            return Mark(Says.CHOSEN if len(meant) == 1 else Says.LIKELY, meant)
        choices = frozenset(self._around.question.choices)
        if len(choices) == 2 and len(other) == 1:
            return Mark(Says.LIKELY, choices - other)
        return None

    def _all(self, at: int) -> Mark | None:
        choices = frozenset(self._around.question.choices)
        token = self._token(at)
        both = within(token, words.BOTH) and len(choices) == 2
        if not both and not within(token, words.ALL):
            return Mark(Says.NOTHING) if within(token, words.BOTH) else None
        meant = looked_up(token.forms, self._names.parts)
        if self._around.question.shape is not Shape.SEVERAL:
            says = Says.LIKELY if meant else Says.NOTHING if both else Says.STRANGE
            return Mark(says, meant)
        follows = self._around.next(at)
        counted = follows is not None and follows.number == len(choices)
        # Who chooses all does not choose "none of these" as well, or means the option that says all.
        denied = (
            meant
            or self._names.no
            or any(form in words.DENIALS - words.STOPS for form in self._names.parts)
        )
        return Mark(Says.LIKELY if denied else Says.CHOSEN, choices, 1 + counted)

    def _small_word(self, at: int) -> Mark | None:
        token = self._token(at)
        if within(token, words.DENIALS):
            flatly = within(token, words.FLATLY)
            numbers = looked_up(token.forms, self._names.parts)
            return Mark(Says.DENIED_FLATLY if flatly else Says.DENIED, numbers)
        if within(token, words.OR):
            return Mark(Says.OR)
        if within(token, words.AND):
            return Mark(Says.STRANGE if self._is_a_name(at) else Says.AND)
        if within(token, words.COMPARING):
            return Mark(Says.COMPARED)
        if within(token, words.TURNS) and not (at == 0 and within(token, words.TITLES)):
            return Mark(Says.TURN)
        return Mark(Says.REASON) if self._said and within(token, words.REASONS) else None

    def _is_a_name(self, at: int) -> bool:
        """U3 is no "and 3"."""
        token, follows = self._token(at), self._around.next(at)
        begins = at == 0 or token.gap != ""
        return begins and token.forms[0] == "u" and follows is not None and follows.gap == ""

    def _part(self, at: int) -> Mark | None:
        token = self._token(at)
        numbers = looked_up(token.forms, self._names.parts)
        if numbers:
            return Mark(Says.LIKELY, numbers)
        return Mark(Says.NOTHING) if within(token, self._names.common) else None

    def _filler(self, at: int) -> Mark | None:
        token = self._token(at)
        if within(token, words.SIGNING):
            self._signer = _NAME_OF_SIGNER
        if within(token, words.TITLES):
            self._greeted = _NAME_OF_GREETED
        if self._around.scale and within(token, words.PRAISE):
            return Mark(Says.STRANGE)
        if within(token, words.DAYS) and self._beside(at, words.DAYS):
            return Mark(Says.STRANGE)  # Sa So, where Sunday is no option
        if within(token, words.FILLERS) or (self._around.scale and within(token, words.POINTS)):
            return Mark(Says.NOTHING)
        # Who says the question again without a no means yes.
        return self._perhaps_yes() if self._asked(token) else None

    def _asked(self, token: Token) -> bool:
        """Whether the question has the word, perhaps with another ending."""
        asked = self._names.asked
        if within(token, asked):
            return True
        form = token.forms[0]
        return len(form) >= _STEM and any(
            len(word) >= _STEM and (word.startswith(form) or form.startswith(word))
            for word in asked
        )

    def _unknown_word(self, at: int) -> Mark:
        if self._reasoning:
            return Mark(Says.NOTHING)
        if self._signer or self._greeted:
            self._signer, self._greeted = max(0, self._signer - 1), max(0, self._greeted - 1)
            return Mark(Says.NOTHING)
        self._typos -= 1
        numbers = self._names.mistyped(self._token(at)) if self._typos >= 0 else frozenset()
        return Mark(Says.LIKELY, numbers) if numbers else Mark(Says.STRANGE)


def _squeezed(word: str) -> str:
    """jaaa as ja."""
    return "".join(sign for sign, _ in itertools.groupby(word))
