"""Migrations: nobody waits behind one that waits, and what was stopped half way is gone on with."""

import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import dict_row
from yoyo.migrations import read_sql_migration

from notify.errors import Conflict
from notify.store import migrate
from tests.databases import new_database

FILES = {path.stem: path for path in sorted(migrate.FOLDER.glob("*.sql"))}
ALTERS = "0029-to-myself"  # changes a table that messages are claimed from
ALONE = [name for name, path in FILES.items() if "-- transactional: false" in path.read_text()]
SCHEMA = """
SELECT 'column', table_name, column_name, data_type || coalesce(column_default, '') || is_nullable
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'valid', indexrelid::regclass::text, '', indisvalid::text FROM pg_index
  WHERE indexrelid::regclass::text !~ 'pg_'
UNION ALL SELECT 'check', conrelid::regclass::text, conname,
  pg_get_constraintdef(oid) || convalidated FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid)
FROM pg_trigger WHERE NOT tgisinternal
ORDER BY 1, 2, 3, 4
"""


def statements(name: str) -> list[str]:
    return read_sql_migration(str(FILES[name]))[2]


def before(url: str, name: str, folder: Path) -> None:
    """Bring a database to the schema that this migration was made upon."""
    for path in FILES.values():
        if path.stem < name:
            shutil.copy(path, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrate, "FOLDER", folder)
        migrate.migrate(url)


def schema(url: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return connection.execute(SCHEMA).fetchall()


@pytest.fixture
def older(server_url: str, tmp_path: Path) -> Iterator[str]:
    """A database that lacks ALTERS and what came after."""
    with new_database(server_url, "template0") as url:
        before(url, ALTERS, tmp_path)
        yield url


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "PATIENCE", "300ms")
    monkeypatch.setattr(migrate, "PAUSE", 0.3)


def _note(url: str) -> float:
    """Put something in the way of somebody; the seconds that took."""
    begun = time.monotonic()
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO notes (kind, data, valid_until) VALUES ('code', '{}', now())"
        )
    return time.monotonic() - begun


def test_nobody_waits_for_long_behind_a_change_that_waits_for_a_dump(
    older: str, hasty: None
) -> None:
    with ThreadPoolExecutor() as pool, psycopg.connect(older) as dump:
        dump.execute("SELECT count(*) FROM notes")
        run = pool.submit(migrate.migrate, older)
        _until_one_waits(older)

        took = [_note(older) for _ in range(5)]

        assert not run.done()
        assert max(took) < 3
        dump.rollback()
        assert run.result(timeout=30)[0] == ALTERS
    assert migrate.pending(older) == []


def test_without_a_bound_they_would(older: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """That the test before sees what it is for."""
    monkeypatch.setattr(migrate, "PATIENCE", "0")
    with ThreadPoolExecutor() as pool, psycopg.connect(older) as dump:
        dump.execute("SELECT count(*) FROM notes")
        run = pool.submit(migrate.migrate, older)
        _until_one_waits(older)
        behind = pool.submit(_note, older)
        time.sleep(1.5)

        assert not behind.done()
        dump.rollback()
        run.result(timeout=30)
        behind.result(timeout=30)


def _until_one_waits(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        while not connection.execute(
            "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database()"
        ).fetchall():
            pass


def test_it_is_given_up_with_words_that_help_and_goes_on_later(
    older: str, hasty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "TRIES", 2)
    with psycopg.connect(older, application_name="pg_dump") as dump:
        dump.execute("SELECT 'secret' FROM notes")
        with pytest.raises(Conflict) as told:
            migrate.migrate(older)

        assert ALTERS in told.value.message
        assert f"pg_dump (pid {dump.info.backend_pid}" in told.value.message
        assert "notify migrate" in told.value.message
        assert "secret" not in told.value.message
    assert migrate.migrate(older)[0] == ALTERS
    assert migrate.migrate(older) == []


def test_what_a_killed_process_left_stops_nobody(older: str) -> None:
    with psycopg.connect(older) as connection:
        connection.execute("INSERT INTO yoyo_lock (locked, ctime, pid) VALUES (1, now(), 4711)")

    begun = time.monotonic()
    assert migrate.migrate(older)[0] == ALTERS
    assert time.monotonic() - begun < 9


def test_of_several_at_once_one_runs_them(server_url: str) -> None:
    with new_database(server_url, "template0") as url, ThreadPoolExecutor() as pool:
        together = threading.Barrier(3)

        def run() -> list[str]:
            together.wait()
            return migrate.migrate(url)

        done = [one.result(timeout=60) for one in [pool.submit(run) for _ in range(3)]]

        assert sorted(map(len, done)) == [0, 0, len(FILES)]


def test_another_that_runs_them_is_waited_for_and_not_for_ever(
    older: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "TURN", 0.5)
    with psycopg.connect(older, autocommit=True) as other:
        other.execute(migrate._ALONE)
        with pytest.raises(Conflict, match="Another process"):
            migrate.migrate(older)
    assert migrate.migrate(older)[0] == ALTERS


@pytest.mark.parametrize("name", ALONE)
def test_one_that_was_stopped_behind_any_of_its_statements_is_gone_on_with(
    name: str, server_url: str, database_url: str, tmp_path: Path
) -> None:
    """Those outside a transaction, stopped behind the first statement, then behind the second, and so on;
    the others are undone by the server."""
    with new_database(server_url, "template0") as url:
        before(url, name, tmp_path)
        with psycopg.connect(url, autocommit=True) as connection:
            for n in range(1, len(statements(name)) + 1):
                for statement in statements(name)[:n]:
                    connection.execute(statement.encode())

        assert migrate.migrate(url)[0] == name

        assert schema(url) == schema(database_url)


def test_those_that_change_several_things_at_once_undo_all_of_it(
    server_url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001-one.sql").write_text("CREATE TABLE one (n int); CREATE TABLE one (n int);")
    with new_database(server_url, "template0") as url:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(migrate, "FOLDER", folder)
            with pytest.raises(psycopg.errors.DuplicateTable):
                migrate.migrate(url)
            assert migrate.pending(url) == ["0001-one"]
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT to_regclass('one')").fetchone() == (None,)


def test_decisions_of_the_version_before_are_told_to_nobody_however_often_it_runs(
    server_url: str, tmp_path: Path
) -> None:
    """0027 says of those that are there that they were told. The version before told nobody, and this
    one starts on the whole schema only: so what the one before writes in between is the same."""
    name = "0027-templates"
    upto = next(n for n, said in enumerate(statements(name)) if "UPDATE decisions" in said) + 1
    with new_database(server_url, "template0") as url:
        before(url, name, tmp_path)
        with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
            _decide(connection)
            for statement in statements(name)[:upto]:
                connection.execute(statement.encode())
            _decide(connection)

            migrate.migrate(url)

            rows = connection.execute("SELECT told_at, decided_at FROM decisions").fetchall()
        assert len(rows) == 2
        assert all(row["told_at"] == row["decided_at"] for row in rows)


def _decide(connection: psycopg.Connection[Any]) -> None:
    who, what = uuid4(), uuid4()
    connection.execute(
        "INSERT INTO staff (id, email, name, language) VALUES (%s, %s, 'V', 'de')", (who, str(who))
    )
    connection.execute(
        "INSERT INTO broadcasts (id, kind, status, texts, group_ids, thread_id, sequence)"
        " VALUES (%s, 'announcement', 'returned', '{}', '{1}', %s, 0)",
        (what, what),
    )
    connection.execute(
        "INSERT INTO decisions (broadcast_id, staff_id, decision, seen) VALUES (%s, %s, 'returned', '')",
        (what, who),
    )


@pytest.mark.parametrize("name", FILES)
def test_an_index_that_is_built_beside_the_work_may_wait(name: str) -> None:
    """It keeps nobody out; and given up it would be built from its beginning each time."""
    waits = False
    for statement in statements(name):
        if "SET lock_timeout" in statement:
            waits = "RESET lock_timeout;" not in statement
        else:
            assert waits is ("CONCURRENTLY" in statement), statement
    assert not waits
