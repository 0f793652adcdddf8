"""Whatever happens to deliveries in whatever order: what is promised holds after each step.

`INTERLEAVINGS=2000 make test ARGS="tests/services/test_interleavings.py -n 0"` looks longer.
"""

import os
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from typing_extensions import override

from channels.receipts import Report
from notify.domain.words import Channel, Kind, Lane, Relation
from notify.store import claiming, pump, receipts, sweep
from tests.services.stage import ANSWERS, PEOPLE, WORKERS, Stage

EXAMPLES = int(os.environ.get("INTERLEAVINGS", "20"))
STEPS = 40

kinds = st.sampled_from([Kind.ALERT, Kind.ANNOUNCEMENT])
lanes = st.sampled_from([Lane.ALERT, Lane.BULK])
media = st.sampled_from([Channel.SMS, Channel.SMS, Channel.EMAIL])
workers = st.integers(0, WORKERS - 1)
people = st.integers(0, PEOPLE - 1)
places = st.integers(0, 7)
few = st.integers(1, 4)
reports = st.sampled_from([Report.SENT, Report.DELIVERED, Report.FAILED, Report.DELAYED])


class Interleavings(RuleBasedStateMachine):
    """Each rule is one step of somebody; see `Stage` for what it does."""

    stage: ClassVar[Stage]

    @initialize(kind=kinds)
    def begin(self, kind: Kind) -> None:
        self.stage.run(self.stage.reset())
        self.stage.run(self.stage.submit(kind))
        for lane in (Lane.ALERT, Lane.BULK):
            self.stage.run(self.stage.plan(lane))

    @rule(kind=kinds)
    def submit(self, kind: Kind) -> None:
        self.stage.run(self.stage.submit(kind))

    @rule(place=places, relation=st.sampled_from(list(Relation)))
    def follow(self, place: int, relation: Relation) -> None:
        self.stage.run(self.stage.follow(place, relation))

    @rule(lane=lanes)
    def plan(self, lane: Lane) -> None:
        self.stage.run(self.stage.plan(lane))

    @rule(place=places)
    def recall(self, place: int) -> None:
        self.stage.run(self.stage.recall(place))

    @rule(place=places)
    def run_out(self, place: int) -> None:
        self.stage.run(self.stage.run_out(place))

    @rule(who=workers, lane=lanes, channel=media, size=few)
    def claim(self, who: int, lane: Lane, channel: Channel, size: int) -> None:
        self.stage.run(self.stage.claim(who, lane, channel, size))

    @rule(who=workers, lane=lanes, channel=media, size=few)
    def claim_and_start(self, who: int, lane: Lane, channel: Channel, size: int) -> None:
        self.stage.run(self.stage.claim(who, lane, channel, size))
        self.stage.run(self.stage.start(who))

    @rule(who=workers)
    def start(self, who: int) -> None:
        self.stage.run(self.stage.start(who))

    @rule(who=workers, answer=st.sampled_from(list(ANSWERS)), count=few)
    def settle(self, who: int, answer: str, count: int) -> None:
        self.stage.run(self.stage.settle(who, answer, count))

    @rule(who=workers)
    def crash(self, who: int) -> None:
        self.stage.run(self.stage.crash(who))

    @rule(who=workers)
    def sleep(self, who: int) -> None:
        self.stage.run(self.stage.sleep(who))

    @rule()
    def lapse_and_sweep(self) -> None:
        self.stage.run(self.stage.lapse())
        self.stage.run(self.stage.sweep())

    @rule()
    def sweep(self) -> None:
        self.stage.run(self.stage.sweep())

    @rule()
    def doubt(self) -> None:
        self.stage.run(self.stage.hurry())
        self.stage.run(self.stage.doubt())

    @rule(found=st.sampled_from(["nothing", "nothing", "sent", "delivered", "failed"]))
    def decide(self, found: str) -> None:
        self.stage.run(self.stage.decide(found))

    @rule(place=places, report=reports)
    def report(self, place: int, report: Report) -> None:
        self.stage.run(self.stage.report(place, report))

    @rule(who=people, choice=st.sampled_from(["this", "channel", "all"]))
    def leave(self, who: int, choice: str) -> None:
        self.stage.run(self.stage.leave(who, choice))  # type: ignore[arg-type]

    @rule(who=people, body=st.sampled_from(["STOP", "START"]))
    def text(self, who: int, body: str) -> None:
        self.stage.run(self.stage.text(who, body))

    @rule()
    def hurry(self) -> None:
        self.stage.run(self.stage.hurry())

    @invariant()
    def holds(self) -> None:
        self.stage.run(self.stage.check())

    @override
    def teardown(self) -> None:
        self.stage.run(self.stage.rest())


@pytest.fixture
def stage(database_url: str) -> Iterator[Stage]:
    made = Stage(database_url)
    Interleavings.stage = made
    yield made
    made.close()


def _play(examples: int) -> None:
    run_state_machine_as_test(
        Interleavings,
        settings=settings(
            max_examples=examples, stateful_step_count=STEPS, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


@pytest.mark.timeout(60 + 3 * EXAMPLES)
def test_in_whatever_order_things_happen_what_is_promised_holds(stage: Stage) -> None:
    _play(EXAMPLES)


async def _an_old_hand_settles_late(stage: Stage) -> None:
    await _in_doubt(stage, Lane.ALERT)
    await stage.decide("nothing")
    await stage.settle(1, "sent", 4)


async def _stop_after_the_plan(stage: Stage) -> None:
    await stage.text(0, "STOP")
    await stage.claim(0, Lane.ALERT, Channel.SMS, 4)


async def _recall_before_the_claim(stage: Stage) -> None:
    await stage.recall(0)
    await stage.claim(0, Lane.ALERT, Channel.SMS, 4)


async def _recall_before_the_start(stage: Stage) -> None:
    await stage.claim(0, Lane.ALERT, Channel.SMS, 4)
    await stage.recall(0)
    await stage.start(0)


async def _a_repeat(stage: Stage) -> None:
    await _in_doubt(stage, Lane.ALERT)
    while stage.doubts:
        await stage.decide("nothing")
    await _started(stage, Lane.ALERT)


async def _sent_after_delivered(stage: Stage) -> None:
    await _started(stage, Lane.ALERT)
    await stage.settle(0, "sent", 4)
    await stage.report(0, Report.DELIVERED)
    await stage.report(0, Report.SENT)


async def _started_by_one_who_fell_silent(stage: Stage) -> None:
    await _started(stage, Lane.BULK)
    await stage.lapse()
    await stage.sweep()
    await stage.hurry()
    await _started(stage, Lane.BULK)


async def _two_sweepers_decide(stage: Stage) -> None:
    await _in_doubt(stage, Lane.ALERT)
    await stage.doubt()
    for _ in range(PEOPLE):
        await stage.decide("nothing")
    await _started(stage, Lane.ALERT)
    while stage.doubts:
        await stage.decide("nothing")


async def _started(stage: Stage, lane: Lane, who: int = 0) -> None:
    await stage.claim(who, lane, Channel.SMS, PEOPLE)
    await stage.start(who)


async def _in_doubt(stage: Stage, lane: Lane) -> None:
    """A worker started one, and fell silent past its lease."""
    await _started(stage, lane, who=1)
    await stage.lapse()
    await stage.sweep()
    await stage.hurry()
    await stage.doubt()


Steps = Callable[[Stage], Coroutine[Any, Any, None]]


@pytest.mark.parametrize(
    ("steps", "where", "guard", "without"),
    [
        pytest.param(
            _an_old_hand_settles_late, (pump, "SETTLE"),
            "AND t.settled_at IS NULL\n    AND (SELECT", "AND (SELECT",
            id="a settlement asks whether the attempt is still open",
        ),
        pytest.param(
            _stop_after_the_plan, (claiming, "CLAIM_BROADCASTS"), "WHEN x.hash IS NOT NULL AND n.kind", "WHEN false AND n.kind",
            id="a claim asks for suppressions",
        ),
        pytest.param(
            _recall_before_the_claim, (claiming, "CLAIM_BROADCASTS"),
            "WHEN b.cancelled_at IS NOT NULL THEN 'cancelled'", "",
            id="a claim asks for a recall",
        ),
        pytest.param(
            _recall_before_the_start, (pump, "START"), "AND b.cancelled_at IS NULL", "",
            id="a start asks for a recall",
        ),
        pytest.param(
            _a_repeat, (claiming, "CLAIM_BROADCASTS"), "repeats > 0,\n", "false,\n",
            id="a repeat is marked",
        ),
        pytest.param(
            _sent_after_delivered, (receipts, "APPLY"), "AND d.status = ANY(said.sources)", "",
            id="a receipt keeps to the table of moves",
        ),
        pytest.param(
            _started_by_one_who_fell_silent, (sweep, "LAPSED"), "c.started_at IS NULL", "true",
            id="what was started is never simply tried again",
        ),
        pytest.param(
            _two_sweepers_decide, (sweep, "RESEND"),
            "AND attempt_id = %(attempt_id)s AND status = 'unknown'", "AND %(attempt_id)s > 0",
            id="who decides late does not decide again",
        ),
    ],
)  # fmt: skip
def test_what_a_guard_holds_off_is_found_once_it_is_gone(
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
    steps: Steps,
    where: tuple[object, str],
    guard: str,
    without: str,
) -> None:
    async def play() -> None:
        await stage.reset()
        for kind, lane in ((Kind.ALERT, Lane.ALERT), (Kind.ANNOUNCEMENT, Lane.BULK)):
            await stage.submit(kind)
            await stage.plan(lane)
        await steps(stage)
        await stage.check()

    module, name = where
    statement = getattr(module, name)
    assert guard in statement
    stage.run(play())
    stage.run(stage.rest())

    monkeypatch.setattr(module, name, statement.replace(guard, without))

    with pytest.raises(AssertionError):
        stage.run(play())
