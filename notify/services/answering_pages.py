"""Lets somebody answer on a page: by a link that is their own, or on the page they have open.

Looking changes nothing. A secret answer is never read back, not to its resident either.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from notify import clock
from notify.domain.broadcast import Broadcast
from notify.domain.keyring import Keyring
from notify.domain.poll import Ask, How, Question, from_json
from notify.domain.results import Reader, may_see
from notify.errors import Invalid, NotFound
from notify.rates import Rate, Rates
from notify.services import leaving, voting
from notify.services.asking import TooMany
from notify.services.voting import Closed, Voted
from notify.store import broadcasts, polls, voters
from notify.store.database import Connection, Database, Row
from notify.store.rows import to_broadcast

DAYS: Final = 365
"""How long what is closed stays in the list of somebody who was asked."""

MOST: Final = (Rate(20, 600), Rate(100, 24 * 3_600))
"""Times one resident may send an answer: more is no change of mind."""


@dataclass(frozen=True, slots=True)
class Voter:
    """Somebody who is asked, and how it is proven that it is them."""

    id: int
    how: How


Find = Callable[[Connection], Awaitable[Voter | None]]
"""Finds who is here; None where nobody is, or they are not asked."""


class Wrong(StrEnum):
    """Why what was chosen is no answer."""

    NOTHING = "nothing"
    TOO_MANY = "too_many"
    UNKNOWN = "unknown"


class NoAnswer(Invalid):
    """What was sent is no answer; `wrong` says of which question why."""

    def __init__(self, wrong: Mapping[int, Wrong]) -> None:
        super().__init__("This is no answer. Choose from what is offered.")
        self.wrong = dict(wrong)


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody is asked, and how they stand to it. `answered` are the numbers of questions
    that have an answer; `chosen` what it says, by question, of a named poll only. `language` is
    theirs."""

    voter: Voter
    broadcast: Broadcast
    ask: Ask
    open: bool
    cancelled: bool
    close_at: datetime
    language: str
    answered: frozenset[int]
    chosen: Mapping[int, frozenset[int]]
    receipt: str | None
    shows_result: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A poll in the list of somebody who is asked; `texts` by language. So many of its `questions`
    are `answered`."""

    broadcast: UUID
    texts: Mapping[str, Mapping[str, str]]
    drill: bool
    open: bool
    withdrawn: bool
    close_at: datetime
    answered: int
    questions: int
    receipt: str | None
    shows_result: bool


def by_link(keyring: Keyring, token: str) -> Find:
    """Whoever holds a link out of a mail, an SMS or a notification. Only while the address that it
    was sent to is proven, and theirs."""

    async def find(connection: Connection) -> Voter | None:
        asked = keyring.unmark("answer", token)
        if asked is not None:
            return _known(await voters.with_phone(connection, asked), How.SMS)
        attempt = keyring.unmark("beacon", token)
        if attempt is not None:
            return _known(await voters.by_push(connection, attempt), How.PUSH)
        link = leaving.unseal(keyring, token)
        if link is None:
            return None
        voter = await voters.by_mail(
            connection, resident=link.resident, address=link.address_id, broadcast=link.broadcast
        )
        return _known(voter, How.MAIL)

    return find


def on_own_page(resident: UUID, broadcast: UUID) -> Find:
    """Whoever has their page open."""

    async def find(connection: Connection) -> Voter | None:
        return _known(await polls.voter_of(connection, broadcast, resident), How.PAGE)

    return find


async def look(db: Database, find: Find) -> Standing | None:
    """What somebody is asked; None where nobody is here."""
    async with db.transaction() as connection:
        voter = await find(connection)
        return await stand(connection, voter) if voter else None


async def stand(connection: Connection, voter: Voter) -> Standing | None:
    """What a voter is asked and how they stand to it; None where either is gone."""
    row = await voters.standing(connection, voter.id)
    found = await broadcasts.get(connection, row["broadcast_id"]) if row else None
    if row is None or found is None:
        return None
    broadcast = to_broadcast(found)
    ask = broadcast.ask
    if ask is None:
        return None
    said: Collection[Row] = ()
    if not ask.secret:
        said = await voters.said(connection, broadcast=broadcast.id, resident=row["resident_id"])
    closed, gone = row["closed_at"] is not None, row["cancelled_at"] is not None
    return Standing(
        voter=voter,
        broadcast=broadcast,
        ask=ask,
        open=not closed and not gone and row["close_at"] > clock.now(),
        cancelled=gone,
        close_at=_end(row),
        language=row["language"],
        answered=frozenset(row["answered"]),
        chosen={one["question"]: frozenset(one["choices"]) for one in said},
        receipt=row["receipt"],
        shows_result=may_see(ask, Reader.ASKED, closed=closed, withdrawn=gone),
    )


async def asked_of(db: Database, resident: UUID) -> list[Asked]:
    """What a resident is asked, the newest first, and what closed in the last while."""
    async with db.statement() as connection:
        rows = await polls.for_resident(connection, resident, now=clock.now(), days=DAYS)
    return [_asked(row) for row in rows]


def _asked(row: Row) -> Asked:
    ask, withdrawn = from_json(row["asks"]), row["cancelled_at"] is not None
    closed = row["closed_at"] is not None
    return Asked(
        broadcast=row["broadcast_id"],
        texts=row["texts"],
        drill=row["drill"],
        open=row["open"],
        withdrawn=withdrawn,
        close_at=_end(row),
        answered=len(row["answered"]),
        questions=len(ask.questions),
        receipt=row["receipt"],
        shows_result=may_see(ask, Reader.ASKED, closed=closed, withdrawn=withdrawn),
    )


async def answer(
    db: Database, rates: Rates, find: Find, chosen: Mapping[int, Collection[int]]
) -> Voted:
    """Count what was chosen, by question: all of it or nothing. What is left out stays as it was.

    Raises NotFound where nobody is here, Closed after the close, NoAnswer, and TooMany where one
    resident sends answer after answer.
    """
    async with db.transaction() as connection:
        voter = await find(connection)
        standing = await stand(connection, voter) if voter else None
    if standing is None:
        raise NotFound("There is no such poll, or you are not asked in it.")
    if not standing.open:
        raise Closed
    wrong = judge(standing.ask, chosen)
    if wrong:
        raise NoAnswer(wrong)
    for rate in MOST:
        wait = await rates.hit(f"answer/{rate.seconds}", str(standing.voter.id), rate)
        if wait is not None:
            raise TooMany(wait)
    async with db.transaction() as connection:
        return await count(
            connection, standing.broadcast.id, standing.voter, chosen, at=clock.now()
        )


async def count(
    connection: Connection, broadcast: UUID, voter: Voter, chosen: Mapping[int, Collection[int]],
    *, at: datetime,
) -> Voted:  # fmt: skip
    """Keep answers to several questions, in the caller's transaction; raises what `vote` does. Of
    what it gives, `changed` is whether any took the place of an earlier answer."""
    voted = [
        await voting.vote(
            connection, broadcast, voter.id, question=question, chosen=choices, how=voter.how,
            at=at,
        )
        for question, choices in sorted(chosen.items())
        if choices
    ]  # fmt: skip
    last = voted[-1]
    return Voted(
        last.ask, any(one.changed for one in voted), all(one.counts for one in voted), last.left,
        last.receipt,
    )  # fmt: skip


def judge(ask: Ask, chosen: Mapping[int, Collection[int]]) -> dict[int, Wrong]:
    """What is wrong with it, by question. A question may be left out, but not all of them."""
    wrong = {}
    for number, question in enumerate(ask.questions, 1):
        choices = frozenset(chosen.get(number, ()))
        if choices and not question.accepts(choices):
            wrong[number] = _why(question, choices)
    if not any(chosen.values()):
        wrong[1] = Wrong.NOTHING
    return wrong


def _why(question: Question, choices: frozenset[int]) -> Wrong:
    if not choices <= set(question.choices):
        return Wrong.UNKNOWN
    return Wrong.TOO_MANY


def _end(row: Row) -> datetime:
    """When it ends, or ended where staff closed it before its time."""
    close_at: datetime = row["close_at"]
    return min(close_at, row["closed_at"] or close_at)


def _known(voter: int | None, how: How) -> Voter | None:
    return None if voter is None else Voter(voter, how)
