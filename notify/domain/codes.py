"""What a code that a resident types may look like, and how long it holds."""

import unicodedata
from datetime import timedelta
from enum import StrEnum
from typing import Final

DIGITS: Final = 6
TRIES: Final = 5
LIFE: Final = timedelta(minutes=15)


class Purpose(StrEnum):
    PROVE = "prove"  # that an address is theirs
    OPEN = "open"  # their page
    TEXT = "text"  # that a number is theirs, by texting it to us


class Verdict(StrEnum):
    """What became of a code that was typed."""

    RIGHT = "right"
    WRONG = "wrong"
    OVER = "over"  # used, too old, or tried too often: only a new one helps


def tidy(typed: str) -> str | None:
    """The digits of a code as people type it: with spaces, hyphens, in any script; None where
    there are more or fewer than a code has."""
    found = [str(unicodedata.digit(sign)) for sign in typed[:64] if sign.isdigit()]
    return "".join(found) if len(found) == DIGITS else None
