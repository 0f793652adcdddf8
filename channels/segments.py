"""Counts what an SMS costs and spells typographic characters so that it costs less.

A text in the alphabet of GSM 03.38 fits 160 characters into one SMS, any other only 70; one
curly quote in it more than doubles the bill. `measure` counts as the carriers bill, `friendly`
replaces what has a plain equal and tells the author what it replaced.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

GSM_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENDED: Final = frozenset("^{}\\[~]|€")
GSM: Final = GSM_BASIC | GSM_EXTENDED


@dataclass(frozen=True, slots=True)
class Segments:
    """What one text costs: `units` are septets or UTF-16 code units, `units_left` how many
    more fit before the next segment begins."""

    encoding: Literal["gsm7", "ucs2"]
    segments: int
    units: int
    units_left: int


@dataclass(frozen=True, slots=True)
class Friendly:
    """A text as it will be sent, and each replacement once, in the order it was met."""

    text: str
    replaced: tuple[tuple[str, str], ...]


def measure(text: str) -> Segments:
    """Counts the segments a text is billed for (GSM 03.38, 3GPP TS 23.038 and 23.040).

    An escape pair or a surrogate pair never straddles two segments, so a segment may end one
    unit early; an empty text has no segment.
    """
    if GSM.issuperset(text):
        costs = (2 if char in GSM_EXTENDED else 1 for char in text)
        return _packed("gsm7", costs, single=160, each=153)
    costs = (2 if ord(char) > 0xFFFF else 1 for char in text)
    return _packed("ucs2", costs, single=70, each=67)


def _packed(
    encoding: Literal["gsm7", "ucs2"], costs: Iterable[int], *, single: int, each: int
) -> Segments:
    units, full, used = 0, 0, 0
    for cost in costs:
        units += cost
        if used + cost > each:
            full, used = full + 1, 0
        used += cost
    if units <= single:
        return Segments(encoding, 1 if units else 0, units, single - units)
    return Segments(encoding, full + 1, units, each - used)


def _table(*rows: tuple[str, str]) -> dict[str, str]:
    return {char: plain for chars, plain in rows for char in chars}


# Signs whose plain spelling says the same in every language.
_TYPOGRAPHIC: Final[Mapping[str, str]] = {"°C": "C", "°F": "F"} | _table(
    ("„“”‟«»〝〞″‶", '"'),
    ("‚‘’‛‹›′‵`´ʹʼ", "'"),
    ("‐‑‒–—―−﹘﹣－⁃", "-"),
    ("•‣▪▫●○◦∙·", "-"),
    ("…", "..."),
    ("‥", ".."),
    ("\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a", " "),
    ("\u202f\u205f\t", " "),
    ("\x0b\x0c\x85\u2028", "\n"),
    ("\u2029", "\n\n"),
    # Soft hyphen, zero-width space, word joiner, byte order mark.
    ("\u00ad\u200b\u2060\ufeff", ""),
    ("".join(map(chr, (*range(9), *range(14, 32), *range(127, 133), *range(134, 160)))), ""),
    ("ﬀ", "ff"),
    ("ﬁ", "fi"),
    ("ﬂ", "fl"),
    ("ﬃ", "ffi"),
    ("ﬄ", "ffl"),
    ("ﬅﬆ", "st"),
    ("ẞ", "SS"),
    ("™", "TM"),
    ("©", "(c)"),
    ("®", "(R)"),
    ("℠", "SM"),
    ("→➔➜", "->"),
    ("←", "<-"),
    ("⇒", "=>"),
    ("×", "x"),
    ("÷⁄∕", "/"),
    ("±", "+/-"),
    ("≤", "<="),
    ("≥", ">="),
    ("≈", "~"),
    ("¦", "|"),
    ("‼", "!!"),
    ("½", "1/2"),
    ("¼", "1/4"),
    ("¾", "3/4"),
    ("¹", "1"),
    ("²", "2"),
    ("³", "3"),
    ("℃", "C"),
    ("℉", "F"),
    ("°", " Grad"),
)

# Right only in a text that comes out as GSM as a whole: joiners and direction marks are
# spelling in Arabic, Persian and Indic scripts, and parts of emoji.
_INVISIBLE: Final[Mapping[str, str]] = _table(
    ("\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\ufe0e\ufe0f", ""),
    ("\u2066\u2067\u2068\u2069", ""),
)

# Letters of loan words in German and English ("Crêpe", "naïve", "Citroën", "Œuvre"). Letters
# that carry the spelling of Turkish, Polish, Portuguese or Czech (ç á ó ã í) are left out.
_LOANS: Final[Mapping[str, str]] = {
    **dict(zip("ÂÊËÎÏÔÛâêëîïôû", "AEEIIOUaeeiiou", strict=True)),
    "Œ": "OE",
    "œ": "oe",
}
_MOST_LOANS: Final = 3


def _any_of(table: Mapping[str, str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(table, key=len, reverse=True))))


_TYPOGRAPHIC_SIGNS: Final = _any_of(_TYPOGRAPHIC)
_LETTERS: Final[Mapping[str, str]] = {**_INVISIBLE, **_LOANS}
_LETTER_SIGNS: Final = _any_of(_LETTERS)


def friendly(text: str) -> Friendly:
    """Spells a text so that it needs as few segments as its language allows.

    Quotes, dashes, ellipses, special spaces, ligatures and the like get their plain equals.
    Letters stay as written wherever the text needs UCS-2 anyway, and wherever they are more
    than a few loan words: a warning in Polish or Turkish is not worth a saved segment. Nothing
    ever becomes a question mark.
    """
    composed = unicodedata.normalize("NFC", text)  # "ü" arrives in two parts from some systems
    if GSM.issuperset(composed):
        return Friendly(composed, ())
    plain, pairs = _replaced(composed, _TYPOGRAPHIC_SIGNS, _TYPOGRAPHIC)
    plain = unicodedata.normalize("NFC", plain)
    loans = sum(char in _LOANS for char in plain)
    whole, more = _replaced(plain, _LETTER_SIGNS, _LETTERS)
    if GSM.issuperset(whole) and loans <= _MOST_LOANS:
        return Friendly(whole, tuple(pairs | more))
    return Friendly(plain, tuple(pairs))


def _replaced(
    text: str, signs: re.Pattern[str], table: Mapping[str, str]
) -> tuple[str, dict[tuple[str, str], None]]:
    """The text with `table` applied, and the pairs used in the order they were met."""
    pairs: dict[tuple[str, str], None] = {}

    def plain(match: re.Match[str]) -> str:
        old, new = match[0], table[match[0]]
        pairs[old, new] = None
        # "1½" must not become "11/2".
        joins_digits = new[:1].isdigit() and text[match.start() - 1 : match.start()].isdigit()
        return f" {new}" if joins_digits else new

    return signs.sub(plain, text), pairs
