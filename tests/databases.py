"""Migrated databases for tests, one after the other: copied from a template, and afterwards either
made as new again or thrown away.

To copy some six hundred files for each test took longer than most tests. A database is used again
only where nothing is left by which anybody could tell: nobody is connected, tables and whatever
else makes up the schema are untouched, rows that came with the schema as well, all others are
gone, and numbers begin anew. In every other case the next test gets a fresh copy.

Rows are deleted, which leaves the files of a table and of its indexes where they are: to make these
anew, as TRUNCATE does, took longer than all the rest. What has grown is truncated nevertheless.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any, LiteralString
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg

LEAVING = 0.5  # seconds that connections which were just closed may take to be gone

_OTHERS: LiteralString = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
  AND coalesce(backend_type, 'client backend') = 'client backend'
"""

# What a change of the schema, of a setting or of the planner's statistics touches. A table's own
# row in pg_class is rewritten when it is emptied; its columns and the rest stand for it.
_SCHEMA: LiteralString = """
SELECT md5(string_agg(part, ' ')) FROM (
  SELECT 'c' || md5(string_agg(concat(oid, relname, relkind, relowner, relacl, reloptions, relhastriggers,
    relrowsecurity, relpersistence), ' ' ORDER BY oid)) FROM pg_class WHERE oid >= 16384
      AND relkind <> 't'
  UNION ALL SELECT concat('a', count(*), max(xmin::text::bigint)) FROM pg_attribute
    WHERE attrelid >= 16384 AND attrelid NOT IN (SELECT oid FROM pg_class WHERE relkind = 't')
  UNION ALL SELECT concat('d', count(*), max(xmin::text::bigint)) FROM pg_attrdef
  UNION ALL SELECT concat('o', count(*), max(xmin::text::bigint)) FROM pg_constraint
  UNION ALL SELECT concat('g', count(*), max(xmin::text::bigint)) FROM pg_trigger
  UNION ALL SELECT concat('p', count(*), max(xmin::text::bigint)) FROM pg_proc
  UNION ALL SELECT concat('r', count(*), max(xmin::text::bigint)) FROM pg_rewrite
  UNION ALL SELECT concat('t', count(*), max(xmin::text::bigint)) FROM pg_type
  UNION ALL SELECT concat('n', count(*), max(xmin::text::bigint)) FROM pg_namespace
  UNION ALL SELECT concat('e', count(*), max(xmin::text::bigint)) FROM pg_extension
  UNION ALL SELECT concat('v', count(*), max(xmin::text::bigint)) FROM pg_event_trigger
  UNION ALL SELECT concat('q', count(*), max(xmin::text::bigint)) FROM pg_sequence
  UNION ALL SELECT concat('x', count(*), max(xmin::text::bigint)) FROM pg_statistic_ext
  UNION ALL SELECT concat('l', count(*)) FROM pg_largeobject_metadata
  UNION ALL SELECT concat('s', count(*)) FROM pg_statistic
    WHERE starelid >= 16384
  UNION ALL SELECT 'b' || coalesce(string_agg(concat(setdatabase, setrole, setconfig), ' '), '')
    FROM pg_db_role_setting
  UNION ALL SELECT concat('w', datconnlimit, datallowconn, datacl) FROM pg_database
    WHERE datname = current_database()
) AS parts (part)
"""

# `shows`: the planner sees that there was more. One that was never vacuumed it takes for ten pages.
_TABLES: LiteralString = """
SELECT oid::regclass::text AS name, pg_relation_size(oid) AS size,
  pg_relation_size(oid) > 10 * current_setting('block_size')::int OR reltuples >= 0 AS shows
FROM pg_class WHERE oid >= 16384 AND relkind = 'r' ORDER BY oid
"""

_REFERENCES: LiteralString = """
SELECT confrelid::regclass::text AS referred, conrelid::regclass::text AS referring
FROM pg_constraint WHERE contype = 'f'
"""

_COUNTED: LiteralString = """
SELECT setval(sequence, start, false) FROM (
  SELECT seqrelid::regclass AS sequence, seqstart AS start FROM pg_sequence
  WHERE pg_sequence_last_value(seqrelid) IS NOT NULL) AS used
WHERE NOT sequence::text = ANY(%(kept)s)
"""


def named(url: str, name: str) -> str:
    """The same server's database of this name."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@contextmanager
def new_database(server_url: str, template: str) -> Iterator[str]:
    """A copy of a template for one test alone."""
    name = f"test_{uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
        try:
            yield named(server_url, name)
        finally:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


@dataclass(frozen=True)
class Found:
    """What a fresh copy is like: its schema, the rows that came with it by table, and for each
    table which others refer to it. Sequences that were used already are `counted`."""

    schema: str
    seeds: Mapping[str, bytes]
    referring: Mapping[str, frozenset[str]]
    counted: Mapping[str, int]


@dataclass(frozen=True)
class Lent:
    """A database with what it was like, and a connection that stays: a new one would have to learn
    the schema first."""

    name: str
    connection: psycopg.Connection[Any]
    found: Found


class Databases:
    """Lends out databases of one server. Not for several threads."""

    def __init__(self, server_url: str, template: str) -> None:
        self._server_url = server_url
        self._template = template
        self._clean: list[Lent] = []

    @contextmanager
    def lent(self) -> Iterator[str]:
        """The URL of a database that is as if it had just been migrated."""
        one = self._clean.pop() if self._clean else self._copied()
        yield named(self._server_url, one.name)
        if _made_as_new(one):
            self._clean.append(one)
        else:
            self._drop(one)

    def close(self) -> None:
        while self._clean:
            self._drop(self._clean.pop())

    def _copied(self) -> Lent:
        name = f"test_{uuid4().hex[:12]}"
        self._tell(f'CREATE DATABASE "{name}" TEMPLATE "{self._template}"')
        connection = psycopg.connect(named(self._server_url, name), autocommit=True)
        return Lent(name, connection, _look(connection))

    def _drop(self, one: Lent) -> None:
        one.connection.close()
        self._tell(f'DROP DATABASE IF EXISTS "{one.name}" WITH (FORCE)')

    def _tell(self, order: str) -> None:
        with psycopg.connect(self._server_url, autocommit=True) as connection:
            connection.execute(order.encode())


def _made_as_new(one: Lent) -> bool:
    try:
        return _left(one.connection) and _emptied(one.connection, one.found)
    except psycopg.Error:  # it is gone, or takes nothing any more
        return False


def _look(connection: psycopg.Connection[Any]) -> Found:
    filled = [table for table, size, _ in connection.execute(_TABLES) if size]
    referring: dict[str, frozenset[str]] = {}
    for referred, by in connection.execute(_REFERENCES):
        referring[referred] = referring.get(referred, frozenset()) | {by}
    return Found(
        schema=_one(connection, _SCHEMA),
        seeds={table: _rows(connection, table) for table in filled},
        referring=referring,
        counted=_counters(connection),
    )


def _left(connection: psycopg.Connection[Any]) -> bool:
    """Whether nobody else is connected, or will be in a moment."""
    until = monotonic() + LEAVING
    while _one(connection, _OTHERS):
        if monotonic() > until:
            return False
        sleep(0.001)
    return True


def _emptied(connection: psycopg.Connection[Any], found: Found) -> bool:
    """Take out what a test put in; False where that is not enough."""
    if _one(connection, _SCHEMA) != found.schema:
        return False
    sizes = {table: shows for table, size, shows in connection.execute(_TABLES) if size}
    kept = {table for table, rows in found.seeds.items() if _rows(connection, table) == rows}
    used = (sizes.keys() | found.seeds.keys()) - kept
    grown = _with_those_that_refer({table for table in used if sizes.get(table)}, found)
    # What only grows, by a trigger, is emptied all the same; for this the user must be a superuser.
    orders = ["SET session_replication_role = replica"]
    orders += [f"TRUNCATE {', '.join(sorted(grown))}"] if grown else []
    orders += [f"DELETE FROM {table}" for table in sorted(used - grown)]
    connection.execute("; ".join(orders).encode())
    for table in found.seeds.keys() & (used | grown):
        with connection.cursor().copy(f"COPY {table} FROM STDIN".encode()) as copy:
            copy.write(found.seeds[table])
    connection.execute(_COUNTED, {"kept": list(found.counted)})
    return _counters(connection) == found.counted and all(
        _rows(connection, table) == rows for table, rows in found.seeds.items()
    )


def _with_those_that_refer(tables: set[str], found: Found) -> set[str]:
    """Tables can only be truncated together with those that refer to them."""
    every, new = set[str](), tables
    while new:
        every |= new
        new = {by for table in new for by in found.referring.get(table, ())} - every
    return every


def _counters(connection: psycopg.Connection[Any]) -> dict[str, int]:
    return dict(
        connection.execute(
            "SELECT seqrelid::regclass::text, pg_sequence_last_value(seqrelid) FROM pg_sequence"
            " WHERE pg_sequence_last_value(seqrelid) IS NOT NULL"
        ).fetchall()
    )


def _rows(connection: psycopg.Connection[Any], table: str) -> bytes:
    """All that a table holds."""
    with connection.cursor().copy(f"COPY {table} TO STDOUT".encode()) as copy:
        return b"".join(copy)


def _one(connection: psycopg.Connection[Any], query: LiteralString | bytes) -> Any:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]
