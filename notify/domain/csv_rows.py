"""Reads the rows of a residents file, whatever spreadsheet it came from."""

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from notify.errors import Invalid

MOST_ROWS = 1_000_000

COLUMNS: Mapping[str, Sequence[str]] = {
    "name": ("name", "fullname", "vollername"),
    "language": ("language", "lang", "sprache"),
    "email": ("email", "mail", "emailadresse", "emailaddress", "mailadresse"),
    "phone": ("phone", "phonenumber", "mobile", "telefon", "telefonnummer", "tel", "handy",
              "handynummer", "mobil", "mobilnummer", "mobiltelefon"),
    "groups": ("groups", "group", "gruppen", "gruppe"),
    "channels": ("channels", "channel", "kanäle", "kanal", "kanaele"),
}  # fmt: skip
"""The columns, and the words a header may use for each; case, spaces and hyphens do not matter."""

_BY_WORD = {word: column for column, words in COLUMNS.items() for word in words}
_HINT = re.compile(r'\ufeff?"?sep=(?P<delimiter>[,;])"?\s*', re.IGNORECASE)
_LONE_RETURN = re.compile(r"(?<=\r)(?!\n|\Z)")
_SAVE = "Save it as “CSV UTF-8” and try again."


class BrokenFile(Invalid):
    """The file cannot be read as a whole, so nothing of it is used."""


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row as written. `line` is the line of the file on which it begins, from 1;
    `surplus` says that it has more cells than the header."""

    line: int
    cells: Mapping[str, str] = field(repr=False)
    surplus: bool = False

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


def decoded(lines: Iterable[bytes]) -> Iterator[str]:
    """The lines as text. Raises BrokenFile where they are no UTF-8, naming the line."""
    number = 0
    for line in lines:
        number += 1
        try:
            text = line.decode()
        except UnicodeDecodeError:
            raise BrokenFile(f"Line {number}: the file is not in UTF-8. {_SAVE}") from None
        if "\0" in text:
            raise BrokenFile(f"Line {number}: the file holds NUL characters. {_SAVE}")
        if number == 1:
            text = text.removeprefix("\ufeff")
        pieces = _LONE_RETURN.split(text)
        number += len(pieces) - 1
        yield from pieces


def read(lines: Iterable[str]) -> Iterator[CsvRow]:
    """The rows below the header, without blank ones.

    The delimiter is the one by which the header names our columns. Raises BrokenFile for a
    header we cannot use, for quotes that do not close, and beyond a million rows.
    """
    source = iter(lines)
    header, before = _header(source)
    delimiter = _delimiter(header)
    columns = _columns(_split(header, delimiter))
    seen = 0
    for start, cells in _records(source, delimiter, before=before):
        if not any(cell.strip() for cell in cells):
            continue
        seen += 1
        if seen > MOST_ROWS:
            raise BrokenFile(f"The file has more than {MOST_ROWS:,} rows; import it in parts.")
        surplus = any(cell.strip() for cell in cells[len(columns) :])
        named = zip(columns, cells, strict=False)
        yield CsvRow(start, {column: cell for column, cell in named if column}, surplus)


def _records(
    lines: Iterator[str], delimiter: str, *, before: int
) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line on which it begins."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    start = before + 1
    try:
        for cells in reader:
            yield start, cells
            start = before + 1 + reader.line_num
    except csv.Error:
        raise BrokenFile(
            f"Line {start}: a cell that begins with a quotation mark does not end with one "
            "(one inside a cell is written twice), or a cell is far too long."
        ) from None


def _header(lines: Iterator[str]) -> tuple[str, int]:
    """The first line that is not blank, and its number."""
    for number, line in enumerate(lines, 1):
        if line.strip() and not _HINT.fullmatch(line):
            return line, number
    raise BrokenFile(f"The file is empty. Its first line names the columns: {', '.join(COLUMNS)}.")


def _delimiter(header: str) -> str:
    def known(delimiter: str) -> tuple[int, int]:
        cells = _split(header, delimiter)
        return sum(_word(cell) in _BY_WORD for cell in cells), len(cells)

    return max(";,", key=known)


def _split(header: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([header], delimiter=delimiter, strict=True))
    except csv.Error:
        return []


def _word(cell: str) -> str:
    plain = unicodedata.normalize("NFKC", cell).casefold()
    return re.sub(r"[\s_.\-]", "", plain)


def _columns(cells: Sequence[str]) -> list[str | None]:
    """What each cell of a row is; None for a column without a name, which is not looked at."""
    names = ", ".join(COLUMNS)
    if not any(_word(cell) in _BY_WORD for cell in cells):
        raise BrokenFile(f"The first line does not name the columns; write {names}.")
    columns: list[str | None] = []
    for cell in cells:
        column = _BY_WORD.get(_word(cell))
        if cell.strip() and column is None:
            raise BrokenFile(f"The column “{_shown(cell)}” is not known. Known are {names}.")
        if column and column in columns:
            raise BrokenFile(f"The column {column} is there twice. Remove one.")
        columns.append(column)
    if "groups" not in columns:
        raise BrokenFile("There is no column groups; it says what each resident follows.")
    if "email" not in columns and "phone" not in columns:
        raise BrokenFile("There is neither a column email nor a column phone.")
    while columns and columns[-1] is None:
        columns.pop()
    return columns


def _shown(cell: str) -> str:
    return "".join(sign for sign in cell.strip() if sign.isprintable())[:40]
