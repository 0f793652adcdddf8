"""What a delivery costs in a big broadcast against a small one, alone and beside a backup."""

import contextlib
from collections.abc import Iterator

import psycopg

from bench.costs import Cost
from bench.stand import Stand


def growth(stand: Stand) -> None:
    stand.workers()
    several = range(stand.scale.times)
    small = Cost.middle([Cost.of(stand.send("email", stand.scale.small)) for _ in several])
    big = stand.tracked  # where it was as big, once is enough
    if big is None or big.n != stand.scale.growth:
        big = stand.send("email", stand.scale.growth)
    note(stand, "growth", small, Cost.of(big), unit="mails/s", n=big.n, peer=f"of {small.n:,}")
    with _snapshot(stand.world.database_url):
        beside = stand.send("email", stand.scale.snapshot)
    note(stand, "growth_snapshot", small, Cost.of(beside), unit="mails/s", n=beside.n, peer=f"of {small.n:,}")  # fmt: skip


@contextlib.contextmanager
def _snapshot(database_url: str) -> Iterator[None]:
    """Hold one open, as a backup does: what is dead since cannot be cleared away."""
    with psycopg.connect(database_url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        connection.execute("SELECT count(*) FROM broadcasts")
        yield
        connection.rollback()


def note(
    stand: Stand, name: str, little: Cost, much: Cost, *, unit: str, n: int, peer: str
) -> None:
    """How `much` compares with `little`, in CPU and in time. `n`: of how many in all."""
    stand.say(f"CPU: {little.each:.0f} µs each, {much.each:.0f} µs each with {n:,}")
    stand.note(name, much.each / little.each, "× CPU each", n=n)
    stand.note(f"{name}_wall", little.rate / much.rate, "× time each", n=n)
    stand.note(f"{name}_rate", much.rate, unit, n=n, peer=peer, peer_value=little.rate)
