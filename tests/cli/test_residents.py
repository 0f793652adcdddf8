"""`notify residents import`, as a clerk types it."""

import asyncio
import csv
import json
import logging
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from channels.vapid import make_vapid_key
from notify.cli.residents import app
from notify.services import groups
from notify.store.database import Database
from tests.conftest import SECRET

ROWS = """name,email,phone,groups
Erika,erika@example.org,0151 23456789,town
Bert,=cmd@,,town
"""


@pytest.fixture
def town(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with one group, named to the command by its settings."""
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # the command sets its own
    monkeypatch.setenv("NOTIFY_VAPID_PRIVATE_KEY", make_vapid_key())
    monkeypatch.setenv("NOTIFY_DATABASE_URL", database_url)
    monkeypatch.setenv("NOTIFY_SECRET_KEYS", SECRET)
    monkeypatch.setenv("NOTIFY_REDIS_URL", "redis://127.0.0.1:1")
    asyncio.run(make_group(database_url))
    return database_url


async def make_group(url: str) -> None:
    db = Database(url, size=1)
    await db.open()
    await groups.create(db, slug="town", names={"de": "Stadt"})
    await db.close()


async def count(url: str) -> int:
    db = Database(url, size=1)
    await db.open()
    async with db.transaction() as connection:
        row = await connection.row("SELECT count(*) AS n FROM residents")
    await db.close()
    return int(row["n"]) if row else 0


def notify(*words: str) -> Result:
    return CliRunner().invoke(app, ["import", *words])


def test_an_import_is_tried_first_and_written_only_when_told_to(town: str, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(ROWS)

    dry = notify(str(file))
    before = asyncio.run(count(town))
    wet = notify(str(file), "--apply", "--consent", "forms")

    assert (dry.exit_code, wet.exit_code, before) == (0, 0, 0)
    assert "Nothing was changed" in dry.stdout
    assert "UNVERIFIED" in dry.stdout
    assert "line 3, email: Address refused" in dry.stdout
    assert "Done." in wet.stdout
    assert "UNVERIFIED" not in wet.stdout
    assert asyncio.run(count(town)) == 1


def test_the_report_is_a_file_for_a_spreadsheet_and_json_for_a_program(
    town: str, tmp_path: Path
) -> None:
    file, report = tmp_path / "list.csv", tmp_path / "report.csv"
    file.write_text(ROWS)

    result = notify(str(file), "--json", "--report", str(report))

    figures = json.loads(result.stdout)
    table = list(csv.reader(report.read_text(encoding="utf-8-sig").splitlines()))
    assert (figures["rows"], figures["residents_new"], figures["applied"]) == (2, 1, False)
    assert figures["notes"][0] == {"line": 3, "column": "", "problem": "no_address"}
    assert "cmd" not in result.stdout
    assert table[0] == ["line", "column", "cell", "what"]
    assert table[2][:3] == ["3", "email", "'=cmd@"]
    assert report.stat().st_mode & 0o077 == 0


def test_a_long_list_of_notes_is_cut_and_cannot_steer_the_terminal(
    town: str, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    file.write_text("email,groups\n" + "\x1b[2Jbad,town\n" * 40)

    result = notify(str(file))

    assert "… and 30 more" in result.stdout
    assert "\x1b[2J" not in result.stdout


def test_the_region_of_numbers_may_be_named(town: str, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("phone,groups\n0664 1234567,town\n")

    good = notify(str(file), "--region", "at", "--json")
    bad = notify(str(file), "--region", "Austria")

    assert json.loads(good.stdout)["addresses"] == 1
    assert (bad.exit_code, "two letters" in bad.stderr) == (2, True)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("list.csv", b"Erika,e@x.org\n", id="no header"),
        pytest.param("list.csv", "email,groups\nä,town\n".encode("latin-1"), id="Latin-1"),
        pytest.param("missing.csv", b"", id="not there"),
    ],
)
def test_a_broken_file_ends_with_2_and_says_what_to_do(
    town: str, tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / "list.csv").write_bytes(content)

    result = notify(str(tmp_path / name), "--apply")

    assert result.exit_code == 2
    assert "Nothing was changed" in result.stderr


def test_a_report_that_cannot_be_written_stops_the_import_before_it_begins(
    town: str, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(ROWS)

    same = notify(str(file), "--apply", "--report", str(file))
    nowhere = notify(str(file), "--apply", "--report", str(tmp_path / "no" / "report.csv"))

    assert (same.exit_code, nowhere.exit_code) == (2, 2)
    assert file.read_text() == ROWS
    assert asyncio.run(count(town)) == 0
