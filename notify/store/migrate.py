"""Brings the database to the schema this version needs.

yoyo keeps which of the numbered SQL files have run and takes a lock, so that several processes
may start at once.
"""

from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from yoyo import get_backend, read_migrations

FOLDER = Path(__file__).parent / "migrations"


def migrate(database_url: str) -> list[str]:
    """Run what has not run yet; returns the names of the migrations that did."""
    backend = get_backend(_yoyo_url(database_url))  # type: ignore[no-untyped-call]
    try:
        with backend.lock(timeout=60):
            waiting = backend.to_apply(
                read_migrations(str(FOLDER))  # type: ignore[no-untyped-call]
            )
            names = [migration.id for migration in waiting]
            backend.apply_migrations(waiting)
    finally:
        backend.connection.close()
    return names


def names() -> list[str]:
    """Every migration this version knows, in their order."""
    return [path.stem for path in sorted(FOLDER.glob("*.sql"))]


def pending(database_url: str) -> list[str]:
    """Names of migrations that have not run; empty when the schema is as this version needs."""
    known = names()
    with psycopg.connect(database_url, connect_timeout=5) as connection:
        there = connection.execute("SELECT to_regclass('_yoyo_migration')").fetchone()
        if there is None or there[0] is None:
            return known
        run = connection.execute("SELECT migration_id FROM _yoyo_migration").fetchall()
    return [name for name in known if name not in {row[0] for row in run}]


def _yoyo_url(database_url: str) -> str:
    parts = urlsplit(database_url)
    return urlunsplit(parts._replace(scheme="postgresql+psycopg"))
