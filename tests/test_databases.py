"""A database that is lent again is as new, or another one."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.databases import Databases

GROUP = "INSERT INTO groups (slug, names) VALUES ('town', '{}')"
AUDIT = "INSERT INTO audit VALUES (1, now(), NULL, 'group.made', '{}', '')"
CHANGES = {
    "a column": "ALTER TABLE groups ADD COLUMN more text",
    "a table": "CREATE TABLE more (id int)",
    "a trigger that is off": "ALTER TABLE groups DISABLE TRIGGER USER",
    "a constraint": "ALTER TABLE notes DROP CONSTRAINT notes_kind_check",
    "an index": "DROP INDEX audit_at",
    "a function": "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "a setting": "ALTER DATABASE {name} SET default_transaction_read_only = on",
    "statistics": f"{GROUP}; ANALYZE groups",
}


@pytest.fixture
def lending(server_url: str, template: str) -> Iterator[Databases]:
    made = Databases(server_url, template)
    yield made
    made.close()


def _contents(url: str) -> dict[str, Any]:
    """All rows of all tables, and where each sequence stands."""
    with psycopg.connect(url) as connection:
        names = [
            str(name)
            for (name,) in connection.execute(
                "SELECT oid::regclass::text FROM pg_class WHERE oid >= 16384 AND relkind IN ('r', 'S')"
            )
        ]
        return {
            name: connection.execute(
                f"SELECT row(t.*)::text FROM {name} AS t ORDER BY 1".encode()
            ).fetchall()
            for name in names
        }


def test_it_is_the_same_one_and_holds_what_a_fresh_one_holds(lending: Databases) -> None:
    with lending.lent() as first:
        fresh = _contents(first)
        with psycopg.connect(first) as connection:
            connection.execute(GROUP)
            connection.execute("INSERT INTO residents (language) VALUES ('de')")
            connection.execute(AUDIT)
            connection.execute("DELETE FROM page_stamp")
        with psycopg.connect(first) as connection:  # a number that was taken in vain
            connection.execute("INSERT INTO groups (slug, names) VALUES ('gone', '{}')")
            connection.rollback()
        assert _contents(first) != fresh

    with lending.lent() as second:
        assert second == first
        assert _contents(second) == fresh


GROWN = {
    "by many rows": "INSERT INTO groups (slug, names) SELECT n::text, '{}' FROM generate_series(1, 9999) n",
    "and was tidied": f"{GROUP}; VACUUM groups",
}


@pytest.mark.parametrize("grown", GROWN)
def test_the_planner_does_not_see_that_there_was_more_in_it(lending: Databases, grown: str) -> None:
    seen = (
        "SELECT relpages, reltuples, pg_relation_size(oid) FROM pg_class WHERE relname = 'groups'"
    )
    with lending.lent() as first, psycopg.connect(first, autocommit=True) as connection:
        fresh = connection.execute(seen).fetchone()
        for order in GROWN[grown].split("; "):
            connection.execute(order.encode())
        assert connection.execute(seen).fetchone() != fresh

    with lending.lent() as second, psycopg.connect(second) as connection:
        assert second == first
        assert connection.execute(seen).fetchone() == fresh


def test_the_files_of_a_few_rows_are_kept(lending: Databases) -> None:
    """To make them anew takes longer than most tests."""
    file = "SELECT pg_relation_filenode('groups')"
    with lending.lent() as first, psycopg.connect(first) as connection:
        connection.execute(GROUP)
        before = connection.execute(file).fetchone()

    with lending.lent() as second, psycopg.connect(second) as connection:
        assert connection.execute(file).fetchone() == before


@pytest.mark.parametrize("change", CHANGES)
def test_one_that_was_changed_is_not_lent_again(lending: Databases, change: str) -> None:
    with lending.lent() as first:
        fresh = _contents(first)
        with psycopg.connect(first, autocommit=True) as connection:
            order = CHANGES[change].replace("{name}", connection.info.dbname)
            connection.execute(order.encode())

    with lending.lent() as second:
        assert second != first
        assert _contents(second) == fresh


def test_one_that_somebody_is_still_connected_to_is_not_lent_again(lending: Databases) -> None:
    with lending.lent() as first:
        left = psycopg.connect(first)

    with left, lending.lent() as second:
        assert second != first


def test_two_at_a_time_are_two(lending: Databases) -> None:
    with lending.lent() as one, lending.lent() as other:
        assert one != other
