"""Looks at a database as a whole: one moment of it, held still, and what it holds."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

TABLES: LiteralString = """
SELECT relname, pg_table_size(oid) FROM pg_class
WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relname !~ 'yoyo'
ORDER BY relname
"""

ANYTHING: LiteralString = """
SELECT EXISTS (SELECT FROM residents) OR EXISTS (SELECT FROM groups)
  OR EXISTS (SELECT FROM broadcasts) OR EXISTS (SELECT FROM keys)
"""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One moment: its name for pg_dump, and rows and bytes of each table."""

    name: str
    at: datetime
    migrations: tuple[str, ...]
    counts: Mapping[str, int]
    sizes: Mapping[str, int]


@contextmanager
def snapshot(database_url: str) -> Iterator[Snapshot | None]:
    """The present moment, which others can see as long as the block lasts; None where there is
    no schema yet."""
    with psycopg.connect(database_url, connect_timeout=5) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        row = connection.execute("SELECT pg_export_snapshot(), now()").fetchone()
        migrations = _migrations(connection)
        if row is None or not migrations:
            yield None
            return
        sizes: dict[str, int] = dict(connection.execute(TABLES).fetchall())
        yield Snapshot(row[0], row[1], migrations, _counts(connection, list(sizes)), sizes)


def counts(database_url: str) -> dict[str, int]:
    """Rows of each table."""
    with psycopg.connect(database_url, connect_timeout=5) as connection:
        return _counts(connection, [row[0] for row in connection.execute(TABLES)])


def holds_anything(database_url: str) -> bool:
    """Whether there is anything in it that somebody would miss."""
    with psycopg.connect(database_url, connect_timeout=5) as connection:
        if not _migrations(connection):
            return False
        row = connection.execute(ANYTHING).fetchone()
        return row is not None and bool(row[0])


def analyse(database_url: str) -> None:
    """Let the planner know the tables, which were just filled."""
    with psycopg.connect(database_url, connect_timeout=5, autocommit=True) as connection:
        connection.execute("ANALYZE")


def _counts(connection: psycopg.Connection[TupleRow], tables: list[str]) -> dict[str, int]:
    found = {}
    for table in tables:
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        row = connection.execute(query).fetchone()
        found[table] = int(row[0]) if row else 0
    return found


def _migrations(connection: psycopg.Connection[TupleRow]) -> tuple[str, ...]:
    there = connection.execute("SELECT to_regclass('_yoyo_migration')").fetchone()
    if there is None or there[0] is None:
        return ()
    rows = connection.execute("SELECT migration_id FROM _yoyo_migration ORDER BY migration_id")
    return tuple(row[0] for row in rows)
