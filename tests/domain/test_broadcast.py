"""The statuses of a broadcast and the words it is read in."""

import itertools
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from notify.domain.broadcast import (
    BROADCAST_MOVES,
    PUBLIC,
    Broadcast,
    BroadcastStatus,
    Text,
    broadcast_from,
    recalled_from,
)
from notify.domain.words import Kind, Lane, lane_of

S = BroadcastStatus
WAY = [S.DRAFT, S.SUBMITTED, S.APPROVED, S.SCHEDULED, S.DISPATCHING, S.DISPATCHED]


def test_the_way_of_the_design_is_open_step_by_step() -> None:
    for here, there in itertools.pairwise(WAY):
        assert there in BROADCAST_MOVES[here]
    assert S.RETURNED in BROADCAST_MOVES[S.SUBMITTED]
    assert set(BROADCAST_MOVES) == set(BroadcastStatus)


def test_nothing_goes_out_that_nobody_approved() -> None:
    assert set(broadcast_from(S.DISPATCHING)) == {S.APPROVED, S.SCHEDULED}
    assert set(broadcast_from(S.APPROVED)) == {S.SUBMITTED}


@pytest.mark.parametrize("end", [S.DISPATCHED, S.CANCELLED, S.EXPIRED])
def test_nothing_leaves_an_end(end: BroadcastStatus) -> None:
    assert BROADCAST_MOVES[end] == frozenset()


def test_all_that_is_not_over_can_be_recalled() -> None:
    assert set(broadcast_from(S.CANCELLED)) == set(BroadcastStatus) - {
        S.DISPATCHED, S.CANCELLED, S.EXPIRED,
    }  # fmt: skip


def test_a_poll_can_be_recalled_when_all_of_it_was_sent() -> None:
    for kind in Kind:
        assert set(recalled_from(kind)) - set(broadcast_from(S.CANCELLED)) == (
            {S.DISPATCHED} if kind is Kind.POLL else set()
        )


def test_only_what_went_out_has_a_page() -> None:
    assert set(PUBLIC) == {S.DISPATCHING, S.DISPATCHED, S.CANCELLED}


@pytest.mark.parametrize(
    ("kind", "lane"),
    [(Kind.ALERT, Lane.ALERT), (Kind.ANNOUNCEMENT, Lane.BULK), (Kind.POLL, Lane.BULK)],
)
def test_only_alerts_leave_by_the_first_lane(kind: Kind, lane: Lane) -> None:
    assert lane_of(kind) is lane


@pytest.mark.parametrize(("language", "found"), [("en", "en"), ("de", "de"), ("fr", "de")])
def test_who_reads_another_language_gets_the_first(language: str, found: str) -> None:
    number = uuid4()
    broadcast = Broadcast(
        id=number, kind=Kind.ALERT, status=S.DRAFT, severity=None, group_ids=(1,),
        texts={"de": Text("Sturm", "Haus"), "en": Text("Storm", "Stay")}, valid_until=None,
        send_at=None, thread_id=number, sequence=0, in_reply_to=None, relation=None,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip

    assert broadcast.text(language, default="de") == (found, broadcast.texts[found])
