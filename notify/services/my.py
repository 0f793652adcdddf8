"""A resident's own page: what is there, and what they change on it themselves.

Whoever calls has a session, and passes on nothing but its resident: no id of a row reaches anybody
else's. What takes something away bumps the versions of the addresses, so that it reaches what is
queued (rule 5).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from uuid import UUID

from notify.domain.quiet import QuietHours
from notify.domain.words import AddressState, Channel, Following, Source
from notify.services import leaving
from notify.services.signing_up import Agreed
from notify.services.visiting import Session
from notify.store import groups, my, residents, voters
from notify.store.database import Database, Row


@dataclass(frozen=True, slots=True)
class MyPage:
    """All that the page shows of its resident; rows as `notify.store.my` gives them. `unanswered`
    polls wait for an answer of theirs."""

    language: str
    name: str | None
    quiet: QuietHours | None
    addresses: Sequence[Row]
    wishes: Sequence[Row]
    pages: Sequence[Row]
    unanswered: int = 0

    @property
    def channels(self) -> list[Channel]:
        """The ways there are: with an address, or chosen already."""
        there = {a["channel"] for a in self.addresses if a["state"] != AddressState.ASKED}
        for wish in self.wishes:
            there |= {*wish["alerts"], *wish["news"]}
        return [channel for channel in Channel if channel in there]

    @property
    def usable(self) -> set[str]:
        """The channels over which something would arrive today."""
        return {
            a["channel"] for a in self.addresses
            if a["state"] == AddressState.PROVEN and a["stopped"] is None
        }  # fmt: skip

    @property
    def unwarned(self) -> list[Row]:
        """The groups whose warnings reach the resident on no way."""
        return [
            wish for wish in self.wishes
            if wish["state"] == Following.ACTIVE and not self.usable & set(wish["alerts"])
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    """The channels chosen for one group."""

    alerts: Sequence[str]
    news: Sequence[str]


async def look(db: Database, session: Session) -> MyPage | None:
    """The page of whoever is here; None for a newcomer, who has proven nothing yet."""
    async with db.transaction() as connection:
        person = await my.person(connection, session.resident)
        if person is None or person["newcomer"]:
            return None
        return MyPage(
            language=person["language"],
            name=person["name"],
            quiet=_hours(person["quiet_from"], person["quiet_until"]),
            addresses=await my.addresses(connection, session.resident),
            wishes=await my.wishes(connection, session.resident),
            pages=await my.sessions(connection, session.resident, here=session.hash),
            unanswered=await voters.waiting(connection, session.resident),
        )


async def choose(db: Database, resident: UUID, choices: Mapping[str, Choice]) -> int:
    """Choose the channels for groups that are followed, by slug; others are left as they are.
    Returns how many are other than before."""
    changed = 0
    async with db.transaction() as connection:
        await residents.lock(connection, resident)
        for wish in await my.wishes(connection, resident):
            choice = choices.get(wish["slug"])
            if choice is not None:
                changed += await my.choose(
                    connection, resident, group=wish["group_id"], alerts=choice.alerts,
                    news=choice.news,
                )  # fmt: skip
        if changed:
            await residents.bump(connection, resident)
    return changed


async def join(
    db: Database, resident: UUID, *, slugs: Collection[str], alerts: Sequence[str],
    news: Sequence[str], agreed: Agreed,
) -> int:  # fmt: skip
    """Follow more groups; returns how many are new. Of a closed one it is a request. What was
    agreed to with them is kept, with their slugs."""
    async with db.transaction() as connection:
        if not await residents.lock(connection, resident):
            return 0
        known = await groups.by_slugs(connection, slugs)
        new = await my.join(
            connection, resident, groups=[group.id for group in known.values()], alerts=alerts,
            news=news,
        )  # fmt: skip
        if new:
            joined = sorted(slug for slug, group in known.items() if group.id in new)
            await residents.add_consent(
                connection, resident, source=Source.PAGE, language=agreed.language,
                reference=" ".join([agreed.reference, *joined]), wording=agreed.wording,
                version=agreed.version,
            )  # fmt: skip
        return len(new)


async def leave(db: Database, resident: UUID, slug: str) -> bool:
    """Leave one group; False where it was not followed."""
    async with db.transaction() as connection:
        await residents.lock(connection, resident)
        for wish in await my.wishes(connection, resident):
            if wish["slug"] == slug:
                return await leaving.leave_group(connection, resident, wish["group_id"])
    return False


async def prefer(db: Database, resident: UUID, *, language: str, quiet: QuietHours | None) -> None:
    """Set the language of messages, and the hours without news."""
    async with db.transaction() as connection:
        await residents.lock(connection, resident)
        await my.speak(connection, resident, language)
        await my.keep_quiet(
            connection, resident, quiet.begin if quiet else None, quiet.until if quiet else None
        )


async def received(
    db: Database, resident: UUID, *, before: int | None, limit: int
) -> tuple[list[Row], int | None]:
    """What was sent to the resident, the newest first, and what `before` leads to more."""
    async with db.transaction() as connection:
        rows = await my.received(connection, resident, before=before, limit=limit + 1)
    return rows[:limit], rows[limit - 1]["id"] if len(rows) > limit else None


def _hours(begin: time | None, until: time | None) -> QuietHours | None:
    return QuietHours(begin, until) if begin is not None and until is not None else None
