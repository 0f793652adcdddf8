"""The most memory each process had over the whole run, with the largest town of it."""

from bench.stand import Stand

SERVICE = ("api", "worker")  # how the names of its processes begin


def memory(stand: Stand) -> None:
    """`rss_max` is of the service's own processes; the servers and sinks have rows beside it."""
    stand.workers()
    n = stand.largest
    found = stand.world.memory
    own = [most for name, most in found.most.items() if name.startswith(SERVICE)]
    stand.note("rss_max", max(own), "MB", n=n)
    for name, most in sorted(found.most.items()):
        stand.note(f"rss_{name.replace(' ', '_')}", most, "MB", n=n)
    if found.most_postgres:
        stand.note("pss_postgres", found.most_postgres, "MB", n=n)
        stand.note("pss_postgres_largest", found.largest_postgres, "MB", n=n)
