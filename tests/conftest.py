"""A migrated PostgreSQL database of its own for every test that asks for one.

The server is the embedded one (one for the whole run, shared by the xdist processes), or the one
NOTIFY_TEST_DATABASE_URL names; its user must be allowed to create databases, and as a superuser has
them used again, which is quicker.
"""

import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import hypothesis
import psycopg
import pytest
import structlog.testing
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pydantic import SecretStr

from notify.domain.keyring import Keyring
from notify.services import proofs
from notify.settings import Settings
from notify.store.database import Database
from notify.store.migrate import migrate
from tests.databases import Databases, named
from tests.town import Town

SECRET = "a-key-for-tests-only"

# The machine may be busy with something else: no example fails for being slow.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


SLOW = ("bench", "journeys", "demo", "faults", "fuzz", "cli", "browser")
"""Folders whose tests wait for real processes. One that began last would be waited for alone; and
while one test process waits, another has the cores."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    items.sort(key=lambda item: item.path.relative_to(here).parts[0] not in SLOW)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A test sees neither the NOTIFY_ variables nor the .env file of whoever runs it."""
    for name in list(os.environ):
        if name.startswith("NOTIFY_") and not name.startswith("NOTIFY_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def events() -> Iterator[list[MutableMapping[str, Any]]]:
    """What is logged from here on, whoever had configured logging, and used a log, before."""
    before, capture = structlog.get_config(), structlog.testing.LogCapture()
    for name, module in list(sys.modules.items()):
        if name.startswith("notify.") and "log" in vars(module):
            vars(module.log).pop("bind", None)  # what it kept at its first use
    structlog.configure(processors=[capture], cache_logger_on_first_use=False)
    yield capture.entries
    structlog.configure(**before)


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What all xdist processes of this run have in common."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own


@pytest.fixture(scope="session", autouse=True)
def _children_start_quickly(run_folder: Path) -> Iterator[None]:
    """Processes that the tests of a run start share their compiled code, also where writing it beside
    the sources is forbidden: compiling it anew takes longer than most tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        patch.setenv("PYTHONPYCACHEPREFIX", str(run_folder / "pycache"))
        yield


@pytest.fixture(scope="session")
def at_full_cost() -> Callable[[], PasswordHash]:
    """What hashes passwords outside of tests."""
    return proofs._hasher


@pytest.fixture(scope="session", autouse=True)
def _passwords_cost_nothing(at_full_cost: Callable[[], PasswordHash]) -> Iterator[None]:
    """To hash one takes a core for longer than most tests take."""
    cheapest = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proofs, "_hasher", lambda: cheapest)
        yield


@pytest.fixture(scope="session")
def server_url(run_folder: Path) -> Iterator[str]:
    given = os.environ.get("NOTIFY_TEST_DATABASE_URL")
    if given:
        yield given
        return
    from notify.embedded.servers import Embedded

    with Embedded(run_folder / "server", redis=False, throwaway=True) as servers:
        _forget_at_a_power_cut(servers.database_url)
        yield servers.database_url


def _forget_at_a_power_cut(server_url: str) -> None:
    """What tests write need not outlast the machine: waiting for the disk takes longer than they do."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {name} = off".encode())
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def template(server_url: str) -> Iterator[str]:
    """A migrated database from which those of the tests are copied."""
    name = f"template_{uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    migrate(named(server_url, name))
    yield name
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@pytest.fixture(scope="session")
def databases(server_url: str, template: str) -> Iterator[Databases]:
    lending = Databases(server_url, template)
    yield lending
    lending.close()


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    with databases.lent() as url:
        yield url


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, size=4)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def keyring() -> Keyring:
    return Keyring([SECRET])


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(
        database_url=database_url,
        secret_keys=(SecretStr(SECRET),),
        town="Musterstadt",
        mail_from="warnung@musterstadt.example",
    )


@pytest.fixture
def town(db: Database, keyring: Keyring, settings: Settings) -> Town:
    return Town(db, keyring, settings)
