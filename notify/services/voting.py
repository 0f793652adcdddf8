"""Takes a vote: one resident, one answer to each question, the last one counts, until the close.

Every way of answering ends here: an SMS, a personal link, a notification, the desk.
"""

import hmac
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from notify.domain.poll import Ask, How, from_json
from notify.errors import Conflict, Invalid, NotFound, NotifyError
from notify.store import polls
from notify.store.database import Connection, Row
from notify.store.polls import Ballot

_LETTERS: Final = "23456789CDFGHJKMNPRTVWXZ"
"""Nothing that is taken for something else, and no vowels, of which words are made."""
_RECEIPT: Final = 8  # of these letters: 36 bits, nobody meets another's by chance


class Closed(Conflict):
    """It does not take answers any more."""

    def __init__(self) -> None:
        super().__init__("This poll is closed. Answers do not count any more.")


@dataclass(frozen=True, slots=True)
class Voted:
    """A vote that was taken. `changed`: it took the place of an earlier answer; `counts` is False
    where a later answer is there, which stays. `left` are the numbers of the questions that have no
    answer yet, from 1. `receipt` proves that the vote is counted, never what it says."""

    ask: Ask
    changed: bool
    counts: bool
    left: tuple[int, ...]
    receipt: str


@dataclass(frozen=True, slots=True)
class Vote:
    """An answer to `question`, counted from 1, given `at`: what was given in time and reaches us late
    counts while the ballots are open."""

    broadcast_id: UUID
    voter: int
    question: int
    chosen: frozenset[int]
    how: How
    at: datetime


async def vote(
    connection: Connection, broadcast_id: UUID, voter: int, *, question: int,
    chosen: Collection[int], how: How, at: datetime,
) -> Voted:  # fmt: skip
    """Keep an answer, in the caller's transaction; see Vote. Raises NotFound where there is no such
    poll or voter, Closed after the close, and Invalid where it is no answer to the question."""
    one = Vote(broadcast_id, voter, question, frozenset(chosen), how, at)
    (outcome,) = await vote_all(connection, [one])
    if isinstance(outcome, NotifyError):
        raise outcome
    return outcome


async def vote_all(connection: Connection, votes: Sequence[Vote]) -> list[Voted | NotifyError]:
    """Keep many, one of each voter, in as few steps as one; for each what `vote` gives or raises."""
    held = await polls.hold(connection, [(one.broadcast_id, one.voter) for one in votes])
    asks = {row["broadcast_id"]: from_json(row["asks"]) for row in held.values()}
    judged = [_judge(one, held.get((one.broadcast_id, one.voter)), asks) for one in votes]
    ballots = [one for one in judged if isinstance(one, Ballot)]
    if not ballots:
        return [one for one in judged if isinstance(one, NotifyError)]
    first = await polls.cast(connection, ballots)
    noted = await polls.answered(
        connection, ballots, receipts=[_receipt() for _ in ballots],
        counts=[(one.name, one.question) in first for one in ballots],
    )  # fmt: skip
    return [
        one if isinstance(one, NotifyError)
        else _voted(asks[one.broadcast], noted[one.voter], first.get((one.name, one.question)))
        for one in judged
    ]  # fmt: skip


def _judge(one: Vote, row: Row | None, asks: Mapping[UUID, Ask]) -> Ballot | NotifyError:
    if row is None or row["resident_id"] is None:  # erased since
        return NotFound("There is no such poll, or you are not asked in it.")
    if row["closed_at"] is not None or row["cancelled_at"] is not None or row["close_at"] <= one.at:
        return Closed()
    ask = asks[one.broadcast_id]
    if not (
        1 <= one.question <= len(ask.questions)
        and ask.questions[one.question - 1].accepts(one.chosen)
    ):
        return Invalid("This is no answer to the question. Choose from what is offered.")
    return Ballot(
        one.broadcast_id, one.voter, one.question, ballot_name(row["key"], row["resident_id"]),
        sorted(one.chosen), row["group_id"], None if ask.secret else row["resident_id"], one.how,
        one.at,
    )  # fmt: skip


def _voted(ask: Ask, noted: Row, first: bool | None) -> Voted:
    left = tuple(
        number for number in range(1, len(ask.questions) + 1) if number not in noted["answered"]
    )
    return Voted(ask, first is False, first is not None, left, noted["receipt"])


def ballot_name(key: bytes, resident: UUID) -> bytes:
    """By which a ballot is found again until the close: without the key nobody tells whose it is."""
    return hmac.digest(key, resident.bytes, "sha256")


def _receipt() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_RECEIPT))
