"""`notify audit verify` and `export`, as an operator types them."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable

import pytest
from typer.testing import CliRunner, Result

from channels.vapid import make_vapid_key
from notify.cli import app
from notify.services import auditing
from notify.store.database import Connection, Database
from tests.conftest import SECRET


@pytest.fixture
def log(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Three lines in a database that the settings name; its URL."""
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # the command sets its own
    monkeypatch.setenv("NOTIFY_VAPID_PRIVATE_KEY", make_vapid_key())
    monkeypatch.setenv("NOTIFY_DATABASE_URL", database_url)
    monkeypatch.setenv("NOTIFY_SECRET_KEYS", SECRET)
    monkeypatch.setenv("NOTIFY_REDIS_URL", "redis://127.0.0.1:1")

    async def write(connection: Connection) -> None:
        for number in range(3):
            await auditing.record(connection, None, "group.made", group=f"g-{number}")

    _within(database_url, write)
    return database_url


def _within(url: str, work: Callable[[Connection], Awaitable[None]]) -> None:
    async def done() -> None:
        db = Database(url, size=1)
        await db.open()
        async with db.transaction() as connection:
            await work(connection)
        await db.close()

    asyncio.run(done())


def notify(*words: str) -> Result:
    return CliRunner().invoke(app, ["audit", *words])


def test_a_whole_log_is_told_with_the_hash_that_stands_for_it(log: str) -> None:
    done = notify("verify")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("3 lines, whole.")
    head = done.stdout.split()[-1]

    lines = [json.loads(line) for line in notify("export").stdout.splitlines()]
    assert [line["about"] for line in lines] == [{"group": f"g-{n}"} for n in range(3)]
    assert lines[-1]["hash"] == head
    assert notify("verify", "--head", head).exit_code == 0
    assert notify("verify", "--head", "00" * 32).exit_code == 1
    assert notify("verify", "--head", "rubbish").exit_code == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE audit SET deed = 'nothing' WHERE id = 2", "Line 2 is not as it was written"),
        ("DELETE FROM audit WHERE id = 2", "Line 2 is missing"),
    ],
)
def test_a_log_that_somebody_changed_ends_it_with_the_line(
    log: str, change: str, said: str
) -> None:
    async def tamper(connection: Connection) -> None:
        await connection.run("ALTER TABLE audit DISABLE TRIGGER ALL")
        await connection.raw.execute(change.encode())

    _within(log, tamper)

    done = notify("verify")
    assert done.exit_code == 1
    assert said in done.output
