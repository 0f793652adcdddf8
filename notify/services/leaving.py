"""Lets a resident leave from a link in a message, without a password and without asking twice."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from struct import Struct
from typing import Literal
from uuid import UUID

from notify import clock
from notify.domain.groups import Group
from notify.domain.keyring import Keyring
from notify.domain.words import Channel, Kind
from notify.errors import Invalid
from notify.services import returning, warned
from notify.store import groups, residents
from notify.store.database import Connection, Database, Row

Choice = Literal["this", "channel", "all"]
"""What is left: this kind from these groups over this channel, the channel, or everything."""

_LINK = Struct(">16sq16s")  # resident, address, broadcast


@dataclass(frozen=True, slots=True)
class LeavePage:
    """What a resident is shown before leaving: how the message came, and through which groups.

    `groups` are those that can be left. Where none of them is followed any more, `following` is
    False, and they are those that the message was sent to. `language` is the resident's.
    `last_warnings` are the choices, and the slugs of groups, that would end all warnings.
    """

    channel: Channel
    kind: Kind
    groups: Sequence[Group]
    following: bool
    language: str
    last_warnings: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Link:
    """By which mail somebody is here."""

    resident: UUID
    address_id: int
    broadcast: UUID


_Step = Callable[[Connection, Link], Awaitable[int]]
"""Leaves something; whether there was anything to leave."""


def seal(keyring: Keyring, *, resident: UUID, address_id: int, broadcast: UUID) -> str:
    """The token of a leave link."""
    return keyring.seal("leave", _LINK.pack(resident.bytes, address_id, broadcast.bytes))


async def look(db: Database, keyring: Keyring, token: str) -> LeavePage | None:
    """What would be left; changes nothing. None where the token is none of ours or nothing is
    left of the resident."""
    link = unseal(keyring, token)
    if link is None:
        return None
    async with db.transaction() as connection:
        address = await residents.address(connection, link.resident, address_id=link.address_id)
        if address is None:
            return None
        sent = await residents.sent_to(connection, link.broadcast)
        kind = Kind(sent["kind"]) if sent else Kind.ANNOUNCEMENT
        followed = await residents.followed_among(
            connection, link.resident, groups=sent["audience"] if sent else [],
            channel=address["channel"], alert=kind is Kind.ALERT,
        )  # fmt: skip
        # Who has left this way already may still want to leave the group.
        shown = [row for row in followed if row["reached"]] or followed
        if sent and not shown:
            shown = await residents.groups_named(connection, sent["group_ids"])
        last = await warned.last(
            connection, link.resident, address=address, sent=sent, kind=kind
        )  # fmt: skip
    return LeavePage(
        channel=Channel(address["channel"]),
        kind=kind,
        groups=[_group(row) for row in shown],
        following=bool(followed),
        language=address["language"],
        last_warnings=last,
    )


@dataclass(frozen=True, slots=True)
class Left:
    """That somebody has left; `undo` is what brings back what went, None where nothing did.

    `group` is the one that was left, if one was. `nothing`: no group is followed any more.
    `unwarned`: no warning comes any more, on whatever way. `still`: the groups below the one that
    was left through which its warnings come all the same.
    """

    undo: str | None
    group: Group | None = None
    nothing: bool = False
    unwarned: bool = False
    still: Sequence[Group] = ()


async def leave(db: Database, keyring: Keyring, token: str, choice: Choice) -> Left | None:
    """Leave, once or again: the second time finds nothing to do.

    None only for a token that is none of ours. Raises Invalid for an unknown choice.
    """
    step = _STEPS.get(choice)
    if step is None:
        raise Invalid("Choose this, channel or all.", field="choice")
    link = unseal(keyring, token)
    if link is None:
        return None
    async with db.transaction() as connection:
        return await _leave(connection, keyring, link, partial(_and_bump, step=step))


async def leave_one(db: Database, keyring: Keyring, token: str, slug: str) -> Left | None:
    """Leave one group that the message came through, or one below it, once or again.

    None only for a token that is none of ours. Raises Invalid for any other group.
    """
    link = unseal(keyring, token)
    if link is None:
        return None
    async with db.transaction() as connection:
        sent = await residents.sent_to(connection, link.broadcast)
        within = await groups.below(connection, sent["audience"]) if sent else []
        rows = await residents.groups_named(connection, within)
        group = next((_group(row) for row in rows if row["slug"] == slug), None)
        if group is None:
            raise Invalid("The message did not come through this group.", field="group")
        step = partial(_leave_one, group=group.id)
        left = await _leave(connection, keyring, link, step)
        still = await warned.below(connection, link.resident, group.id)
        return replace(left, group=group, still=still)


async def leave_group(connection: Connection, resident: UUID, group: int) -> bool:
    """Follow this group no more, over no way, in the caller's transaction, which holds the
    resident; whether it was followed. What is queued looks closer (rule 5)."""
    if not await residents.leave_group(connection, resident, group=group):
        return False
    await residents.bump(connection, resident)
    return True


async def back(db: Database, keyring: Keyring, token: str, undo: str) -> bool:
    """Bring back what was left from this link a while ago; False where nothing can be.

    It adds to what is chosen by now, and takes nothing away.
    """
    link = unseal(keyring, token)
    gone = returning.unseal(keyring, undo, now=clock.now())
    if link is None or gone is None or gone.resident != link.resident:
        return False
    async with db.transaction() as connection:
        if not await residents.lock(connection, link.resident):
            return False
        await returning.bring_back(connection, gone)
        return True


async def _leave(connection: Connection, keyring: Keyring, link: Link, step: _Step) -> Left:
    if not await residents.lock(connection, link.resident):
        return Left(None, nothing=True, unwarned=True)
    before = await returning.look(connection, link.resident)
    if not await step(connection, link):
        unwarned = not await warned.at_all(connection, link.resident)
        return Left(None, nothing=_empty(before), unwarned=unwarned)
    after = await returning.look(connection, link.resident)
    undo = returning.seal(keyring, link.resident, returning.less(before, after), now=clock.now())
    unwarned = not await warned.at_all(connection, link.resident)
    return Left(undo, nothing=_empty(after), unwarned=unwarned)


def _empty(had: returning.Had) -> bool:
    return not any(wish.alerts or wish.news for wish in had.wishes.values())


async def _and_bump(connection: Connection, link: Link, *, step: _Step) -> int:
    left = await step(connection, link)
    if left:
        await residents.bump(connection, link.resident)
    return left


async def _leave_one(connection: Connection, link: Link, *, group: int) -> int:
    return await leave_group(connection, link.resident, group)


async def _leave_this(connection: Connection, link: Link) -> int:
    address = await _address(connection, link)
    sent = await residents.sent_to(connection, link.broadcast)
    if address is None or sent is None:
        # Which groups it was can no longer be told: better too much left than too little.
        return await _leave_channel(connection, link)
    return await residents.leave_kind(
        connection,
        link.resident,
        groups=sent["audience"],
        channel=address["channel"],
        alert=sent["kind"] == Kind.ALERT,
    )


async def _leave_channel(connection: Connection, link: Link) -> int:
    address = await _address(connection, link)
    if address is None:
        return 0
    if address["channel"] == Channel.PUSH and (address["live"] > 1 or address["state"] == "gone"):
        return await residents.leave_address(connection, link.resident, address_id=link.address_id)
    return await residents.leave_channel(connection, link.resident, channel=address["channel"])


async def _leave_all(connection: Connection, link: Link) -> int:
    return await residents.leave_all(connection, link.resident)


async def _address(connection: Connection, link: Link) -> Row | None:
    return await residents.address(connection, link.resident, address_id=link.address_id)


_STEPS: Mapping[str, _Step] = {
    "this": _leave_this,
    "channel": _leave_channel,
    "all": _leave_all,
}


def _group(row: Row) -> Group:
    return Group(row["id"], row["slug"], None, row["names"])


def unseal(keyring: Keyring, token: str) -> Link | None:
    """What `seal` sealed, None for a token that is none of ours. Whether the address is still the
    resident's is for the caller to see."""
    payload = keyring.unseal("leave", token)
    if payload is None or len(payload) != _LINK.size:
        return _open_first(keyring, token)
    resident, address_id, broadcast = _LINK.unpack(payload)
    return Link(UUID(bytes=resident), address_id, UUID(bytes=broadcast))


def _open_first(keyring: Keyring, token: str) -> Link | None:
    """A link from a mail of version 0.1.0."""
    old = keyring.unseal_first("leave", token) or {}
    try:
        return Link(UUID(hex=old["r"]), int(old["a"]), UUID(hex=old["b"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
