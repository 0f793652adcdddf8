"""Brings the database to the schema this version needs.

yoyo keeps which of the numbered SQL files have run. Of several processes that start at once one runs
them: it holds a lock of the server, which ends with it, however it ends.

A change of a table waits for whoever reads it, a dump or a report, and all who come after wait behind
the change. So it waits for moments only, lets the others by, and is tried again. What builds an index
beside the work (CONCURRENTLY) keeps nobody out, and says `SET lock_timeout = 0` before it.
"""

import time
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg.errors import LockNotAvailable
from yoyo import get_backend, read_migrations

from notify.errors import Conflict
from notify.log import get

log = get(__name__)

FOLDER = Path(__file__).parent / "migrations"

PATIENCE: Final = "5s"  # for one lock
TRIES: Final = 20
PAUSE: Final = 5.0  # seconds between two of them, in which others do what waited
TURN: Final = 600.0  # seconds for another process that runs them

_ALONE: Final = "SELECT pg_try_advisory_lock(hashtextextended('migrate', 0))"

# No query: it may hold what is nobody's business.
_OPEN: Final = """
SELECT pid, coalesce(nullif(application_name, ''), usename, 'somebody') AS who,
  extract(epoch FROM now() - xact_start)::int AS seconds FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
  AND backend_type = 'client backend'
ORDER BY xact_start LIMIT 3
"""


def migrate(database_url: str) -> list[str]:
    """Run what has not run yet; returns the names of the migrations that did.

    Raises Conflict where others hold what one of them needs, or run them, for too long. What was begun
    is gone on with by the next call.
    """
    if not pending(database_url):
        return []
    with psycopg.connect(database_url, connect_timeout=5, autocommit=True) as connection:
        _take_turn(connection)
        waiting = pending(database_url)
        for left in reversed(range(TRIES)):
            try:
                _run(database_url)
            except LockNotAvailable:
                log.warning("migrate.waits", tries_left=left)
                if not left:
                    raise _held(connection, pending(database_url)) from None
                time.sleep(PAUSE)
            else:
                break
    return waiting


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


def _run(database_url: str) -> None:
    backend = get_backend(_yoyo_url(database_url))  # type: ignore[no-untyped-call]
    try:
        # Its own lock is a row, which a process that was killed leaves behind. Whoever is here is alone.
        backend.break_lock()
        with backend.lock():
            backend.apply_migrations(
                backend.to_apply(read_migrations(str(FOLDER)))  # type: ignore[no-untyped-call]
            )
    finally:
        backend.connection.close()


def _take_turn(connection: psycopg.Connection) -> None:
    # Asked for again and again: whoever waits in the server keeps an index from being built beside it.
    deadline = time.monotonic() + TURN
    while True:
        row = connection.execute(_ALONE).fetchone()
        if row is not None and row[0]:
            return
        if time.monotonic() > deadline:
            raise Conflict(
                "Another process has been bringing the database to the schema of this version for "
                f"{TURN / 60:.0f} minutes. Look at it, then run `notify migrate`."
            )
        time.sleep(0.2)


def _held(connection: psycopg.Connection, waiting: list[str]) -> Conflict:
    rows = connection.execute(_OPEN).fetchall()
    there = ", ".join(f"{who} (pid {pid}, {seconds} s)" for pid, who, seconds in rows)
    return Conflict(
        f"The migration {waiting[0] if waiting else ''} needs a table that others hold, and waits no longer: "
        f"sending would wait behind it. Open for longest: {there or 'nothing any more'}. Wait until "
        "that is done (a dump, a report) or end it, then run `notify migrate` again: it goes on where "
        "it stopped."
    )


def _yoyo_url(database_url: str) -> str:
    """With the patience in it: all that yoyo does is done on connections of its own."""
    parts = urlsplit(database_url)
    given = dict(parse_qsl(parts.query))
    given["options"] = f"{given.get('options', '')} -c lock_timeout={PATIENCE}".strip()
    query = urlencode(given, quote_via=quote)
    return urlunsplit(parts._replace(scheme="postgresql+psycopg", query=query))
