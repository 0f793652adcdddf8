"""What a delivery costs in a big broadcast against a small one, alone and beside a backup."""

import contextlib
from collections.abc import Iterator
from statistics import median

import psycopg

from bench.end_to_end import Run
from bench.stand import Stand

TIMES = 3  # small ones, of which the middle one counts


def growth(stand: Stand) -> None:
    stand.workers()
    small = [stand.send("email", stand.scale.small) for _ in range(TIMES)]
    big = stand.tracked  # where it was as big, once is enough
    if big is None or big.n != stand.scale.growth:
        big = stand.send("email", stand.scale.growth)
    _note(stand, "growth", small, big)
    with _snapshot(stand.world.database_url):
        beside = stand.send("email", stand.scale.growth)
    _note(stand, "growth_snapshot", small, beside)


@contextlib.contextmanager
def _snapshot(database_url: str) -> Iterator[None]:
    """Hold one open, as a backup does: what is dead since cannot be cleared away."""
    with psycopg.connect(database_url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        connection.execute("SELECT count(*) FROM broadcasts")
        yield
        connection.rollback()


def _note(stand: Stand, name: str, small: list[Run], big: Run) -> None:
    cost = median(run.cost for run in small)
    rate = median(run.rate for run in small)
    stand.say(f"CPU of PostgreSQL and workers: {cost:.0f} µs each of {small[0].n:,}, "
              f"{big.cost:.0f} µs each of {big.n:,}")  # fmt: skip
    stand.note(name, big.cost / cost, "× CPU each", n=big.n)
    stand.note(f"{name}_wall", rate / big.rate, "× time each", n=big.n)
    stand.note(f"{name}_rate", big.rate, "mails/s", n=big.n, peer=f"of {small[0].n:,}", peer_value=rate)  # fmt: skip
