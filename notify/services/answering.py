"""Takes texts as answers: to which question, what they answer, what is said to them.

Of several open polls the one that was asked last is meant, another by its code. What was read as an
answer is never kept as a text.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from channels.inbound import Inbound
from notify import clock
from notify.domain.answers import Reading, Why, addressed, read
from notify.domain.distress import calls_for_help
from notify.domain.inbound import Command, Word, is_automatic, letters
from notify.domain.poll import Ask, How, from_json
from notify.domain.replying import Say
from notify.domain.words import AddressState, Kind
from notify.errors import NotifyError
from notify.rendering import links, questions
from notify.rendering.templates import templates
from notify.services import meaning
from notify.services.groups import identity
from notify.services.texts import Asked, Done, Means
from notify.services.voting import Closed, Vote, Voted, vote, vote_all
from notify.store import polls
from notify.store.database import Connection, Row
from notify.store.phones import Phone

LATE_DAYS: Final = 7
"""How long after the close an answer is told that it is late."""

_PATIENCE: Final = 2  # texts that are no answer, and are told so
_YES_OR_NO: Final = 2  # options
_ANEW: Final = frozenset({"NEU", "NEW"})
"""All questions once more, from the first on."""

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Heard:
    """A text that belongs to what was asked. `row` is the poll as whoever texts sees it, `open` whether
    it was open when the text was sent; `anew`: they want to answer all of it once more; `letter`: a
    person is to read the words, too; `among`: other polls are open to them as well, `named`: and they wrote its code; `early`: it was sent
    before the question was put to them that follows the one it answers; `sender`: who asks."""

    row: Row
    ask: Ask
    reading: Reading
    open: bool
    at: datetime
    anew: bool = False
    letter: bool = False
    among: bool = False
    named: bool = False
    early: bool = False
    sender: str = ""

    @property
    def plain(self) -> bool:
        """Whether it is an answer and nothing else."""
        return bool(self.reading.chosen) and not self.anew

    @property
    def phone(self) -> Phone:
        """Whose number it is; it is proven to be."""
        row = self.row
        return Phone(
            row["address_id"], row["resident_id"], str(row["language"]), AddressState.PROVEN
        )

    @property
    def spent(self) -> bool:
        """Whether the text says nothing but an answer, or means to: it is not kept."""
        return (self.reading.why is not Why.UNCLEAR or self.anew) and not self.letter


async def hear(
    connection: Connection, means: Means, messages: Sequence[tuple[Inbound, Command | None]]
) -> Mapping[Key, Heard]:
    """Which of these messages belong to what their senders are asked, by provider and its id. What
    stops, starts or proves something does not."""
    candidates = [(m, c) for m, c in messages if c is None or c.word not in {Word.STOP, Word.START}]
    if not candidates:
        return {}
    now = clock.now()
    asked: dict[str, list[Row]] = defaultdict(list)
    for row in await polls.for_phones(
        connection, sorted({m.sender for m, _ in candidates}), now=now, days=LATE_DAYS
    ):
        asked[row["phone"]].append(row)
    found = {}
    speakers: dict[UUID, str] = {}
    for message, command in candidates:
        rows = asked[message.sender]
        heard = _hear(message, command, rows, now)
        if heard is None:
            continue
        poll = heard.row["broadcast_id"]
        if poll not in speakers:
            groups = list(heard.row["group_ids"])
            who = await identity(connection, groups, settings=means.settings)
            speakers[poll] = who.sender_name
        among = any(
            row["broadcast_id"] != poll
            and row["kind"] == Kind.POLL
            and meaning.is_open(row, at=heard.at)
            for row in rows
        )
        found[message.provider, message.provider_id] = replace(
            heard, sender=speakers[poll], among=among
        )
    return found


def _hear(
    message: Inbound, command: Command | None, rows: Sequence[Row], now: datetime
) -> Heard | None:
    if not rows:
        return None
    at = min(message.at or now, now)
    if command is not None and command.word is Word.HELP:
        return _cry(rows, at)
    code, rest = meaning.split(rows, message.body, at=at)
    row, named = meaning.meant(rows, code, rest, at=at), code is not None
    is_open = meaning.is_open(row, at=at)
    ask = from_json(row["asks"])
    early = meaning.is_early(row, at=at)
    if early:
        row = {**row, "question": row["question"] - 1}
    reading = read(rest, ask.questions[row["question"] - 1])
    anew = is_open and len(ask.questions) > 1 and letters(rest) in _ANEW
    if anew or reading.chosen:
        # Who calls for help too late for the list is still to be found by somebody.
        letter = not is_open and row["kind"] == Kind.ALERT and ask.urgent in reading.chosen
        return Heard(row, ask, reading, is_open, at, anew, letter, named=named, early=early)
    cry = _cry(rows, at)
    if cry and calls_for_help(message.body, near=ask.urgent in reading.near):
        return replace(cry, letter=True)
    # A keyword or a code that a page shows is what it is; a machine is not asked back; and who is
    # late is told so where they have answered, not where they write of something else.
    beside = command is not None or not is_open or is_automatic(message.body)
    enough = reading.why is Why.UNCLEAR and row["misread"] >= _PATIENCE
    if beside or enough:
        return None
    return Heard(row, ask, reading, is_open, at, named=named, early=early)


def _cry(rows: Sequence[Row], at: datetime) -> Heard | None:
    """HELP while an alert asks whether people are safe."""
    for row in rows:
        ask = from_json(row["asks"])
        if row["kind"] == Kind.ALERT and ask.urgent is not None and meaning.is_open(row, at=at):
            reading = Reading(frozenset({ask.urgent}), frozenset(), Why.ANSWER)
            return Heard(row, ask, reading, open=True, at=at)
    return None


async def answer(connection: Connection, means: Means, asked: Asked, heard: Heard) -> Done:
    """Count it, in the caller's transaction, and give what to say."""
    row = heard.row
    language = str(row["language"])
    if heard.anew:
        await polls.put(connection, {row["voter_id"]: 1}, at=heard.at)
        return Done(Say.QUESTION, _asks(means, heard, 1), language)
    if not heard.reading.chosen:
        await polls.misread(connection, row["voter_id"])
        return _unclear(means, heard)
    # Another text of theirs may have come before it in the same batch. It may have begun all of it
    # anew; the question that it had put next was read by nobody yet.
    question, early = row["question"], False
    if len(heard.ask.questions) > 1:
        put = await polls.question_of(connection, row["voter_id"])
        question, early = min(question, put), put > question
    if question != row["question"]:
        reading = read(
            addressed(asked.message.body, {row["code"]})[1], heard.ask.questions[question - 1]
        )
        if not reading.chosen:
            return Done(Say.QUESTION, _asks(means, heard, question), language)
    else:
        reading = heard.reading
    try:
        voted = await vote(
            connection, row["broadcast_id"], row["voter_id"], question=question,
            chosen=reading.chosen, how=How.SMS, at=heard.at,
        )  # fmt: skip
    except Closed:
        return _late(means, heard)
    return _counted(means, heard, question, voted, reading, early=early)


async def answer_all(connection: Connection, means: Means, every: Sequence[Heard]) -> list[Done]:
    """The same for many that are answers, one of each voter and the only text of its sender."""
    votes = [
        Vote(
            one.row["broadcast_id"], one.row["voter_id"], one.row["question"], one.reading.chosen,
            How.SMS, one.at,
        )
        for one in every
    ]  # fmt: skip
    done = []
    for one, outcome in zip(every, await vote_all(connection, votes), strict=True):
        if isinstance(outcome, Closed):
            done.append(_late(means, one))
        elif isinstance(outcome, NotifyError):
            raise outcome
        else:
            done.append(
                _counted(means, one, one.row["question"], outcome, one.reading, early=one.early)
            )
    return done


def _counted(
    means: Means, heard: Heard, question: int, voted: Voted, reading: Reading, *, early: bool
) -> Done:
    """What is said to a vote. `early`: the question that follows was put before."""
    language = str(heard.row["language"])
    if heard.row["kind"] == Kind.ALERT and heard.ask.urgent is not None:
        urgent, choices = heard.ask.urgent, heard.ask.questions[0].choices
        data = {
            **_who(heard), "need": urgent, "safe": next(n for n in choices if n != urgent),
        }  # fmt: skip
        # Both say which digit takes it back: it is this question that the next digit answers.
        again = (heard.row["voter_id"], question)
        if urgent in reading.chosen:
            return Done(Say.HELP_NOTED, data, language, handled=not heard.letter, puts=again)
        if len(choices) == _YES_OR_NO:  # of more options nobody knows which says that all is well
            return Done(Say.SAFE, data, language, puts=again)
    of = len(heard.ask.questions)
    if question < of:
        puts = None if early else (heard.row["voter_id"], question + 1)
        return Done(Say.QUESTION, _asks(means, heard, question + 1), language, puts=puts)
    say = Say.COUNTED_ANEW if voted.changed else Say.COUNTED
    data = {
        **_who(heard), "receipt": voted.receipt, "number": question,
        "of": of, "until": heard.row["close_at"].isoformat(),
    }  # fmt: skip
    return Done(say, data, language)


def _unclear(means: Means, heard: Heard) -> Done:
    """How to answer; the second time, where else."""
    row, language = heard.row, str(heard.row["language"])
    who = _who(heard)
    handled = heard.spent
    if row["misread"] > 0:
        link = links.answer_url(
            means.settings.public_url, means.keyring.mark("answer", row["voter_id"])
        )
        return Done(Say.ANSWER_THERE, {**who, "url": link}, language, handled)
    said = questions.options(
        templates(means.settings).words(language), heard.ask, row["question"], language=language,
        default=means.settings.default_language,
    )  # fmt: skip
    return Done(Say.UNCLEAR, {**who, "question": said}, language, handled)


def not_counted(heard: Heard) -> Done:
    """To an answer that failed, and whose words are not kept; people see that there was one."""
    data = {**_who(heard), "failed": True}
    return Done(Say.UNCLEAR, data, str(heard.row["language"]), handled=False)


def _asks(means: Means, heard: Heard, number: int) -> Mapping[str, Any]:
    language = str(heard.row["language"])
    said = questions.sms(
        templates(means.settings).words(language), heard.ask, number, language=language,
        default=means.settings.default_language,
    )  # fmt: skip
    return {
        **_who(heard), "question": said, "number": number,
        "of": len(heard.ask.questions),
    }  # fmt: skip


def _late(means: Means, heard: Heard) -> Done:
    data = {
        **_who(heard),
        "url": links.short_url(means.settings.public_url, heard.row["broadcast_id"]),
        "alert": heard.row["kind"] == Kind.ALERT,
    }
    return Done(Say.POLL_CLOSED, data, str(heard.row["language"]), handled=not heard.letter)


def _who(heard: Heard) -> dict[str, Any]:
    """Who asks is who speaks, and pays; where several polls are open, for which of them."""
    among = heard.among and heard.row["kind"] == Kind.POLL
    said = {"sender": heard.sender, "poll": str(heard.row["broadcast_id"])}
    return said | ({"code": heard.row["code"], "named": heard.named} if among else {})
