"""Keeps what people say of the pages, for the staff to read and answer."""

from notify.domain.lines import many_lines, one_line
from notify.errors import Invalid
from notify.store import feedback as store
from notify.store.database import Database, Row

LONGEST = 4_000  # characters of a message
LINE = 300  # characters of what stands beside it
MOST = 60  # kept in an hour: more is no resident's doing, and nobody could read it


async def give(db: Database, *, message: str, place: str, reply_to: str, language: str) -> bool:
    """Keep a message; sent twice, it is kept once. False where too many came within the hour.

    `place` is where something was wrong, `reply_to` where an answer is wanted; both may be empty.
    Raises Invalid with its field for a text that is empty, too long, or no text.
    """
    said = many_lines(message, field="message", limit=LONGEST)
    if not said:
        raise Invalid("Write what is wrong.", field="message")
    where = one_line(place, field="place", limit=LINE)
    answer = one_line(reply_to, field="reply_to", limit=LINE)
    async with db.transaction() as connection:
        return await store.add(
            connection, message=said, place=where or None, reply_to=answer or None,
            language=language, most=MOST,
        )  # fmt: skip


async def latest(db: Database, *, limit: int) -> list[Row]:
    """What was said, the newest first."""
    async with db.transaction() as connection:
        return await store.latest(connection, limit=limit)
