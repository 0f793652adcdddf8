"""`notify export` and `notify erase`, as staff type them."""

import asyncio
import json
import logging
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from channels.vapid import make_vapid_key
from notify.cli import app
from notify.domain.keyring import Keyring
from notify.settings import Settings
from notify.store.database import Database
from tests.conftest import SECRET
from tests.town import Town


@pytest.fixture
def residents(database_url: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Anna and Bert by their ids, in a database that the settings name."""
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # the command sets its own
    monkeypatch.setenv("NOTIFY_VAPID_PRIVATE_KEY", make_vapid_key())
    monkeypatch.setenv("NOTIFY_DATABASE_URL", database_url)
    monkeypatch.setenv("NOTIFY_SECRET_KEYS", SECRET)
    monkeypatch.setenv("NOTIFY_REDIS_URL", "redis://127.0.0.1:1")
    return asyncio.run(_people(database_url))


async def _people(url: str) -> list[str]:
    db = Database(url, size=1)
    await db.open()
    town = Town(db, Keyring([SECRET]), Settings(database_url=url))
    ids = [await town.resident(email=f"{name}@example.org") for name in ("anna", "bert")]
    await db.close()
    return [str(one) for one in ids]


def notify(*words: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, [*words], input=typed)


def test_a_resident_is_given_out_to_a_file_for_its_owner_only(
    residents: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "anna.json"

    done = notify("export", "Anna@example.org", "--to", str(file))

    assert done.exit_code == 0, done.output
    assert json.loads(file.read_text())["resident"]["id"] == residents[0]
    assert file.stat().st_mode & 0o077 == 0
    assert json.loads(notify("export", residents[1]).stdout)["resident"]["id"] == residents[1]
    said = [json.loads(line) for line in notify("audit", "export").stdout.splitlines()]
    assert [(one["deed"], one["about"]["resident"]) for one in said] == [
        ("resident.exported", one) for one in residents
    ]
    assert notify("export", residents[0], "--to", str(tmp_path / "no" / "x")).exit_code == 1


def test_a_resident_is_erased_once_and_only_when_that_is_confirmed(residents: list[str]) -> None:
    assert notify("erase", "anna@example.org", typed="n\n").exit_code == 1
    assert notify("export", residents[0]).exit_code == 0

    assert notify("erase", "anna@example.org", "--yes").exit_code == 0

    again = notify("erase", "anna@example.org", "--yes")
    assert again.exit_code == 1
    assert "Nobody has this address." in again.output
    assert notify("export", residents[0]).exit_code == 1
    assert notify("export", residents[1]).exit_code == 0
    assert "id, e-mail address or phone" in notify("erase", "x", "--yes").output
