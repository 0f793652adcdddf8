"""A short run of the fault harness: few recipients, every kind of fault, every guarantee missed."""

import pytest

from faults.breaks import BREAKS
from faults.running import Theatre
from faults.scenarios import SCENARIOS

SEED = 7
PEOPLE = {"crash taken and not answered": 60, "crash sweeper: between look-up and its write": 60}
SHORT = (
    "crash before accept commit",
    "crash receipt recorded, hook not answered",
    "crash again and again",
    "crash taken and not answered",
    "crash sweeper: between look-up and its write",
    "crash after early receipts",
    "kill all workers",
    "kill PostgreSQL",
    "Redis flushed",
    "database read-only",
    "worker asleep past its lease",
    "worker cut off from the database",
    "SIGTERM in the middle",
    "alert and code overtake",
    "two announcements share",
    "receipts in every order",
    "answers while all is killed",
    "changed between plan and hand-over",
    "clock goes back an hour",
    "clock goes forward an hour",
    "schedule missed while down",
)


@pytest.mark.parametrize("name", SHORT)
def test_nothing_is_lost_doubled_or_sent_by_mistake(theatre: Theatre, name: str) -> None:
    row = theatre.run(SCENARIOS[name], seed=SEED, recipients=PEOPLE.get(name))

    assert row.ok, "\n".join(row.problems)


@pytest.mark.parametrize("broken", BREAKS)
def test_without_one_of_its_guarantees_it_is_found_out(theatre: Theatre, broken: str) -> None:
    chosen = [one for one in SCENARIOS.values() if broken in one.breaks]

    rows = [
        theatre.run(one, seed=SEED, recipients=PEOPLE.get(one.name), broken=broken)
        for one in chosen
    ]

    assert rows
    assert all(row.ok is False for row in rows)
    assert all(
        row.forbidden or row.doubled_forbidden or row.figures.get("votes_wrong") for row in rows
    ), rows
