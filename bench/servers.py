"""PostgreSQL and Redis for one run, honest ones."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString

import psycopg

from notify.embedded.servers import Embedded
from notify.store.migrate import migrate

SYNC: LiteralString = "SELECT name, setting FROM pg_settings WHERE name = ANY(%(names)s)"


class Dishonest(Exception):
    """The machine is such that its figures would mean nothing."""


@contextlib.contextmanager
def servers(*, statements: bool = False) -> Iterator[tuple[Path, Embedded]]:
    """PostgreSQL and Redis of our own in a folder that is removed at the end. `statements`: with
    pg_stat_statements, which costs a little."""
    with contextlib.ExitStack() as stack:
        folder = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(prefix="notify-bench-", ignore_cleanup_errors=True)
            )
        )
        folder.chmod(0o755)  # PostgreSQL may be somebody else
        if statements:
            with Embedded(folder / "data", throwaway=True) as once:
                _preload(once.database_url)
        embedded = stack.enter_context(Embedded(folder / "data", throwaway=True))
        migrate(embedded.database_url)
        _honest(embedded.database_url)
        yield folder, embedded


def _preload(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")
        connection.execute("ALTER SYSTEM SET pg_stat_statements.track = 'all'")
        connection.execute("ALTER SYSTEM SET pg_stat_statements.track_planning = on")


def _honest(database_url: str) -> None:
    """Figures without fsync are no figures."""
    names = ["fsync", "synchronous_commit", "full_page_writes"]
    with psycopg.connect(database_url) as connection:
        found: dict[str, str] = dict(connection.execute(SYNC, {"names": names}).fetchall())
    off = [name for name in names if found[name] != "on"]
    if off:
        raise Dishonest(f"PostgreSQL runs with {', '.join(off)} off")
