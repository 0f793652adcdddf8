"""A file held against the residents we know: what they gain, and what stays as it was."""

from pathlib import Path

import pytest

from notify.domain.import_report import Problem
from notify.domain.keyring import Keyring
from notify.settings import Settings
from notify.store import suppressions
from notify.store.database import Database
from tests.services.office import Office, figures, problems


@pytest.fixture
async def office(db: Database, keyring: Keyring, settings: Settings, tmp_path: Path) -> Office:
    return await Office(db, keyring, settings, tmp_path).build()


async def test_the_same_file_twice_changes_nothing_the_second_time(office: Office) -> None:
    rows = "A,,a@x.org,0151 23456789,town;kita,\nB,,b@x.org,,town,push\n"
    await office.take(rows)
    before = await office.sizes()

    report = await office.take(rows)

    assert await office.sizes() == before
    assert (report.residents_new, report.residents_known, report.addresses) == (0, 2, 0)


async def test_a_known_resident_gains_what_is_missing_and_keeps_what_they_have(
    office: Office,
) -> None:
    await office.take("Erika,de,a@x.org,,town,email\n", consent=None)

    report = await office.take("Other,en,a@x.org,0151 23456789,town;kita,sms\n")

    assert await office.rows("SELECT name, language FROM residents") == [
        {"name": "Erika", "language": "de"}
    ]
    assert await office.addresses() == {"a@x.org": "proven", "+4915123456789": "proven"}
    assert await office.follows() == {
        "town": ({"email", "sms"}, {"email", "sms"}),
        "kita": ({"sms"}, {"sms"}),
    }
    assert figures(report) == {"applied": 1, "rows": 1, "residents_known": 1, "addresses": 1}


async def test_an_address_that_differs_from_the_known_one_is_told_and_not_taken(
    office: Office,
) -> None:
    await office.take("Erika,,a@x.org,0151 23456789,town,\n")

    report = await office.take("Erika,,b@x.org,0151 23456789,kita,\n")

    assert set(await office.addresses()) == {"a@x.org", "+4915123456789"}
    assert problems(report) == [(2, Problem.HAS_ANOTHER)]
    assert set(await office.follows()) == {"town", "kita"}


async def test_a_row_whose_addresses_belong_to_two_residents_is_refused(office: Office) -> None:
    await office.take("A,,a@x.org,,town,\nB,,,0151 23456789,town,\n")
    before = await office.sizes()

    report = await office.take("C,,a@x.org,0151 23456789,kita,\n")

    assert problems(report) == [(2, Problem.TWO_RESIDENTS)]
    assert (report.rows, report.rows_refused, report.residents_known) == (1, 1, 0)
    assert await office.sizes() == before


async def test_two_rows_that_meet_in_one_known_resident_are_one(office: Office) -> None:
    await office.take("A,,a@x.org,0151 23456789,town,\n")

    report = await office.take("A,,a@x.org,,kita,\nA,,,0151 23456789,kita,\n")

    assert (report.residents_known, report.duplicates) == (1, 1)
    assert (await office.follows())["kita"] == ({"email", "sms"}, {"email", "sms"})


async def test_a_suppressed_address_is_taken_in_told_of_and_left_suppressed(office: Office) -> None:
    hashed = office.keyring.address_hash("email", "a@x.org")
    async with office.db.transaction() as connection:
        await suppressions.add(connection, channel="email", address_hash=hashed, reason="bounced")

    report = await office.take("A,,a@x.org,,town,\n")

    assert problems(report) == [(2, Problem.SUPPRESSED)]
    assert report.suppressed == 1
    assert len(await office.rows("SELECT 1 FROM suppressions")) == 1


async def test_who_has_left_something_keeps_their_choice_of_channels(office: Office) -> None:
    await office.take("A,,a@x.org,0151 23456789,town,\n")
    await office.run("UPDATE subscriptions SET news = '{sms}'")
    await office.run("UPDATE addresses SET version = version + 1")

    report = await office.take("A,,a@x.org,0151 23456789,town;kita,\n")

    both = {"email", "sms"}
    assert await office.follows() == {"town": (both, {"sms"}), "kita": (both, both)}
    assert problems(report) == [(2, Problem.OWN_CHOICE)]


async def test_who_has_left_everything_is_not_brought_back(office: Office) -> None:
    await office.take("A,,a@x.org,,town,\n")
    await office.run("DELETE FROM subscriptions")
    await office.run("UPDATE addresses SET version = version + 1")

    report = await office.take("A,,a@x.org,0151 23456789,town,\n")

    assert problems(report) == [(2, Problem.LEFT)]
    assert await office.follows() == {}
    assert set(await office.addresses()) == {"a@x.org"}


async def test_a_channel_without_an_address_is_told_unless_the_resident_has_one(
    office: Office,
) -> None:
    await office.take("A,,,0151 23456789,town,\n")

    report = await office.take(
        "A,,a@x.org,0151 23456789,town,\nB,,b@x.org,,town,sms email push\nA,,a@x.org,,kita,sms\n"
    )

    assert problems(report) == [
        (3, Problem.CHANNEL_WITHOUT_ADDRESS),
        (4, Problem.DUPLICATE),
    ]
