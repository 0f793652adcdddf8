"""A file of residents taken in, all or nothing."""

import random
from pathlib import Path

import psycopg
import pytest

from notify.domain.csv_rows import BrokenFile
from notify.domain.keyring import Keyring
from notify.errors import Conflict
from notify.services import importing
from notify.settings import Settings
from notify.store import importing as store
from notify.store.database import Database
from tests.services.office import HEADER, Office, figures


@pytest.fixture
async def office(db: Database, keyring: Keyring, settings: Settings, tmp_path: Path) -> Office:
    return await Office(db, keyring, settings, tmp_path).build()


async def test_a_row_becomes_a_resident_with_addresses_subscriptions_and_consent(
    office: Office,
) -> None:
    report = await office.take("Erika,Englisch,Erika@X.org,0151 23456789,town;choir,\n")

    (person,) = await office.rows("SELECT name, language FROM residents")
    (consent,) = await office.rows("SELECT source, reference FROM consents")
    hashes = await office.rows("SELECT hash FROM addresses WHERE channel = 'sms'")
    both = {"email", "sms"}
    assert person == {"name": "Erika", "language": "en"}
    assert await office.addresses() == {"erika@x.org": "proven", "+4915123456789": "proven"}
    assert await office.follows() == {"town": (both, both), "choir": (both, both)}
    assert {row["state"] for row in await office.rows("SELECT state FROM subscriptions")} == {
        "active"
    }
    assert consent == {"source": "import", "reference": "forms (list.csv, line 2)"}
    assert hashes == [{"hash": office.keyring.address_hash("sms", "+4915123456789")}]
    assert figures(report) == {"applied": 1, "rows": 1, "residents_new": 1, "addresses": 2}


async def test_without_a_consent_reference_addresses_are_unverified(office: Office) -> None:
    report = await office.take("Erika,,erika@x.org,,town,\n", consent=" ")

    assert await office.addresses() == {"erika@x.org": "unverified"}
    assert await office.rows("SELECT 1 FROM consents") == []
    assert report.unverified == 1


async def test_a_dry_run_says_the_same_and_changes_nothing(office: Office) -> None:
    rows = "A,,a@x.org,,town,\nB,,a@x.org,,kita,\nC,,bad,,town,\nD,,d@x.org,,nowhere,\n"

    dry = await office.take(rows, apply=False)
    sizes = await office.sizes()
    wet = await office.take(rows)

    assert sizes == [0, 0, 0, 0]
    assert not dry.applied
    assert {**wet.as_json, "applied": False} == dry.as_json
    assert (wet.rows, wet.residents_new, wet.duplicates, wet.rows_refused) == (4, 1, 1, 2)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param((HEADER + 'A,,a@x.org,,town,\n"B,,b@x.org,,town,\n').encode(), id="quotes"),
        pytest.param((HEADER + "A,,a@x.org,,town,\nÄ,,b@x.org,,town,\n").encode("latin-1"),
                     id="Latin-1"),
        pytest.param(None, id="not there"),
    ],
)  # fmt: skip
async def test_a_broken_file_changes_nothing(office: Office, content: bytes | None) -> None:
    if content is not None:
        office.path.write_bytes(content)

    with pytest.raises(BrokenFile):
        await importing.run(
            office.db, office.keyring, settings=office.settings, path=office.path,
            consent="forms", apply=True,
        )  # fmt: skip

    assert await office.sizes() == [0, 0, 0, 0]


BREAK = """
CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION 'disk full'; END $$
"""
SNATCH = """
CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN IF NEW.value = 'b@x.org' THEN RETURN NULL; END IF; RETURN NEW; END $$
"""
COLLIDE = """
CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION unique_violation; END $$
"""


@pytest.mark.parametrize(
    ("trouble", "table", "failure"),
    [
        pytest.param(BREAK, "subscriptions", psycopg.Error, id="the database fails at the end"),
        pytest.param(SNATCH, "addresses", Conflict, id="an address was taken in between"),
        pytest.param(COLLIDE, "consents", Conflict, id="a collision with somebody else"),
    ],
)
async def test_trouble_in_the_middle_of_writing_changes_nothing(
    office: Office, trouble: str, table: str, failure: type[Exception]
) -> None:
    await office.run(trouble)
    await office.run(
        f"CREATE TRIGGER broken BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION broken()"
    )

    with pytest.raises(failure):
        await office.take("A,,a@x.org,,town,\nB,,b@x.org,,town,\n")

    assert await office.sizes() == [0, 0, 0, 0]


async def test_only_one_import_writes_at_a_time_but_anybody_may_look(office: Office) -> None:
    async with office.db.transaction() as other:
        assert await store.hold(other)

        with pytest.raises(Conflict):
            await office.take("A,,a@x.org,,town,\n")
        report = await office.take("A,,a@x.org,,town,\n", apply=False)

    assert report.residents_new == 1
    assert await office.sizes() == [0, 0, 0, 0]


ALERT = """
INSERT INTO broadcasts (kind, status, texts, group_ids, thread_id, valid_until, latecomers_through)
VALUES ('alert', 'dispatched', '{}', '{1}', gen_random_uuid(), now() + interval '1 hour',
  now() + interval '1 minute')
"""


async def test_an_alert_in_force_looks_again_for_those_who_were_being_imported(
    office: Office,
) -> None:
    await office.run(ALERT)

    await office.take("A,,a@x.org,,town,\n")

    (row,) = await office.rows(
        "SELECT latecomers_through <= s.created_at AS seen FROM broadcasts, subscriptions s"
    )
    assert row["seen"]


@pytest.mark.parametrize("seed", range(4))
async def test_every_row_of_a_messy_file_is_a_resident_or_told_of(
    office: Office, seed: int
) -> None:
    chance = random.Random(seed)
    await office.take("K,,known3@x.org,0151 20000003,town,\nL,,,0151 20000004,kita,\n")
    known = set(await office.addresses())
    phones = [f"0151 2000000{n}" for n in range(10)] + ["110", "x", "", ""]
    mails = [f"KNOWN{n}@x.org" for n in range(10)] + ["bad", "", ""]
    rows = [
        [f"N{n}", chance.choice(["", "de", "??"]), chance.choice(mails), chance.choice(phones),
         chance.choice(["town", "town;kita", "nowhere", ""]), chance.choice(["", "sms", "fax"])]
        for n in range(60)
    ]  # fmt: skip

    report = await office.take("".join(",".join(row) + "\n" for row in rows))

    held = await office.rows("SELECT resident_id, channel, value FROM addresses")
    one_each = {(row["resident_id"], row["channel"]) for row in held}
    assert len(one_each) == len({row["value"] for row in held}) == len(held)
    assert known <= {row["value"] for row in held}
    told = {note.line for note in report.notes}
    values = {row["value"] for row in held}
    filled = [(line, row) for line, row in enumerate(rows, 2) if any(row)]
    for line, row in filled:
        assert row[2].lower() in values or not row[2] or line in told
    assert report.rows == len(filled)
    parts = (report.residents_new, report.residents_known, report.duplicates, report.rows_refused)
    assert sum(parts) == report.rows
    assert len(await office.rows("SELECT 1 FROM residents")) == 2 + report.residents_new


async def test_a_larger_file_goes_through_in_one_piece_and_tells_how_far_it_is(
    office: Office,
) -> None:
    rows = "".join(f"N{n},,n{n}@x.org,0151 {20000000 + n},town;kita,\n" for n in range(2_000))
    office.path.write_text(HEADER + rows)
    told: list[tuple[int, int]] = []

    report = await importing.run(
        office.db,
        office.keyring,
        settings=office.settings,
        path=office.path,
        consent="forms",
        apply=True,
        progress=lambda done, of: told.append((done, of)),
    )

    assert await office.sizes() == [2_000, 4_000, 4_000, 2_000]
    assert report.residents_new == 2_000
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1]
