"""Takes many answers to polls in a few steps: thousands may come within a minute of a question.

Whoever texts more than once just now is left to be done alone, text by text, and so is all of it where
one of them cannot be counted.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from psycopg.errors import DeadlockDetected, LockNotAvailable, QueryCanceled, SerializationFailure

from channels.inbound import Inbound
from notify.domain.inbound import Command, Word
from notify.log import get
from notify.services import answering
from notify.services.answering import Heard
from notify.services.texts import Asked, Done, Means
from notify.store import inbound
from notify.store.database import Connection

log = get(__name__)

TRY_AGAIN: Final = (DeadlockDetected, LockNotAvailable, SerializationFailure, QueryCanceled)
"""Of the database: the same may be done a moment later."""

_SEVERAL: Final = 2

Text = tuple[Inbound, Command | None, Heard]


def crowd(
    fresh: Sequence[tuple[Inbound, Command | None]], heard: Mapping[answering.Key, Heard]
) -> list[Text]:
    """Those that are answers to polls, where it is all that somebody texts just now."""
    texts = Counter(message.sender for message, _ in fresh)
    found = []
    for message, command in fresh:
        one = heard.get((message.provider, message.provider_id))
        if one is not None and one.plain and texts[message.sender] == 1:
            found.append((message, command, one))
    votes = Counter(one.row["voter_id"] for _, _, one in found)
    return [each for each in found if votes[each[2].row["voter_id"]] == 1]


async def do(
    connection: Connection, means: Means, texts: Sequence[Text]
) -> list[tuple[Asked, Heard, Done]]:
    """Count them all, where there are several; nothing where one of them cannot be."""
    if len(texts) < _SEVERAL:
        return []
    try:
        async with connection.raw.transaction():
            said = await answering.answer_all(connection, means, [one for _, _, one in texts])
            done = [
                (asked(message, command, one), one, what)
                for (message, command, one), what in zip(texts, said, strict=True)
            ]
            await inbound.settle(connection, *(settled(*each) for each in done))
    except TRY_AGAIN:
        raise  # a vote is not lost for that: all of it is undone, and done again
    except Exception as problem:  # noqa: BLE001 - the one that it was is found, and told, alone
        log.warning("inbound.apart", why=type(problem).__name__)
        return []
    return done


def asked(message: Inbound, command: Command | None, heard: Heard) -> Asked:
    """Who texts, as it was read with all others of the batch."""
    return Asked(message, command, heard.phone, heard.phone.language, heard.sender)


def settled(asked: Asked, heard: Heard, said: Done) -> inbound.Settled:
    """What is written down of an answer: never its words, unless they are a letter as well."""
    word = Word.ANSWER if heard.spent else None
    return inbound.Settled(asked.message, word, said.say, said.handled, erase=heard.spent)
