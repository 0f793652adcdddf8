"""Lets staff look after residents within their reach: who follows a group there, and nobody else.

Whoever is beyond is as if they were not there. A name or an address is shown to whoever says why, and
that is kept with the reason; what is done is kept as well.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from notify.domain.addresses import HostList
from notify.domain.grants import Deed, OutOfReach
from notify.domain.keyring import Keyring
from notify.domain.lines import one_line
from notify.domain.words import Channel
from notify.errors import Invalid, NotFound
from notify.services import auditing, desk, erasing, leaving
from notify.services.desk import Counter
from notify.services.staff_sessions import Officer
from notify.settings import Settings
from notify.store import caring, groups, my, residents
from notify.store import desk as desk_store
from notify.store.database import Connection, Database, Row

SHORTEST_REASON: Final = 5  # characters; "ok" is none
LONGEST_REASON: Final = 300


@dataclass(frozen=True, slots=True)
class Known:
    """A resident without their name and addresses: since when they are here, what they follow
    within reach, and how many groups `beyond` it."""

    id: UUID
    language: str
    since: datetime
    follows: Sequence[Row]
    beyond: int
    unproven: int


@dataclass(frozen=True, slots=True)
class Person:
    """What is shown for a reason. A browser's address is never more than that there is one."""

    name: str | None
    addresses: Sequence[Row]
    consents: Sequence[Row]


@asynccontextmanager
async def searching(db: Database, officer: Officer, deed: str) -> AsyncIterator[Connection]:
    """A transaction that looks for somebody. Where they are not found that is kept as `deed`: who
    tries one address after the other shows in the log."""
    try:
        async with db.transaction() as connection:
            yield connection
    except NotFound:
        async with db.transaction() as connection:
            await auditing.record(connection, officer.id, deed)
        raise


async def find(
    db: Database, officer: Officer, typed: str, *, settings: Settings, hosts: HostList
) -> UUID:
    """The resident with this exact address, number or id. That somebody was looked for is kept,
    found or not.

    Raises Invalid for what is none of these, NotFound where nobody within reach has it.
    """
    async with searching(db, officer, "resident.sought") as connection:
        resident = await erasing.find(connection, typed, settings=settings, hosts=hosts)
        await check(connection, officer, resident)
        await auditing.record(connection, officer.id, "resident.found", resident=resident)
    return resident


async def look(db: Database, officer: Officer, resident: UUID) -> Known:
    """Raises NotFound, also beyond reach."""
    async with db.transaction() as connection:
        reached = await check(connection, officer, resident)
        return await _known(connection, resident, reached)


async def view(
    db: Database, officer: Officer, resident: UUID, *, reason: str
) -> tuple[Known, Person]:
    """The same with name, addresses and consents. Raises NotFound, and Invalid without a reason."""
    reason = check_reason(reason)
    async with db.transaction() as connection:
        reached = await check(connection, officer, resident)
        known = await _known(connection, resident, reached)
        person = await my.person(connection, resident)
        seen = Person(
            name=person["name"] if person else None,
            addresses=await my.addresses(connection, resident),
            consents=await caring.consents(connection, resident),
        )
        await auditing.record(
            connection, officer.id, "resident.viewed", resident=resident, reason=reason
        )
    return known, seen


async def end_subscription(db: Database, officer: Officer, resident: UUID, slug: str) -> None:
    """They follow this group no more. Raises NotFound, and where it is beyond reach."""
    async with db.transaction() as connection:
        if not await residents.lock(connection, resident):
            raise NotFound("There is no such resident.")
        reached = await check(connection, officer, resident)
        for row in await caring.follows(connection, resident, groups=reached):
            if row["slug"] == slug:
                await leaving.leave_group(connection, resident, row["group_id"])
                break
        else:
            raise NotFound("They do not follow this group.")
        await auditing.record(
            connection, officer.id, "subscription.ended", resident=resident, group=slug
        )


async def send_codes(
    db: Database, keyring: Keyring, officer: Officer, resident: UUID, *, settings: Settings,
    counter: Counter,
) -> int:  # fmt: skip
    """Send a code to each address that is not proven; returns how many.

    Raises NotFound, and TooMany, Elsewhere and Spent as `desk` does.
    """
    async with db.transaction() as connection:
        await check(connection, officer, resident)
        waiting = await desk_store.unproven(connection, resident)
    given = [(Channel(row["channel"]), row["value"]) for row in waiting]
    await desk.ask(keyring, given, settings=settings, counter=counter)
    async with db.transaction() as connection:
        sent = await desk.send(connection, resident, settings=settings)
        await auditing.record(
            connection, officer.id, "resident.codes_sent", resident=resident, codes=sent
        )
    return sent


async def confirm(
    db: Database, keyring: Keyring, officer: Officer, resident: UUID, typed: str, *,
    settings: Settings,
) -> Channel:  # fmt: skip
    """Take a code that they read out. Raises NotFound, and Conflict where it is none that holds."""
    async with db.transaction() as connection:
        await check(connection, officer, resident)
    return await desk.confirm(db, keyring, resident, typed, settings=settings, by=officer.id)


async def erase(db: Database, officer: Officer, resident: UUID) -> None:
    """All there is of them goes, for good. Raises NotFound, and OutOfReach where they also follow
    a group beyond: it is not for this place to decide about."""
    async with db.transaction() as connection:
        await erasing.hold(connection, resident)
        reached = await check(connection, officer, resident)
        if await caring.beyond(connection, resident, groups=reached):
            raise OutOfReach
        await erasing.take_out(connection, resident)
        await auditing.record(connection, officer.id, "resident.erased", resident=resident)


def check_reason(reason: str) -> str:
    """Why somebody looks at what is personal, tidied. Raises Invalid."""
    tidy = one_line(reason, field="reason", limit=LONGEST_REASON)
    if len(tidy) < SHORTEST_REASON:
        raise Invalid("Say why you need to see this.", field="reason")
    return tidy


async def reached_by(connection: Connection, officer: Officer) -> list[int] | None:
    """The groups whose residents they look after; None where it is all."""
    within = officer.require(Deed.OPERATE)
    return None if within.everywhere else await groups.below(connection, sorted(within.groups))


async def check(connection: Connection, officer: Officer, resident: UUID) -> list[int] | None:
    """The groups that the officer reaches, of which the resident follows one. Raises NotFound."""
    reached = await reached_by(connection, officer)
    if not await caring.within(connection, resident, groups=reached):
        # The words of a search that finds nobody: nobody is known to be known elsewhere.
        raise NotFound("Nobody has this address.")
    return reached


async def _known(connection: Connection, resident: UUID, reached: list[int] | None) -> Known:
    person = await my.person(connection, resident)
    if person is None:
        raise NotFound("There is no such resident.")
    return Known(
        id=resident,
        language=person["language"],
        since=person["created_at"],
        follows=await caring.follows(connection, resident, groups=reached),
        beyond=await caring.beyond(connection, resident, groups=reached),
        unproven=len(await desk_store.unproven(connection, resident)),
    )
