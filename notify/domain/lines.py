"""Holds short texts and language tags to a form that the database, a mail header and a page take.

Every function gives the text back tidied and raises Invalid with the dotted path of the field.
"""

import re
import unicodedata

from notify.errors import Invalid

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_BREAKS = frozenset({"Cc", "Cs", "Zl", "Zp"})


def one_line(text: str, *, field: str, limit: int = 200) -> str:
    """A text without line breaks or control characters, at most `limit` characters."""
    tidy = unicodedata.normalize("NFC", text).strip()
    if len(tidy) > limit:
        raise Invalid(f"Write at most {limit} characters.", field=field)
    if not tidy.isprintable() and any(map(_is_break, tidy)):
        raise Invalid("Write one line, without control characters.", field=field)
    return tidy


def many_lines(text: str, *, field: str, limit: int = 20_000) -> str:
    """A text that may hold line breaks and tabs, but no other control characters."""
    tidy = text.replace("\r\n", "\n").strip()
    if len(tidy) > limit:
        raise Invalid(f"Write at most {limit} characters.", field=field)
    rest = tidy.replace("\n", "").replace("\t", "")
    if not rest.isprintable() and any(map(_is_break, rest)):
        raise Invalid("Write plain text, without control characters.", field=field)
    return tidy


def language_tag(text: str, *, field: str) -> str:
    """A language tag in its usual spelling: `DE` is `de`, `pt-br` is `pt-BR` (RFC 5646 §2.1.1).

    Whether anything is ever written in the language is not asked.
    """
    tag = text.strip().replace("_", "-")
    if len(tag) > 35 or not _LANGUAGE.fullmatch(tag):
        raise Invalid("Write a language tag like de, en or pt-BR.", field=field)
    first, *rest = tag.lower().split("-")
    spelled, private = [first], False
    for part in rest:
        private = private or len(part) == 1
        spelled.append(part if private else _spelled(part))
    return "-".join(spelled)


def _is_break(character: str) -> bool:
    return unicodedata.category(character) in _BREAKS


def _spelled(part: str) -> str:
    if len(part) == 2 and part.isalpha():
        return part.upper()
    if len(part) == 4 and part.isalpha():
        return part.capitalize()
    return part
