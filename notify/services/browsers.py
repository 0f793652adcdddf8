"""Takes in the browsers that residents want push messages in, renews and removes them.

A browser needs no code: only it has the keys of its subscription, so whoever brings them has it.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from notify.domain.addresses import PushAddress
from notify.domain.keyring import Keyring
from notify.domain.words import Channel
from notify.errors import Conflict, Invalid, NotFound
from notify.services.visiting import Session
from notify.store import browsers, joining, residents, sessions
from notify.store.database import Connection, Database

MOST: Final = 20
"""Browsers of one resident."""

_NONE: Final = 0  # no address has this id


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a resident wants in this browser, and the words they read when they said so."""

    alerts: bool
    news: bool
    wording: str
    version: str
    language: str


@dataclass(frozen=True, slots=True)
class Situation:
    """Who is asked: their language, and by language the names of the groups they follow."""

    language: str
    groups: Sequence[Mapping[str, str]]


async def situation(db: Database, resident: UUID) -> Situation | None:
    """None where the resident was erased."""
    async with db.statement() as connection:
        row = await browsers.situation(connection, resident)
    return Situation(row["language"], row["groups"]) if row else None


async def register(
    db: Database, keyring: Keyring, here: Session, push: PushAddress, wanted: Wanted
) -> None:
    """Have messages come to this browser. Once or again: one browser is one address.

    One that was another resident's becomes this one's, if the keys are the same. It may be a
    newcomer's first proof. Raises Invalid for one browser too many or where nothing is wanted,
    Conflict where somebody else's browser is named, NotFound where the resident is no more.
    """
    if not (wanted.alerts or wanted.news):
        raise Invalid("Choose warnings, news or both.")
    resident = here.resident
    async with db.transaction() as connection:
        if not await residents.lock(connection, resident):
            raise NotFound("This resident is not there any more.")
        if not await joining.known_by(connection, resident, but=_NONE):
            # The first proof: the page is theirs from now on, in this browser only.
            await sessions.close_others(connection, resident, but=here.hash)
            await joining.settle(connection, resident)
        if await _take(connection, keyring, resident, push):
            await joining.add_evidence(
                connection, resident, source="page", reference="/my/push", channel=Channel.PUSH,
                language=wanted.language, wording=wanted.wording, version=wanted.version,
            )  # fmt: skip
        await browsers.choose(connection, resident, alerts=wanted.alerts, news=wanted.news)


async def _take(
    connection: Connection, keyring: Keyring, resident: UUID, push: PushAddress
) -> bool:
    """Whether the browser is new to the resident."""
    keys = {"p256dh": push.p256dh, "auth": push.auth}
    known = await browsers.owner(connection, push.endpoint)
    if known is not None and known["resident_id"] == resident:
        await browsers.keep(connection, known["id"], keys=keys)
        return False
    if await browsers.count(connection, resident) >= MOST:
        raise Invalid(f"You have {MOST} browsers. Remove one of them first.")
    if known is not None:
        if not _same(known["keys"], keys):
            raise Conflict("This subscription is not that of this browser.")
        await browsers.end(connection, known["id"])
    hash_ = keyring.address_hash(Channel.PUSH, push.endpoint)
    added = await browsers.add(connection, resident, endpoint=push.endpoint, keys=keys, hash_=hash_)
    if added is None:
        raise Conflict("Somebody was quicker. Try again.")
    await browsers.lift(connection, hash_)
    return True


async def known(db: Database, resident: UUID, endpoint: str) -> bool:
    """Whether messages for this resident come to this browser."""
    async with db.transaction() as connection:
        row = await browsers.owner(connection, endpoint)
    return row is not None and row["resident_id"] == resident


async def remove(db: Database, resident: UUID, endpoint: str) -> bool:
    """Send nothing to this browser any more; False where nothing was sent to it.

    With the last browser push goes from what the resident follows.
    """
    async with db.transaction() as connection:
        if not await residents.lock(connection, resident):
            return False
        row = await browsers.owner(connection, endpoint)
        if row is None or row["resident_id"] != resident:
            return False
        await browsers.end(connection, row["id"])
        if await browsers.count(connection, resident) == 0:
            await residents.leave_channel(connection, resident, channel=Channel.PUSH)
        await residents.bump(connection, resident)
    return True


async def renew(
    db: Database, keyring: Keyring, *, endpoint: str, auth: str, push: PushAddress
) -> bool:
    """Reach a browser at its new subscription. The old endpoint and secret, which only the browser
    and we know, are the proof; False where they are not those of a browser in use."""
    hash_ = keyring.address_hash(Channel.PUSH, endpoint)
    async with db.transaction() as connection:
        live = await browsers.owner(connection, endpoint)
        old = live or await browsers.ended(connection, hash_)
        if old is None or not _same_secret(old["keys"]["auth"], auth):
            return False
        there = await browsers.owner(connection, push.endpoint)
        keys = {"p256dh": push.p256dh, "auth": push.auth}
        if there is None or there["id"] == old["id"]:
            fresh = keyring.address_hash(Channel.PUSH, push.endpoint)
            await browsers.lift(connection, fresh)
            if live:
                await browsers.replace(
                    connection, old["id"], endpoint=push.endpoint, keys=keys, hash_=fresh
                )
            # Another address, or what failed at the one that ended would not come again.
            elif await browsers.add(
                connection, old["resident_id"], endpoint=push.endpoint, keys=keys, hash_=fresh
            ):
                await browsers.spend(connection, old["id"])
            else:
                return False
        elif _same(there["keys"], keys):  # the page was quicker than the service worker
            await browsers.end(connection, old["id"])
        else:
            return False
    return True


def _same(known: Mapping[str, str], given: Mapping[str, str]) -> bool:
    point = known["p256dh"].rstrip("=") == given["p256dh"].rstrip("=")
    return _same_secret(known["auth"], given["auth"]) and point


def _same_secret(known: str, given: str) -> bool:
    """Compared without telling by its time how much was right."""
    one, other = (text.rstrip("=").encode() for text in (known, given))
    return hmac.compare_digest(one, other)
