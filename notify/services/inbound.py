"""Takes in what residents text to us, each message once, does what it asks for, and answers it.

The order is fixed: a word to stop, to start; an open question; a word for help; a code that a page
showed; a keyword. Whatever is none of these is kept for people to read.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from channels.inbound import Inbound
from notify.domain.inbound import (
    Command,
    Word,
    command_of,
    is_automatic,
    letters,
    provider_answers,
)
from notify.domain.replying import PROOFS, Say, is_phone
from notify.domain.words import Channel, Suppressed
from notify.log import get
from notify.rendering import replies
from notify.services import answering, answering_together, heeding
from notify.services.answering import Heard
from notify.services.gathering import Gatherer
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

_YES = frozenset({"YES", "JA"})

MOST_TOGETHER = 50
"""Texts in one commit: each is answered by itself, and who came first waits for the last."""

_Key = answering.Key


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
    await inbound.lock(connection, [message.sender for message in messages])
    stopped = await _stopped(connection, means, messages)
    judged = {
        _key(message): (message, _judge(message, means.settings, stopped)) for message in messages
    }
    heard = await answering.hear(
        connection,
        means,
        [pair for pair in judged.values() if _may_answer(pair[0], means.settings)],
    )
    changed = await inbound.add(
        connection,
        [_kept(message, command, heard.get(key)) for key, (message, command) in judged.items()],
        how=how,
    )
    new = {(row["provider"], row["provider_id"]) for row in changed if row["fresh"]}
    fresh = [pair for key, pair in judged.items() if key in new]
    fresh.sort(key=lambda pair: (pair[0].at is None, pair[0].at))
    crowd = answering_together.crowd(fresh, heard)
    answers = [
        replace(_answer(asked, said), phone=one.phone)
        for asked, one, said in await answering_together.do(connection, means, crowd)
    ]
    done = {_key(answer.message) for answer in answers}
    answers += [
        answer
        for message, command in fresh
        if _key(message) not in done
        and (answer := await _try(connection, means, message, command, heard)) is not None
    ]
    spoken = {row["sender"] for row in changed if row["word"] in _BY_ITSELF}
    spoken |= {answer.message.sender for answer in answers if answer.say in PROOFS}
    answers += await _heed_all(connection, means, spoken, fresh)
    sent = await reply(connection, means.keyring, answers, settings=means.settings)
    return Taken(len(fresh), sent)


async def _try(
    connection: Connection, means: Means, message: Inbound, command: Command | None,
    heard: Mapping[_Key, Heard],
) -> Answer | None:  # fmt: skip
    """Do one alone: what fails is left to people to read, and takes no STOP of another with it. The
    words of a secret answer are for nobody: whoever wrote it is asked to send it again."""
    one = heard.get(_key(message))
    try:
        async with connection.raw.transaction():
            return await _do(connection, means, message, command, one)
    except Exception as problem:
        if isinstance(problem, answering_together.TRY_AGAIN) and one is not None:
            raise  # a vote is not lost for that: all of it is undone, and done again
        log.error("inbound.failed", why=type(problem).__name__)
        if one is not None and one.spent and one.ask.secret:
            asked = answering_together.asked(message, command, one)
            return await _say(connection, asked, one, answering.not_counted(one))
        await inbound.keep(connection, message)
        return None


async def _do(
    connection: Connection, means: Means, message: Inbound, command: Command | None,
    heard: Heard | None,
) -> Answer | None:  # fmt: skip
    """One new message, but for STOP and START."""
    if not _is_someone(message, means.settings) or (command and command.word in _BY_ITSELF):
        return None
    if heard is not None:
        asked = answering_together.asked(message, command, heard)
        said = await answering.answer(connection, means, asked, heard)
        return await _say(connection, asked, heard, said)
    asked = await ask(connection, means, message, command)
    done = await heeding.do(connection, means, asked)
    if done is None or command is None:
        return _polite(asked)
    await inbound.settle(connection, inbound.Settled(message, command.word, done.say, done.handled))
    return None if message.heeded == "help" else _answer(asked, done)


async def _say(connection: Connection, asked: Asked, heard: Heard, said: Done) -> Answer:
    """What is said to an answer, and written down of it."""
    await inbound.settle(connection, answering_together.settled(asked, heard, said))
    return replace(_answer(asked, said), phone=heard.phone)


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
    return Answer(asked.message, done.say, done.language or asked.language, data, puts=done.puts)


async def _stopped(
    connection: Connection, means: Means, messages: Sequence[Inbound]
) -> frozenset[str]:
    """Who says yes, and has said before that they want no SMS."""
    saying = {message.sender for message in messages if letters(message.body) in _YES}
    hashes = {sender: means.keyring.address_hash(Channel.SMS, sender) for sender in sorted(saying)}
    return frozenset(
        [
            sender
            for sender, hash_ in hashes.items()
            if await suppressions.reason(connection, channel=Channel.SMS, address_hash=hash_)
            == Suppressed.OPTED_OUT
        ]
    )


def _kept(
    message: Inbound, command: Command | None, heard: Heard | None
) -> tuple[Inbound, Word | None]:
    """The message as it is kept: of an answer, that there was one."""
    if heard is not None and heard.spent:
        return replace(message, body=""), Word.ANSWER
    return message, _word_alone(command)


def _may_answer(message: Inbound, settings: Settings) -> bool:
    return _is_someone(message, settings) and not replies.is_ours(message.body)


def _judge(message: Inbound, settings: Settings, stopped: Collection[str]) -> Command | None:
    """What a message from a phone asks for; short codes and names ask for nothing, nor does an
    answer of ours, or of another town's service, that comes back. YES is a START of those who have
    `stopped` (Twilio takes it for one), and of nobody else."""
    if not _may_answer(message, settings):
        return None
    yes = letters(message.body) in _YES
    if yes and message.sender in stopped:
        return Command(Word.START)
    if message.heeded is not None and not (yes and Word(message.heeded) is Word.START):
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


def inbox(db: Database, means: Means, *, replied: Callable[[], None]) -> Gatherer[Inbound]:
    """Gathers what webhooks bring into commits; calls `replied` where answers are on their way."""

    async def keep(messages: Sequence[Inbound]) -> None:
        async with db.transaction() as connection:
            taken = await take(connection, means, messages, how=HOOK)
        if taken.answers:
            replied()

    return Gatherer(keep, most=MOST_TOGETHER)


async def counts(db: Database) -> dict[str, int]:
    """How many messages came in by hook and by pull, over all time."""
    async with db.transaction() as connection:
        return {HOOK: 0, PULL: 0} | await inbound.counts(connection)


async def latest(db: Database, *, unhandled: bool, limit: int) -> list[Row]:
    """What came last, the newest first; with `unhandled` only what nobody has dealt with."""
    async with db.transaction() as connection:
        return await inbound.latest(connection, unhandled=unhandled, limit=limit)
