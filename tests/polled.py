"""A poll in a database, with those who are asked and what they answer. Plain SQL, few words."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from notify import clock
from notify.domain.poll import Ask, How, Question, Shape, Wording
from notify.domain.words import Kind
from notify.services import opening_polls, voting
from notify.services.voting import Voted
from tests.town import Town

POOL = Question(
    Shape.SINGLE,
    {
        "de": Wording("Was bauen wir?", ("Schwimmbad", "Bücherei", "Nichts")),
        "en": Wording("What do we build?", ("Pool", "Library", "Nothing")),
    },
)
DAYS = Question(
    Shape.SEVERAL,
    {
        "de": Wording("An welchen Tagen?", ("Montag", "Mittwoch", "Samstag", "Sonntag")),
        "en": Wording("On which days?", ("Monday", "Wednesday", "Saturday", "Sunday")),
    },
)
GRADE = Question(
    Shape.SCALE,
    {
        "de": Wording("Wie gut ist der Bus?", ("schlecht", "sehr gut")),
        "en": Wording("How good is the bus?", ("bad", "very good")),
    },
    low=1,
    high=5,
)
ASK = Ask((POOL, DAYS, GRADE))
NAMED = replace(ASK, secret=False)


@dataclass
class Polled:
    """A poll that is open; `voters` are by group in the order of the residents' ids."""

    town: Town
    id: UUID
    ask: Ask
    groups: Mapping[str, int]
    voters: Mapping[str, list[int]] = field(default_factory=dict)

    @property
    def everybody(self) -> list[int]:
        return [voter for of in self.voters.values() for voter in of]

    async def vote(
        self, voter: int, question: int, *chosen: int, how: How = How.SMS, after: float = 0
    ) -> Voted:
        now = clock.now()
        async with self.town.db.transaction() as connection:
            return await voting.vote(
                connection, self.id, voter, question=question, chosen=chosen, how=how,
                at=now + timedelta(seconds=after),
            )  # fmt: skip

    async def all_vote(self, voters: Iterable[int], question: int, *chosen: int) -> None:
        for voter in voters:
            await self.vote(voter, question, *chosen)

    async def ballots(self) -> list[tuple[int, tuple[int, ...], int | None]]:
        """What they say, sorted."""
        rows = await self.town.rows(
            "SELECT question, choices, group_id FROM ballots WHERE broadcast_id = %(id)s",
            id=self.id,
        )
        found = [(row["question"], tuple(row["choices"]), row["group_id"]) for row in rows]
        return sorted(found, key=lambda one: (one[0], one[1], one[2] or 0))

    async def run_out(self) -> None:
        """Its time is over now."""
        await self.town.change(
            "UPDATE polls SET close_at = now() - interval '1 second' WHERE broadcast_id = %(id)s",
            id=self.id,
        )

    async def row(self) -> dict[str, Any]:
        (row,) = await self.town.rows("SELECT * FROM polls WHERE broadcast_id = %(id)s", id=self.id)
        return row


async def poll(
    town: Town, people: Mapping[str, int], *, ask: Ask = ASK, kind: Kind = Kind.POLL, **more: Any
) -> Polled:
    """Open one to these groups, each with so many people who are asked."""
    groups = {slug: await _group(town, slug) for slug in people}
    broadcast = await town.broadcast(*people, kind=kind, ask=ask, **more)
    await town.change(
        "UPDATE broadcasts SET status = 'dispatched', dispatching_at = now(),"
        " dispatched_at = now(), plan_phase = 'done', audience = group_ids WHERE id = %(id)s", id=broadcast,
    )  # fmt: skip
    polled = Polled(town, broadcast, ask, groups)
    async with town.db.transaction() as connection:
        await opening_polls.open_(connection, broadcast, close_at=clock.now() + timedelta(hours=6))
    polled.voters = {slug: await ask_some(polled, slug, n) for slug, n in people.items()}
    return polled


async def ask_some(polled: Polled, slug: str, count: int) -> list[int]:
    """So many new residents of a group who are asked; their voters' ids."""
    rows = await polled.town.rows(
        "WITH made AS (INSERT INTO residents (language) SELECT 'de' FROM generate_series(1, %(n)s)"
        " RETURNING id), asked AS (INSERT INTO voters (broadcast_id, resident_id, group_id)"
        " SELECT %(id)s, id, %(group)s FROM made ORDER BY id RETURNING id)"
        " SELECT id FROM asked ORDER BY id",
        id=polled.id, n=count, group=polled.groups[slug],
    )  # fmt: skip
    return [row["id"] for row in rows]


async def asked(polled: Polled, resident: UUID, slug: str) -> int:
    """Have a resident of a group asked, too; the voter's id."""
    (row,) = await polled.town.rows(
        "INSERT INTO voters (broadcast_id, resident_id, group_id)"
        " VALUES (%(id)s, %(resident)s, %(group)s) RETURNING id",
        id=polled.id, resident=resident, group=polled.groups[slug],
    )  # fmt: skip
    return int(row["id"])


async def _group(town: Town, slug: str) -> int:
    rows = await town.rows("SELECT id FROM groups WHERE slug = %(slug)s", slug=slug)
    return int(rows[0]["id"]) if rows else await town.group(slug)


async def together(*work: Any) -> Sequence[Any]:
    """All at once; what they raise among what they give."""
    return await asyncio.gather(*work, return_exceptions=True)
