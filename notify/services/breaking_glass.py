"""Lets one officer alone send a warning, from a template that was approved in advance.

It is loud: all who might have approved it are told at once, and it waits for a review until somebody
else has read it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4, uuid5

from notify import clock
from notify.domain.broadcast import Broadcast, BroadcastStatus, Identity, fingerprint
from notify.domain.grants import Deed, OutOfReach
from notify.domain.lines import many_lines
from notify.domain.submission import Submission
from notify.domain.templating import MOST_HOURS, fill
from notify.errors import Conflict, Invalid, NotFound
from notify.services import auditing, preparing, submitting
from notify.services.groups import check_reaches, identity
from notify.services.prepared import Template
from notify.services.staff_sessions import Officer
from notify.settings import Settings
from notify.store import broadcasts, decisions, glass, groups
from notify.store.database import TOO_LONG, Connection, Database
from notify.store.rows import to_broadcast

MOST_AN_HOUR: Final = 10
"""What one officer may send alone; whoever needs more has somebody to tell by then."""
_ENDED: Final = frozenset({BroadcastStatus.CANCELLED, BroadcastStatus.EXPIRED})
LONGEST_REASON: Final = 500
COUNT_FOR: Final = 3.0
"""Seconds that counting whom it reaches may take: it is sent without a number rather than late."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What somebody is about to send alone: the version that they saw, what fills its gaps, groups by
    slug, and for how many hours from now it is valid; a `drill` goes to groups for drills, wherever
    the template is for."""

    template: UUID
    version: int
    values: Mapping[str, str]
    groups: Sequence[str]
    hours: int
    drill: bool = False


@dataclass(frozen=True, slots=True)
class Ready:
    """What goes out, and to how many residents; None where that takes too long to count."""

    template: Template
    broadcast: Broadcast
    identity: Identity
    residents: int | None


class Alike(Conflict):
    """The same went out just before: `first` is its id."""

    def __init__(self, first: UUID) -> None:
        super().__init__("The same was sent just before. Look at it before you send it once more.")
        self.first = first


async def templates(db: Database, officer: Officer) -> list[Template]:
    """Those that the officer may send alone. Raises OutOfReach."""
    return [
        one for one in await preparing.every(db, officer, deed=Deed.WRITE) if one.ahead is not None
    ]


async def template(db: Database, officer: Officer, template_id: UUID) -> Template:
    """One of them. Raises NotFound, OutOfReach."""
    async with db.transaction() as connection:
        return await _approved(connection, officer, template_id)


async def place_of(db: Database, template: Template, *, drill: bool = False) -> set[int] | None:
    """The groups that a template may be sent to, as a drill or in earnest; None where that is all."""
    async with db.transaction() as connection:
        return await _place_of(connection, template, drill=drill)


async def ready(
    db: Database, officer: Officer, filled: Filled, *, channels: Sequence[str], settings: Settings
) -> Ready:
    """What would go out. Raises NotFound, OutOfReach, Flawed, Invalid, and Conflict where the version
    is not the one that they saw."""
    async with db.transaction() as connection:
        found, broadcast = await _ready(connection, officer, filled)
        who = await identity(connection, broadcast.group_ids, settings=settings)
    return Ready(found, broadcast, who, await _reached(db, broadcast, channels=channels))


async def _reached(db: Database, broadcast: Broadcast, *, channels: Sequence[str]) -> int | None:
    try:
        async with db.transaction() as connection:
            await connection.bound(COUNT_FOR)
            asked = await groups.audience(
                connection, group_ids=broadcast.group_ids, alert=True, drill=broadcast.drill
            )
            return await glass.reached(connection, asked, channels=channels)
    except TOO_LONG:
        return None


async def send(
    db: Database, officer: Officer, filled: Filled, *, reason: str, alone: bool, token: UUID,
    settings: Settings, again: bool = False,
) -> UUID:  # fmt: skip
    """Send it, once for each `token` however often it is asked; gives the broadcast's id.

    `alone`: they say that they could reach nobody; `again`: they know that the same went out just
    before. Raises as `ready`, Alike where they do not, and Conflict after too much of it.
    """
    reason = many_lines(reason, field="reason", limit=LONGEST_REASON)
    async with db.transaction() as connection:
        await glass.turn(connection, staff=officer.id)
        _, broadcast = await _ready(connection, officer, filled)
        while (done := await glass.by_token(connection, staff=officer.id, token=token)) is not None:
            if _stands(await _written(connection, done), broadcast, hours=filled.hours):
                return done
            # They went back and changed it, or it was recalled: this is another warning.
            token = uuid5(token, str(done))
        if not reason:
            raise Invalid("Say why nobody could approve it.", field="reason")
        if not alone:
            raise Invalid("Say that you could reach nobody who may approve it.", field="alone")
        sent = await glass.lately(connection, staff=officer.id, drill=filled.drill)
        if sent >= MOST_AN_HOUR:
            raise Conflict("You sent a lot alone within the hour. Have somebody approve this one.")
        return await _send(
            connection, officer, filled, broadcast, reason=reason, token=token, settings=settings,
            again=again,
        )  # fmt: skip


async def _send(
    connection: Connection, officer: Officer, filled: Filled, broadcast: Broadcast, *, reason: str,
    token: UUID, settings: Settings, again: bool,
) -> UUID:  # fmt: skip
    done = await submitting.submit(
        connection,
        Submission(
            kind=broadcast.kind, groups=filled.groups, texts=broadcast.texts,
            severity=broadcast.severity, valid_until=broadcast.valid_until,
            drill=broadcast.drill, ask=broadcast.ask,
        ),
        settings=settings, now=broadcast.created_at, may_alert=True, within=None, key_id=None,
    )  # fmt: skip
    first = await glass.alike(connection, done.id, seconds=submitting.TWIN_WITHIN)
    if first is not None and not again:
        raise Alike(first)
    await glass.add(
        connection, done.id, staff=officer.id, token=token, template=filled.template,
        version=filled.version,
    )  # fmt: skip
    seen = fingerprint(await _written(connection, done.id))
    await decisions.add(
        connection, done.id, staff=officer.id, decision="broke_glass", seen=bytes.fromhex(seen),
        reason=reason,
    )  # fmt: skip
    await auditing.record(
        connection, officer.id, "broadcast.broke_glass", broadcast=done.id,
        template=filled.template, version=filled.version, seen=seen,
        drill=filled.drill or None,
    )  # fmt: skip
    return done.id


def _stands(sent: Broadcast, wanted: Broadcast, *, hours: int) -> bool:
    """Whether what this form sent before says the same for as long, and is neither recalled nor
    over."""
    if sent.status in _ENDED or sent.valid_until is None or sent.valid_until <= clock.now():
        return False
    held = round((sent.valid_until - sent.created_at) / timedelta(hours=1))
    return (
        sent.texts == wanted.texts
        and sent.drill == wanted.drill
        and sent.ask == wanted.ask
        and set(sent.group_ids) == set(wanted.group_ids)
        and held == hours
    )


async def _ready(
    connection: Connection, officer: Officer, filled: Filled
) -> tuple[Template, Broadcast]:
    """What would go out, not written anywhere yet."""
    found = await _approved(connection, officer, filled.template)
    if found.version != filled.version:
        raise Conflict("This template changed since you opened it. Begin again.")
    if not 1 <= filled.hours <= MOST_HOURS:
        raise Invalid(f"Write hours from 1 to {MOST_HOURS}.", field="hours")
    texts = fill(found.prepared.texts, filled.values)
    ids = await _groups(connection, officer, found, filled)
    new, now = uuid4(), clock.now()
    return found, Broadcast(
        id=new, kind=found.prepared.kind, status=BroadcastStatus.DRAFT, texts=texts,
        severity=found.prepared.severity, group_ids=tuple(ids),
        valid_until=now + timedelta(hours=filled.hours), send_at=None, thread_id=new, sequence=0,
        in_reply_to=None, relation=None, created_at=now, drill=filled.drill,
        ask=found.prepared.ask,
    )  # fmt: skip


async def _groups(
    connection: Connection, officer: Officer, found: Template, filled: Filled
) -> list[int]:
    slugs = filled.groups
    known = await groups.by_slugs(connection, slugs)
    ids = [known[slug].id for slug in slugs if slug in known]
    if not ids or len(ids) < len(set(slugs)):
        raise Invalid("Choose at least one group.", field="groups")
    await check_reaches(connection, ids, within=officer.require(Deed.WRITE))
    place = await _place_of(connection, found, drill=filled.drill)
    if place is not None and not set(ids) <= place:
        if filled.drill:
            raise Invalid("A drill goes to groups for drills only.", field="groups")
        raise OutOfReach
    return ids


async def _place_of(connection: Connection, template: Template, *, drill: bool) -> set[int] | None:
    """Its place and what is below; of that only the groups that it was approved for, if it names any.
    As a drill all groups for drills: it harms nobody there, whatever it says."""
    if drill:
        return await groups.wholly_for_drills(connection)
    place = None
    if template.place is not None:
        place = set(await groups.below(connection, [template.place]))
    if not template.prepared.groups:
        return place
    known = await groups.by_slugs(connection, template.prepared.groups)
    named = set(await groups.below(connection, [group.id for group in known.values()]))
    return named if place is None else named & place


async def _approved(connection: Connection, officer: Officer, template_id: UUID) -> Template:
    found = await preparing.found(connection, officer, template_id, deed=Deed.WRITE)
    if found.ahead is None:
        raise NotFound("There is no such template that may be sent alone.")
    return found


async def _written(connection: Connection, broadcast_id: UUID) -> Broadcast:
    row = await broadcasts.get(connection, broadcast_id)
    assert row is not None  # noqa: S101 - written in this transaction before
    return to_broadcast(row)
