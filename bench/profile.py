"""Where the time goes of mails tracked end to end: in the worker by function, in PostgreSQL by
statement, and what its backends waited for."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString

import psycopg
from rich.console import Console

from bench import end_to_end
from bench.gauges import Memory
from bench.servers import servers
from bench.world import World

TOP = 25
WARM = 2_000  # mails before anything is counted

STATEMENTS: LiteralString = """
SELECT calls, total_exec_time + total_plan_time AS ms, total_plan_time AS plan_ms, rows, wal_bytes,
  shared_blks_hit AS hits, toplevel, query
FROM pg_stat_statements ORDER BY total_exec_time + total_plan_time DESC LIMIT %(top)s
"""

WAITS: LiteralString = """
SELECT coalesce(wait_event_type || ':' || wait_event, 'on the CPU') AS what
FROM pg_stat_activity WHERE backend_type = 'client backend' AND state = 'active'
  AND pid <> pg_backend_pid()
"""


def profile(count: int, *, console: Console) -> None:
    """Send `count` mails with the samplers on, and print the top of each."""
    with servers(statements=True) as (folder, embedded), Memory() as memory:
        samples = folder / "sampled"
        url = embedded.redis_url
        with World(embedded.database_url, folder, memory=memory, redis_url=url) as world:
            world.change("CREATE EXTENSION pg_stat_statements")
            world.begin()
            world.add_workers(1, launcher=("-m", "bench.sampled", str(samples)))
            end_to_end.send(world, world.people(WARM, "email"), "email", WARM)
            town = world.people(count, "email")
            world.change("SELECT pg_stat_statements_reset()")
            with _waits(embedded.database_url) as waits:
                done = end_to_end.send(world, town, "email", count)
            _says(console, f"{done.n:,} mails, {done.rate:.0f} a second; µs of CPU a mail: " + ", ".join(
                f"{name} {done.each(name):.0f}" for name in done.cpu))  # fmt: skip
            _statements(world, done.n, console)
            _spread(console, "What active backends were at", waits, per=sum(waits.values()))
            for process in world.processes:
                process.end()
        _functions(samples, console)


def _says(console: Console, text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def _statements(world: World, count: int, console: Console) -> None:
    _says(console, "\nPostgreSQL by statement (one that a trigger runs is marked ↳, and counted in "
          "its caller too)\n  µs a mail  of it planning  calls     rows a call  WAL bytes a mail")  # fmt: skip
    for row in world.rows(STATEMENTS, top=TOP):
        mark = "" if row["toplevel"] else "↳ "
        query = " ".join(row["query"].split())[:150]
        _says(console, f"  {row['ms'] * 1000 / count:9.1f}  {row['plan_ms'] * 1000 / count:14.1f}  "
              f"{row['calls']:8}  {row['rows'] / row['calls']:11.1f}  {int(row['wal_bytes']) / count:16.0f}"
              f"  {mark}{query}")  # fmt: skip


def _functions(samples: Path, console: Console) -> None:
    """The busiest of the sampled processes: the others only look around."""
    found = [json.loads(file.read_text()) for file in samples.parent.glob("sampled.*.json")]
    if not found:
        _says(console, "no worker left a profile")
        return
    busiest = max(found, key=lambda one: sum(one["self"].values()))
    per = sum(busiest["self"].values())
    _spread(console, "The busiest worker by function, itself", Counter(busiest["self"]), per=per)
    ours = {name: n for name, n in busiest["whole"].items() if n < per and name[0] != "<"}
    _spread(console, "The same with all it calls", Counter(ours), per=per, top=3 * TOP)


def _spread(
    console: Console, title: str, counts: Counter[str], *, per: int, top: int = TOP
) -> None:
    _says(console, f"\n{title} (of {per} samples)")
    for name, count in counts.most_common(top):
        _says(console, f"  {100 * count / max(per, 1):5.1f} %  {name}")


@contextmanager
def _waits(database_url: str) -> Iterator[Counter[str]]:
    """Look twenty times a second at what the backends are doing."""
    counts: Counter[str] = Counter()
    stop = threading.Event()

    def look() -> None:
        with psycopg.connect(database_url, autocommit=True) as connection:
            while not stop.wait(0.05):
                counts.update(what for (what,) in connection.execute(WAITS).fetchall())

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield counts
    finally:
        stop.set()
        thread.join()
