"""Shows a draft as it would be, while it is written: whom it reaches, what arrives, what it costs, what
might be better. Whatever is missing yet is told in place of failing, and nothing is saved.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from notify.domain import text_check
from notify.domain.broadcast import Broadcast, BroadcastStatus, Identity, Text
from notify.domain.draft import Content, Words
from notify.domain.draft_check import asks
from notify.domain.draft_questions import half_asked
from notify.domain.grants import Deed
from notify.domain.groups import Group
from notify.domain.poll import Ask
from notify.domain.submission import moment
from notify.domain.text_check import About, Hint
from notify.domain.words import ENDINGS, Channel, Kind, Relation, Severity
from notify.errors import Invalid, NotFound
from notify.rendering.looks import Look, looks
from notify.rendering.messages import Renderer
from notify.services import costing, reckoning, threads
from notify.services.costing import Bill
from notify.services.groups import check_reaches, identity
from notify.services.reckoning import Audience, Wish
from notify.services.staff_sessions import Officer
from notify.settings import Settings
from notify.store import broadcasts, groups
from notify.store.database import Database

Word = TypeVar("Word", bound=StrEnum)


class Missing(StrEnum):
    """What a draft needs before it can be reckoned or shown, or to be what it says it is."""

    KIND = "kind"
    GROUPS = "groups"
    TEXT = "text"  # in the first language
    DRILL_GROUPS = "drill_groups"  # a drill that would reach groups which are not for drills
    FOLLOWED = "followed"  # what it follows is not there


@dataclass(frozen=True, slots=True)
class Preview:
    """A draft as it would be. `broadcast` is None where there is not enough of it yet, `audience`
    where nobody can be counted, or (`slow`) where that took too long. `hints` are by language."""

    missing: tuple[Missing, ...]
    broadcast: Broadcast | None
    identity: Identity
    groups: tuple[Group, ...]
    audience: Audience | None
    slow: bool
    bill: Bill | None
    looks: Sequence[Look]
    hints: Mapping[str, Sequence[Hint]]
    complete: frozenset[str]  # languages in which an alert says all that it has to


@dataclass(frozen=True, slots=True)
class _Known:
    """What the database knows of a draft."""

    groups: tuple[Group, ...]
    real: bool  # a drill of it would reach groups that are not for drills
    identity: Identity
    followed: bool
    drill: bool


async def preview(
    db: Database, officer: Officer, draft_id: UUID, content: Content, *, settings: Settings,
    channels: Sequence[Channel], now: datetime,
) -> Preview:  # fmt: skip
    """Raises OutOfReach where they may not write to its groups."""
    known = await _known(db, officer, content, settings=settings)
    broadcast = _broadcast(draft_id, content, known, settings=settings, now=now)
    made = looks(Renderer(settings), broadcast, known.identity) if broadcast else []
    abouts = _abouts(content, known, made)
    audience, counts = None, _countable(content, known)
    if counts:
        audience = await _audience(db, content, known, settings=settings, channels=channels)
    bill = None
    if audience is not None:
        bill = await costing.bill(
            db, audience, segments={look.language: look.sms.segments for look in made},
            kind=Kind(content.kind), groups=[group.slug for group in known.groups],
            begins=max(_moment(content.send_at, settings) or now, now), settings=settings,
            follows=_uuid(content.follows),
            later={look.language: look.later_segments for look in made},
            asks=broadcast is not None and broadcast.ask is not None,
        )  # fmt: skip
    return Preview(
        missing=tuple(_missing(content, known, settings)), broadcast=broadcast,
        identity=known.identity, groups=known.groups, audience=audience,
        slow=counts and bill is None, bill=bill, looks=made,
        hints={tag: text_check.check(content.texts[tag], one) for tag, one in abouts.items()},
        complete=frozenset(
            tag for tag, one in abouts.items() if text_check.complete(content.texts[tag], one)
        ),
    )  # fmt: skip


async def waiting(
    db: Database, broadcast: Broadcast, *, made: Sequence[Look], settings: Settings,
    channels: Sequence[Channel], now: datetime,
) -> tuple[Audience, Bill] | None:  # fmt: skip
    """Whom a broadcast that waits for approval would reach, and what it would cost, `made` being how it looks; None where it
    takes too long to count. Whether the caller may look at it is the caller's to know."""
    wish = Wish(
        kind=broadcast.kind, groups=broadcast.group_ids, languages=[*broadcast.texts],
        drill=broadcast.drill, follows=broadcast.in_reply_to, relation=broadcast.relation,
    )  # fmt: skip
    audience = await reckoning.audience(db, wish, settings=settings, channels=channels)
    if audience is None:
        return None
    async with db.transaction() as connection:
        slugs = {group.id: group.slug for group in await groups.tree(connection)}
    bill = await costing.bill(
        db, audience, segments={look.language: look.sms.segments for look in made},
        later={look.language: look.later_segments for look in made}, kind=broadcast.kind,
        groups=[slugs[one] for one in broadcast.group_ids], begins=max(broadcast.send_at or now, now),
        settings=settings, follows=broadcast.in_reply_to, asks=broadcast.ask is not None,
    )  # fmt: skip
    return None if bill is None else (audience, bill)


async def arriving(
    db: Database, officer: Officer, draft_id: UUID, content: Content, *, settings: Settings,
    now: datetime,
) -> tuple[Broadcast | None, Identity]:  # fmt: skip
    """What would arrive, None where there is not enough of it yet, and who speaks in it. Raises
    OutOfReach."""
    known = await _known(db, officer, content, settings=settings)
    return _broadcast(draft_id, content, known, settings=settings, now=now), known.identity


async def _known(db: Database, officer: Officer, content: Content, *, settings: Settings) -> _Known:
    async with db.transaction() as connection:
        found = await groups.by_slugs(connection, content.groups)
        named = tuple(found[slug] for slug in content.groups if slug in found)
        ids = [group.id for group in named]
        follows = _uuid(content.follows)
        row = await broadcasts.get(connection, follows) if follows else None
        if row is not None:
            thread = await threads.groups_of(connection, row["thread_id"], row["group_ids"])
            ids = list(dict.fromkeys([*thread, *ids]))
        await check_reaches(connection, ids, within=officer.require(Deed.WRITE))
        alert = content.kind not in {Kind.ANNOUNCEMENT, Kind.POLL}
        reached = await groups.audience(connection, group_ids=ids, alert=alert)
        return _Known(
            groups=named,
            real=content.relation not in ENDINGS
            and bool(await groups.not_for_drills(connection, reached)),
            identity=await identity(connection, ids, settings=settings),
            followed=not content.follows or row is not None,
            drill=content.drill or bool(row and row["drill"]),
        )


async def _audience(
    db: Database, content: Content, known: _Known, *, settings: Settings,
    channels: Sequence[Channel],
) -> Audience | None:  # fmt: skip
    wish = Wish(
        kind=Kind(content.kind),
        groups=[group.id for group in known.groups],
        languages=[*_texts(content)],
        drill=known.drill,
        follows=_uuid(content.follows),
        relation=_one_of(Relation, content.relation),
    )
    try:
        return await reckoning.audience(db, wish, settings=settings, channels=channels)
    except NotFound:  # gone since
        return None


def _countable(content: Content, known: _Known) -> bool:
    return _kind(content) is not None and known.followed and bool(known.groups or content.follows)


def _missing(content: Content, known: _Known, settings: Settings) -> list[Missing]:
    first = content.texts.get(settings.default_language, Words())
    said = {
        Missing.KIND: _kind(content) is None,
        Missing.GROUPS: not (known.groups or content.follows),
        Missing.DRILL_GROUPS: known.drill and known.real,
        Missing.FOLLOWED: not known.followed,
        Missing.TEXT: not (first.title.strip() and first.body.strip()),
    }
    return [one for one, is_missing in said.items() if is_missing]


def _broadcast(
    draft_id: UUID, content: Content, known: _Known, *, settings: Settings, now: datetime
) -> Broadcast | None:
    kind, texts = _kind(content), _texts(content)
    if kind is None or not texts:
        return None
    follows = _uuid(content.follows)
    relation = _one_of(Relation, content.relation) if follows else None
    return Broadcast(
        id=draft_id, kind=kind, status=BroadcastStatus.DRAFT, texts=texts,
        severity=_one_of(Severity, content.severity) if kind is Kind.ALERT else None,
        group_ids=tuple(group.id for group in known.groups),
        valid_until=_moment(content.valid_until, settings),
        send_at=_moment(content.send_at, settings), thread_id=follows or draft_id,
        sequence=1 if relation else 0, in_reply_to=follows if relation else None,
        relation=relation, created_at=now, drill=known.drill,
        ask=_ask(content, texts, settings),
    )  # fmt: skip


def _ask(content: Content, texts: Mapping[str, Text], settings: Settings) -> Ask | None:
    if not asks(content):
        return None
    return half_asked(
        content.asking, alert=content.kind == Kind.ALERT, languages=texts,
        first_language=settings.default_language,
    )  # fmt: skip


def _abouts(content: Content, known: _Known, made: Sequence[Look]) -> Mapping[str, About]:
    """What the check of the text knows, by language."""
    sms = {look.language: look.sms for look in made}
    names = tuple(name for group in known.groups for name in group.names.values())
    return {
        language: About(
            language=language, kind=content.kind, sender=known.identity.sender_name, places=names,
            relation=content.relation, drill=known.drill,
            segments=sms[language].segments if language in sms else 1,
            dear=sms[language].dear if language in sms else "",
            replaced=sms[language].replaced if language in sms else (),
        )
        for language in content.texts
    }  # fmt: skip


def _texts(content: Content) -> dict[str, Text]:
    return {
        language: Text(words.title, words.body, words.sms.strip() or None)
        for language, words in content.texts.items()
        if not words.empty
    }


def _kind(content: Content) -> Kind | None:
    return _one_of(Kind, content.kind)


def _one_of(kinds: type[Word], said: str) -> Word | None:
    return kinds(said) if said in {*kinds} else None


def _uuid(said: str) -> UUID | None:
    try:
        return UUID(said)
    except ValueError:
        return None


def _moment(said: str, settings: Settings) -> datetime | None:
    """A wall time in the town; None where it is none."""
    try:
        return moment(datetime.fromisoformat(said), zone=settings.zone, field="at")
    except (ValueError, Invalid):
        return None
