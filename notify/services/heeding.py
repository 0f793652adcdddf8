"""Does what a text asks for beyond STOP and START: joining, leaving, listing, a language.

Whoever texts from a number has it: no code is needed.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final
from uuid import UUID

from notify import clock
from notify.domain.codes import Purpose
from notify.domain.group_names import find
from notify.domain.groups import Group
from notify.domain.inbound import Word
from notify.domain.languages import language_named
from notify.domain.replying import Say
from notify.domain.words import Channel, Kind, Source
from notify.rendering import replies
from notify.services import leaving, texts, warned
from notify.services.answering import LATE_DAYS
from notify.services.joining import Evidence, prove
from notify.services.proving import Proven
from notify.services.replying import NEWCOMER
from notify.services.texting import texted
from notify.services.texts import Asked, Done, Means
from notify.store import groups, joining, phones, polls, residents
from notify.store.database import Connection

_SHORT: Final = 2  # words after a keyword that are rather a name than a sentence
_EXAMPLES: Final = 3


async def do(connection: Connection, means: Means, asked: Asked) -> Done | None:
    """Do it, in the caller's transaction; None where the text is for a person to read."""
    step = _STEPS.get(asked.word) if asked.word else None
    return await step(connection, means, asked) if step else None


async def started(connection: Connection, means: Means, asked: Asked) -> Done:
    """After a START: what comes again, from the alerts in force on."""
    await phones.reach(connection, asked.message.sender)
    followed = await texts.followed(connection, asked)
    again = [one for one in followed if one.by_sms]
    return Done(Say.STARTED, texts.names(means, asked, again))


async def _help(connection: Connection, _desk: Means, asked: Asked) -> Done:
    """Who was asked lately whether they are safe may mean it: people read that, too."""
    rows = await polls.for_phones(
        connection, [asked.message.sender], now=clock.now(), days=LATE_DAYS
    )
    return Done(Say.HELP, handled=not any(row["kind"] == Kind.ALERT for row in rows))


async def _prove(connection: Connection, means: Means, asked: Asked) -> Done | None:
    """A code that a page shows, texted from the phone that it proves."""
    sender = asked.message.sender
    say = await texted(connection, means.keyring, sender, asked.rest, settings=means.settings)
    if say is None:
        return None
    phone = await phones.find(connection, sender)
    return Done(say, language=phone.language if phone else None)


async def _join(connection: Connection, means: Means, asked: Asked) -> Done | None:
    every = await groups.tree(connection)
    found = find(asked.rest, every)
    if found.group is None:
        examples = found.near if asked.rest else every[:_EXAMPLES]
        return _which(asked, examples)
    group = found.group
    evidence = _evidence(means, asked, Say.REQUESTED if group.closed else Say.JOINED)
    resident = await _prove_phone(connection, means, asked, evidence)
    await residents.lock(connection, resident)
    await phones.reach(connection, asked.message.sender)
    before = await phones.subscription(connection, resident, group.id)
    state = await phones.follow(
        connection, resident, group.id, state="requested" if group.closed else "active"
    )
    say = Say.JOINED if state == "active" else Say.REQUESTED
    if before and say is Say.JOINED and _all_by_sms(before["alerts"], before["news"]):
        say = Say.ALREADY
    return Done(say, await texts.about(connection, means, asked, group))


def _evidence(means: Means, asked: Asked, say: Say) -> Evidence:
    """That this text asked for it, and in which words we said what that means."""
    version = replies.version(
        say, asked.language, default=means.settings.default_language, zone=means.settings.zone
    )
    return Evidence(
        reference=asked.message.provider_id, source=Source.SMS, language=asked.language,
        wording=f"sms/{say}", version=version,
    )  # fmt: skip


async def _prove_phone(
    connection: Connection, means: Means, asked: Asked, evidence: Evidence
) -> UUID:
    """The resident whose number it is; by the text it is proven."""
    if asked.known:
        await joining.add_evidence(
            connection, asked.known.resident, channel=Channel.SMS, source=evidence.source,
            reference=evidence.reference, language=evidence.language, wording=evidence.wording,
            version=evidence.version,
        )  # fmt: skip
        return asked.known.resident
    sender = asked.message.sender
    newcomer = await phones.find(connection, sender, live=False) or await phones.add(
        connection, sender, hash_=means.keyring.address_hash(Channel.SMS, sender),
        language=asked.language, life=NEWCOMER,
    )  # fmt: skip
    await phones.speak(connection, newcomer.resident, asked.language)
    proven = Proven(Purpose.PROVE, newcomer.resident, newcomer.address_id)
    joined = await prove(
        connection, means.keyring, proven, settings=means.settings, evidence=evidence
    )
    return joined.resident if joined else newcomer.resident


async def _leave(connection: Connection, means: Means, asked: Asked) -> Done | None:
    """Leave a group; after `STOP <group>` its SMS only, unless there is nothing else of it."""
    followed = await texts.followed(connection, asked)
    rest = asked.rest
    own = find(rest, [one.group for one in followed])
    if own.group is None or asked.known is None:
        if not rest:
            return (
                _which(asked, [one.group for one in followed[:_EXAMPLES]])
                if followed
                else Done(Say.LIST, {"groups": []})
            )
        others = find(rest, await groups.tree(connection))
        if others.group is None:
            return _which(asked, own.near or others.near)
        return Done(Say.NOT_FOLLOWING, await texts.about(connection, means, asked, others.group))
    group, resident = own.group, asked.known.resident
    await residents.lock(connection, resident)
    subscription = await phones.subscription(connection, resident, group.id) or {}
    elsewhere = {*subscription.get("alerts", ()), *subscription.get("news", ())} - {Channel.SMS}
    over: Channel | None
    if asked.word is Word.STOP_GROUP and elsewhere:
        await phones.mute(connection, resident, group.id)
        await residents.bump(connection, resident)
        say, over = Say.MUTED, Channel.SMS
    else:
        await leaving.leave_group(connection, resident, group.id)
        say, over = Say.LEFT, None
    still = await warned.below(connection, resident, group.id, over=over)
    about = await texts.about(connection, means, asked, group)
    return Done(say, {**about, "below": texts.called(means, asked, still)})


async def _list(connection: Connection, means: Means, asked: Asked) -> Done:
    return Done(Say.LIST, texts.names(means, asked, await texts.followed(connection, asked)))


async def _speak(connection: Connection, means: Means, asked: Asked) -> Done | None:
    rest = asked.rest
    offered = means.settings.languages
    language = language_named(rest, offered)
    if language is None:
        if len(rest.split()) > _SHORT:
            return None
        return Done(Say.WHICH_LANG, {"languages": list(offered)})
    phone = asked.phone or await phones.add(
        connection, asked.message.sender, language=language, life=NEWCOMER,
        hash_=means.keyring.address_hash(Channel.SMS, asked.message.sender),
    )  # fmt: skip
    await phones.speak(connection, phone.resident, language)
    return Done(Say.LANG, {"language": language}, language=language)


_STEPS: Mapping[Word, Callable[[Connection, Means, Asked], Awaitable[Done | None]]] = {
    Word.HELP: _help,
    Word.CODE: _prove,
    Word.JOIN: _join,
    Word.LEAVE: _leave,
    Word.STOP_GROUP: _leave,
    Word.LIST: _list,
    Word.LANG: _speak,
}


def _which(asked: Asked, near: Sequence[Group]) -> Done | None:
    """Ask which group is meant, unless the text is rather a sentence to a person. Staff see it
    nevertheless: the right group may be one that they know."""
    sure = asked.command is not None and asked.command.sure
    if not near and (not sure or len(asked.rest.split()) > _SHORT):
        return None
    slugs = [group.slug for group in near]
    return Done(Say.WHICH_GROUP, {"groups": slugs, "word": asked.word}, handled=bool(near))


def _all_by_sms(alerts: Sequence[str], news: Sequence[str]) -> bool:
    return Channel.SMS in alerts and Channel.SMS in news
