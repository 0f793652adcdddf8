"""Writes tables that people open in a spreadsheet, which must not take a cell for a formula.

Whoever signs up, or texts us, may write what a spreadsheet would run (OWASP: CSV injection). Every
CSV that we write goes through here.
"""

import csv
import unicodedata
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Final

Cell = str | int | None

MARK: Final = "\ufeff"
"""What a file begins with, so that Excel reads it as UTF-8."""

_FORMULA: Final = frozenset("=+-@|%\u2212")
"""What begins a formula, or a call of another program, in one spreadsheet or another."""


def table(rows: Iterable[Sequence[Cell]], *, separator: str = ",") -> str:
    """The rows as RFC 4180 has them, every cell in quotes. Excel splits at the list separator of its
    reader's country: `;` where numbers are written with a comma."""
    out = StringIO()
    writer = csv.writer(out, delimiter=separator, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([_written(cell) for cell in row] for row in rows)
    return out.getvalue()


def harmless(text: str) -> str:
    """A text that a spreadsheet shows as it stands. An apostrophe is put before what it might run,
    also where that hides behind spaces and signs that nobody sees, or is written wider or smaller
    than usual. NUL, which some programs end at, is left out."""
    clean = text.replace("\0", "")
    first = next((sign for sign in clean if unicodedata.category(sign)[0] not in "ZC"), "")
    begins = clean[:1] and unicodedata.category(clean[0]) == "Cc"
    if begins or _FORMULA & set(unicodedata.normalize("NFKC", first)):
        return f"'{clean}"
    return clean


def _written(cell: Cell) -> str:
    if cell is None:
        return ""
    return harmless(cell) if isinstance(cell, str) else str(cell)
