"""The database answers and takes nothing: read-only for a while, or on a disk that is full."""

import contextlib
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from faults.scenario import NotHere, Scenario
from faults.stage import Stage

READ_ONLY = "default_transaction_read_only"
LONGEST = 6.0  # seconds; several rounds of every loop


def read_only(stage: Stage) -> None:
    stage.people()
    stage.worker()
    stage.send()

    def lock(stage: Stage) -> None:
        began = datetime.now(UTC)
        _configure(stage, f"ALTER SYSTEM SET {READ_ONLY} = on")
        try:
            time.sleep(stage.dice.uniform(LONGEST / 2, LONGEST))
        finally:
            _configure(stage, f"ALTER SYSTEM RESET {READ_ONLY}")
        stage.note(since=began)

    stage.in_the_middle(lock, times=1)


def disk_full(stage: Stage) -> None:
    """A ballast file takes what is left of the disk below the data, and goes again."""
    disk = stage.disk
    if disk is None or disk not in stage.data_folder().parents:
        raise NotHere("the data are not on a file system of their own")
    stage.people()
    stage.worker()
    stage.send()
    ballast = disk / "ballast"

    def fill(stage: Stage) -> None:
        began = datetime.now(UTC)
        until = time.monotonic() + LONGEST
        while time.monotonic() < until:
            _fill(ballast)
            stage.tend()
            time.sleep(0.2)
        ballast.unlink()
        stage.until(lambda: stage.world.rows("SELECT 1"))
        stage.note(since=began)

    stage.in_the_middle(fill, times=1)


def _configure(stage: Stage, statement: str) -> None:
    url = stage.world.database_url
    with psycopg.connect(url, autocommit=True, options=f"-c {READ_ONLY}=off") as connection:
        connection.execute(statement.encode())
        connection.execute("SELECT pg_reload_conf()")


def _fill(ballast: Path) -> None:
    with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
        while True:
            file.write(os.urandom(4096) * 16)


SCENARIOS = [
    Scenario("database read-only", read_only, short=300, long=5_000),
    Scenario("disk full", disk_full, short=300, long=5_000, disk=True),
]
