"""One resident, one vote: whatever ways they answer, in whatever order it reaches us."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notify.domain.poll import Ask, How
from notify.services import closing_polls, counting, voting
from tests.polled import NAMED, POOL, poll, together
from tests.town import Town

ANSWERS = st.tuples(st.sampled_from(list(How)), st.integers(1, 3))


@settings(
    max_examples=25, deadline=timedelta(seconds=20),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(data=st.data(), secret=st.booleans())
async def test_over_all_ways_at_once_it_is_one_vote_and_the_last(
    town: Town, data: st.DataObject, *, secret: bool
) -> None:
    """Of three people, each answers some times; all of it comes mixed, some of it at one moment."""
    polled = await poll(town, {"town": 3}, ask=Ask((POOL,), secret=secret))
    given = {
        voter: data.draw(st.lists(ANSWERS, min_size=1, max_size=5)) for voter in polled.everybody
    }
    coming = data.draw(
        st.permutations(
            [
                (voter, place, how, chosen)
                for voter, answers in given.items()
                for place, (how, chosen) in enumerate(answers)
            ]
        )
    )

    while coming:
        size = data.draw(st.integers(1, 4))
        done = await together(
            *(
                polled.vote(voter, 1, chosen, how=how, after=60 * place)
                for voter, place, how, chosen in coming[:size]
            )
        )
        assert all(isinstance(one, voting.Voted) for one in done)
        coming = coming[size:]
    before = sorted(choices for _, choices, _ in await polled.ballots())
    ways = await town.rows(
        "SELECT id, how FROM voters WHERE broadcast_id = %(id)s ORDER BY id", id=polled.id
    )
    await closing_polls.close(town.db, polled.id)
    late = await together(*(polled.vote(voter, 1, 1) for voter in given))

    last = {voter: answers[-1] for voter, answers in given.items()}
    assert before == sorted((chosen,) for _, chosen in last.values())
    assert {row["id"]: row["how"] for row in ways} == {v: str(how) for v, (how, _) in last.items()}
    assert all(isinstance(one, voting.Closed) for one in late)
    assert sorted(choices for _, choices, _ in await polled.ballots()) == before
    once, again = [await counting.count(town.db, polled.id) for _ in range(2)]
    assert once == again
    assert once.turnout.answered == len(given)


@pytest.mark.parametrize("first", [How.DESK, How.MAIL])
async def test_a_text_that_is_found_later_than_a_newer_answer_changes_nothing_of_it(
    town: Town, first: How
) -> None:
    polled = await poll(town, {"town": 1}, ask=NAMED)
    (voter,) = polled.everybody
    await polled.vote(voter, 1, 3, how=first)

    voted = await polled.vote(voter, 1, 1, how=How.SMS, after=-600)

    assert not voted.counts
    assert [choices for _, choices, _ in await polled.ballots()] == [(3,)]
    (row,) = await town.rows("SELECT how FROM voters WHERE id = %(id)s", id=voter)
    assert row["how"] == first
