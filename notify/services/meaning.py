"""Which of all that somebody is asked a text means. Rows are as `polls.for_phones` gives them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from notify.domain.answers import addressed, read
from notify.domain.poll import from_json
from notify.store.database import Row

LATE_FOR: Final = timedelta(days=1)
"""So long after the close an answer is taken for one to it, although others are open."""


def meant(rows: Sequence[Row], code: str | None, said: str, *, at: datetime) -> Row:
    """The one that is named; else what was asked last, of the open ones if it is not just too late
    for it; else what closed last. `said` is the text without the code."""
    if code is None and _just_missed(rows[0], said, at):
        return rows[0]
    named = [row for row in rows if row["code"] == code] if code else rows
    return next((row for row in named if is_open(row, at=at)), named[0])


def split(rows: Sequence[Row], body: str, *, at: datetime) -> tuple[str | None, str]:
    """The code of one of these that a text names, and what else it says. A code that stands alone
    and is also an option of what is meant without it (the bus M4) is that option."""
    code, rest = addressed(body, {row["code"] for row in rows})
    if code and not rest and _answers(meant(rows, None, body, at=at), body):
        return None, body
    return code, rest


def is_open(row: Row, *, at: datetime) -> bool:
    """Whether it takes what was said then."""
    return bool(row["open"]) and at < row["close_at"]


def is_early(row: Row, *, at: datetime) -> bool:
    """Whether the question that was put last was not put yet when the text was sent: then the text is
    another answer to the one before. Providers note whole seconds."""
    return bool(row["question"] > 1 and at < row["asked_at"].replace(microsecond=0))


def _just_missed(row: Row, said: str, at: datetime) -> bool:
    """Whether it closed a short while ago and this is the first answer to it, which is then not
    counted for another that is open still."""
    closed_at = min(row["closed_at"] or row["close_at"], row["close_at"])
    if row["answered"] or is_open(row, at=at) or at - closed_at > LATE_FOR:
        return False
    return _answers(row, said)


def _answers(row: Row, said: str) -> bool:
    return bool(read(said, from_json(row["asks"]).questions[row["question"] - 1]).chosen)
