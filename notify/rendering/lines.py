"""Keeps texts to one line, or to a size."""

import unicodedata
from collections.abc import Callable


def one_line(text: str) -> str:
    """The text on one line, without control characters: fit for a header or a title."""
    clean = "".join(" " if unicodedata.category(char) == "Cc" else char for char in text)
    return " ".join(clean.split())


def cut(text: str, *, size: int, measure: Callable[[str], int] = len) -> str:
    """As much of the text as fits `size`, ending at a word with an ellipsis where it was cut.

    `measure` must not shrink when the text grows. Empty when not even one word fits.
    """
    if measure(text) <= size:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        fits = measure(text[:middle].rstrip() + " …") <= size
        low, high = (middle, high) if fits else (low, middle - 1)
    kept = text[:low]
    if low < len(text) and not text[low].isspace():
        kept = kept[: _last_space(kept)]
    kept = kept.rstrip()
    return f"{kept} …" if kept else ""


def _last_space(text: str) -> int:
    """Where the last word begins; the whole length when there is only one, endless word."""
    at = max((index for index, char in enumerate(text) if char.isspace()), default=-1)
    return at if at > 0 else len(text)
