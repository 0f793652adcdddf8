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
from notify.store import inbound, phones, replies, suppressions
from notify.store.database import Connection

log = get(__name__)

NEWCOMER: Final = timedelta(days=2)
"""How long a number that is nobody's is kept for the answer to it."""

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be said to a message; `data` is what `notify.rendering.replies` needs for it."""

    message: Inbound
    say: Say
    language: str
    data: Mapping[str, Any] = field(default_factory=dict)


async def reply(
    connection: Connection, keyring: Keyring, answers: Sequence[Answer], *, settings: Settings
) -> int:
    """Put those in the way that may go, in the caller's transaction; returns how many. The senders
    are locked (`inbound.lock`), so that nobody else counts theirs meanwhile. The day's budget,
    which all share, comes last: nobody holds it while they wait for a resident."""
    ready: list[tuple[Answer, phones.Phone]] = []
    for answer in answers:
        before = [other for other, _ in ready]
        if not await _may_go(connection, keyring, answer, before, settings=settings):
            continue
        phone = await phones.find(connection, answer.message.sender)
        if phone is None:
            phone = await _newcomer(connection, keyring, answer)
        await phones.stay(connection, phone.resident, life=NEWCOMER)
        ready.append((answer, phone))
    sent = 0
    for answer, phone in ready:
        data = {"say": answer.say, "from": _origin(answer.message), **answer.data}
        if not await _within_budget(connection, answer, data, settings=settings):
            log.warning("reply.no_budget", say=answer.say)
            continue
        if await replies.add(
            connection, phone.address_id, data=data, language=answer.language,
            life=worth(answer.say),
        ):  # fmt: skip
            await inbound.answered(connection, answer.message, say=answer.say)
            sent += 1
    return sent


async def _may_go(
    connection: Connection, keyring: Keyring, answer: Answer, before: Sequence[Answer], *,
    settings: Settings,
) -> bool:  # fmt: skip
    """`before` are those of the same batch that go."""
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
    same = [say for say in Say if sort_of(say) is sort]
    given = await replies.given(connection, message.sender, says=same, within=_DAY)
    given += sum(other.message.sender == message.sender and other.say in same for other in before)
    if given >= MOST_A_DAY[sort]:
        log.warning("reply.enough", say=answer.say)
        return False
    return True


async def _within_budget(
    connection: Connection, answer: Answer, data: Mapping[str, Any], *, settings: Settings
) -> bool:
    """Whether the day has room for it; that SMS have ended is always told."""
    if answer.say is Say.STOPPED:
        return True
    words = languages.words(answer.language, default=settings.default_language, zone=settings.zone)
    sms = wording.made(words, sender=settings.town, data=data, url=settings.public_url)
    return await afford(connection, settings=settings, segments=sms.segments)


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
