"""Takes in what residents text to us, each message once, does what it asks for, and answers it.

The order is fixed: a word to stop, to start, for help; an open question (none yet); a code that a
page showed; a keyword. Whatever is none of these is kept for people to read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from channels.inbound import Inbound
from notify.domain.inbound import Command, Word, command_of, is_automatic, provider_answers
from notify.domain.replying import PROOFS, Say, is_phone
from notify.domain.words import Channel
from notify.log import get
from notify.rendering import replies
from notify.services import heeding
from notify.services.replying import Answer, reply
from notify.services.texts import Asked, Done, Means, ask
from notify.settings import Settings
from notify.store import inbound, suppressions
from notify.store.database import Connection, Database, Row

log = get(__name__)

HOOK = "hook"
PULL = "pull"

_BY_ITSELF = frozenset({Word.STOP, Word.START})
"""Heeded by the last that was said, in whatever order they reach us."""

_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Taken:
    """How many messages were new, and how many answers are on their way."""

    new: int = 0
    answers: int = 0


async def take(
    connection: Connection, means: Means, messages: Sequence[Inbound], *, how: str
) -> Taken:
    """Keep these messages, do what they ask for and answer them, in the caller's transaction.

    A message that is known already is neither done nor answered again. Of each sender the STOP or
    START counts that came last by the provider's time, in whatever order the messages reach us: an
    old STOP that is found later does not undo a newer START, nor a newer JOIN.
    """
    if not messages:
        return Taken()
    judged = {_key(message): (message, _judge(message, means.settings)) for message in messages}
    await inbound.lock(connection, [message.sender for message in messages])
    changed = await inbound.add(
        connection,
        [(message, _word_alone(command)) for message, command in judged.values()],
        how=how,
    )
    fresh = [judged[row["provider"], row["provider_id"]] for row in changed if row["fresh"]]
    fresh.sort(key=lambda pair: (pair[0].at is None, pair[0].at))
    answers = [
        answer
        for message, command in fresh
        if (answer := await _try(connection, means, message, command)) is not None
    ]
    spoken = {row["sender"] for row in changed if row["word"] is not None}
    spoken |= {answer.message.sender for answer in answers if answer.say in PROOFS}
    answers += await _heed_all(connection, means, spoken, fresh)
    sent = await reply(connection, means.keyring, answers, settings=means.settings)
    return Taken(len(fresh), sent)


async def _try(
    connection: Connection, means: Means, message: Inbound, command: Command | None
) -> Answer | None:
    """Do one alone: what fails is left to people to read, and takes no STOP of another with it."""
    try:
        async with connection.raw.transaction():
            return await _do(connection, means, message, command)
    except Exception as problem:  # noqa: BLE001 - whatever it is, the others are done
        log.error("inbound.failed", why=type(problem).__name__)
        return None


async def _do(
    connection: Connection, means: Means, message: Inbound, command: Command | None
) -> Answer | None:
    """One new message, but for STOP and START."""
    if not _is_someone(message, means.settings) or (command and command.word in _BY_ITSELF):
        return None
    asked = await ask(connection, means, message, command)
    done = await heeding.do(connection, means, asked)
    if done is None or command is None:
        return _polite(asked)
    await inbound.settle(connection, message, word=command.word, say=done.say, handled=done.handled)
    return None if message.heeded == "help" else _answer(asked, done)


def _polite(asked: Asked) -> Answer | None:
    """That a person will read it; not to what looks like a machine."""
    body = asked.message.body
    if is_automatic(body) or replies.is_ours(body):
        return None
    return _answer(asked, Done(Say.KEPT if body.strip() else Say.EMPTY))


async def _heed_all(
    connection: Connection,
    means: Means,
    senders: set[str],
    fresh: Sequence[tuple[Inbound, Command | None]],
) -> list[Answer]:
    """Heed the last word of each, in the order that receipts suppress in, so that nobody waits
    crosswise."""
    hashes = {means.keyring.address_hash(Channel.SMS, sender): sender for sender in senders}
    said = {_key(message): (message, command) for message, command in fresh}
    answers = []
    for address_hash in sorted(hashes):
        answer = await _heed(
            connection, means, address_hash, sender=hashes[address_hash], said=said
        )
        if answer is not None:
            answers.append(answer)
    return answers


async def _heed(
    connection: Connection,
    means: Means,
    address_hash: bytes,
    *,
    sender: str,
    said: Mapping[_Key, tuple[Inbound, Command | None]],
) -> Answer | None:
    last = await inbound.last_word(connection, sender, words=list(_BY_ITSELF), proofs=list(PROOFS))
    if last is None:
        return None
    put = {Word.STOP: suppressions.opt_out, Word.START: suppressions.opt_in}.get(
        last["word"], suppressions.texted
    )
    changed = await put(connection, address_hash, at=last["sent_at"])
    if changed:
        log.info("inbound.heeded", word=last["word"])
    message, command = said.get((last["provider"], last["provider_id"]), (None, None))
    if message is None or command is None or command.word not in _BY_ITSELF:
        return None
    asked = await ask(connection, means, message, command)
    if command.word is Word.START:
        done = await heeding.started(connection, means, asked)
        return _answer(asked, done)
    told = message.heeded == "stop" or provider_answers(message.body)
    return _answer(asked, Done(Say.STOPPED)) if changed and not told else None


def _answer(asked: Asked, done: Done) -> Answer:
    data = {"sender": asked.sender, **done.data}
    return Answer(asked.message, done.say, done.language or asked.language, data)


def _judge(message: Inbound, settings: Settings) -> Command | None:
    """What a message from a phone asks for; short codes and names ask for nothing, nor does an
    answer of ours, or of another town's service, that comes back."""
    if not _is_someone(message, settings) or replies.is_ours(message.body):
        return None
    if message.heeded is not None:
        return Command(Word(message.heeded))
    return command_of(message.body)


def _is_someone(message: Inbound, settings: Settings) -> bool:
    """Whether it comes from a phone, and not from a number of ours."""
    own = {entry.partition("@")[0] for entry in settings.twilio_senders} | {message.recipient}
    return is_phone(message.sender) and message.sender not in own


def _word_alone(command: Command | None) -> Word | None:
    return command.word if command and command.word in _BY_ITSELF else None


def _key(message: Inbound) -> _Key:
    return message.provider, message.provider_id


async def counts(db: Database) -> dict[str, int]:
    """How many messages came in by hook and by pull, over all time."""
    async with db.transaction() as connection:
        return {HOOK: 0, PULL: 0} | await inbound.counts(connection)


async def latest(db: Database, *, unhandled: bool, limit: int) -> list[Row]:
    """What came last, the newest first; with `unhandled` only what nobody has dealt with."""
    async with db.transaction() as connection:
        return await inbound.latest(connection, unhandled=unhandled, limit=limit)
