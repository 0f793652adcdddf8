"""The statuses of a delivery: the table of moves is the one the design gives, and holds."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.receipts import Report
from notify.domain.delivery import (
    MOVES,
    OPEN,
    REACHED,
    DeliveryStatus,
    allowed_from,
    status_after,
)

S = DeliveryStatus

ALLOWED = """
pending → sending → sent → delivered
pending → failed | expired | cancelled | superseded
pending → sent | delivered
sending → failed | unknown
sending → pending
sending → delivered
unknown → pending | sent | delivered | failed
sent → failed
failed → delivered
cancelled → pending
"""
"""All moves there are; `sending → delivered` is a receipt quicker than our settlement, and
`pending → sent | delivered` one that spares a repeat (docs/adr/0013). `cancelled → pending` is an alert
in force for whoever can be reached again."""


def _moves(text: str) -> set[tuple[str, str]]:
    found = set()
    for line in text.split("\n"):
        steps = [re.split(r"\s*\|\s*", step.strip()) for step in line.split("→")]
        for sources, targets in itertools.pairwise(steps):
            found |= {(source, target) for source in sources for target in targets}
    return found


def test_a_delivery_makes_these_moves_and_no_other() -> None:
    assert {(str(a), str(b)) for a, targets in MOVES.items() for b in targets} == _moves(ALLOWED)
    assert set(MOVES) == set(DeliveryStatus)


def test_allowed_from_is_the_table_read_backwards() -> None:
    for target in DeliveryStatus:
        assert set(allowed_from(target)) == {s for s in DeliveryStatus if target in MOVES[s]}


def test_a_follow_up_goes_to_those_who_may_have_it_and_open_is_what_is_waited_for() -> None:
    assert set(REACHED) == {S.SENDING, S.SENT, S.DELIVERED, S.UNKNOWN}
    assert set(OPEN) == {S.PENDING, S.SENDING}


@pytest.mark.parametrize("end", [S.DELIVERED, S.EXPIRED, S.SUPERSEDED])
def test_nothing_leaves_an_end(end: DeliveryStatus) -> None:
    assert MOVES[end] == frozenset()


@pytest.mark.parametrize(
    ("report", "status"),
    [
        pytest.param(Report.SENT, S.SENT, id="sent"),
        pytest.param(Report.DELIVERED, S.DELIVERED, id="delivered"),
        pytest.param(Report.COMPLAINED, S.DELIVERED, id="complained: it was read"),
        pytest.param(Report.FAILED, S.FAILED, id="failed"),
        pytest.param(Report.DELAYED, None, id="delayed changes nothing"),
    ],
)
def test_what_a_report_makes_of_a_delivery(report: Report, status: DeliveryStatus | None) -> None:
    assert status_after(report) is status


def _after(status: DeliveryStatus, report: Report) -> DeliveryStatus:
    target = status_after(report)
    return target if target is not None and target in MOVES[status] else status


STARTS = st.sampled_from([S.SENDING, S.SENT, S.UNKNOWN])
REPORTS = st.lists(st.sampled_from(Report), max_size=8)


@given(STARTS, REPORTS)
def test_reports_in_any_order_never_take_back_that_it_arrived(
    start: DeliveryStatus, reports: list[Report]
) -> None:
    status = start
    for report in reports:
        status = _after(status, report)

    arrived = {Report.DELIVERED, Report.OPENED, Report.COMPLAINED} & set(reports)
    assert (status is S.DELIVERED) == bool(arrived)
    if not arrived and Report.FAILED in reports:
        assert status is S.FAILED


@given(STARTS, REPORTS)
def test_a_report_said_twice_says_nothing_new(start: DeliveryStatus, reports: list[Report]) -> None:
    once = twice = start
    for report in reports:
        once = _after(once, report)
        twice = _after(_after(twice, report), report)

    assert once is twice
