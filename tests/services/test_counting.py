"""Results: of people, from the stored ballots, shown to whom the poll says and when."""

from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from notify import clock
from notify.domain.grants import Deed, Role
from notify.domain.poll import Ask, How, Shown
from notify.domain.results import Reader, Turnout, may_see
from notify.errors import NotFound
from notify.services import closing_polls, counting, erasing
from notify.store import poll_counting
from notify.store.database import Row
from tests.polled import ASK, NAMED, Polled, ask_some, poll
from tests.services.test_overseeing import officer
from tests.town import Town


async def resident_of(polled: Polled, voter: int) -> Any:
    rows = await polled.town.rows("SELECT resident_id FROM voters WHERE id = %(id)s", id=voter)
    return rows[0]["resident_id"]


async def test_people_are_counted_by_how_it_was_proven_who_they_are(town: Town) -> None:
    polled = await poll(town, {"town": 14})
    one, two, three, *rest = polled.everybody
    await polled.vote(one, 1, 1, how=How.MAIL)
    await polled.vote(one, 1, 2, how=How.SMS, after=1)  # changed their mind
    await polled.vote(two, 1, 2, how=How.DESK)
    await polled.vote(three, 2, 1, 4, how=How.PUSH)
    await polled.all_vote(rest[:9], 1, 3)

    found = await counting.count(town.db, polled.id)

    assert found.turnout == Turnout(None, 14, 12)
    assert found.how == {How.SMS: 10, How.MAIL: 0, How.PUSH: 1, How.PAGE: 0, How.DESK: 1}
    assert sum(found.how.values()) == found.turnout.answered
    assert found.questions[0].whole.counts == {1: 0, 2: 2, 3: 9}
    assert found.titles["de"] == "Sturm"


async def test_an_answer_that_comes_too_late_to_count_says_not_how_it_was_proven(
    town: Town,
) -> None:
    polled = await poll(town, {"town": 1})
    (voter,) = polled.everybody
    await polled.vote(voter, 1, 2, how=How.DESK)

    late = await polled.vote(voter, 1, 1, how=How.SMS, after=-30)

    assert not late.counts
    found = await counting.count(town.db, polled.id)
    assert (found.how[How.DESK], found.how[How.SMS]) == (1, 0)


@pytest.mark.parametrize("ask", [ASK, NAMED], ids=["secret", "named"])
async def test_the_result_is_the_same_before_and_after_the_close(town: Town, ask: Ask) -> None:
    polled = await poll(town, {"north": 16, "south": 13, "mill": 4}, ask=ask)
    for place, voter in enumerate(polled.everybody):
        await polled.vote(voter, 1, 1 + place % 3)
        if place % 2:
            await polled.vote(voter, 2, 1, 2 + place % 3)
        await polled.vote(voter, 3, 1 + place % 5)
    before = await counting.count(town.db, polled.id)

    await closing_polls.close(town.db, polled.id)

    after = await counting.count(town.db, polled.id)
    assert after.closed_at is not None
    assert replace(after, closed_at=None) == before
    assert await counting.count(town.db, polled.id) == after
    north = polled.groups["north"]
    assert [part.group for part in after.questions[0].groups] == [north, None]
    assert after.by_group == (Turnout(north, 16, 16), Turnout(None, 17, 17))
    assert after.names == {north: {"de": "north"}}


async def test_what_a_few_said_is_not_told_while_a_secret_poll_is_open(town: Town) -> None:
    polled = await poll(town, {"town": 20})
    await polled.all_vote(polled.everybody[:10], 1, 2)
    await polled.all_vote(polled.everybody[:9], 2, 2, 3)

    first, second, third = (await counting.count(town.db, polled.id)).questions

    assert (first.withheld, first.whole.counts) == (False, {1: 0, 2: 10, 3: 0})
    assert (second.withheld, second.whole.answered) == (True, 9)
    assert set(second.whole.counts.values()) == {0}
    assert (third.withheld, third.whole.answered) == (False, 0)
    await closing_polls.close(town.db, polled.id)
    second = (await counting.count(town.db, polled.id)).questions[1]
    assert (second.withheld, second.whole.counts) == (False, {1: 0, 2: 9, 3: 9, 4: 0})


async def test_a_named_poll_is_told_from_the_first_answer_on(town: Town) -> None:
    polled = await poll(town, {"town": 20}, ask=NAMED)
    await polled.vote(polled.everybody[0], 1, 2)

    found = await counting.count(town.db, polled.id)

    assert found.questions[0].whole.counts == {1: 0, 2: 1, 3: 0}


@pytest.mark.parametrize(
    ("shown", "live", "closed"), [*product(Shown, (False, True), (False, True))]
)
def test_who_sees_it_and_when(shown: Shown, live: bool, closed: bool) -> None:
    ask = replace(ASK, shown=shown, live=live)
    out = closed or live

    assert may_see(ask, Reader.STAFF, closed=closed, withdrawn=True)
    assert may_see(ask, Reader.ASKED, closed=closed) is (out and shown is not Shown.STAFF)
    assert may_see(ask, Reader.ANYBODY, closed=closed) is (out and shown is Shown.EVERYONE)
    assert not may_see(ask, Reader.ASKED, closed=closed, withdrawn=True)


async def test_it_is_published_after_the_close_and_not_before(town: Town) -> None:
    polled = await poll(town, {"town": 2})
    assert await counting.published(town.db, polled.id) is None
    await polled.run_out()
    assert await counting.published(town.db, polled.id) is None  # not yet counted out
    await closing_polls.close(town.db, polled.id)
    assert await counting.published(town.db, polled.id) is not None


async def test_only_those_asked_see_what_is_for_them(town: Town) -> None:
    polled = await poll(town, {"town": 1}, ask=replace(ASK, shown=Shown.ASKED))
    (voter,) = polled.everybody
    resident, stranger = await resident_of(polled, voter), await town.resident()
    await closing_polls.close(town.db, polled.id)

    assert await counting.published(town.db, polled.id) is None
    assert not await counting.is_asked(town.db, polled.id, stranger)
    assert await counting.is_asked(town.db, polled.id, resident)
    assert await counting.published(town.db, polled.id, asked=True) is not None


@pytest.mark.parametrize("column", [b"cancelled_at", b"forgotten_at"])
async def test_a_poll_recalled_or_forgotten_is_published_no_more(town: Town, column: bytes) -> None:
    polled = await poll(town, {"town": 1})
    await closing_polls.close(town.db, polled.id)
    await town.change(b"UPDATE broadcasts SET " + column + b" = now()")

    assert await counting.published(town.db, polled.id, asked=True) is None
    assert await counting.count(town.db, polled.id) is not None


async def test_staff_and_keys_see_what_they_reach(town: Town) -> None:
    polled = await poll(town, {"town": 1})
    elsewhere = await town.group("elsewhere")
    near = await officer(town, Role.VIEWER, "town")
    far = await officer(town, Role.VIEWER, "elsewhere")

    found = await counting.for_staff(town.db, polled.id, within=near.reach(Deed.LOOK))
    assert found.turnout.asked == 1
    with pytest.raises(NotFound):
        await counting.for_staff(town.db, polled.id, within=far.reach(Deed.LOOK))
    assert await counting.for_key(town.db, polled.id, within=polled.groups["town"]) == found
    with pytest.raises(NotFound):
        await counting.for_key(town.db, polled.id, within=elsewhere)


async def test_what_asks_nothing_has_no_result(town: Town) -> None:
    await town.group()
    alert = await town.broadcast("town")
    with pytest.raises(NotFound):
        await counting.count(town.db, alert)
    assert await counting.published(town.db, alert) is None


async def test_a_receipt_proves_that_a_vote_is_counted_however_it_is_typed(town: Town) -> None:
    polled, other = await poll(town, {"town": 2}), await poll(town, {"town": 1})
    receipt = (await polled.vote(polled.everybody[0], 1, 1)).receipt
    await closing_polls.close(town.db, polled.id)
    halves = f" {receipt[:4].lower()}-{receipt[4:]} "

    for typed in (receipt, halves):
        assert await counting.is_counted(town.db, polled.id, typed)
    for typed in ("", "-", receipt[:-1], receipt + "2", "'; --", "\0", "x" * 10_000):
        assert not await counting.is_counted(town.db, polled.id, typed)
    assert not await counting.is_counted(town.db, other.id, receipt)


async def test_who_is_erased_stays_counted(town: Town) -> None:
    polled = await poll(town, {"town": 12})
    await polled.all_vote(polled.everybody, 1, 2)
    before = await counting.count(town.db, polled.id)

    await erasing.erase(town.db, await resident_of(polled, polled.everybody[0]))

    assert await counting.count(town.db, polled.id) == before


async def test_the_list_has_the_newest_first(town: Town) -> None:
    old, new = await poll(town, {"town": 2}), await poll(town, {"town": 3})
    await town.change("UPDATE polls SET opened_at = %(at)s WHERE broadcast_id = %(id)s",
                      at=clock.now() - timedelta(days=1), id=old.id)  # fmt: skip
    await old.vote(old.everybody[0], 1, 1)

    found: list[Row] = await counting.every(town.db)

    assert [(row["broadcast_id"], row["asked"], row["answered"]) for row in found] == [
        (new.id, 3, 0),
        (old.id, 2, 1),
    ]


async def test_the_list_counts_the_voters_of_all_polls_in_one_go(town: Town) -> None:
    old, new = await poll(town, {"town": 2}), await poll(town, {"town": 3})
    await town.change("UPDATE polls SET opened_at = %(at)s WHERE broadcast_id = %(id)s",
                      at=clock.now() - timedelta(days=1), id=old.id)  # fmt: skip

    plan = await town.rows("EXPLAIN " + poll_counting.EVERY, limit=1)
    async with town.db.statement() as connection:
        found = await poll_counting.every(connection, limit=1)

    assert not [line for line in plan if "SubPlan" in line["QUERY PLAN"]]  # runs once for each row
    assert [row["broadcast_id"] for row in found] == [new.id]


async def test_one_who_is_asked_later_raises_what_is_asked(town: Town) -> None:
    polled = await poll(town, {"town": 1})
    await ask_some(polled, "town", 4)
    assert (await counting.count(town.db, polled.id)).turnout == Turnout(None, 5, 0)
