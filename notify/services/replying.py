"""Answers texts: with a note to the number, from the number that was texted.

Few a day to one number and none to a machine, so that no loop and no stranger keeps us writing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from channels.inbound import Inbound
from notify import clock
from notify.domain.keyring import Keyring
from notify.domain.replying import (
    MOST_A_DAY,
    UNASKED,
    Say,
    Sort,
    in_countries,
    in_time,
    is_phone,
    sort_of,
    worth,
)
from notify.domain.words import Channel
from notify.log import get
from notify.rendering import languages
from notify.rendering import replies as wording
from notify.services.asking import afford, countries
from notify.settings import Settings
from notify.store import phones, polls, replies, suppressions
from notify.store.database import Connection

log = get(__name__)

NEWCOMER: Final = timedelta(days=2)
"""How long a number that is nobody's is kept for the answer to it."""

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be said to a message; `data` is what `notify.rendering.replies` needs for it. `phone`
    is whose number it is, where that is known already to be a resident's; `puts` as in `Done`."""

    message: Inbound
    say: Say
    language: str
    data: Mapping[str, Any] = field(default_factory=dict)
    phone: phones.Phone | None = None
    puts: tuple[int, int] | None = None


async def reply(
    connection: Connection, keyring: Keyring, answers: Sequence[Answer], *, settings: Settings
) -> int:
    """Put those in the way that may go, in the caller's transaction; returns how many. The senders
    are locked (`inbound.lock`), so that nobody else counts theirs meanwhile. The day's budget,
    which all share, comes last: nobody holds it while they wait for a resident."""
    if not answers:
        return 0
    ready: list[tuple[Answer, phones.Phone]] = []
    senders = sorted({answer.message.sender for answer in answers})
    given = await replies.given(connection, senders, within=_DAY)
    stopped = await _stopped(connection, keyring, answers)
    for answer in answers:
        if answer.say in UNASKED and answer.message.sender in stopped:
            continue
        if not await _may_go(connection, keyring, answer, given, settings=settings):
            continue
        given[answer.message.sender, answer.say] += 1
        ready.append((answer, answer.phone or await _phone(connection, keyring, answer)))
    await _put(connection, [answer for answer, _ in ready])
    going = []
    for answer, phone in ready:
        data = {"say": answer.say, "from": _origin(answer.message), **answer.data}
        if answer.say is Say.KEPT and await phones.asks_another(connection, answer.message.sender):
            data["not_asked"] = True
        if not await _within_budget(connection, answer, data, settings=settings):
            log.warning("reply.no_budget", say=answer.say)
            continue
        going.append(
            replies.Reply(
                answer.message, phone.address_id, answer.say, data, answer.language,
                worth(answer.say),
            )
        )  # fmt: skip
    return await replies.add(connection, going) if going else 0


async def _put(connection: Connection, answers: Sequence[Answer]) -> None:
    """Note which questions these put: who is not sent one has not seen it, and answers none by it."""
    put = dict(answer.puts for answer in answers if answer.puts is not None)
    if put:
        await polls.put(connection, put, at=clock.now())


async def _stopped(connection: Connection, keyring: Keyring, answers: Sequence[Answer]) -> set[str]:
    """Who wants no SMS, of those who are to be told something that they did not ask for."""
    hashes = {
        keyring.address_hash(Channel.SMS, answer.message.sender): answer.message.sender
        for answer in answers
        if answer.say in UNASKED
    }
    if not hashes:
        return set()
    return {hashes[one] for one in await suppressions.stopped(connection, sorted(hashes))}


async def _may_go(
    connection: Connection, keyring: Keyring, answer: Answer, given: Mapping[tuple[str, str], int], *,
    settings: Settings,
) -> bool:  # fmt: skip
    """`given` counts those of before, and those of the same batch that go."""
    message, sort = answer.message, sort_of(answer.say)
    if not (
        is_phone(message.sender)
        and in_countries(message.sender, countries(settings))
        and in_time(answer.say, said_at=message.at, now=clock.now())
    ):
        return False
    if sort is Sort.KEPT:
        # Whoever wants no SMS did not ask for this one.
        address_hash = keyring.address_hash(Channel.SMS, message.sender)
        if await suppressions.reason(connection, channel=Channel.SMS, address_hash=address_hash):
            return False
    had = sum(given.get((message.sender, say), 0) for say in Say if sort_of(say) is sort)
    if had >= MOST_A_DAY[sort]:
        log.warning("reply.enough", say=answer.say)
        return False
    return True


async def _within_budget(
    connection: Connection, answer: Answer, data: Mapping[str, Any], *, settings: Settings
) -> bool:
    """Whether the day has room for it. That SMS have ended is always told; and the budget is for what
    anybody can ask for, which an answer to what we asked is not."""
    if answer.say is Say.STOPPED or sort_of(answer.say) in {Sort.QUESTION, Sort.ANSWER}:
        return True
    words = languages.words(answer.language, default=settings.default_language, zone=settings.zone)
    sms = wording.made(words, sender=settings.town, data=data, url=settings.public_url)
    return await afford(connection, settings=settings, segments=sms.segments)


async def _phone(connection: Connection, keyring: Keyring, answer: Answer) -> phones.Phone:
    phone = await phones.find(connection, answer.message.sender)
    if phone is None:
        phone = await _newcomer(connection, keyring, answer)
    await phones.stay(connection, phone.resident, life=NEWCOMER)
    return phone


async def _newcomer(connection: Connection, keyring: Keyring, answer: Answer) -> phones.Phone:
    return await phones.add(
        connection,
        answer.message.sender,
        hash_=keyring.address_hash(Channel.SMS, answer.message.sender),
        language=answer.language,
        life=NEWCOMER,
    )


def _origin(message: Inbound) -> str | None:
    """The number of ours that was texted; None where it is none that can be sent from."""
    return message.recipient if is_phone(message.recipient) else None
