"""Takes in what residents text to us, each message once, and does what a single word asks for.

Whatever is no such word is kept for people to read.
"""

import re
from collections.abc import Sequence

from channels.inbound import Inbound
from notify.domain.inbound import Word, word_of
from notify.domain.keyring import Keyring
from notify.domain.words import Channel
from notify.log import get
from notify.store import inbound, suppressions
from notify.store.database import Connection, Database, Row

log = get(__name__)

HOOK = "hook"
PULL = "pull"

_NUMBER = re.compile(r"\+[1-9]\d{6,14}")


async def take(
    connection: Connection, keyring: Keyring, messages: Sequence[Inbound], *, how: str
) -> int:
    """Keep these messages in the caller's transaction; returns how many were new.

    Of each sender the word counts that came last by the provider's time, in whatever order the
    messages reach us: an old STOP that is found later does not undo a newer START.
    """
    if not messages:
        return 0
    judged = [(message, _word(message)) for message in messages]
    await inbound.lock(connection, [message.sender for message in messages])
    changed = await inbound.add(connection, judged, how=how)
    spoken = {row["sender"] for row in changed if row["word"] is not None}
    hashes = {keyring.address_hash(Channel.SMS, sender): sender for sender in spoken}
    for address_hash in sorted(hashes):  # as receipts do it, so that nobody waits crosswise
        await _heed(connection, address_hash, sender=hashes[address_hash])
    return sum(row["fresh"] for row in changed)


async def _heed(connection: Connection, address_hash: bytes, *, sender: str) -> None:
    last = await inbound.last_word(connection, sender)
    if last is None:
        return
    put = suppressions.opt_out if last["word"] == Word.STOP else suppressions.opt_in
    if await put(connection, address_hash, at=last["sent_at"]):
        log.info("inbound.heeded", word=last["word"])


def _word(message: Inbound) -> str | None:
    """The command in a message from a phone; short codes and names give none."""
    return word_of(message.body) if _NUMBER.fullmatch(message.sender) else None


async def counts(db: Database) -> dict[str, int]:
    """How many messages came in by hook and by pull, over all time."""
    async with db.transaction() as connection:
        return {HOOK: 0, PULL: 0} | await inbound.counts(connection)


async def latest(db: Database, *, unhandled: bool, limit: int) -> list[Row]:
    """What came last, the newest first; with `unhandled` only what nobody has dealt with."""
    async with db.transaction() as connection:
        return await inbound.latest(connection, unhandled=unhandled, limit=limit)
