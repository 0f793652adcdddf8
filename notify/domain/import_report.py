"""What an import did or would do, in figures and row by row, in words for a clerk."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from notify.domain.csv_out import harmless


class Problem(StrEnum):
    """What is to be said of a row; WORDS says it."""

    TOO_MANY_CELLS = "too_many_cells"
    NO_ADDRESS = "no_address"
    NO_GROUP = "no_group"
    NO_CHANNEL = "no_channel"
    TWO_RESIDENTS = "two_residents"
    LEFT = "left"
    BEYOND = "beyond"

    BAD_EMAIL = "bad_email"
    BAD_PHONE = "bad_phone"
    SECOND_ADDRESS = "second_address"
    HAS_ANOTHER = "has_another"

    SUPPRESSED = "suppressed"
    UNKNOWN_GROUP = "unknown_group"
    UNKNOWN_CHANNEL = "unknown_channel"
    CHANNEL_WITHOUT_ADDRESS = "channel_without_address"
    OWN_CHOICE = "own_choice"
    BAD_LANGUAGE = "bad_language"
    BAD_NAME = "bad_name"
    DUPLICATE = "duplicate"


_P = Problem

ROW_REFUSED = frozenset(
    {
        _P.TOO_MANY_CELLS,
        _P.NO_ADDRESS,
        _P.NO_GROUP,
        _P.NO_CHANNEL,
        _P.TWO_RESIDENTS,
        _P.LEFT,
        _P.BEYOND,
    }
)
"""Nothing of the row is used."""

ADDRESS_REFUSED = frozenset({_P.BAD_EMAIL, _P.BAD_PHONE, _P.SECOND_ADDRESS, _P.HAS_ANOTHER})
"""This address is not used; the rest of the row may be."""

WORDS = {
    _P.TOO_MANY_CELLS: "Row refused: it has more cells than the header. If a cell holds the "
    "delimiter, as groups may, put it in quotation marks.",
    _P.NO_ADDRESS: "Row refused: it has no e-mail address and no phone number that can be used.",
    _P.NO_GROUP: "Row refused: it names no group that exists.",
    _P.NO_CHANNEL: "Row refused: it names no channel. Write email, sms or push, or leave it empty.",
    _P.TWO_RESIDENTS: "Row refused: its addresses belong to two different residents. Correct one.",
    _P.LEFT: "Row refused: this resident has left everything. They can sign up again themselves.",
    _P.BEYOND: "Row refused: this resident also follows groups beyond your reach. They can join "
    "themselves, or whoever reaches all of it imports them.",
    _P.BAD_EMAIL: "Address refused: write one e-mail address like erika@example.org.",
    _P.BAD_PHONE: "Address refused: write one phone number like 0151 23456789 or "
    "+49 151 23456789, no service or emergency number.",
    _P.SECOND_ADDRESS: "Address refused: an earlier row of the same resident gives another one, "
    "which is kept.",
    _P.HAS_ANOTHER: "Address refused: the resident has another one already, which is kept.",
    _P.SUPPRESSED: "This address is suppressed (bounced, complained or opted out) and stays so.",
    _P.UNKNOWN_GROUP: "There is no such group; the others are followed.",
    _P.UNKNOWN_CHANNEL: "There is no such channel; the others are used.",
    _P.CHANNEL_WITHOUT_ADDRESS: "This channel is asked for, but there is no address for it.",
    _P.OWN_CHOICE: "The resident has chosen the channels of this group; they stay as they are.",
    _P.BAD_LANGUAGE: "This is no language tag like de or en; the default language is taken.",
    _P.BAD_NAME: "The name is too long or holds control characters; it is left out.",
    _P.DUPLICATE: "The same resident as in an earlier row; the rows are merged.",
}


@dataclass(frozen=True, slots=True)
class Note:
    """Something said of one row. `cell` is what the file has there: for the clerk, not for logs."""

    line: int
    column: str
    problem: Problem
    cell: str = field(default="", repr=False)

    @property
    def words(self) -> str:
        return WORDS[self.problem]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Every row is one of: refused, a duplicate, a new resident, or merged into a known one.

    `addresses` counts those added, `unverified` how many of them nobody vouched for.
    """

    file: str
    applied: bool
    rows: int
    residents_new: int
    residents_known: int
    duplicates: int
    rows_refused: int
    addresses: int
    addresses_refused: int
    suppressed: int
    unverified: int
    notes: Sequence[Note] = ()

    @property
    def as_json(self) -> dict[str, Any]:
        """For a program; without the cells, so that it may be kept."""
        figures = {name: getattr(self, name) for name in self.__slots__ if name != "notes"}
        notes = [
            {"line": note.line, "column": note.column, "problem": str(note.problem)}
            for note in self.notes
        ]
        return {**figures, "notes": notes}

    def table(self) -> Iterator[tuple[str, str, str, str]]:
        """The notes for a spreadsheet, header first; no cell of it is ever calculated."""
        yield ("line", "column", "cell", "what")
        for note in self.notes:
            yield (str(note.line), note.column, harmless(note.cell), note.words)
