"""Messages from residents: kept once, and who reads which list of the provider how far."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from channels.inbound import Inbound
from notify.store.database import Connection, Row

LOCK: LiteralString = """
-- One at a time for each sender, so that whoever judges their words sees all of them. In one
-- order, so that two batches do not wait for each other crosswise.
SELECT pg_advisory_xact_lock(hashtextextended('inbound:' || sender, 0))
FROM (SELECT DISTINCT unnest(%(senders)s::text[]) AS sender ORDER BY 1) AS s
"""

ADD: LiteralString = """
-- New ones, and those whose provider's time is learned now; the others are known.
WITH added AS (
  INSERT INTO inbound AS i (provider, provider_id, sender, recipient, body, word, how, sent_at,
    handled_at)
  SELECT DISTINCT ON (provider, provider_id) provider, provider_id, sender, recipient, body, word,
    %(how)s, coalesce(at, now()), CASE WHEN word IS NOT NULL THEN now() END
  FROM unnest(%(providers)s::text[], %(provider_ids)s::text[], %(senders)s::text[],
    %(recipients)s::text[], %(bodies)s::text[], %(words)s::text[], %(at)s::timestamptz[])
    WITH ORDINALITY AS g (provider, provider_id, sender, recipient, body, word, at, place)
  ORDER BY provider, provider_id, place
  ON CONFLICT (provider, provider_id) DO UPDATE SET sent_at = excluded.sent_at
    WHERE i.how = 'hook' AND excluded.how = 'pull' AND i.sent_at <> excluded.sent_at
  RETURNING provider, provider_id, sender, word, xmax = 0 AS fresh
), counted AS (
  INSERT INTO inbound_counts AS c (how, n)
  SELECT %(how)s, count(*) FROM added WHERE fresh HAVING count(*) > 0
  ON CONFLICT (how) DO UPDATE SET n = c.n + excluded.n
)
SELECT provider, provider_id, sender, word, fresh FROM added
"""

LAST_WORD: LiteralString = """
-- A text that proved the number says that SMS are welcome as a START does.
SELECT provider, provider_id, word, sent_at FROM inbound
WHERE sender = %(sender)s AND word IS NOT NULL
  AND (word = ANY(%(words)s) OR say = ANY(%(proofs)s))
ORDER BY sent_at DESC, id DESC LIMIT 1
"""

SETTLE: LiteralString = """
UPDATE inbound i SET word = w.word, say = w.say, handled_at = CASE WHEN w.handled THEN now() END,
  erase_due = CASE WHEN w.erase THEN now() END
FROM unnest(%(providers)s::text[], %(provider_ids)s::text[], %(words)s::text[], %(says)s::text[],
  %(handled)s::boolean[], %(erase)s::boolean[]) AS w (provider, provider_id, word, say, handled, erase)
WHERE i.provider = w.provider AND i.provider_id = w.provider_id
"""

LATEST: LiteralString = """
SELECT sender, body, word, sent_at FROM inbound
WHERE NOT %(unhandled)s OR handled_at IS NULL
ORDER BY sent_at DESC, id DESC LIMIT %(limit)s
"""

FORGET: LiteralString = """
WITH old AS (
  SELECT id FROM inbound WHERE received_at < now() - %(days)s * interval '1 day'
  ORDER BY received_at LIMIT %(size)s FOR UPDATE SKIP LOCKED)
DELETE FROM inbound USING old WHERE inbound.id = old.id
"""

ENROL: LiteralString = """
-- A number that is new here may have been texted while it was being set up. One that is known is
-- looked at at once: whoever starts was not there before.
INSERT INTO inbound_pulls (number, through)
SELECT DISTINCT number, now() - %(back)s * interval '1 s' FROM unnest(%(numbers)s::text[]) AS g (number)
ORDER BY number
ON CONFLICT (number) DO UPDATE SET due_at = least(inbound_pulls.due_at, now())
"""

CLAIM: LiteralString = """
-- A list to read, for this puller alone until it is done or has been silent for too long.
WITH due AS (
  SELECT number FROM inbound_pulls
  WHERE number = ANY(%(numbers)s) AND due_at <= now()
    AND (held_until IS NULL OR held_until < now())
  ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
UPDATE inbound_pulls p SET holder = %(holder)s, held_until = now() + %(hold)s * interval '1 s'
FROM due WHERE p.number = due.number
RETURNING p.number, p.resume, p.newest,
  greatest(p.through - %(overlap)s * interval '1 s', now() - %(days)s * interval '1 day') AS since
"""

ADVANCE: LiteralString = """
-- With the page it is about, in one transaction, and only by who holds the number.
UPDATE inbound_pulls SET resume = %(resume)s, newest = greatest(newest, %(newest)s),
  held_until = now() + %(hold)s * interval '1 s'
WHERE number = %(number)s AND holder = %(holder)s
"""

FINISH: LiteralString = """
UPDATE inbound_pulls SET through = greatest(through, newest), resume = NULL, newest = NULL,
  holder = NULL, held_until = NULL, due_at = now() + %(wait)s * interval '1 s', read_at = now()
WHERE number = %(number)s AND holder = %(holder)s
"""

PUT_OFF: LiteralString = """
-- Not at the end yet. `keep`: the next one goes on from there, else it starts anew.
UPDATE inbound_pulls SET holder = NULL, held_until = NULL,
  resume = CASE WHEN %(keep)s THEN resume END, newest = CASE WHEN %(keep)s THEN newest END,
  due_at = now() + %(wait)s * interval '1 s'
WHERE number = %(number)s AND holder = %(holder)s
"""


UNREAD: LiteralString = """
-- Tried lately, which a number is not that was given up, and not read to the end for so long.
SELECT count(*) AS numbers, min(read_at) AS since FROM inbound_pulls
WHERE read_at < now() - %(silent)s * interval '1 s' AND due_at > now() - %(tried)s * interval '1 s'
HAVING count(*) > 0
"""


async def lock(connection: Connection, senders: Sequence[str]) -> None:
    """Hold these senders' words until the transaction ends."""
    await connection.rows(LOCK, senders=list(senders))


async def add(
    connection: Connection, messages: Sequence[tuple[Inbound, str | None]], *, how: str
) -> list[Row]:
    """Keep (message, word) pairs; returns `provider`, `provider_id`, `sender`, `word` and `fresh`
    of those that are new or whose time changed."""
    columns: dict[str, list[Any]] = {
        "providers": [message.provider for message, _ in messages],
        "provider_ids": [message.provider_id for message, _ in messages],
        "senders": [message.sender for message, _ in messages],
        "recipients": [message.recipient for message, _ in messages],
        "bodies": [message.body for message, _ in messages],
        "words": [word for _, word in messages],
        "at": [message.at for message, _ in messages],
    }
    return await connection.rows(ADD, how=how, **columns)


async def last_word(
    connection: Connection, sender: str, *, words: Sequence[str], proofs: Sequence[str]
) -> Row | None:
    """The `word` a sender said last by the provider's time, of these or of those answered with
    `proofs`: `provider`, `provider_id` and `sent_at` too."""
    return await connection.row(LAST_WORD, sender=sender, words=list(words), proofs=list(proofs))


@dataclass(frozen=True, slots=True)
class Settled:
    """What was made of a message. `handled`: no person need read it; `erase`: have the provider's copy
    of it deleted, in a moment."""

    message: Inbound
    word: str | None
    say: str | None
    handled: bool
    erase: bool = False


async def settle(connection: Connection, *every: Settled) -> None:
    """Write it down."""
    await connection.run(
        SETTLE,
        providers=[one.message.provider for one in every],
        provider_ids=[one.message.provider_id for one in every],
        words=[one.word for one in every],
        says=[one.say for one in every],
        handled=[one.handled for one in every],
        erase=[one.erase for one in every],
    )


ERASE: LiteralString = """
-- Texts whose copies at the provider are to be deleted, put off in the same step: whoever dies over
-- them is followed by another.
WITH due AS (
  SELECT id FROM inbound WHERE erase_due <= now() ORDER BY erase_due LIMIT %(size)s
  FOR UPDATE SKIP LOCKED)
UPDATE inbound i SET erase_tries = least(erase_tries + 1, 100),
  erase_due = now() + least(power(4, least(erase_tries, 8)), 1440) * interval '1 min'
FROM due WHERE i.id = due.id
RETURNING i.id, i.provider_id, i.erase_tries
"""


async def to_erase(connection: Connection, *, size: int) -> list[Row]:
    """The next messages to be deleted at the provider: `id`, `provider_id` and `erase_tries`. They
    come again, later each time, until they are `erased`."""
    return await connection.rows(ERASE, size=size)


async def erased(connection: Connection, ids: Sequence[int]) -> None:
    await connection.run(
        "UPDATE inbound SET erase_due = NULL WHERE id = ANY(%(ids)s)", ids=list(ids)
    )


async def keep(connection: Connection, message: Inbound) -> None:
    """Leave a message to people, as it was written: nothing could be made of it."""
    await connection.run(
        "UPDATE inbound SET body = %(body)s, word = NULL, handled_at = NULL"
        " WHERE provider = %(provider)s AND provider_id = %(provider_id)s"
        " AND (word IS NULL OR word = 'answer')",
        body=message.body, provider=message.provider, provider_id=message.provider_id,
    )  # fmt: skip


async def latest(connection: Connection, *, unhandled: bool, limit: int) -> list[Row]:
    """Messages with `sender`, `body`, `word` and `sent_at`, the newest first."""
    return await connection.rows(LATEST, unhandled=unhandled, limit=limit)


async def forget(connection: Connection, *, days: int, size: int) -> int:
    return await connection.run(FORGET, days=days, size=size)


async def counts(connection: Connection) -> dict[str, int]:
    """How many came by hook and by pull, over all time."""
    rows = await connection.rows("SELECT how, n FROM inbound_counts")
    return {row["how"]: row["n"] for row in rows}


async def enrol(connection: Connection, numbers: Sequence[str], *, back: float) -> None:
    await connection.run(ENROL, numbers=list(numbers), back=back)


async def claim(
    connection: Connection,
    *,
    numbers: Sequence[str],
    holder: UUID,
    hold: float,
    overlap: float,
    days: int,
) -> Row | None:
    return await connection.row(
        CLAIM, numbers=list(numbers), holder=holder, hold=hold, overlap=overlap, days=days
    )


async def advance(connection: Connection, number: str, **values: Any) -> bool:
    """False when the number is not this holder's any more."""
    return await connection.run(ADVANCE, number=number, **values) > 0


async def finish(connection: Connection, number: str, *, holder: UUID, wait: float) -> None:
    await connection.run(FINISH, number=number, holder=holder, wait=wait)


async def put_off(
    connection: Connection, number: str, *, holder: UUID, wait: float, keep: bool
) -> None:
    await connection.run(PUT_OFF, number=number, holder=holder, wait=wait, keep=keep)


async def unread(connection: Connection, *, silent: float, tried: float) -> Row | None:
    """How many `numbers` have not been read for `silent` seconds, `since` when; None: all are.
    Only those that somebody has tried to read within `tried` seconds."""
    return await connection.row(UNREAD, silent=silent, tried=tried)
