"""A poll is closed once, whole or not at all; and of a secret one nothing tells who answered what."""

import asyncio
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.errors import AdminShutdown

from notify import clock
from notify.domain.grants import OutOfReach, Role
from notify.domain.poll import How
from notify.errors import NotFound
from notify.services import closing_polls, counting, submitting, voting
from notify.services.closing_polls import AlreadyClosed, Closer
from notify.services.voting import Closed
from notify.store.database import BOUNDS, Database
from tests.polled import NAMED, Polled, poll, together
from tests.services.test_overseeing import officer
from tests.town import Town


async def voters(polled: Polled) -> list[dict[str, Any]]:
    return await polled.town.rows(
        "SELECT * FROM voters WHERE broadcast_id = %(id)s ORDER BY id", id=polled.id
    )


async def test_what_is_over_is_closed_and_nothing_else(town: Town) -> None:
    over, recalled, running = [await poll(town, {"town": 1}) for _ in range(3)]
    await over.run_out()
    await town.change("UPDATE broadcasts SET cancelled_at = now() WHERE id = %(i)s", i=recalled.id)

    assert await Closer(town.db).round() == 2

    assert (await over.row())["closed_at"] is not None
    assert (await recalled.row())["closed_at"] is not None
    assert (await running.row())["closed_at"] is None
    assert await Closer(town.db).round() == 0


async def test_of_a_secret_poll_the_key_the_names_and_the_times_are_gone(town: Town) -> None:
    polled = await poll(town, {"town": 3})
    one, two, _ = polled.everybody
    await polled.vote(one, 3, 5)
    await polled.vote(one, 1, 1)
    await polled.vote(two, 1, 2)
    before = await town.rows("SELECT name FROM ballots")
    key = (await polled.row())["key"]
    receipts = [row["receipt"] for row in await voters(polled)]
    await town.change("UPDATE voters SET question = 2, asked_at = now(), misread = 2")
    await polled.run_out()

    await Closer(town.db).round()

    assert (await polled.row())["key"] is None
    ballots = await town.rows("SELECT * FROM ballots")
    assert [(row["at"], row["resident_id"]) for row in ballots] == [(None, None)] * 3
    names = {bytes(row["name"]) for row in ballots}
    residents = [row["resident_id"] for row in await voters(polled)]
    assert len(names) == 3  # also those of one voter are unlike
    assert not names & {bytes(row["name"]) for row in before}
    assert not names & {voting.ballot_name(key, resident) for resident in residents}
    after = await voters(polled)
    assert [row["answered"] for row in after] == [[1, 2, 3], [1, 2, 3], []]
    assert {(row["question"], row["asked_at"], row["misread"]) for row in after} == {(1, None, 0)}
    assert [row["receipt"] for row in after] == receipts


async def test_rows_of_one_poll_were_all_written_by_one_transaction(town: Town) -> None:
    polled = await poll(town, {"town": 12})
    await polled.all_vote(polled.everybody[:8], 1, 2)
    await polled.run_out()

    await Closer(town.db).round()

    for table in (b"ballots", b"voters"):
        rows = await town.rows(b"SELECT DISTINCT xmin::text AS by FROM " + table)
        assert len(rows) == 1


async def test_what_was_replaced_is_cleared_away_and_once_more_an_hour_later(town: Town) -> None:
    polled = await poll(town, {"town": 40})
    await polled.all_vote(polled.everybody, 1, 2)
    await polled.run_out()

    await Closer(town.db).round()

    (dead,) = await town.rows(
        "SELECT n_dead_tup AS n, vacuum_count FROM pg_stat_user_tables WHERE relname = 'ballots'"
    )
    assert (dead["n"], dead["vacuum_count"]) == (0, 1)
    first = (await polled.row())["tidied_at"]
    assert first is not None
    await Closer(town.db).round()
    assert (await polled.row())["tidied_at"] == first
    await town.change(
        "UPDATE polls SET closed_at = closed_at - interval '2 hours',"
        " tidied_at = tidied_at - interval '2 hours'"
    )
    await Closer(town.db).round()
    assert (await polled.row())["tidied_at"] > first


async def test_the_row_that_held_the_key_is_cleared_away_too(town: Town) -> None:
    polled = await poll(town, {"town": 3})
    await polled.run_out()

    await Closer(town.db).round()

    cleared = await town.rows(
        "SELECT relname FROM pg_stat_user_tables WHERE vacuum_count > 0"
        " AND relname IN ('ballots', 'polls', 'voters') ORDER BY 1"
    )
    assert [row["relname"] for row in cleared] == ["ballots", "polls", "voters"]


async def test_the_statement_bound_is_back_after_clearing_away(database_url: str) -> None:
    db = Database(database_url, size=1)
    await db.open()
    async with db.lasting(600) as connection:
        row = await connection.row("SHOW statement_timeout")
        assert row == {"statement_timeout": "10min"}
    async with db.statement() as connection:
        assert await connection.row("SHOW statement_timeout") == {"statement_timeout": "1min"}
    await db.close()


async def test_of_a_named_poll_all_stays(town: Town) -> None:
    polled = await poll(town, {"town": 3}, ask=NAMED)
    await polled.vote(polled.everybody[0], 1, 3)
    ballots, before = await town.rows("SELECT * FROM ballots"), await voters(polled)
    assert ballots[0]["resident_id"] is not None
    await polled.run_out()

    assert await Closer(town.db).round() == 1

    assert await town.rows("SELECT * FROM ballots") == ballots
    assert await voters(polled) == before


async def test_small_groups_are_not_told_apart_nor_had_by_subtraction(town: Town) -> None:
    polled = await poll(town, {"north": 14, "south": 11, "mill": 3})
    for voter in polled.everybody:
        await polled.vote(voter, 1, 1)
    await polled.all_vote(polled.voters["north"][:9], 2, 1)
    await polled.run_out()

    await Closer(town.db).round()

    counted = Counter((question, group) for question, _, group in await polled.ballots())
    assert counted == {(1, polled.groups["north"]): 14, (1, None): 14, (2, None): 9}


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.lists(
        st.tuples(st.integers(0, 29), st.sampled_from([(1, (1,)), (1, (2,)), (2, (1, 3)),
                  (2, (4,)), (3, (5,)), (3, (1,))])), max_size=60,
    )
)  # fmt: skip
async def test_the_close_changes_no_answer(
    town: Town, data: list[tuple[int, tuple[int, tuple[int, ...]]]]
) -> None:
    polled = await poll(town, {"north": 18, "south": 12})
    for place, (question, chosen) in data:
        await polled.vote(polled.everybody[place], question, *chosen)
    before = Counter((question, chosen) for question, chosen, _ in await polled.ballots())
    await polled.run_out()

    await Closer(town.db).round()

    after = await polled.ballots()
    assert Counter((question, chosen) for question, chosen, _ in after) == before


async def test_no_order_of_the_ballots_follows_the_voters(town: Town) -> None:
    """They answer in the order in which they were asked, the first half one, the second two: the
    ballots lie, and are sorted by name, in another order each time."""
    orders = []
    for _ in range(2):
        polled = await poll(town, {"town": 60})
        await polled.all_vote(polled.everybody[:30], 1, 1)
        await polled.all_vote(polled.everybody[30:], 1, 2)
        await polled.run_out()
        await Closer(town.db).round()
        for order in (b"ctid", b"name"):
            rows = await town.rows(
                b"SELECT choices FROM ballots WHERE broadcast_id = %(id)s ORDER BY " + order,
                id=polled.id,
            )
            orders.append([row["choices"][0] for row in rows])

    for places in orders:
        changes = sum(a != b for a, b in pairwise(places))
        assert 12 < changes < 48  # as a coin that is tossed: chance misses this once in 100,000
    assert orders[0] != orders[2]


async def test_a_vote_under_way_counts_and_the_next_is_told_that_it_is_closed(
    town: Town, database_url: str
) -> None:
    polled = await poll(town, {"town": 2})
    one, two = polled.everybody
    now = clock.now()
    async with town.db.transaction() as connection:
        await voting.vote(connection, polled.id, one, question=1, chosen=[2], how=How.SMS, at=now)
        closing = asyncio.create_task(closing_polls.close(town.db, polled.id))
        await town.somebody_waits()
    await closing

    assert await polled.ballots() == [(1, (2,), None)]
    with pytest.raises(voting.Closed):
        await polled.vote(two, 1, 1)


async def test_a_vote_that_waits_for_the_close_does_not_count(town: Town) -> None:
    polled = await poll(town, {"town": 30})
    *_, last = polled.everybody
    await polled.all_vote(polled.everybody[:10], 1, 2)
    async with town.db.transaction() as connection:
        # The close holds the poll and waits for this voter.
        await connection.row("SELECT FROM voters WHERE id = %(id)s FOR UPDATE", id=last)
        closing = asyncio.create_task(closing_polls.close(town.db, polled.id))
        await town.somebody_waits()
        late = asyncio.create_task(polled.vote(polled.everybody[0], 1, 1))
        await asyncio.sleep(0.1)
        assert not late.done()
    await closing
    with pytest.raises(voting.Closed):
        await late
    assert {choices for _, choices, _ in await polled.ballots()} == {(2,)}


async def test_votes_and_the_close_all_at_once_lose_and_double_nothing(town: Town) -> None:
    polled = await poll(town, {"town": 60})
    votes = [polled.vote(voter, 1, 1 + voter % 3) for voter in polled.everybody]

    twice = [closing_polls.close(town.db, polled.id) for _ in range(2)]
    first, last = await asyncio.gather(together(*votes[:30]), together(*twice, *votes[30:]))

    closed, again, *taken = *last, *first
    counted = [one for one in taken if not isinstance(one, BaseException)]
    assert all(isinstance(one, voting.Closed) for one in taken if one not in counted)
    assert len(await polled.ballots()) == len(counted)
    assert {type(closed), type(again)} == {AlreadyClosed, type(None)}
    took_part = [row for row in await voters(polled) if row["answered"]]
    assert len(took_part) == len(counted)


async def test_two_rounds_at_once_close_it_once(
    town: Town, events: list[dict[str, object]]
) -> None:
    polled = await poll(town, {"town": 200})
    await polled.all_vote(polled.everybody[:20], 1, 2)
    await polled.run_out()

    done = await asyncio.gather(*(Closer(town.db).round() for _ in range(3)))

    assert sum(done) == 1
    assert [one["event"] for one in events].count("poll.closed") == 1


async def test_killed_in_the_middle_it_changed_nothing_and_is_closed_by_the_next(
    town: Town, database_url: str
) -> None:
    polled = await poll(town, {"town": 30})
    await polled.all_vote(polled.everybody, 1, 2)
    before = await town.rows("SELECT * FROM ballots ORDER BY name")
    key = (await polled.row())["key"]
    own = Database(database_url, size=1)
    await own.open()
    async with town.db.transaction() as connection:
        # It has rewritten the ballots, and waits for this voter.
        await connection.row(
            "SELECT FROM voters WHERE id = %(id)s FOR UPDATE", id=polled.everybody[-1]
        )
        closing = asyncio.create_task(closing_polls.close(own, polled.id))
        await town.somebody_waits()
        with psycopg.connect(database_url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
        with pytest.raises(AdminShutdown):
            await closing
    await own.close()

    assert await town.rows("SELECT * FROM ballots ORDER BY name") == before
    row = await polled.row()
    assert (row["closed_at"], row["key"]) == (None, key)
    await polled.run_out()
    assert await Closer(town.db).round() == 1
    assert len(await polled.ballots()) == 30
    assert (await polled.row())["key"] is None


async def test_one_that_cannot_be_closed_keeps_no_other_open(
    town: Town, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, other = await poll(town, {"town": 1}), await poll(town, {"town": 1})
    await stuck.run_out()
    await other.run_out()
    await town.change("UPDATE polls SET close_at = close_at - interval '1 hour'"
                      " WHERE broadcast_id = %(id)s", id=stuck.id)  # fmt: skip
    monkeypatch.setitem(BOUNDS, "options", "-c lock_timeout=200ms")
    quick = Database(database_url, size=2)
    await quick.open()
    async with town.db.transaction() as connection:
        await connection.row("SELECT FROM polls WHERE broadcast_id = %(id)s FOR SHARE", id=stuck.id)
        assert await Closer(quick).round() == 1
    await quick.close()

    assert (await other.row())["closed_at"] is not None
    assert (await stuck.row())["closed_at"] is None
    assert await Closer(town.db).round() == 1


async def test_staff_close_within_reach_and_it_is_written_down(town: Town) -> None:
    polled = await poll(town, {"town": 1, "mill": 0})
    await town.group("elsewhere")
    viewer = await officer(town, Role.VIEWER, "town")
    stranger = await officer(town, Role.OPERATOR, "elsewhere")
    operator = await officer(town, Role.OPERATOR, None)

    with pytest.raises(NotFound):
        await closing_polls.close(town.db, polled.id, officer=stranger)
    with pytest.raises((OutOfReach, NotFound)):
        await closing_polls.close(town.db, polled.id, officer=viewer)
    assert (await polled.row())["closed_at"] is None
    await closing_polls.close(town.db, polled.id, officer=operator)
    with pytest.raises(AlreadyClosed):
        await closing_polls.close(town.db, polled.id, officer=operator)

    lines = await town.rows("SELECT staff_id, about FROM audit WHERE deed = 'poll.closed'")
    assert [(row["staff_id"], row["about"]) for row in lines] == [
        (operator.id, {"broadcast": str(polled.id)})
    ]


async def test_what_is_no_poll_cannot_be_closed(town: Town) -> None:
    await town.group()
    alert = await town.broadcast("town")
    with pytest.raises(NotFound):
        await closing_polls.close(town.db, alert)


async def test_a_poll_is_recalled_when_all_of_it_was_sent_and_even_closed(town: Town) -> None:
    running, over = [await poll(town, {"town": 2}) for _ in range(2)]
    for polled in (running, over):
        await polled.vote(polled.everybody[0], 1, 1)
    await closing_polls.close(town.db, over.id)
    assert await counting.published(town.db, over.id) is not None

    for polled in (running, over):
        await submitting.cancel(town.db, polled.id, within=None)

    with pytest.raises(Closed):
        await running.vote(running.everybody[1], 1, 2)
    await Closer(town.db).round()
    for polled in (running, over):
        assert (await polled.row())["closed_at"] is not None
        assert await counting.published(town.db, polled.id) is None
        assert (await counting.count(town.db, polled.id)).turnout.answered == 1


async def test_a_recalled_poll_is_closed_within_a_round(town: Town) -> None:
    polled = await poll(town, {"town": 2})
    await polled.vote(polled.everybody[0], 1, 1)
    await town.change(
        "UPDATE broadcasts SET status = 'dispatching', dispatched_at = NULL WHERE id = %(id)s",
        id=polled.id,
    )
    await submitting.cancel(town.db, polled.id, within=None)

    await Closer(town.db).round()

    assert (await polled.row())["key"] is None


async def test_it_closes_by_the_hour_not_before(town: Town) -> None:
    polled = await poll(town, {"town": 1})
    soon = clock.now() + timedelta(seconds=1)
    await town.change("UPDATE polls SET close_at = %(at)s", at=soon)

    assert await Closer(town.db).round() == 0
    while clock.now() <= soon:  # noqa: ASYNC110 - it is the clock's
        await asyncio.sleep(0.05)
    assert await Closer(town.db).round() == 1
    assert (await polled.row())["closed_at"] >= soon


async def test_the_close_waits_until_lost_texts_are_found_but_not_for_ever(town: Town) -> None:
    over, gone_by = [await poll(town, {"town": 1}) for _ in range(2)]
    await over.run_out()
    await town.change(
        "UPDATE polls SET close_at = now() - interval '11 minutes' WHERE broadcast_id = %(id)s",
        id=gone_by.id,
    )
    await town.change(
        "INSERT INTO inbound_pulls (number, through, read_at, due_at) VALUES"
        " ('+4915735980001', now(), now() - interval '1 hour', now() + interval '3 minutes')"
    )

    assert await Closer(town.db).round() == 1
    assert (await over.row())["closed_at"] is None
    assert (await gone_by.row())["closed_at"] is not None
    (pull,) = await town.rows("SELECT due_at <= now() AS due FROM inbound_pulls")
    assert pull["due"]

    await town.change("UPDATE inbound_pulls SET read_at = now()")
    assert await Closer(town.db).round() == 1
