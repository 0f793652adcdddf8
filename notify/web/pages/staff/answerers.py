"""What the lists of people who answered share: how each is told, and the table to take along."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from fastapi.responses import Response

from notify.domain.csv_out import MARK, Cell, table
from notify.domain.poll import How, Question
from notify.rendering import results
from notify.rendering.languages import Words, choose

_MOMENT: Final = "%Y-%m-%d %H:%M:%S"  # spreadsheets of every country know it for a time


def option(words: Words, question: Question, choice: int, *, default: str) -> str:
    """What a choice is called; its number where the question has none like it."""
    if choice not in question.choices:
        return str(choice)
    return results.option(question, choice, language=words.language, default=default)


def group(words: Words, names: Mapping[str, str], *, default: str) -> str:
    """The name of the group through which somebody was asked."""
    return choose(names, words.language, default=default)[1]


def way(words: Words, how: str | None) -> str:
    """How it was proven whose answer it is."""
    return results.how(words, How(how)) if how else ""


def moment(words: Words, at: datetime | None) -> str:
    """A time as a cell of a table."""
    return at.astimezone(words.zone).strftime(_MOMENT) if at else ""


def taken_along(
    words: Words, broadcast_id: UUID, name: str, lines: Sequence[Sequence[Cell]]
) -> Response:
    """The lines as a file that a browser keeps and nobody else does."""
    return Response(
        MARK + table(lines, separator=words.list_separator),
        media_type="text/csv; charset=utf-8",
        headers={
            "content-disposition": f'attachment; filename="{broadcast_id}-{name}.csv"',
            "cache-control": "no-store",
        },
    )
