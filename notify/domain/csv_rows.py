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


NOT_UTF8 = "Line %(line)s: the file is not in UTF-8. Save it as “CSV UTF-8” and try again."
HOLDS_NUL = "Line %(line)s: the file holds NUL characters. Save it as “CSV UTF-8” and try again."
TOO_MANY_ROWS = "The file has more than %(most)s rows; import it in parts."
OPEN_QUOTE = (
    "Line %(line)s: a cell that begins with a quotation mark does not end with one "
    "(one inside a cell is written twice), or a cell is far too long."
)
EMPTY = "The file is empty. Its first line names the columns: %(names)s."
NO_HEADER = "The first line does not name the columns; write %(names)s."
UNKNOWN_COLUMN = "The column “%(column)s” is not known. Known are %(names)s."
COLUMN_TWICE = "The column %(column)s is there twice. Remove one."
NO_GROUPS = "There is no column groups; it says what each resident follows."
NO_ADDRESSES = "There is neither a column email nor a column phone."


class BrokenFile(Invalid):
    """The file cannot be read as a whole, so nothing of it is used. `sentence` has blanks that
    `blanks` fill, so that a page can say it in its reader's language."""

    def __init__(self, sentence: str, **blanks: object) -> None:
        super().__init__(sentence % blanks if blanks else sentence)
        self.sentence = sentence
        self.blanks = blanks


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
            raise BrokenFile(NOT_UTF8, line=number) from None
        if "\0" in text:
            raise BrokenFile(HOLDS_NUL, line=number)
        if number == 1:
            text = text.removeprefix("\ufeff")
        pieces = _LONE_RETURN.split(text)
        number += len(pieces) - 1
        yield from pieces


def read(lines: Iterable[str], *, groups: bool = True) -> Iterator[CsvRow]:
    """The rows below the header, without blank ones. `groups` is whether there has to be a column
    of them.

    The delimiter is the one by which the header names our columns. Raises BrokenFile for a
    header we cannot use, for quotes that do not close, and beyond a million rows.
    """
    source = iter(lines)
    header, before = _header(source)
    delimiter = _delimiter(header)
    columns = _columns(_split(header, delimiter), groups=groups)
    seen = 0
    for start, cells in _records(source, delimiter, before=before):
        if not any(cell.strip() for cell in cells):
            continue
        seen += 1
        if seen > MOST_ROWS:
            raise BrokenFile(TOO_MANY_ROWS, most=f"{MOST_ROWS:,}")
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
        raise BrokenFile(OPEN_QUOTE, line=start) from None


def _header(lines: Iterator[str]) -> tuple[str, int]:
    """The first line that is not blank, and its number."""
    for number, line in enumerate(lines, 1):
        if line.strip() and not _HINT.fullmatch(line):
            return line, number
    raise BrokenFile(EMPTY, names=", ".join(COLUMNS))


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


def _columns(cells: Sequence[str], *, groups: bool) -> list[str | None]:
    """What each cell of a row is; None for a column without a name, which is not looked at."""
    names = ", ".join(COLUMNS)
    if not any(_word(cell) in _BY_WORD for cell in cells):
        raise BrokenFile(NO_HEADER, names=names)
    columns: list[str | None] = []
    for cell in cells:
        column = _BY_WORD.get(_word(cell))
        if cell.strip() and column is None:
            raise BrokenFile(UNKNOWN_COLUMN, column=_shown(cell), names=names)
        if column and column in columns:
            raise BrokenFile(COLUMN_TWICE, column=column)
        columns.append(column)
    if groups and "groups" not in columns:
        raise BrokenFile(NO_GROUPS)
    if "email" not in columns and "phone" not in columns:
        raise BrokenFile(NO_ADDRESSES)
    while columns and columns[-1] is None:
        columns.pop()
    return columns


def _shown(cell: str) -> str:
    return "".join(sign for sign in cell.strip() if sign.isprintable())[:40]
