"""Understands a text as the answer to a question, or does not.

A false answer is worse than one more question: a text counts only where every word of it is known
and all say the same. What is nearly so is given back to be asked about; the rest is for people.
"""

import itertools
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from notify.domain.answer_marks import Mark, Says
from notify.domain.answer_names import names_of
from notify.domain.answer_reading import marks_of
from notify.domain.answer_tokens import Token
from notify.domain.inbound import Word, is_automatic, plain_of, reserved_word, word_of
from notify.domain.poll import Question, Shape

LONGEST: Final = 160  # characters of a text that may be asked about
LONGEST_READ: Final = 640  # characters of a text that is read at all
_HIGHEST_NUMBER: Final = 9_999
"""A bigger one is a telephone number or the like."""
_SHORTEST_QUOTE: Final = 3  # words; fewer may be an answer
_DASHES: Final = frozenset("-‐‑–—−")
_TURNS: Final = frozenset({Says.TURN, Says.COMPARED})
_DATE: Final = re.compile(r"(?<!\d)0\d\.\s?\d|\d\.\s?0\d(?!\d)")
"""01.03. is a day, where 1.3. may be two answers."""
_INEXACT: Final = re.compile(r"[≤≥≠≈±]|<\s?\d+(?!\s?[\d>])")
"""Less than three, which is also how a heart is written."""
_GRADE: Final = re.compile(r"\d[+\-‐‑–−](?!\w)")
"""3+ and 2- lie between the values of a scale."""
_STATED: Final = 3  # words of the question that say it again
_AFTER_NUMBER: Final = frozenset({".", ")", ".)", ":"})
_JOINT: Final = r"[ \-‐‑–]{1,3}"
_LEADS: Final = r"(?:(?:umfrage|poll|code|kennung|zu|for|für)\b[^\w\n]{0,3}){0,2}"
_AROUND_CODE: Final = " \t\n:;,.()[]-‐‑–—=\"'„“”"


class Why(StrEnum):
    """How a text was understood."""

    ANSWER = "answer"
    NEAR = "near"  # something like an answer
    TOO_MANY = "too_many"  # more answers than may be given
    OUT_OF_RANGE = "out_of_range"  # a number that is no answer
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was chosen; empty unless it is an answer. `near` is what may have been meant: to be asked
    about, never counted."""

    chosen: frozenset[int]
    near: frozenset[int]
    why: Why


_UNCLEAR: Final = Reading(frozenset(), frozenset(), Why.UNCLEAR)
_OUT: Final = Reading(frozenset(), frozenset(), Why.OUT_OF_RANGE)


def read(text: str, question: Question) -> Reading:
    """What a text answers. All languages of the question count, whichever it was asked in."""
    if len(text) > LONGEST_READ or word_of(text) is Word.STOP or is_automatic(text):
        return _UNCLEAR
    said = _without_quotes(plain_of(text), question)
    if len(said) > LONGEST_READ:  # the plain form of a sign may be eighteen
        return _UNCLEAR
    tokens, marks = marks_of(said, question)
    reading = _judged(_Heard(tokens, marks), question, doubtful=_doubtful(said, question))
    return reading if reading.chosen or len(said) <= LONGEST else _UNCLEAR


def _doubtful(said: str, question: Question) -> bool:
    """Whether a sign says that it is asked, or not quite meant."""
    graded = question.shape is Shape.SCALE and _GRADE.search(said)
    return bool("?" in said or "؟" in said or _DATE.search(said) or _INEXACT.search(said) or graded)


def addressed(text: str, codes: Collection[str]) -> tuple[str | None, str]:
    """Which of the codes a text names, at its beginning or its end, and what else it says.

    A code is known with spaces, dashes and in any case. `k72` names neither K7 nor another that was
    not given out: it could be either.
    """
    if len(text) > LONGEST_READ:
        return None, text
    plain = plain_of(text)
    for joint in ("", _JOINT):
        named = {
            code.upper(): rest
            for code in codes
            if (rest := _without_code(plain, code, joint)) is not None
        }
        if len(named) == 1:
            return next(iter(named.items()))
    return None, text


def collides(option: str) -> str | None:
    """The word of ours for which an option would be taken when it is texted; None where it would
    not. YES and JA are answers."""
    return reserved_word(option)


class _Heard:
    """What the marks of a text come to."""

    def __init__(self, tokens: Sequence[Token], marks: Sequence[Mark]) -> None:
        self._tokens = tokens
        self._marks = marks
        self.chosen = self._numbers(Says.CHOSEN)
        self.likely = self._numbers(Says.LIKELY)
        for mark in marks:
            if mark.says is Says.EITHER and not mark.numbers & self.chosen:
                self.likely |= mark.numbers
        self.strange = self.has(Says.STRANGE)
        self.firmly = not self.chosen | self.likely and not self.strange
        if self.firmly:
            self.likely = self._numbers(Says.FIRMLY)
        self.near = self.chosen | self.likely
        self.denied = self._numbers(Says.DENIED)
        self.outside = [mark for mark in marks if mark.says is Says.OUTSIDE]

    def has(self, *says: Says) -> bool:
        return any(mark.says in says for mark in self._marks)

    def _numbers(self, says: Says) -> frozenset[int]:
        return frozenset().union(*(mark.numbers for mark in self._marks if mark.says is says))

    @property
    def only_outside(self) -> bool:
        """Whether a number that is no answer is all that was said."""
        if len(self.outside) != 1 or self.strange or self.has(Says.DENIED, Says.DENIED_FLATLY):
            return False
        number = self._tokens[self.outside[0].begin].number
        return number is None or number <= _HIGHEST_NUMBER

    @property
    def unsure(self) -> bool:
        """Whether something beside the answer may change it."""
        strange = self.strange or self.outside or not self.likely <= self.chosen
        return bool(strange or self._contradicts_itself())

    def _contradicts_itself(self) -> bool:
        """Whether it says no, and then what was asked as a statement, without a no."""
        stated = [mark for mark in self._marks if mark.says is Says.FIRMLY]
        return len(stated) >= _STATED and not stated[0].numbers <= self.chosen

    @property
    def turns(self) -> bool:
        """Whether one answer takes another's place, or stands for a choice between two."""
        first = min((m.begin for m in self._marks if m.says is Says.CHOSEN), default=0)
        turned = any(m.says in _TURNS and m.begin > first for m in self._marks)
        turned |= len(self.chosen) > 1 and self.has(Says.COMPARED)
        return turned or self.has(Says.OR) or self._clashes()

    def _clashes(self) -> bool:
        """Whether a number stands beside the word of another option, or a range is given."""
        said = [mark for mark in self._marks if mark.says in {Says.CHOSEN, Says.AND}]
        for one, other in itertools.pairwise(said):
            gap = self._tokens[other.begin].gap
            differ = one.numbers and other.numbers and one.numbers != other.numbers
            if differ and ">" in gap:
                return True
            if differ and one.digits == other.digits and gap.strip() in _DASHES:
                return True
            if differ and one.digits != other.digits and not self._apart(one, other):
                return True
        return False

    def _apart(self, one: Mark, other: Mark) -> bool:
        """Whether one has ended before the other begins. `1. Friday, 2. Sunday` numbers what it
        chooses."""
        token = self._tokens[other.begin]
        return token.breaks and not (one.digits and token.gap.strip() in _AFTER_NUMBER)


def _judged(heard: _Heard, question: Question, *, doubtful: bool) -> Reading:
    if not heard.near:
        return _OUT if heard.only_outside else _UNCLEAR
    if heard.has(Says.DENIED, Says.DENIED_FLATLY):
        return _denied(heard, question)
    near = Reading(frozenset(), heard.near, Why.NEAR)
    too_many = Reading(frozenset(), heard.near, Why.TOO_MANY)
    if heard.unsure:
        return near
    if question.shape is not Shape.SEVERAL and len(heard.chosen) > 1:
        return too_many
    if doubtful or heard.turns:
        return near
    return (
        Reading(heard.chosen, frozenset(), Why.ANSWER)
        if question.accepts(heard.chosen)
        else too_many
    )


def _denied(heard: _Heard, question: Question) -> Reading:
    """One answer for another may be guessed; so may a no that is said twice, or with the words of the
    question."""
    if heard.has(Says.DENIED_FLATLY):
        return _UNCLEAR
    names, choices = names_of(question), frozenset(question.choices)
    no = names.no or (choices - names.yes if names.yes and len(choices) == 2 else frozenset())
    near = no if heard.firmly else heard.near
    twice = near <= no and (names.no or not heard.chosen)
    if near and (heard.firmly or len(near) > 1 or twice or near <= heard.denied):
        return Reading(frozenset(), near, Why.NEAR)
    return _UNCLEAR


def _without_quotes(plain: str, question: Question) -> str:
    """Without lines that a mail program quotes, and without the question itself."""
    lines = [line for line in plain.split("\n") if not line.lstrip().startswith(">")]
    text = "\n".join(lines)
    for wording in question.wordings.values():
        asked = plain_of(wording.ask)
        if len(asked.split()) >= _SHORTEST_QUOTE:
            text = re.sub(re.escape(asked), "\n", text, flags=re.IGNORECASE)
    return text.strip()


def _without_code(plain: str, code: str, joint: str) -> str | None:
    """What is left of a text without the code; None where it does not begin or end with it."""
    spelled = joint.join(map(re.escape, code))
    # A digit after a digit would be another code; so would a letter after a letter.
    after = r"(?!\d)" if code[-1:].isdigit() else r"(?!\w)"
    before = r"(?<![^\W\d_])" if code[:1].isalpha() else r"(?<!\w)"
    pattern = f"{before}{spelled}{after}"
    begins = re.match(rf"[^\w\n]{{0,3}}{_LEADS}{pattern}", plain, re.IGNORECASE)
    if begins:
        return plain[begins.end() :].strip(_AROUND_CODE)
    ends = re.search(rf"{pattern}[^\w\n]{{0,3}}\Z", plain, re.IGNORECASE)
    return plain[: ends.start()].strip(_AROUND_CODE) if ends else None
