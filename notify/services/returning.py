"""Remembers what somebody has just left, sealed on the page that they see, and brings it back.

Nothing of it is kept here: who closes the page has left for good.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from struct import Struct
from typing import Final
from uuid import UUID

from notify.domain.keyring import Keyring
from notify.domain.words import Channel, Following
from notify.store import returning as store
from notify.store.database import Connection

HOLDS: Final = timedelta(hours=1)

_HEAD: Final = Struct(">16sQH")  # resident, when in seconds, how many wishes
_WISH: Final = Struct(">qBBB")  # group, alerts and news as bits of _CHANNELS, place in _STATES
_ADDRESS: Final = Struct(">q")
_CHANNELS: Final = (Channel.EMAIL, Channel.SMS, Channel.PUSH)
_STATES: Final = (Following.ACTIVE, Following.REQUESTED, Following.ASKED)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody had of a group."""

    alerts: frozenset[str]
    news: frozenset[str]
    state: str


@dataclass(frozen=True, slots=True)
class Had:
    """What a resident has, or what went: wishes by group, and live addresses."""

    resident: UUID
    wishes: Mapping[int, Wish] = field(default_factory=dict)
    addresses: Sequence[int] = ()


async def look(connection: Connection, resident: UUID) -> Had:
    """What the resident has now."""
    rows = await store.wishes(connection, resident)
    wishes = {
        row["group_id"]: Wish(frozenset(row["alerts"]), frozenset(row["news"]), row["state"])
        for row in rows
    }
    return Had(resident, wishes, await store.live_addresses(connection, resident))


def less(before: Had, after: Had) -> Had:
    """What went from `before` to `after`."""
    nothing = Wish(frozenset(), frozenset(), "")
    wishes = {}
    for group, had in before.wishes.items():
        has = after.wishes.get(group, nothing)
        gone = Wish(had.alerts - has.alerts, had.news - has.news, had.state)
        if gone.alerts or gone.news or group not in after.wishes:
            wishes[group] = gone
    addresses = [one for one in before.addresses if one not in after.addresses]
    return Had(before.resident, wishes, addresses)


async def bring_back(connection: Connection, gone: Had) -> None:
    """Give back what went, beside whatever is there now. Groups and addresses that are gone stay
    gone, and so does an address that somebody else has by now."""
    for group, wish in gone.wishes.items():
        await store.wish_again(
            connection, gone.resident, group=group, alerts=sorted(wish.alerts),
            news=sorted(wish.news), state=wish.state,
        )  # fmt: skip
    await store.use_again(connection, gone.resident, gone.addresses)


def seal(keyring: Keyring, resident: UUID, gone: Had, *, now: datetime) -> str:
    """What the page carries; it holds for an hour."""
    parts = [_HEAD.pack(resident.bytes, int(now.timestamp()), len(gone.wishes))]
    parts += [
        _WISH.pack(
            group, _bits(wish.alerts), _bits(wish.news), _STATES.index(Following(wish.state))
        )
        for group, wish in gone.wishes.items()
    ]
    parts += [_ADDRESS.pack(one) for one in gone.addresses]
    return keyring.seal("return", b"".join(parts))


def unseal(keyring: Keyring, token: str, *, now: datetime) -> Had | None:
    """What a page carried; None where it is none of ours, or too old."""
    payload = keyring.unseal("return", token)
    if payload is None or len(payload) < _HEAD.size:
        return None
    resident, at, count = _HEAD.unpack_from(payload)
    if now.timestamp() - at > HOLDS.total_seconds():
        return None
    end = _HEAD.size + count * _WISH.size
    wishes = {
        group: Wish(_read(alerts), _read(news), _STATES[state])
        for group, alerts, news, state in _WISH.iter_unpack(payload[_HEAD.size : end])
    }
    addresses = [one for (one,) in _ADDRESS.iter_unpack(payload[end:])]
    return Had(UUID(bytes=resident), wishes, addresses)


def _bits(channels: frozenset[str]) -> int:
    return sum(1 << place for place, channel in enumerate(_CHANNELS) if channel in channels)


def _read(bits: int) -> frozenset[str]:
    return frozenset(channel for place, channel in enumerate(_CHANNELS) if bits & (1 << place))
