"""What an import says of a file and of its rows, in the words of a page."""

from collections.abc import Mapping
from typing import Final

from notify.domain import csv_rows
from notify.domain.csv_rows import BrokenFile
from notify.domain.import_report import Problem
from notify.rendering.languages import Words


def _(message: str) -> str:
    """Marks a sentence for the catalogues."""
    return message


BROKEN: Final[Mapping[str, str]] = {
    csv_rows.NOT_UTF8: _(
        "Line %(line)s: the file is not in UTF-8. Save it as “CSV UTF-8” and try again."
    ),
    csv_rows.HOLDS_NUL: _(
        "Line %(line)s: there are signs here that no text has. Save the file as “CSV UTF-8” and"
        " try again."
    ),
    csv_rows.TOO_MANY_ROWS: _("The file has more than %(most)s rows. Import it in parts."),
    csv_rows.OPEN_QUOTE: _(
        "Line %(line)s: a cell begins with a quotation mark and does not end with one, or is far"
        " too long. Within a cell write it twice."
    ),
    csv_rows.EMPTY: _("The file is empty. Its first line names the columns: %(names)s."),
    csv_rows.NO_HEADER: _("The first line does not name the columns. Write %(names)s."),
    csv_rows.UNKNOWN_COLUMN: _("The column “%(column)s” is not known. Known are %(names)s."),
    csv_rows.COLUMN_TWICE: _("The column %(column)s is there twice. Remove one."),
    csv_rows.NO_GROUPS: _(
        "There is no column of groups. Add one, or choose below what everybody follows."
    ),
    csv_rows.NO_ADDRESSES: _("There is neither a column email nor a column phone."),
}

ROWS: Final[Mapping[Problem, str]] = {
    Problem.TOO_MANY_CELLS: _(
        "Row refused: it has more cells than the first line. Put a cell that holds the delimiter"
        " in quotation marks."
    ),
    Problem.NO_ADDRESS: _("Row refused: it has no e-mail address and no number that can be used."),
    Problem.NO_GROUP: _("Row refused: it names no group within your reach."),
    Problem.NO_CHANNEL: _(
        "Row refused: it names no channel. Write email, sms or push, or nothing."
    ),
    Problem.TWO_RESIDENTS: _(
        "Row refused: its addresses belong to two different residents. Correct one."
    ),
    Problem.LEFT: _(
        "Row refused: this resident has left everything. They can sign up again themselves."
    ),
    Problem.BEYOND: _(
        "Row refused: this resident also follows groups beyond your reach. They can join yours"
        " themselves."
    ),
    Problem.BAD_EMAIL: _("Address refused: write one e-mail address like erika@example.org."),
    Problem.BAD_PHONE: _("Address refused: write one phone number like 0151 23456789."),
    Problem.SECOND_ADDRESS: _(
        "Address refused: an earlier row of the same resident gives another."
    ),
    Problem.HAS_ANOTHER: _("Address refused: the resident has another one already, which is kept."),
    Problem.SUPPRESSED: _("This address is stopped and stays so."),
    Problem.UNKNOWN_GROUP: _("There is no such group within your reach. The others are followed."),
    Problem.UNKNOWN_CHANNEL: _("There is no such channel. The others are used."),
    Problem.CHANNEL_WITHOUT_ADDRESS: _(
        "This channel is asked for, but there is no address for it."
    ),
    Problem.OWN_CHOICE: _("The resident has chosen the channels of this group. They stay so."),
    Problem.BAD_LANGUAGE: _("This is no language like de or en. The town's first one is taken."),
    Problem.BAD_NAME: _("The name is too long or no text. It is left out."),
    Problem.DUPLICATE: _("The same resident as in an earlier row. The rows become one."),
}


def broken(words: Words, problem: BrokenFile) -> str:
    """Why a file cannot be read, and what to do."""
    known = BROKEN.get(problem.sentence)
    return words.gettext(known) % problem.blanks if known else problem.message


def row(words: Words, problem: Problem) -> str:
    """What is to be said of a row."""
    return words.gettext(ROWS[problem])
