"""Keeps what people say of the pages, for the staff to read and answer."""

from typing import Final
from uuid import UUID

from notify.domain.keyring import Keyring
from notify.domain.lines import many_lines, one_line
from notify.domain.naming import names
from notify.domain.words import Channel
from notify.errors import Invalid
from notify.rates import Rate, Rates
from notify.store import feedback as store
from notify.store.database import Connection, Database, Row

LONGEST = 4_000  # characters of a message
LINE = 300  # characters of what stands beside it
MOST = 60  # kept in an hour: more is no resident's doing, and nobody could read it

_HOUR: Final = 3_600
BY_NETWORK: Final = (Rate(10, _HOUR), Rate(30, 24 * _HOUR))
"""So few that one network cannot use up what the town takes."""


async def give(
    db: Database, rates: Rates, *, keyring: Keyring, network: str, message: str, place: str,
    reply_to: str, language: str,
) -> int | None:  # fmt: skip
    """Keep a message; sent twice, it is kept once. Where too many came from this network or from
    all: the seconds after which it may be tried again.

    `place` is where something was wrong, `reply_to` where an answer is wanted; both may be empty.
    Raises Invalid with its field for a text that is empty, too long, or no text.
    """
    said = many_lines(message, field="message", limit=LONGEST)
    if not said:
        raise Invalid("Write what is wrong.", field="message")
    where = one_line(place, field="place", limit=LINE)
    answer = one_line(reply_to, field="reply_to", limit=LINE)
    whence = keyring.address_hash("network", network).hex()
    for rate in BY_NETWORK:
        wait = await rates.hit(f"feedback/{rate.seconds}", whence, rate)
        if wait is not None:
            return wait
    async with db.transaction() as connection:
        kept = await store.add(
            connection, message=said, place=where or None, reply_to=answer or None,
            language=language, most=MOST,
        )  # fmt: skip
    return None if kept else _HOUR


async def latest(db: Database, *, limit: int) -> list[Row]:
    """What was said, the newest first."""
    async with db.transaction() as connection:
        return await store.latest(connection, limit=limit)


async def said_by(connection: Connection, resident: UUID) -> list[Row]:
    """What a resident said, known by where they wanted an answer; the oldest first."""
    return await store.these(connection, await _ids(connection, resident))


async def forget(connection: Connection, resident: UUID) -> None:
    """Delete the same."""
    await store.remove(connection, await _ids(connection, resident))


async def _ids(connection: Connection, resident: UUID) -> list[int]:
    return [
        row["id"] for row in await store.likely(connection, resident)
        if names(row["reply_to"], channel=Channel(row["channel"]), value=row["value"])
    ]  # fmt: skip
