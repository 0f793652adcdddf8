"""Cuts a text into words, numbers and the few signs that answer."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from notify.domain.answer_words import NO_SIGNS, NUMBERS, YES_SIGNS
from notify.domain.spelling import spellings

_SIGNS: Final = {
    **dict.fromkeys(YES_SIGNS, "ja"), **dict.fromkeys(NO_SIGNS, "nein"), "🔟": "10", "€": "euro",
    "%": "prozent", "&": "und", "+": "und",
}  # fmt: skip
_APOSTROPHES: Final = frozenset("'’ʼ`´")
_SHORT: Final = {
    **dict.fromkeys(["dont", "don't"], "do not"), **dict.fromkeys(["cant", "can't"], "can not"),
    **dict.fromkeys(["wont", "won't"], "will not"), **dict.fromkeys(["isnt", "isn't"], "is not"),
    "i'm": "i am", "i'd": "i would", "i'll": "i will", "let's": "let us", "it's": "it is",
    "eur": "euro",
}  # fmt: skip
"""English words that an apostrophe draws together, and what has a short name."""
_JOINS: Final = frozenset(" \t-/&+‐‑'’")
"""What may stand between words that belong to each other."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word in its two spellings; a number word is spelled with digits. `gap` is what stands
    before it."""

    forms: tuple[str, str]
    gap: str
    number: int | None = None
    digits: bool = False

    @property
    def breaks(self) -> bool:
        """Whether something ends before it."""
        return any(sign not in _JOINS for sign in self.gap)


def tokens_of(text: str) -> list[Token]:
    """The words of a text in its plain form, in order."""
    found = []
    for gap, word in _pieces(text):
        if word.isdigit():
            found.append(Token((str(int(word)),) * 2, gap, int(word), digits=True))
            continue
        for place, one in enumerate(_SHORT.get(word, word).split()):
            forms = spellings(one)
            number = next((NUMBERS[form] for form in forms if form in NUMBERS), None)
            if number is not None:
                forms = (str(number), str(number))
            if any(forms):
                found.append(Token(forms, " " if place else gap, number))
    return found


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Each run of letters or of digits (as 0 to 9), and what stands before it."""
    gap, word, sort = "", "", ""
    for sign in text:
        now, plain = _sort(sign, sort)
        if word and now != sort:
            yield gap, word
            gap, word = "", ""
        if now in {"", "sign"}:
            if now:
                yield gap, plain
                gap = ""
            else:
                gap += sign
            sort = ""
            continue
        word, sort = word + plain, now
    if word:
        yield gap, word


def _sort(sign: str, before: str) -> tuple[str, str]:
    """Of what sort of piece a sign is part (empty: none), and how it is written there."""
    if sign in _SIGNS:
        return "sign", _SIGNS[sign]
    if sign in _APOSTROPHES and before == "letter":
        return "letter", "'"
    value = unicodedata.digit(sign, None)
    if value is not None:
        return "digit", str(value)
    if before and unicodedata.category(sign)[0] == "M":
        return before, sign if before == "letter" else ""
    return ("letter", sign.casefold()) if sign.isalpha() else ("", "")
