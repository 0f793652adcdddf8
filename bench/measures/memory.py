"""The most memory each process had over the whole run."""

from bench.figures import PROMISED
from bench.stand import Stand

MOST = 300.0  # megabytes


def memory(stand: Stand) -> None:
    stand.workers()
    n = max((one.n for one in stand.figures.values()), default=0)
    found = stand.world.memory.most
    stand.note("rss_max", max(found.values()), "MB", n=n, peer=PROMISED, peer_value=MOST)
    for name, most in sorted(found.items()):
        stand.note(f"rss_{name.replace(' ', '_')}", most, "MB", n=n, peer=PROMISED, peer_value=MOST)
    if stand.world.memory.most_postgres:
        stand.note("pss_postgres", stand.world.memory.most_postgres, "MB", n=n)
