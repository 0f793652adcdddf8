"""By which words the options of a question are known, in all its languages at once."""

import difflib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from notify.domain.answer_tokens import Token, tokens_of
from notify.domain.answer_words import (
    ALL,
    DENIALS,
    FILLERS,
    NO,
    PRONOUNS,
    TYPED,
    UNSURE,
    WEEKDAYS,
    WHEN,
    YES,
)
from notify.domain.poll import Question, Shape

_LIKE: Final = 0.75  # of 1.0, how like a word must be to be a mistyped one
_SHORTEST: Final = 3  # letters that may be mistyped
_SHORTEST_PART: Final = 4  # letters by which a longer word may be known
_MOST_SHARING: Final = 3  # options that a word may stand for

Chosen: TypeAlias = frozenset[int]


@dataclass(frozen=True, slots=True)
class Names:
    """What is known of the options. `whole` are their texts without spaces; `first` are first words
    that no other option has; `parts` are all other words but those that every option has
    (`common`); `yes` and `no` are the options that begin so; `asked` are words of the question; `typed` is what may have been mistyped; `longest` is how many words an
    option has."""

    whole: Mapping[str, Chosen]
    first: Mapping[str, Chosen]
    parts: Mapping[str, Chosen]
    common: frozenset[str]
    asked: frozenset[str]
    yes: Chosen
    no: Chosen
    typed: Mapping[str, Chosen]
    longest: int

    def named(self, form: str) -> Chosen:
        """The options that a word stands for, alone or as a part of them."""
        return self.whole.get(form, frozenset()) | self.parts.get(form, frozenset())

    def mistyped(self, token: Token) -> Chosen:
        """The options that a strange word may stand for."""
        found: set[int] = set()
        for form in set(token.forms):
            if len(form) >= _SHORTEST:
                like = difflib.get_close_matches(form, self.typed, n=2, cutoff=_LIKE)
                parts = [name for name in self.typed if _is_part(form, name)]
                found.update(*(self.typed[name] for name in [*like, *parts]))
        return frozenset(found)


def within(token: Token, words: Mapping[str, Chosen] | frozenset[str]) -> bool:
    """Whether it is one of them in either spelling."""
    return any(form in words for form in token.forms)


def looked_up(forms: Iterable[str], names: Mapping[str, Chosen]) -> Chosen:
    return frozenset().union(*(names.get(form, frozenset()) for form in forms))


def joined(tokens: Sequence[Token]) -> set[str]:
    """Some words as one, in both spellings."""
    return {"".join(token.forms[side] for token in tokens) for side in (0, 1)}


def names_of(question: Question) -> Names:
    """Of a scale only what its two ends are called is known."""
    options = tuple(
        (number, said)
        for wording in question.wordings.values()
        for number, said in zip(
            _numbers(question, len(wording.options)), wording.options, strict=False
        )
    )
    asks = tuple(wording.ask for wording in question.wordings.values())
    return _names(options, asks, question.shape is Shape.SCALE)


def _numbers(question: Question, count: int) -> Sequence[int]:
    if question.shape is not Shape.SCALE:
        return range(1, count + 1)
    return (question.low, question.high) if count == 2 else ()


@lru_cache(maxsize=64)
def _names(options: tuple[tuple[int, str], ...], asks: tuple[str, ...], scale: bool) -> Names:
    said = [(number, tokens_of(text)) for number, text in options]
    everywhere = _gathered(
        (form, number) for number, ones in said for form in _forms(_without_pronouns(ones))
    )
    whole = _gathered((form, number) for number, ones in said for form in _whole(ones))
    numbers = {number for number, _ in options}
    common = frozenset(form for form in everywhere if everywhere[form] == numbers)
    asked = frozenset(form for ask in asks for form in _forms(tokens_of(ask))) - DENIALS - UNSURE
    yes, no = _beginning(said, YES), _beginning(said, NO)
    longest = max((len(tokens) for _, tokens in said), default=0)
    if scale:
        whole = _gathered((form, number) for number, ones in said for form in joined(ones))
        return Names(whole, {}, {}, common, asked, yes, no, {}, longest)
    first = {
        form: everywhere[form]
        for _, tokens in said
        for form in _first_forms(tokens, common)
        if len(everywhere[form]) == 1
    }
    parts = {
        form: by
        for form, by in everywhere.items()
        if form not in common | (FILLERS) and len(by) <= _MOST_SHARING
    }
    parts |= {WEEKDAYS[form]: by for form, by in parts.items() if form in WEEKDAYS}
    typed = {**({word: yes if word in YES else no for word in TYPED} if yes or no else {}), **parts}
    return Names(whole, first, parts, common, asked, yes, no, {**typed, **first, **whole}, longest)


def _gathered(pairs: Iterable[tuple[str, int]]) -> Mapping[str, Chosen]:
    found: dict[str, set[int]] = defaultdict(set)
    for form, number in pairs:
        found[form].add(number)
    return {form: frozenset(by) for form, by in found.items()}


def _forms(tokens: Sequence[Token]) -> set[str]:
    return {form for token in tokens for form in token.forms}


def _whole(tokens: Sequence[Token]) -> set[str]:
    """All of it, and what of it says something."""
    telling = [token for token in _without_pronouns(tokens) if not within(token, FILLERS)]
    timed = telling[1:] if telling and within(telling[0], WHEN) else telling
    return (joined(tokens) | joined(telling) | joined(timed) | _short(tokens)) - {""}


def _short(tokens: Sequence[Token]) -> set[str]:
    """What a day of the week is called for short, unless that is a word that says nothing."""
    if len(tokens) != 1:
        return set()
    return {WEEKDAYS.get(tokens[0].forms[0], "")} - FILLERS


def _without_pronouns(tokens: Sequence[Token]) -> list[Token]:
    """Without the English words `a` and `I`; at the end each would be a letter."""
    return [*(one for one in tokens[:-1] if not within(one, PRONOUNS)), *tokens[-1:]]


def _beginning(said: Sequence[tuple[int, Sequence[Token]]], words: frozenset[str]) -> Chosen:
    return frozenset(number for number, tokens in said if tokens and within(tokens[0], words))


def _first_forms(tokens: Sequence[Token], common: frozenset[str]) -> tuple[str, ...]:
    """The first word that says something; none where the option denies something."""
    if any(within(token, DENIALS) for token in tokens[1:]) and not within(tokens[0], YES | NO):
        return ()
    for token in _without_pronouns(tokens):
        if not within(token, FILLERS | ALL) and not common & set(token.forms):
            alone = token.number is not None or len(token.forms[0]) == 1
            return () if alone or within(token, DENIALS) else token.forms
    return ()


def _is_part(form: str, name: str) -> bool:
    """Whether one is the beginning of the other, or a word of its own within it."""
    shorter, longer = sorted((form, name), key=len)
    return (
        len(shorter) >= _SHORTEST_PART
        and shorter != longer
        and (longer.startswith(shorter) or longer.endswith(shorter))
    )
